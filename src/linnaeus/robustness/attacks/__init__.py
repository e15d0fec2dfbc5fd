"""Attacks on a network: small changes of a picture, chosen so that it is named wrongly."""
