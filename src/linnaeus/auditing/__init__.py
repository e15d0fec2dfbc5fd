"""The whole audit: the cheap checks, label errors, a map of the data, and the page that shows them."""
