"""Moving pictures: frames in, faces followed from frame to frame and replaced, frames out."""
