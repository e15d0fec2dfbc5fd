"""Data sets that are known by name: what each is, where it comes from, and how its files read."""
