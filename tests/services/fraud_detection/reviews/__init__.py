"""Reviews: what staff do and see."""
