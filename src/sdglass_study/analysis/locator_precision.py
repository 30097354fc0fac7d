"""What single precision does to the locator force field: torques of the same spins, drifts along trajectories."""

import numpy as np
import pandas as pd

from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.dynamics.trajectory import log_times
from sdglass.forcefields.loading import load_force_field
from sdglass.io import write_csv
from sdglass.progress import progress_bar
from sdglass.spins import torque
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import run, step_parser, threads_from_environment, use_threads

REPLICAS = 4
DAMPINGS = (0.0, 1.0)  # the energy is conserved, and it falls


def main():
    """Write one row per structure, damping and snapshot of the same run in both precisions."""
    parser = step_parser(__doc__)
    parser.add_argument("--structures", nargs="+", required=True)
    parser.add_argument("--model", required=True, help="model .safetensors that gives the field")
    parser.add_argument("--duration", type=float, required=True)
    parser.add_argument("--time-step", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    use_threads(threads_from_environment())
    frames = []
    with progress_bar(len(args.structures) * len(DAMPINGS), "both precisions", "run") as bar:
        for path in args.structures:
            structure = Structure.load(path)
            engines = [load_force_field(args.model, structure, dtype=dtype) for dtype in ("float64", "float32")]
            for damping in DAMPINGS:
                frames.append(compare(engines, damping, args.duration, args.time_step, args.seed))
                bar.update()
    write_csv(args.out, pd.concat(frames, ignore_index=True))


def compare(engines, damping, duration, time_step, seed):
    """Return the table of one run without noise, with the engine in double and the one in single precision.

    Columns: rms over replicas of the change of the energy per site since t = 0 in both [t0]; rms difference of the
    spins' components; rms difference of the torques of the double run's spins over their rms.
    """
    double, single = engines
    n_sites = double.structure.n_sites
    start = random_initial_spins(n_sites, seed, 0, range(REPLICAS))
    runs = [
        quench(
            engine,
            start,
            duration=duration,
            dt=time_step,
            damping=damping,
            temperature=0.0,
            seed=seed,
            snapshot_times=log_times(duration, time_step, per_decade=2),
        )
        for engine in engines
    ]
    rows = []
    for number, time in enumerate(runs[0].times):
        spins = runs[0].spins[number]
        torques = [torque(spins, engine.evaluate(spins).field) for engine in (double, single)]
        changes = [(one.energy[number] - one.energy[0]) / n_sites for one in runs]
        rows.append(
            {
                "n_sites": n_sites,
                "damping": damping,
                "time": time,
                "energy_change": _rms(changes[0]),
                "energy_change_single": _rms(changes[1]),
                "energy_difference": _rms(changes[1] - changes[0]),
                "spin_difference": _rms(runs[1].spins[number] - spins),
                "torque_difference": _rms(torques[1] - torques[0]) / _rms(torques[0]),
            }
        )
    return pd.DataFrame(rows)


def _rms(values):
    return np.sqrt(np.mean(np.square(values)))


if __name__ == "__main__":
    run(main)
