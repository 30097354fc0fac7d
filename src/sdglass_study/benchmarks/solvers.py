"""The solvers of the electrons against each other: time, memory and torque error on lattices and amorphous metals.

Square double exchange (J = 6, f = 0.485), a square metal (J = 3.5, f = 0.48), the triangular lattice (J = 3,
f = 1/4), amorphous metals (f = 0.25, J = 2 and 6); random spins, and relaxed ones, 30 steps downhill. Each
measurement has a process of its own, all cores, after a small warm-up; the error is that of the torque, divided by
its rms, against diagonalization, or against Green's functions to 1e-10 where that is too large. What a table holds
already is not measured again.
"""

import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.dynamics.minimize import descend
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.registry import load_force_field
from sdglass.io import write_csv
from sdglass.random_streams import generator
from sdglass.spins import random_spins, torque
from sdglass.structures.lattices import lattice
from sdglass_study.benchmarks.measuring import options, seconds, structure, use_threads, with_machine

MAGNETS = {
    "square J=6 f=0.485": SDModel(6.0, 0.485, hopping=Shells()),
    "square J=3.5 f=0.48": SDModel(3.5, 0.48, hopping=Shells()),
    "triangular J=3 f=0.25": SDModel(3.0, 0.25, hopping=Shells()),
    "amorphous J=2 f=0.25": SDModel(2.0, 0.25),
    "amorphous J=6 f=0.25": SDModel(6.0, 0.25),
}
KEY = ("magnet", "n_sites", "state", "solver", "options")
DIAGONALIZATION, GREEN = ("diagonalization", {}), ("greens-function", {})
REFERENCE = ("greens-function", {"tolerance": 1e-10})


def kpm(order, kernel="dirichlet", **others):
    """Return kernel polynomials as a solver and its options."""
    return "kpm", {"order": order, "kernel": kernel, **others}


def plan(quick):
    """Yield (magnet, edge of a lattice or number of sites, state, reference, solvers)."""
    if quick:
        yield "square J=6 f=0.485", 6, "random", DIAGONALIZATION, [GREEN, kpm(16), kpm(16, spacing=2.5)]
        yield "square J=6 f=0.485", 8, "random", DIAGONALIZATION, [GREEN, kpm(16)]
        yield "amorphous J=2 f=0.25", 20, "relaxed", DIAGONALIZATION, [kpm(16)]
        return
    orders = (16, 32, 64, 128, 256)
    for magnet in MAGNETS:
        for state in ("random", "relaxed"):
            if not magnet.startswith("amorphous"):
                damped = [kpm(order, "jackson") for order in orders]
                probing = [kpm(256, spacing=spacing) for spacing in (6.0, 12.0)]
                yield magnet, 30, state, DIAGONALIZATION, [GREEN, *map(kpm, orders), *damped, *probing]
                continue
            for n, largest in ((500, 256), (1000, 128), (2000, 64)):
                if n == 500 or state == "random":
                    some = [kpm(order, dtype="float32") for order in orders if order <= largest]
                    poles = [GREEN] if n == 500 else []
                    yield magnet, n, state, DIAGONALIZATION, [*poles, *some]
    for magnet in ("square J=6 f=0.485", "triangular J=3 f=0.25"):
        for edge in (12, 16, 24, 40):
            yield magnet, edge, "random", DIAGONALIZATION, [GREEN, kpm(32), kpm(64)]
        for edge in (48, 64, 100, 128):
            costly = [kpm(128), kpm(256), kpm(256, spacing=6.0), kpm(256, spacing=12.0)] if edge == 100 else []
            yield magnet, edge, "random", REFERENCE, [GREEN, kpm(32), kpm(64), *costly]


def words(settings):
    """Return the options of a solver as the table has them."""
    return " ".join(f"{key}={value}" for key, value in settings.items())


def magnet_on(name, size, seed):
    """Return the structure of a magnet."""
    if name.startswith("amorphous"):
        return structure(size, seed)
    return lattice(name.split()[0], cells=(size, size))


def spins_of(name, size, state, seed):
    """Return spins (1, N, 3): random, or 30 steps downhill from there by exact forces."""
    sites = magnet_on(name, size, seed)
    spins = random_spins(sites.n_spins, generator(seed, "spins", size), 1)
    if state == "random":
        return spins
    return descend(load_force_field("exact", sites, MAGNETS[name]), spins, 30, 3.0)


def measured(name, size, spins, solver, settings, repeats, threads, seed):
    """Return a row with times [s] and peak memory [MiB], and the torque; in a process of its own."""
    use_threads(threads)
    small = magnet_on(name, 8 if name[0] in "st" else 20, seed)
    load_force_field(solver, small, MAGNETS[name], **settings).evaluate(
        random_spins(small.n_spins, np.random.default_rng(0), 1)
    )
    sites, made = magnet_on(name, size, seed), []
    setup = seconds(lambda: made.append(load_force_field(solver, sites, MAGNETS[name], **settings)))
    times, found = [], []
    while not times or (sum(times) < 30.0 and len(times) < (repeats if sum(times) < 3.0 else 3)):
        times.append(seconds(lambda: found.append(made[0].evaluate(spins))))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    row = {"magnet": name, "n_sites": sites.n_sites, "solver": solver, "options": words(settings)}
    row |= {"seconds": min(times), "repeats": len(times), "setup_s": setup, "peak_mib": used}
    return row, torque(spins, found[0].field)


def main():
    """Measure what the table does not hold yet, and write it after every measurement."""
    args = options(__doc__, repeats=5)
    rows = pd.read_csv(args.out).fillna({"options": ""}).to_dict("records") if Path(args.out).exists() else []
    known = {tuple(row[name] for name in KEY) for row in rows}
    for name, size, state, reference, solvers in plan(args.quick):
        n_sites = magnet_on(name, size, args.seed).n_sites
        wanted = [(name, n_sites, state, solver, words(settings)) for solver, settings in (reference, *solvers)]
        if known.issuperset(wanted):
            continue
        spins, exact = spins_of(name, size, state, args.seed), None
        for key, (solver, settings) in zip(wanted, (reference, *solvers), strict=True):
            if key in known and exact is not None:
                continue
            given = (name, size, spins, solver, settings, args.repeats, args.threads, args.seed)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                row, found = pool.submit(measured, *given).result()
            exact = found if exact is None else exact
            if key not in known:
                error = np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2))
                rows.append(with_machine(row | {"state": state, "error": float(error)}, args.threads))
                write_csv(args.out, pd.DataFrame(rows))
                print(row, flush=True)


if __name__ == "__main__":
    main()
