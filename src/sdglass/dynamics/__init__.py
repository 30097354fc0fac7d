"""Spin dynamics: the LLG equation, quenches, trajectories, restarts, minimisation."""
