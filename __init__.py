"""elseface: faces of nobody."""
