"""One small module per rule of the workflow: read files, call the library, write files atomically.

Each runs by hand as ``python -m sdglass_study.jobs.NAME --help``.
"""
