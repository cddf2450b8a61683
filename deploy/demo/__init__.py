"""The main job as its users would do it: over public HTTP only, on the local stack, with every expectation checked."""
