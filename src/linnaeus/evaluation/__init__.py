"""Judging predictions: arrays in, numbers and pages out, without torch."""
