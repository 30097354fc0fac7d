"""The magnet of arXiv:2311.16964, and in what a study's differs from it.

The paper's statements are about this magnet. A study of another one measures the same quantities, and says nothing
about whether the paper is right. Numbers of sites, of realizations and of epochs, networks and time steps are how
closely one looks, and make no other magnet.
"""

import math

from sdglass.electrons.hopping import Yukawa
from sdglass.electrons.sd_model import SDModel
from sdglass.structures import STRUCTURES
from sdglass.structures.amorphous import Amorphous, cube_edge

ELECTRONS = SDModel(6.0, 0.5, 1.0e-3, Yukawa(1.0, 1.0))  # Sec. IV, Eq. 18
DENSITY, R_MIN = 0.8, 0.5  # of the sites, Sec. IV [ell^-3], [ell]
TEMPERATURE = 1.0e-3  # of the quenches [t0]
DAMPING, FITTING_DAMPING = 0.05, 1.0  # stated; the one that the paper's times fit [gamma]
_WORDS = {"coupling": "coupling J = {} t0", "filling": "filling f = {}", "temperature": "electrons at T = {} t0"}


def differences(study):
    """Return in what the magnet of a `Study` is not the paper's, as short texts; none if it is the paper's.

    Parameters
    ----------
    study : Study
        What is compared are its electrons, the kind and the density of all its structures, and temperature and
        damping of all its quenches, whatever these are called.
    """
    found = [*_of_electrons(study.electrons)]
    for structures in study.structures.values():
        found += _of_structure(structures.kind)
    runs = study.quenches.values()
    found += [f"T = {run.temperature:g} t0 in quenches (paper {TEMPERATURE:g})" for run in runs
              if not _same(run.temperature, TEMPERATURE)]  # fmt: skip
    dampings = [run.damping for run in runs]
    found += [f"damping {damping:g} gamma (paper {DAMPING:g})" for damping in dampings
              if not _same(damping, DAMPING) and not _same(damping, FITTING_DAMPING)]  # fmt: skip
    if dampings and not any(_same(damping, DAMPING) for damping in dampings):
        found.append(f"no quench with the damping {DAMPING:g} gamma of the paper")
    return list(dict.fromkeys(found))


def _of_electrons(electrons):
    mine, theirs = electrons.to_dict(), ELECTRONS.to_dict()
    law, their_law = mine.pop("hopping"), theirs.pop("hopping")
    for name in {**theirs, **mine}:
        value, stated = mine.get(name), theirs.get(name)
        # Reversing every spin undoes the sign of J, and time reversal leaves the energy as it is.
        if not _same(value, stated) and not (name == "coupling" and value == -stated):
            words = _WORDS.get(name, f"{name.replace('_', ' ')} {{}}").format(_shown(value))
            yield f"{words} (paper {_shown(stated)})"
    if law["law"] != their_law["law"]:
        yield f"hopping {law['law']} (paper {their_law['law']})"
        return
    for name, value in their_law.items():
        if not _same(law[name], value):
            yield f"hopping {name.replace('_', ' ')} {_shown(law[name])} (paper {_shown(value)})"


def _of_structure(kind):
    if not isinstance(kind, Amorphous):
        yield f"structure {STRUCTURES.name_of(kind) or type(kind).__name__} (paper amorphous)"
        return
    if not _same(kind.r_min, R_MIN):
        yield f"least distance {kind.r_min:g} ell (paper {R_MIN:g})"
    edge = cube_edge(kind.n_sites, DENSITY)
    # An edge is written with a few digits, here and in the paper: 8.55 for 500 sites.
    digits = len(f"{kind.edge:.10f}".rstrip("0").partition(".")[2])
    if not _same(kind.edge, edge) and not _same(kind.edge, round(edge, max(digits, 1))):
        yield f"density {kind.n_sites / kind.edge**3:.3g} ell^-3 (paper {DENSITY:g})"


def _same(value, other):
    numbers = isinstance(value, (int, float)) and isinstance(other, (int, float))
    return math.isclose(value, other, rel_tol=1e-9) if numbers else value == other


def _shown(value):
    return f"{value:g}" if isinstance(value, (int, float)) else "none" if value is None else str(value)
