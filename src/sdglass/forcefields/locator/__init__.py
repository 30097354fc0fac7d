"""The force field of the locator expansion, for half filling."""
