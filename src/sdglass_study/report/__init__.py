"""The report of a study: one HTML page with its figures inside, readable without a network."""
