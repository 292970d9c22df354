"""Stage 1: take a face apart into landmarks, context and attributes."""
