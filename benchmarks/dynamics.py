"""Share of a step of the LLG dynamics that is not the force.

    python benchmarks/dynamics.py --out results/benchmarks/dynamics.csv

Quenches of R = 20 replicas of N = 500 as the study runs them (thermal noise, checks of what the engine returns,
integrator), with both integrators and both networks in float32. A step holds two evaluations
of the engine; what is left of its time is everything else.
"""

import time

import numpy as np
import torch
from measuring import network, parser, quartiles, structure, use_threads, write_rows

from sdglass.dynamics.llg import INTEGRATORS, LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps

TARGET = 0.10
N_SITES, REPLICAS = 500, 20
STEPS = {"paper": 10, "small": 60}
DT = 2.0  # of the study's fast quenches [1 / (gamma t0)]


class _Clocked:
    """An engine that notes when each evaluation begins and ends."""

    def __init__(self, engine):
        self.engine, self.structure = engine, engine.structure
        self.cutoff, self.symmetries = engine.cutoff, engine.symmetries
        self.begin, self.end = [], []

    def evaluate(self, spins):
        self.begin.append(time.perf_counter())
        result = self.engine.evaluate(spins)
        self.end.append(time.perf_counter())
        return result


def measure(engine, integrator, n_steps, replicas, seed):
    """Return the columns of one quench: time of a step, of its force, and the share of the rest."""
    clocked = _Clocked(engine)
    quench(
        clocked,
        random_initial_spins(engine.structure.n_sites, seed, 0, range(replicas)),
        LLG(damping=1.0, temperature=1e-3, time_step=DT, integrator=integrator),
        DT * (n_steps + 1),
        seed=seed,
    )
    begin, end = np.array(clocked.begin), np.array(clocked.end)
    force = (end - begin)[: 2 * (n_steps + 1)].reshape(-1, 2).sum(1)
    # From the first evaluation of one step to that of the next; the first step warms up.
    step, force = np.diff(begin[: 2 * (n_steps + 1) + 1 : 2])[1:], force[1:]
    return {
        **quartiles("step_ms", 1e3 * step),
        **quartiles("rest_ms", 1e3 * (step - force)),
        **quartiles("share", 1.0 - force / step),
        "repeats": len(step),
    }


def main():
    """Measure and write the table."""
    args = parser(__doc__, repeats=1).parse_args()
    use_threads(args.threads)
    n_sites, replicas = (20, 2) if args.quick else (N_SITES, REPLICAS)
    functions, sites = SymmetryFunctions(), structure(n_sites, args.seed)
    maps = build_feature_maps(sites, functions)
    rows = []
    for name, n_steps in STEPS.items():
        engine = NetworkForceField(
            sites, network(functions.n_features, name, args.seed), functions, maps=maps, dtype=torch.float32
        )
        for integrator in INTEGRATORS:
            columns = measure(engine, integrator, 2 if args.quick else n_steps * args.repeats, replicas, args.seed)
            key = {"network": name, "integrator": integrator, "n_sites": n_sites, "replicas": replicas}
            rows.append(key | columns | {"target": TARGET})
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
