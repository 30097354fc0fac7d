"""Figures of the study, drawn from its tables alone: nothing here computes a result.

`sdglass_study.figures.registry` lists them and costs nothing to import; each drawing module has one function
``draw(tables)`` and is imported when its figure is drawn.
"""
