"""What every stage shares: names, protocols, photos, weights and the training loop."""
