"""Density of states of the electrons: paper Fig. 2, and what the text says about it.

Systems, all averaged over amorphous structures:

- J = 0 with n_sites (Fig. 2's caption) and with dense_sites (its text) in the same box;
- J = 0 with dense_sites at the density of the small box, for the size dependence of participation ratio
  and spacing ratio: extended or localised;
- J = coupling with n_sites and random spins, where there is a gap.

Energies are relative to the chemical potential of each realization. That lies between two
levels by construction, which can add up to one level to the bin around it (level repulsion makes it less).
"""

from dataclasses import dataclass

import numpy as np

from sdglass.electrons.occupation import chemical_potential
from sdglass.electrons.sd_model import hopping_matrix, sd_hamiltonian
from sdglass.electrons.spectra import (
    density_of_states,
    density_peak,
    level_windows,
    participation_ratio,
    spacing_around,
    spacing_ratios,
)
from sdglass.errors import InputError
from sdglass.observables.correlation import bin_centres
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass.statistics import bootstrap_weights
from sdglass.structures.amorphous import cube_edge, random_sequential_addition
from sdglass_study.analysis import analysis, data_frame, joined, labelled, of
from sdglass_study.analysis._amorphous import amorphous

# Resamples for the errors of peak and gap; a standard error from 400 is good to 4 %.
RESAMPLES = 400


@dataclass(frozen=True)
class System:
    """One curve of the figure: N sites in a cube of edge `box_length` [ell], coupling J [t0]."""

    label: str
    n_sites: int
    box_length: float
    coupling: float
    realizations: int

    def columns(self):
        """Return the columns that name the system in both tables."""
        sizes = {"n_sites": self.n_sites, "box_length": self.box_length}
        return {"system": self.label, **sizes, "coupling": self.coupling}


@dataclass(frozen=True)
class DensityOfStates:
    """Which spectra are averaged."""

    structures: str = of("structures")  # amorphous ones like these are made
    realizations: int  # of each system with J = 0
    coupled_realizations: int  # of the one with J on
    bin_width: float  # [t0]
    dense_sites: int  # of the larger systems

    def __post_init__(self):
        for name in ("realizations", "coupled_realizations"):
            if getattr(self, name) < 2:
                raise InputError(f"{name} = {getattr(self, name)}; expected at least 2, for an error bar")
        if not self.bin_width > 0:
            raise InputError(f"bin_width = {self.bin_width}; expected a positive energy [t0]")


@analysis(
    "density_of_states", DensityOfStates, parameters=amorphous, tables=("fig2_density_of_states", "electrons")
)
def averaged_spectra(settings, inputs, electrons, seed, n_sites, box_length, r_min):
    """Return the averaged densities of states, and what the text says of them."""
    chosen = systems(settings, electrons.coupling, n_sites, box_length)
    curves, summaries = [], []
    with progress_bar(sum(system.realizations for system in chosen), "density of states", "realization") as bar:
        for index, system in enumerate(chosen):
            levels, means = solve_realizations(system, electrons, r_min, seed, bar.update)
            edges, rho = histograms(levels, settings.bin_width)
            curves.append(curve_table(system, edges, rho))
            rng = generator(seed, "density of states bootstrap", index)
            summaries.append(summary_table(system, len(levels[0]), means, edges, rho, rng))
    summaries.append(exponent_table(summaries[0], summaries[2], chosen[2]))
    return {"fig2_density_of_states": joined(curves), "electrons": joined(summaries)}


def systems(settings, coupling, n_sites, box_length):
    """Return the `System` list of a coupling J [t0] and `n_sites` in a cube of `box_length` [ell]."""
    n, dense, length, count = n_sites, settings.dense_sites, box_length, settings.realizations
    if dense <= n:
        raise InputError(f"dense_sites = {dense}; expected more than n_sites = {n}")
    result = [
        System(f"J=0, N={n}", n, length, 0.0, count),
        System(f"J=0, N={dense}", dense, length, 0.0, count),
        System(f"J=0, N={dense}, same density", dense, cube_edge(dense, n / length**3), 0.0, count),
    ]
    if coupling != 0.0:
        result.append(System(f"J={coupling:g}, N={n}", n, length, coupling, settings.coupled_realizations))
    return result


