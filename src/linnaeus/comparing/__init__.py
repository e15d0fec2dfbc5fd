"""Comparing ways of training, over data sets and folds."""
