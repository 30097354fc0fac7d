"""Take one real neighbourhood out of a relaxed configuration, for the picture of Fig. 1."""

import numpy as np
import pandas as pd

from sdglass.dataset import LabelledConfigurations
from sdglass.io import write_csv
from sdglass.structures.neighbours import environments
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write positions relative to the centre, spins and distances of one site and its neighbours."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", required=True, help="dataset .h5; its last configuration is shown")
    parser.add_argument("--cutoff", type=float, required=True, help="R_c [ell]")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    data = LabelledConfigurations.load(args.data)
    env = environments(data.structure, args.cutoff)
    # A site with a typical number of neighbours, so that the picture is neither empty nor crowded.
    counts = np.diff(env.start)
    centre = int(np.argsort(counts, kind="stable")[len(counts) // 2])
    row = slice(env.start[centre], env.start[centre + 1])
    sites = np.concatenate([[centre], env.neighbour[row]])
    positions = np.concatenate([np.zeros((1, 3)), env.vector[row]])
    spins = data.spins[-1][sites]
    frame = pd.DataFrame(np.concatenate([positions, spins], axis=1), columns=["x", "y", "z", "sx", "sy", "sz"])
    frame.insert(0, "site", sites)
    frame["distance"] = np.concatenate([[0.0], env.distance[row]])
    frame["is_centre"] = (frame["site"] == centre).astype(int)
    frame["cutoff"] = args.cutoff
    write_csv(args.out, frame)


if __name__ == "__main__":
    run(main)
