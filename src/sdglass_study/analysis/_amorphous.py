"""Amorphous structures that an analysis makes for itself."""

from sdglass.errors import InputError
from sdglass.structures.amorphous import cube_edge


def amorphous(study, settings):
    """Return {n_sites, box_length, r_min} of the entry of ``structures`` that the settings name.

    Raises
    ------
    InputError
        If they are of another kind.
    """
    kind = study.structures[settings.structures].kind
    missing = [name for name in ("n_sites", "box_length", "r_min") if not hasattr(kind, name)]
    if missing:
        raise InputError(
            f"structures = {settings.structures}: {kind} has no {missing[0]}; expected amorphous ones"
        )
    edge = cube_edge(kind.n_sites, kind.density) if kind.box_length is None else kind.box_length
    return {"n_sites": kind.n_sites, "box_length": edge, "r_min": kind.r_min}
