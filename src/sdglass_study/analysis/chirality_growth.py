"""Domains of chiral order after a quench: their size by three definitions, its growth, their walls."""

from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.trajectory import log_times
from sdglass.observables.chirality import site_chirality, triangles
from sdglass.observables.domains import Sheet, spectrum, wall_directions
from sdglass_study.analysis import analysis, data_frame
from sdglass_study.analysis._coarsening import box_edge, length_rows, lengths_of, slope_rows
from sdglass_study.analysis._lattice_runs import Quenches, couplings, load_runs, mean_and_interval, trajectories
from sdglass_study.analysis._phi4 import Control, control_runs
from sdglass_study.config.entries import EXACT

PERFECT = 4 / 27**0.5  # |S_i . S_j x S_k| of tetrahedral order
ANGLES = 12  # bins of the direction of a wall's normal, folded to 60 degrees
TABLES = (
    "chirality_order",
    "chirality_length",
    "chirality_slopes",
    "chirality_walls",
    "chirality_anisotropy",
    "chirality_spectrum",
    "chirality_tail",
    "chirality_map",
)


@dataclass(frozen=True)
class ChiralityGrowth(Quenches):
    """What is looked at.

    Attributes
    ----------
    windows : tuple of tuple of float
        Times between which the growth is fitted [1/(gamma t0)].
    decade : float
        Ratio of the times between which a local slope is fitted.
    shown : tuple of float
        Times of maps, walls and spectra; the next snapshot is taken.
    tail : tuple of float
        Range of the tail's fit: from this multiple of 2 pi / L to this |q| [1/ell].
    control : Control
    control_windows : tuple of tuple of float
    """

    windows: tuple[tuple[float, ...], ...]
    shown: tuple[float, ...]
    decade: float = 4.0
    tail: tuple[float, ...] = (1.5, 1.25)
    control: Control = Control()  # noqa: RUF009  (frozen)
    control_windows: tuple[tuple[float, ...], ...] = ((30.0, 300.0),)


@analysis("chirality_growth", ChiralityGrowth, inputs=trajectories, parameters=couplings, tables=TABLES)
def chirality_growth(settings, inputs, resampling, couplings):
    """Return order, lengths and their slopes, walls, spectra and maps, the control's beside the quenches'."""
    tables = {name: [] for name in TABLES}
    for runs in load_runs(inputs["trajectories"], couplings):
        corners = triangles(runs.structure)
        chirality = site_chirality(runs.spins, corners) / PERFECT
        _order(tables["chirality_order"], runs, chirality, resampling)
        _domains(
            tables, runs.labels, runs.structure, runs.times, chirality, settings, settings.windows, resampling
        )
    control = settings.control
    times = log_times(control.duration, control.time_step)
    structure, field = control_runs(control, times, resampling.seed)
    labels = {"ensemble": "control", "model": "control", "coupling": np.nan, "damping": np.nan}
    labels |= {"temperature": 0.0, "n_sites": structure.n_sites}
    _domains(tables, labels, structure, times, field, settings, settings.control_windows, resampling)
    # Domains that are too small for a tail leave a table without rows.
    columns = {"chirality_tail": [*labels, "time", "exponent", "low", "high", "start", "stop", "length"]}
    return {name: data_frame(rows, columns.get(name)) for name, rows in tables.items()}


def _order(rows, runs, chirality, resampling):
    """Energy, torque, and how much of perfect chiral order there is, in each site and over all."""
    measured = {
        "energy_per_site": runs.energy.T / runs.structure.n_sites,
        "torque_rms": runs.torque_rms.T,
        "local_chirality": np.abs(chirality).mean(axis=2).T,
        "net_chirality": np.abs(chirality.mean(axis=2)).T,
    }
    for name, values in measured.items():
        mean, low, high, _ = mean_and_interval(values, resampling)
        for k, time in enumerate(runs.times):
            ends = {"value": mean[k], "low": low[k], "high": high[k]}
            rows.append(runs.labels | {"quantity": name, "time": time} | ends)


def _domains(tables, labels, structure, times, field, settings, windows, resampling):
    sheet = Sheet(structure)
    lengths = lengths_of(sheet, field)
    tables["chirality_length"] += length_rows(labels, times, lengths, resampling)
    edge = box_edge(sheet)
    tables["chirality_slopes"] += slope_rows(labels, times, lengths, edge, windows, settings.decade, resampling)
    shown = [int(np.argmin(np.abs(times - time))) for time in settings.shown if time <= times[-1] * 1.01]
    for k in sorted(set(shown)):
        where = labels | {"time": times[k]}
        one = lengths["structure factor"]
        length = float(one.length(one.values[:, k].mean(axis=0)))
        _walls(tables, where, sheet, field[k], resampling)
        _tail(tables, where, sheet, field[k], length, settings.tail, resampling)
        if labels["model"] == EXACT:
            # Into a box with right angles, as the periods allow.
            x, y = np.round(structure.positions[:, :2], 4).T
            x = np.round(x % structure.cell[0, 0], 4)
            tables["chirality_map"] += [
                where | {"x": x[i], "y": y[i], "chirality": value}
                for i, value in enumerate(np.round(field[k, 0], 3))
            ]


def _walls(tables, where, sheet, field, resampling):
    """Share of wall length by the direction of the normal, and <cos 6 theta>, which is 0 of round domains."""
    angles, weights = wall_directions(sheet, field)
    six = (np.cos(6 * angles) * weights).sum(axis=1) / weights.sum(axis=1)
    mean, low, high, _ = mean_and_interval(six, resampling)
    ends = {"sixfold": float(mean), "low": float(low), "high": float(high), "runs": len(six)}
    tables["chirality_anisotropy"].append(where | ends)
    folded = np.degrees(angles) % 60.0
    share, edges = np.histogram(folded, np.linspace(0.0, 60.0, ANGLES + 1), weights=weights)
    share = share * ANGLES / share.sum()
    for k in range(ANGLES):
        tables["chirality_walls"].append(where | {"angle": 0.5 * (edges[k] + edges[k + 1]), "density": share[k]})


def _tail(tables, where, sheet, field, length, tail, resampling):
    """S(q) in rings, scaled by the domain size, and the power law of its tail: 3 where walls are sharp (Porod)."""
    step = 2 * np.pi / box_edge(sheet)
    rings = np.rint(sheet.wave / step).astype(int).ravel()
    values = spectrum(sheet, field).reshape(len(field), -1)
    count = np.bincount(rings)
    mean = np.array([np.bincount(rings, one) for one in values]) / np.maximum(count, 1)
    q = np.bincount(rings, sheet.wave.ravel()) / np.maximum(count, 1)
    norm = np.mean(field**2)
    good = (count > 0) & (q > 0)
    for k in np.flatnonzero(good):
        average = float(mean[:, k].mean())
        tables["chirality_spectrum"].append(
            where
            | {"wave": q[k], "spectrum": average}
            | {
                "scaled_wave": q[k] * length / (2 * np.pi),
                "scaled_spectrum": average * sheet.area / (norm * length**2),
            }
        )
    inside = good & (q >= tail[0] * 2 * np.pi / length) & (q <= tail[1])
    if inside.sum() < 4:
        return
    x = np.log(q[inside]) - np.log(q[inside]).mean()
    slopes = np.log(mean[:, inside]) @ x / (x @ x)
    exponent, low, high, _ = mean_and_interval(-slopes, resampling)
    tables["chirality_tail"].append(
        where
        | {"exponent": float(exponent), "low": float(low), "high": float(high)}
        | {"start": q[inside][0], "stop": q[inside][-1], "length": length}
    )
