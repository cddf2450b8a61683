"""What is covered: products and policies as enrollment announced them, kept for the claims on them."""
