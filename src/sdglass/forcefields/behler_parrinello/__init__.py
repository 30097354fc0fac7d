"""Behler-Parrinello networks and linear models on magnetic symmetry functions."""
