"""What the images are made of, by the locks: a list for whoever asks, and a look at what is known against it."""
