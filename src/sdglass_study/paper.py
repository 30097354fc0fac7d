"""Numbers of arXiv:2311.16964 that several parts of the study hold its results against."""

PAPER_PSI = 1.02  # barrier exponent, Fig. 5
