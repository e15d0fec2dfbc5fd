"""Learning without a network that learns: features once, then a classifier on them."""
