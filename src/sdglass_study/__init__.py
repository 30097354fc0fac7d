"""The study of arXiv:2311.16964, built on the library `sdglass`."""
