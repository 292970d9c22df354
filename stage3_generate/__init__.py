"""Stage 3: change attributes and shape, draw again, lay the new face into the photo."""
