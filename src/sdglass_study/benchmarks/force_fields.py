"""Fitted force fields and solvers on metals and insulators: torque errors where nothing was fitted, and cost.

For each magnet the candidates are fitted to exact labels of small structures and judged on larger ones: random
spins, 10 steps downhill (quenched) and 60 (late). Times are those that the processor spends on one field of one
configuration, the best of some, so that other programs matter little; beside them those of exact solvers. Of the
triangular lattice also what the dynamics gives: the chirality that quenches of 12 x 12 spins reach. What a table
holds already is not measured again, and labels are kept beside it.

    python -m sdglass_study.benchmarks.force_fields --out results/benchmarks/force_fields.csv

With the environment variable KONDO_LABELS the published labels of the square lattice (github Miyazaki-Yu/ecnn4klm,
as .npz with spin, energy and field) are fitted and judged too: 20 of the 100 for the fit, the last 20 for errors.
"""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.dataset import LabelledConfigurations
from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import SDModel
from sdglass.fitting import fitted
from sdglass.forcefields.exact import has_few_neighbours
from sdglass.forcefields.registry import load_force_field
from sdglass.io import write_csv
from sdglass.labelling import label_all
from sdglass.observables.chirality import scalar_chirality, triangles
from sdglass.random_streams import generator
from sdglass.spins import normalize, random_spins, torque
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice
from sdglass_study.analysis.lattice_force_fields import processor_time
from sdglass_study.benchmarks.measuring import options, with_machine

# Magnet: electrons, sizes that are fitted to (N, or edges of lattices), and one that is not.
MAGNETS = {
    "triangular J=3 f=0.25": (SDModel(3.0, 0.25, hopping=Shells()), (10, 12, 14), 30),
    "square J=6 f=0.485": (SDModel(6.0, 0.485, hopping=Shells()), (12, 14, 16), 30),
    "amorphous J=2 f=0.25": (SDModel(2.0, 0.25), (100, 200, 300), 500),
    "amorphous J=6 f=0.25": (SDModel(6.0, 0.25), (100, 200, 300), 500),
    "amorphous J=6 f=0.5": (SDModel(6.0, 0.5), (100, 200, 300), 500),
}
PUBLISHED = "square J=3.5 f=0.48", SDModel(3.5, 0.48, hopping=Shells())
LABELS, TESTS = 12, 6  # configurations of each structure
POLES = tuple(f"poles-{count}" for count in (3, 4, 5, 6, 8))
KERNELS = tuple(f"kernel-{order}" for order in (16, 24, 32, 64, 128))
LARGE = 2000  # sites on which the metals' times are taken
CHIRAL = LLG(damping=1.0, temperature=1e-3, time_step=1.0), 150.0  # quench of 12 x 12 triangular spins
CHIRAL_MODELS, REPLICAS = ("pair", "kernel-64", "poles-4", "poles-6"), 6
FITTED = 20  # of the published configurations: more of them say nothing new of some numbers
QUICK = {"square J=6 f=0.485": (SDModel(6.0, 0.485, hopping=Shells()), (6, 8), 8)}


def structure(magnet, size, seed):
    """Return a structure of a magnet."""
    kind = magnet.split()[0]
    return amorphous(size, density=0.8, seed=seed) if kind == "amorphous" else lattice(kind, (size, size))


def models_for(magnet, electrons):
    """Return the candidates that are fitted for a magnet."""
    if magnet.startswith("amorphous"):
        return (
            "pair",
            *(("locator",) if electrons.filling == 0.5 else ()),
            *KERNELS,
            "poles-4",
            "poles-6",
            "poles-8",
        )
    return ("pair", *KERNELS, *POLES)


def relative_error(found, exact):
    """Return the torque error / rms torque of configurations (C, N, 3), and its standard error (jackknife)."""
    errors, signals = (np.sum(part**2, axis=(1, 2)) for part in (found - exact, exact))
    whole = np.sqrt(errors.sum() / signals.sum())
    if len(errors) < 2:
        return whole, np.nan
    rest = np.sqrt((errors.sum() - errors) / (signals.sum() - signals))
    return whole, np.sqrt((len(rest) - 1) * np.mean((rest - rest.mean()) ** 2))


def rows_of(magnet, name, force_field, tests, **more):
    """Yield a row for each state of the test configurations."""
    found = torque(tests.spins, force_field.evaluate(tests.spins).field)
    seconds = processor_time(force_field, tests.spins[:1])
    for state in ("random", "quenched", "late"):
        mask = tests.states == state
        if mask.any():
            error, spread = relative_error(found[mask], tests.torque[mask])
            yield {
                "magnet": magnet, "n_sites": tests.structure.n_sites, "model": name, "quantity": "torque error",
                "state": state, "value": error, "standard_error": spread, "configurations": int(mask.sum()),
                "seconds": seconds, **more,
            }  # fmt: skip


def solvers_of(sites, electrons):
    """Yield (name, force field) of solvers, which need no fit."""
    yield "diagonalization", load_force_field("diagonalization", sites, electrons)
    yield "diagonalization, float32", load_force_field("diagonalization", sites, electrons, dtype="float32")
    if has_few_neighbours(sites, electrons):
        yield "Green's functions", load_force_field("greens-function", sites, electrons)


def on(model, sites):
    """Return a fitted model on a structure, in single precision if it knows that."""
    single = {"poles", "locator"} | (set() if has_few_neighbours(sites, model.electrons) else {"kernel"})
    return model.on(sites, dtype="float32") if model.kind in single else model.on(sites)


