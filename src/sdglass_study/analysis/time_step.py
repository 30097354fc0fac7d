"""How the error of the two integrators falls with the time step, and how the energy drifts (Eq. 3)."""

import numpy as np
import pandas as pd

from sdglass.dynamics.llg import INTEGRATORS
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.forcefields.loading import load_force_field
from sdglass.io import write_csv
from sdglass.progress import progress_bar
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import run, step_parser

REPLICAS = 4


def main():
    """Write errors at the end of a deterministic run for every damping, and the energy drift without damping."""
    parser = step_parser(__doc__)
    parser.add_argument("--structure", required=True)
    parser.add_argument("--model", required=True, help="model .safetensors that gives the field")
    parser.add_argument("--dampings", type=float, nargs="+", required=True)
    parser.add_argument("--duration", type=float, required=True)
    parser.add_argument("--time-steps", type=float, nargs="+", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    structure = Structure.load(args.structure)
    engine = load_force_field(args.model, structure)
    start = random_initial_spins(structure.n_sites, args.seed, 0, range(REPLICAS))

    steps = sorted(args.time_steps)
    runs = len(INTEGRATORS) * (len(steps) * (1 + len(args.dampings)) + len(args.dampings))
    bar = progress_bar(runs, "time steps", "run")

    def final(integrator, dt, damping):
        run = quench(
            engine,
            start,
            duration=args.duration,
            dt=dt,
            damping=damping,
            temperature=0.0,
            seed=args.seed,
            integrator=integrator,
            snapshot_times=[0.0, args.duration],
        )
        bar.update()
        return run.spins[-1], run.energy

    rows = []
    for integrator in INTEGRATORS:
        # Without damping the energy is conserved: the drift is the same in the rows of every damping.
        drift = {dt: _drift(final(integrator, dt, 0.0)[1], structure.n_sites) for dt in steps}
        for damping in args.dampings:
            # The reference is twice as fine as the finest step: its own error is a quarter of that row's.
            reference, _ = final(integrator, steps[0] / 2, damping)
            for dt in steps:
                spins, _ = final(integrator, dt, damping)
                rows.append(
                    {
                        "integrator": integrator,
                        "damping": damping,
                        "duration": args.duration,
                        "time_step": dt,
                        "error": np.sqrt(np.mean((spins - reference) ** 2)),
                        "energy_drift": drift[dt],
                    }
                )
    bar.close()
    write_csv(args.out, pd.DataFrame(rows))


def _drift(energy, n_sites):
    """Return the rms change of the energy (K, R) between first and last time, per site [t0]."""
    return np.sqrt(np.mean((energy[-1] - energy[0]) ** 2)) / n_sites


if __name__ == "__main__":
    run(main)
