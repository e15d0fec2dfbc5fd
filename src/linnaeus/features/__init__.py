"""What can be said of a picture without a network: gradients, textures, colours. No torch."""
