"""Models without a network that learns: features and a classifier on them. No torch."""
