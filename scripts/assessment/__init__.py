"""People judge whether an anonymized face can still be told."""
