"""One file a change of shape, in order."""
