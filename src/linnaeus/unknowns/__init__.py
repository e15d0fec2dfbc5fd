"""Pictures of something else: made to try a bundle on, and the choice of what tells them apart."""
