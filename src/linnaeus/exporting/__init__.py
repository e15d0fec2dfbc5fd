"""A bundle in other programs' forms, each held to the bundle's own answers before it is done."""
