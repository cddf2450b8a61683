"""Past claims to learn from, the models made of them, which one is in charge; features and scores."""
