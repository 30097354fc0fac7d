"""Pictures with matplotlib, which is loaded when something is drawn: measured series and spins.

Each function draws into the axes `ax`, or into new ones of pyplot, and returns them.
"""
