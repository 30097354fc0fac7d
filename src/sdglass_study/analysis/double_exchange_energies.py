"""Energies of ways to arrange the holes of the double-exchange magnet: one droplet, polarons, or none of them."""

from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.minimize import descend
from sdglass.errors import InputError
from sdglass.forcefields.exact import exact_force_field
from sdglass.random_streams import generator
from sdglass.spins import normalize, torque
from sdglass.structures.lattices import lattice
from sdglass_study.analysis import analysis, data_frame


@dataclass(frozen=True)
class DoubleExchangeEnergies:
    """How large the lattice is, and how the states are made.

    Attributes
    ----------
    cells : int
        Sites along each edge, even.
    radius : float
        Of the ferromagnetic disc [ell].
    polarons : tuple of int
        How many reversed spins, evenly spaced: each is the centre of a ferromagnetic cross of five sites.
    steps : int
        Of the descent from each state, after random turns by `noise`; what is collinear has no torque.
    step : float
        Length of one [1/t0].
    noise : float
    """

    cells: int = 20
    radius: float = 4.0
    polarons: tuple[int, ...] = (4, 12)
    steps: int = 20
    step: float = 2.0
    noise: float = 0.05

    def __post_init__(self):
        if self.cells % 2:
            raise InputError(f"cells = {self.cells}; expected an even number, for spins that alternate")


@analysis("double_exchange_energies", DoubleExchangeEnergies)
def double_exchange_energies(settings, inputs, electrons, seed):
    """Return energy per site and rms torque of each state, as it is made and after descent."""
    structure = lattice("square", cells=settings.cells)
    exact = exact_force_field(structure, electrons)
    n = structure.n_sites
    holes = (1 - 2 * electrons.filling) * n
    rows = []
    polarons = [f"{count} polarons" for count in settings.polarons]
    for number, name in enumerate(("antiferromagnet", "ferromagnet", *polarons, "droplet")):
        spins = state(name, settings)
        turns = generator(seed, "turned", number).standard_normal((n, 3))
        turned = normalize(spins + settings.noise * turns)
        for kind, found in (("collinear", spins[None]), ("minimised", None)):
            if found is None:
                found = descend(exact, turned[None], settings.steps, settings.step)
            labels = exact.evaluate(found)
            rows.append(
                {"state": name, "kind": kind, "n_sites": n, "holes": holes}
                | {"energy_per_site": float(labels.energy[0]) / n}
                | {"torque_rms": float(np.sqrt(np.mean(torque(found, labels.field) ** 2)))}
            )
    frame = data_frame(rows)
    lowest = frame[frame.state == "antiferromagnet"].set_index("kind").energy_per_site
    frame["gain_per_hole"] = (frame.kind.map(lowest) - frame.energy_per_site) * n / holes
    return {"double_exchange_energies": frame}


def state(name, settings):
    """Return the collinear spins (N, 3) of a state: antiferromagnet, ferromagnet, droplet, or so many polarons."""
    edge = settings.cells
    y, x = np.divmod(np.arange(edge * edge), edge)
    up = np.where((x + y) % 2, -1.0, 1.0)
    if name == "ferromagnet":
        up[:] = 1.0
    elif name == "droplet":
        away = np.hypot(x - edge // 2, y - edge // 2)
        up[away <= settings.radius] = 1.0
    elif name.endswith("polarons"):
        count = int(name.split()[0])
        rows = round(count**0.5)
        for k in range(count):
            row, place = divmod(k, -(-count // rows))
            along = min(-(-count // rows), count - row * -(-count // rows))
            up[(row * edge // rows) * edge + place * edge // along] *= -1.0
    return np.stack([0 * up, 0 * up, up], axis=1)
