"""The runs in a folder: which there are, what they reached, how they differ; without PyTorch."""
