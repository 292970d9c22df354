"""Stage 2: draw a face from landmarks, context and attributes."""
