"""The study of arXiv:2311.16964, built on the library sdglass: configuration, jobs, analysis, figures, claims, report."""
