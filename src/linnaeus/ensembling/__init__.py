"""Several bundles that answer as one, and whether that is worth its price."""
