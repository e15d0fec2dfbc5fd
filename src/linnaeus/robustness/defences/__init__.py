"""Defences at the time of answering, and what they are worth."""
