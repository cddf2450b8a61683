"""Coverage: policies and products as they are heard of."""