def solve_realizations(system, model, r_min, seed, progress=lambda: None):
    """Return levels and means of a system, realization by realization; `progress` is called after each.

    Levels are a list of arrays (M,), relative to the Fermi level [t0], counted once (orbital levels at J = 0). The
    means are a table: fermi_level, gap (LUMO - HOMO), level_spacing beside it, at J = 0 also of windows of levels.
    """
    found, rows, n, n_electrons = [], [], system.n_sites, model.n_electrons(system.n_sites)
    for realization in range(system.realizations):
        rng = generator(seed, f"density of states {n}", realization)
        structure = random_sequential_addition(n, system.box_length, r_min, rng)
        hopping, windows = hopping_matrix(structure, model.hopping), {}
        if system.coupling == 0.0:
            levels, vectors = np.linalg.eigh(hopping)
            windows = _windows(levels, vectors)
            states, filled = np.repeat(levels, 2), (n_electrons + 1) // 2
        else:
            spins = random_spins(n, generator(seed, f"density of states spins {n}", realization))
            levels = np.linalg.eigvalsh(sd_hamiltonian(hopping, spins, system.coupling))
            states, filled = levels, n_electrons
        mu = chemical_potential(states, n_electrons, model.temperature)
        found.append(levels - mu)
        row = {"fermi_level": mu, "gap": states[n_electrons] - states[n_electrons - 1]}
        rows.append(row | {"level_spacing": spacing_around(levels, filled)} | windows)
        progress()
    return found, data_frame(rows)


def _windows(levels, vectors):
    ratio = participation_ratio(vectors)
    result = {}
    for name, window in level_windows(len(levels)).items():
        result[f"participation_ratio_{name}"] = ratio[window].mean()
        result[f"spacing_ratio_{name}"] = spacing_ratios(levels[window]).mean()
    return result


def histograms(levels, bin_width):
    """Return bin edges [t0], one bin centred on the Fermi level, and rho (R, B) that integrates to 1."""
    low = np.floor(min(part.min() for part in levels) / bin_width) - 1
    high = np.ceil(max(part.max() for part in levels) / bin_width) + 1
    edges = (np.arange(low, high + 2) - 0.5) * bin_width
    # All levels are counted: N orbital ones at J = 0, 2 N otherwise.
    return edges, np.stack([density_of_states(part, edges, len(part)) for part in levels])


def curve_table(system, edges, rho):
    """Return the rows of fig2_density_of_states.csv for one system."""
    columns = {"energy": bin_centres(edges), "density_of_states": rho.mean(axis=0)}
    columns |= {"standard_error": _standard_error(rho), "realizations": len(rho)}
    return labelled(data_frame(columns), system.columns())


def _standard_error(values):
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))


def summary_table(system, n_levels, means, edges, rho, rng):
    """Return the rows of electrons.csv for one system."""
    gap, spacing = means.gap.to_numpy(), means.level_spacing.to_numpy()
    centres, count = bin_centres(edges), len(rho)
    fermi_bin = int(np.argmin(np.abs(centres)))

    def statistics(weights):
        """Return the quantities that are not plain means, for weights over realizations that sum to one."""
        mean = weights @ rho
        position, height = density_peak(centres, mean)
        return {
            "dos_maximum": height,
            "peak_position": position,
            "peak_distance_to_fermi_level": abs(position),
            "gap_in_level_spacings": (weights @ gap) / (weights @ spacing),
            "gap_times_dos": (weights @ gap) * mean[fermi_bin] * n_levels,
        }

    resampled = data_frame([statistics(w / count) for w in bootstrap_weights(count, RESAMPLES, rng)])
    rows = [(name, value, resampled[name].std()) for name, value in statistics(np.full(count, 1 / count)).items()]
    samples = {"dos_at_fermi_level": rho[:, fermi_bin]} | {name: means[name].to_numpy() for name in means}
    rows += [(name, np.mean(sample), _standard_error(sample)) for name, sample in samples.items()]
    return _rows(system.columns(), rows, count)


def _rows(columns, rows, samples):
    quantity, value, error = zip(*rows, strict=True)
    frame = data_frame({"quantity": quantity, **columns, "value": value, "standard_error": error})
    return frame.assign(samples=samples)


def exponent_table(small, large, system):
    """Return D of (participating sites) ~ N^D: 1 extended, 0 localised.

    It is taken from the rows of electrons.csv of two sizes at the same density; `system` is the larger one.
    """
    small, large = small.set_index("quantity"), large.set_index("quantity")
    log_size = np.log(large["n_sites"].iloc[0] / small["n_sites"].iloc[0])
    rows = []
    for name in small.index[small.index.str.startswith("participation_ratio_")]:
        first, second = small.loc[name], large.loc[name]
        exponent = 1 + np.log(second["value"] / first["value"]) / log_size
        error = np.hypot(first["standard_error"] / first["value"], second["standard_error"] / second["value"])
        rows.append((name.replace("ratio", "exponent"), exponent, error / log_size))
    columns = system.columns() | {"system": "J=0, same density"}
    return _rows(columns, rows, int(large["samples"].iloc[0]))
