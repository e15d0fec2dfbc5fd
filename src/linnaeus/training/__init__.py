"""Learning: from a data set and a recipe to a run."""
