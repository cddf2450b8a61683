"""What a reviewer sees of a case, part by part."""
