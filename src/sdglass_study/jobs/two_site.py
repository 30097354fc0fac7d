"""Coupling of two spins at half filling, solved exactly: t^2 / (2 J), where the paper prints t^2 / J.

The pair coupling is the coefficient of S_1 . S_2, (E(parallel) - E(antiparallel)) / 2; it
equals sqrt(J^2 + t^2) - max(J, t). The paper's t^2 / J is the energy difference itself.
Two electrons are put on the two sites, whatever --filling says; --coupling is always among the couplings.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.perturbation import strong_coupling
from sdglass.electrons.sd_model import hopping_matrix
from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import add_electrons, electrons, run, step_parser

PARALLEL = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
ANTIPARALLEL = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])


def pair(distance, hopping):
    """Return the (2, 2) hopping matrix [t0] of two sites in a box where no image matters."""
    edge = 10 * max(distance, hopping.range if np.isfinite(hopping.range) else 0.0)
    return hopping_matrix(Structure([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]], edge), hopping)


def pair_coupling(matrix, model):
    """Return (F(parallel) - F(antiparallel)) / 2 [t0] of two sites."""
    parallel, antiparallel = (solve(matrix, spins, model).free_energy for spins in (PARALLEL, ANTIPARALLEL))
    return 0.5 * (parallel - antiparallel)


def main():
    """Read the arguments, solve every pair, write the table."""
    parser = step_parser(__doc__)
    add_electrons(parser)
    parser.add_argument(
        "--couplings", type=float, nargs="+", default=[0.5, 1.0, 2.0, 4.0, 6.0, 10.0, 20.0, 50.0], help="J [t0]"
    )
    parser.add_argument("--distances", type=float, nargs="+", default=[0.5, 1.0, 1.5, 2.0, 2.5], help="[ell]")
    parser.add_argument("--out", required=True, help="two_site.csv")
    args = parser.parse_args()
    model = replace(electrons(args), filling=0.5)
    rows = []
    for coupling in sorted({*args.couplings, args.coupling}):
        if not coupling > 0:
            raise InputError(f"coupling = {coupling}; expected J > 0 [t0]")
        for distance in args.distances:
            matrix = pair(distance, model.hopping)
            amplitude = matrix[0, 1]
            if amplitude == 0.0:
                raise InputError(f"distance = {distance}: no hopping there; expected a distance within its range")
            value = pair_coupling(matrix, replace(model, coupling=coupling))
            half = strong_coupling(matrix, coupling)[0, 1]
            rows.append(
                {
                    "coupling": coupling,
                    "distance": distance,
                    "hopping": amplitude,
                    "pair_coupling": value,
                    "t2_over_2J": half,
                    "t2_over_J": 2 * half,
                    "ratio_to_t2_over_J": value / (2 * half),
                }
            )
    write_csv(args.out, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
