"""The whole audit: the cheap checks, label errors, a map, the page that shows them, the mending."""
