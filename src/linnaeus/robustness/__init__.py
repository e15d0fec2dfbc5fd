"""How a classifier stands up to pictures that are worse than those it was tried on."""
