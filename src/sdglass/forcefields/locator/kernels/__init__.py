"""Compiled sums over pairs and closed loops of spins."""
