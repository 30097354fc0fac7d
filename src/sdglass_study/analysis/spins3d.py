"""Take the first and the last snapshot of a quench, with the local energy of every spin, for the 3D picture."""

import numpy as np
import pandas as pd

from sdglass.dynamics.trajectory import Trajectory
from sdglass.io import write_csv
from sdglass.observables.local_energy import local_energies
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import add_electrons, run, step_parser, threads_from_environment, use_threads
from sdglass_study.jobs.model_engine import add_model, model_engine


def film_parser(module_doc):
    """Return the parser of the steps that show a quench."""
    parser = step_parser(module_doc)
    parser.add_argument("--trajectory", required=True, help="its first replica is shown")
    parser.add_argument("--structure", required=True)
    add_electrons(parser)
    add_model(parser)
    return parser


def filmed(args):
    """Return structure, trajectory, and the engine that the local energies are taken from."""
    use_threads(threads_from_environment())
    structure = Structure.load(args.structure)
    return structure, Trajectory.load(args.trajectory), model_engine(args, structure)


def main():
    """Write the table."""
    parser = film_parser(__doc__)
    parser.add_argument("--out", required=True, help="table .csv")
    args = parser.parse_args()
    structure, trajectory, engine = filmed(args)
    parts = []
    for k in (0, len(trajectory.times) - 1):
        spins = trajectory.spins[k, 0]
        parts.append(
            pd.DataFrame(
                {"time": trajectory.times[k], "site": np.arange(structure.n_sites)}
                | {f"box_{axis}": edge for axis, edge in zip("xyz", structure.box, strict=True)}
                | dict(zip("xyz", structure.positions.T, strict=True))
                | dict(zip(("sx", "sy", "sz"), spins.T, strict=True))
                | {"local_energy": local_energies(engine, spins)[0]}
                | {"energy": trajectory.energy[k, 0], "engine": trajectory.attributes["engine"]}
                | {"damping": trajectory.attributes["damping"]}
            )
        )
    write_csv(args.out, pd.concat(parts))


if __name__ == "__main__":
    run(main)
