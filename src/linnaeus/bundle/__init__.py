"""The trained model as files, and its runtime, without torch."""
