"""Figures about anonymized pictures: how private, how like a face, how good."""
