"""Bundles at work behind HTTP: a server that needs neither torch nor scikit-learn."""
