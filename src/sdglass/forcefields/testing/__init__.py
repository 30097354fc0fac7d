"""Proof that a force field is what it says it is."""
