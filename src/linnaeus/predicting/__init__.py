"""A bundle put to work on pictures from anywhere, as many as there are: answers as they come."""
