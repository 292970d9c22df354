"""The command line, and one script a training stage."""
