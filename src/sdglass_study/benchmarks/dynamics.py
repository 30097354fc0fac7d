"""Share of a step of the LLG dynamics that is not the force.

Quenches of R = 20 replicas of N = 500 as the study runs them (thermal noise, checks of what the force field
returns, integrator), with both integrators and both networks in float32. A step holds two evaluations of the force
field; what is left of its time is everything else.
"""

import time

import numpy as np

from sdglass.dynamics.llg import INTEGRATORS, LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass_study.benchmarks.measuring import network_force_field, options, quartiles, structure, write_rows

TARGET = 0.10
N_SITES, REPLICAS = 500, 20
STEPS = {"paper": 10, "small": 60}
TIME_STEP = 2.0  # of the study's fast quenches [1 / (gamma t0)]


class _Clocked:
    """A force field that notes when each evaluation begins and ends."""

    def __init__(self, force_field):
        self.force_field, self.structure = force_field, force_field.structure
        self.cutoff, self.symmetries = force_field.cutoff, force_field.symmetries
        self.begin, self.end = [], []

    def evaluate(self, spins):
        self.begin.append(time.perf_counter())
        result = self.force_field.evaluate(spins)
        self.end.append(time.perf_counter())
        return result


def measure(force_field, integrator, n_steps, replicas, seed):
    """Return the columns of one quench: time of a step, of what is not its force, and the share of that."""
    clocked = _Clocked(force_field)
    spins = random_initial_spins(force_field.structure.n_sites, seed, 0, range(replicas))
    llg = LLG(damping=1.0, temperature=1e-3, time_step=TIME_STEP, integrator=integrator)
    quench(clocked, spins, llg, TIME_STEP * (n_steps + 1), seed=seed)
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
    args = options(__doc__, repeats=1)
    n_sites, replicas = (20, 2) if args.quick else (N_SITES, REPLICAS)
    sites, rows = structure(n_sites, args.seed), []
    for name, n_steps in STEPS.items():
        force_field = network_force_field(sites, name, args.seed)
        for integrator in INTEGRATORS:
            row = {"network": name, "integrator": integrator, "n_sites": n_sites, "replicas": replicas}
            row |= measure(
                force_field, integrator, 2 if args.quick else n_steps * args.repeats, replicas, args.seed
            )
            rows.append(row | {"target": TARGET})
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
