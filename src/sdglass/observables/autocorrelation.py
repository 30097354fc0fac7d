"""How much of the spins at a waiting time is left later: ageing."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables import SERIES
from sdglass.observables.series import Series, numbers


@SERIES.register("autocorrelation")
def autocorrelation(structure, times, tw):
    """Return C(tw, t) = sum_i S_i(tw) . S_i(t) / M at the times t of the snapshots; nan before tw.

    The snapshot nearest to each waiting time stands for it; `waited` says when it was. Source: L. F. Cugliandolo,
    J. Kurchan, Phys. Rev. Lett. 71, 173 (1993), doi:10.1103/PhysRevLett.71.173.
    """
    tw = numbers(tw, "autocorrelation: tw")
    for wait in tw:
        if not times[0] <= wait <= times[-1]:
            raise InputError(
                f"autocorrelation: waiting time tw = {wait:g} is outside the run; expected one from "
                f"{times[0]:g} to {times[-1]:g}"
            )
    at = [int(np.abs(times - wait).argmin()) for wait in tw]
    waited = {}

    def of(snapshot):
        found = np.full((len(snapshot.spins), len(at)), np.nan)
        for column, k in enumerate(at):
            if snapshot.number == k:
                waited[k] = snapshot.spins
            if k in waited:
                found[:, column] = np.einsum("rma,rma->r", waited[k], snapshot.spins) / snapshot.spins.shape[1]
        return found

    coordinates = {"waiting_time": np.array(tw), "waited": times[at]}
    return Series(of, "waiting_time", coordinates, "autocorrelation C(tw, t)")