def published(path):
    """Return the labels of the square lattice that are fitted to, and those that are not."""
    with np.load(path) as data:
        spins, field = (np.asarray(data[name], float).reshape(-1, 900, 3) for name in ("spin", "field"))
        energy = np.asarray(data["energy"], float)
    sites, unknown = lattice("square", (30, 30)), np.full(len(spins), np.nan)

    def part(places):
        return LabelledConfigurations(
            sites, PUBLISHED[1], normalize(spins[places]), energy[places], field[places], unknown[places], {}
        )

    return [part(slice(0, FITTED))], part(slice(80, 100))


def labels_of(magnet, electrons, sizes, size, folder, seed):
    """Return the labels that are fitted to, one part per structure, and those of a larger structure."""
    train = [structure(magnet, n, seed + k) for k, n in enumerate(sizes)]
    data = label_all(train, electrons, LABELS, seed=seed, folder=folder / "train")
    test = [structure(magnet, size, seed + 100)]
    return data, label_all(test, electrons, TESTS, seed=seed + 100, folder=folder / "test")[0]


def chiralities(name, force_field, seed):
    """Return a row with the chirality that quenches reach, the mean of |that of all triangles| over replicas."""
    sites, (dynamics, duration) = force_field.structure, CHIRAL
    spins = random_initial_spins(sites.n_spins, seed, 0, range(REPLICAS))
    run = quench(force_field, spins, dynamics, duration, seed=seed, snapshot_times=[duration])
    found = np.abs(scalar_chirality(run.spins[-1], triangles(sites)).mean(axis=-1))
    return {
        "magnet": "triangular J=3 f=0.25", "n_sites": sites.n_sites, "model": name, "quantity": "chirality",
        "state": "late", "value": found.mean(), "standard_error": found.std(ddof=1) / len(found) ** 0.5,
        "configurations": len(found),
    }  # fmt: skip


class Table:
    """The rows that there are, and those that are measured."""

    def __init__(self, path, threads):
        self.path, self.threads = Path(path), threads
        self.rows = pd.read_csv(path).to_dict("records") if self.path.exists() else []

    def has(self, magnet, n_sites, model, quantity="torque error"):
        """Return whether there are rows already."""
        wanted = (magnet, n_sites, model, quantity)
        return any((row["magnet"], row["n_sites"], row["model"], row["quantity"]) == wanted for row in self.rows)

    def add(self, rows):
        """Write some more."""
        self.rows += [with_machine(row, self.threads) for row in rows]
        write_csv(self.path, pd.DataFrame(self.rows))
        print(pd.DataFrame(rows).to_string(index=False), flush=True)


def measure(table, magnet, electrons, train, tests, models):
    """Add the rows of a magnet; return the fitted models."""
    sites, kept = tests.structure, {}
    for name, force_field in solvers_of(sites, electrons):
        if not table.has(magnet, sites.n_sites, name):
            table.add(list(rows_of(magnet, name, force_field, tests)))
    for name in models:
        needed = name in CHIRAL_MODELS and magnet.startswith("triangular")
        if table.has(magnet, sites.n_sites, name) and not needed:
            continue
        start = time.process_time()
        kept[name] = fitted(name, train)
        taken = time.process_time() - start
        if not table.has(magnet, sites.n_sites, name):
            fit = {"fit_seconds": taken, "labels": sum(map(len, train))}
            table.add(list(rows_of(magnet, name, on(kept[name], sites), tests, **fit)))
    return kept


def large_metal(table, magnet, electrons, train, seed):
    """Add what a field on 2000 sites costs."""
    sites = structure(magnet, LARGE, seed + 200)
    models = ("kernel-64",)  # poles are inverses of the whole matrix, each as dear as its diagonalization
    if all(table.has(magnet, LARGE, name) for name in ("diagonalization", "diagonalization, float32", *models)):
        return
    spins = random_spins(LARGE, generator(seed, "spins", LARGE), 1)
    exact = load_force_field("diagonalization", sites, electrons).evaluate(spins)
    tests = LabelledConfigurations(sites, electrons, spins, exact.energy, exact.field, np.full(1, np.nan), {})
    for name, force_field in solvers_of(sites, electrons):
        if not table.has(magnet, LARGE, name):
            table.add(list(rows_of(magnet, name, force_field, tests)))
    for name in models:
        if not table.has(magnet, LARGE, name):
            table.add(list(rows_of(magnet, name, on(fitted(name, train), sites), tests)))


def main():
    """Measure what the table does not hold yet, and write it after every model."""
    args = options(__doc__, repeats=1)
    table, folder = Table(args.out, args.threads), Path(args.out).with_suffix(".labels")
    for magnet, (electrons, sizes, size) in (QUICK if args.quick else MAGNETS).items():
        train, tests = labels_of(magnet, electrons, sizes, size, folder / magnet.replace(" ", "_"), args.seed)
        models = ("pair", "kernel-16", "poles-4") if args.quick else models_for(magnet, electrons)
        kept = measure(table, magnet, electrons, train, tests, models)
        if magnet.startswith("triangular"):
            small = structure(magnet, 12, args.seed)
            force_fields = {"diagonalization": load_force_field("diagonalization", small, electrons)}
            force_fields |= {name: on(kept[name], small) for name in CHIRAL_MODELS if name in kept}
            for name, force_field in force_fields.items():
                if not table.has(magnet, small.n_sites, name, "chirality"):
                    table.add([chiralities(name, force_field, args.seed)])
        if "f=0.25" in magnet and magnet.startswith("amorphous"):
            large_metal(table, magnet, electrons, train, args.seed)
    path = os.environ.get("KONDO_LABELS")
    if path and not args.quick:
        magnet, electrons = PUBLISHED
        measure(table, magnet, electrons, *published(path), ("kernel-18", *KERNELS, *POLES))


if __name__ == "__main__":
    main()
