"""Clusters of holes after a quench of the double-exchange magnet, and whether they move."""

from dataclasses import dataclass, replace

import numpy as np

from sdglass_study.analysis import analysis, data_frame
from sdglass_study.analysis._coarsening import direct, length_rows, slope_rows
from sdglass_study.analysis._holes import cluster_numbers, hole_density, nearest_pairs
from sdglass_study.analysis._lattice_runs import Quenches, couplings, load_runs, mean_and_interval, trajectories
from sdglass_study.config.entries import EXACT

TABLES = ("hole_clusters", "hole_growth", "hole_slopes", "hole_motion", "hole_map")


@dataclass(frozen=True)
class HoleClusters(Quenches):
    """What counts as a cluster, and when it is looked at.

    Attributes
    ----------
    windows : tuple of tuple of float
        Times between which the growth is fitted [1/(gamma t0)].
    threshold : float
        Holes on a site above which it belongs to a cluster; `others` are tried too.
    others : tuple of float
    snapshots_per_decade : float
        Where the electrons are solved again.
    shown : tuple of float
        Times of the maps.
    """

    windows: tuple[tuple[float, ...], ...]
    shown: tuple[float, ...]
    threshold: float = 0.1
    others: tuple[float, ...] = (0.05, 0.2)
    snapshots_per_decade: float = 5.0


@analysis("hole_clusters", HoleClusters, inputs=trajectories, parameters=couplings, tables=TABLES)
def hole_clusters(settings, inputs, electrons, resampling, couplings):
    """Return clusters of holes against time, their growth, whether holes stay, and maps; exact forces alone."""
    tables = {name: [] for name in TABLES}
    paths = [path for path in inputs["trajectories"] if f"/{EXACT}/" in path]
    for runs in load_runs(paths, couplings):
        model = replace(electrons, coupling=runs.labels["coupling"])
        taken = _spread(runs.times, settings.snapshots_per_decade)
        first, second = nearest_pairs(runs.structure)
        holes = np.array([hole_density(runs.structure, model, runs.spins[k]) for k in taken])
        times = runs.times[taken]
        for threshold in (settings.threshold, *settings.others):
            found = [[cluster_numbers(first, second, one, threshold) for one in snapshot] for snapshot in holes]
            for name in found[0][0]:
                values = np.array([[one[name] for one in snapshot] for snapshot in found]).T
                mean, low, high, _ = mean_and_interval(values, resampling)
                tables["hole_clusters"] += [
                    runs.labels
                    | {"threshold": threshold, "quantity": name, "time": times[k]}
                    | {"value": mean[k], "low": low[k], "high": high[k]}
                    for k in range(len(times))
                ]
                if name == "holes per cluster" and threshold == settings.threshold:
                    late = times > 0
                    growth = {name: direct(values[:, late])}
                    tables["hole_growth"] += length_rows(runs.labels, times[late], growth, resampling)
                    tables["hole_slopes"] += slope_rows(
                        runs.labels, times[late], growth, np.inf, settings.windows, 4.0, resampling
                    )
        _motion(tables["hole_motion"], runs, taken, holes, first, second, settings.threshold, resampling)
        for time in settings.shown:
            k = int(np.argmin(np.abs(times - time)))
            if time <= times[-1] * 1.01:
                x, y = runs.structure.positions[:, :2].T
                tables["hole_map"] += [
                    {**runs.labels, "time": times[k], "x": x[i], "y": y[i], "holes": value}
                    for i, value in enumerate(np.round(holes[k, 0], 4))
                ]
    return {name: data_frame(rows) for name, rows in tables.items()}


def _spread(times, per_decade):
    """Return numbers of snapshots: the first, the last, and about so many per decade."""
    steps = np.flatnonzero(times > 0)
    count = max(2, round(per_decade * np.log10(times[steps[-1]] / times[steps[0]])) + 1)
    wanted = np.geomspace(times[steps[0]], times[steps[-1]], count)
    return np.unique([0, *(int(np.argmin(np.abs(times - one))) for one in wanted)])


def _motion(rows, runs, taken, holes, first, second, threshold, resampling):
    """Whether the holes stay in their places: the overlap of their density at two times.

    The overlap is the cosine of the angle between h(t) and h(t'), the holes above the mean; `alternation_at_holes`
    is the mean of -S.S over the neighbours of sites with more holes than the threshold.
    """
    n = runs.structure.n_sites
    degree = np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
    for earlier, later in zip(range(len(taken) - 1), range(1, len(taken)), strict=True):
        if runs.times[taken[earlier]] == 0:
            continue
        spins = runs.spins[taken[earlier]]
        bonds = -(spins[:, first] * spins[:, second]).sum(axis=-1)
        around = np.zeros((len(spins), n))
        for ends in (first, second):
            np.add.at(around, (slice(None), ends), bonds)
        around /= degree
        before, after = (
            np.maximum(holes[k] - holes[k].mean(axis=1, keepdims=True), 0.0) for k in (earlier, later)
        )
        stays = (before * after).sum(axis=1) / np.sqrt((before**2).sum(axis=1) * (after**2).sum(axis=1))
        here = before > threshold
        order = np.where(here.any(axis=1), (around * here).sum(axis=1) / np.maximum(here.sum(axis=1), 1), np.nan)
        mean, low, high, _ = mean_and_interval(stays, resampling)
        rows.append(
            runs.labels
            | {"time": runs.times[taken[earlier]], "later": runs.times[taken[later]], "overlap": float(mean)}
            | {"low": float(low), "high": float(high), "alternation": float(around.mean())}
            | {"alternation_at_holes": float(order.mean()), "runs": len(stays)}
        )
