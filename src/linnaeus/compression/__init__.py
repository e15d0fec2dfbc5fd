"""Smaller and faster models from a finished bundle, and what that costs in accuracy."""
