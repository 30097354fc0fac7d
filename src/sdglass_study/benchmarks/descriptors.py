"""Descriptors of lattices for one network: raw variables or irreducible representations, with chirality or not.

Equal cutoffs, data, network and training; torque errors on a lattice that nothing was fitted to, and what the
symmetries that raw variables lack cost: the torque that changes, over the rms torque, when the spins are reversed,
and when the lattice is turned by 360 / n degrees with its spins' directions kept. The raw variables with
chirality are those of the published code for lattices, as far as it is described (arXiv:2602.18213).

    python -m sdglass_study.benchmarks.descriptors --out results/benchmarks/descriptors.csv
"""

from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.fitting import torque_errors
from sdglass.forcefields.behler_parrinello.lattice_irreps import Element, Environment
from sdglass.forcefields.behler_parrinello.lattice_model import LatticeNetworkModel, LatticeNetworkSettings
from sdglass.io import write_csv
from sdglass.labelling import label
from sdglass.spins import torque
from sdglass.structures.lattices import lattice
from sdglass_study.benchmarks.force_fields import MAGNETS
from sdglass_study.benchmarks.measuring import options, with_machine

NAMES = ("square J=6 f=0.485", "triangular J=3 f=0.25")
CUTOFFS = 2.0, 3.0
VARIANTS = [(symmetry, chirality) for symmetry in ("raw", "irreps") for chirality in (False, True)]
SEEDS = (1, 2)  # of the initial weights and the order of the data
EDGES, EDGE, LABELS, TESTS, EPOCHS = (10, 12, 14), 16, 24, 9, 100
QUICK = (6,), 6, 3, 3, 2


def turned(structure, spins, order):
    """Return spins (C, N, 3) moved by a rotation of the lattice about its first site, and where each site goes."""
    around = structure.positions - structure.positions[0]
    moved = around.copy()
    moved[:, :2] = around[:, :2] @ Element(1, False, order).matrix.T
    apart = structure.minimum_image((moved[:, None] - around[None]).reshape(-1, 3)).reshape(len(moved), -1, 3)
    where = np.linalg.norm(apart, axis=2).argmin(axis=1)
    found = np.empty_like(spins)
    found[:, where] = spins
    return found, where


def broken(force_field, spins, order):
    """Return the relative change of torques by time reversal and by a rotation of the lattice."""
    plain = torque(spins, force_field.evaluate(spins).field)
    size = np.sqrt(np.mean(plain**2))
    reversed_time = torque(-spins, force_field.evaluate(-spins).field)
    moved, where = turned(force_field.structure, spins, order)
    rotated = torque(moved, force_field.evaluate(moved).field)[:, where]
    return [np.sqrt(np.mean((other - plain) ** 2)) / size for other in (reversed_time, rotated)]


def rows_of(magnet, edges, edge, labels, tests, epochs, cutoff, seed):
    """Yield the rows of the four variants."""
    electrons, kind = MAGNETS[magnet][0], magnet.split()[0]
    data = [label(lattice(kind, (n, n)), electrons, labels, seed=seed + n) for n in edges]
    judged = label(lattice(kind, (edge, edge)), electrons, tests, seed=seed + 1000)
    order = Environment.of(judged.structure, cutoff, 1.0, False).order
    for symmetry, chirality in VARIANTS:
        settings = LatticeNetworkSettings(cutoff, 1.5, chirality, symmetry, epochs=epochs)
        for weights in SEEDS:
            model, _ = LatticeNetworkModel.fit(data, settings, seed=weights)
            force_field = model.on(judged.structure)
            in_time, in_space = broken(force_field, judged.spins[judged.random], order)
            errors = torque_errors({"model": model}, [judged])["model"]
            for state, error in next(iter(errors.values())).items():
                yield {
                    "magnet": magnet, "cutoff": cutoff, "symmetry": symmetry, "chirality": chirality,
                    "seed": weights, "features": len(model.arrays["mean"]), "state": state,
                    "value": error["relative"], "time_reversal": in_time, "rotation": in_space,
                }  # fmt: skip


def main():
    """Measure what the table does not hold yet."""
    args = options(__doc__, repeats=1)
    rows = pd.read_csv(args.out).to_dict("records") if Path(args.out).exists() else []
    known = {(row["magnet"], row["cutoff"]) for row in rows}
    sizes = QUICK if args.quick else (EDGES, EDGE, LABELS, TESTS, EPOCHS)
    for magnet in NAMES[:1] if args.quick else NAMES:
        for cutoff in CUTOFFS[:1] if args.quick else CUTOFFS:
            if (magnet, cutoff) not in known:
                found = list(rows_of(magnet, *sizes, cutoff, args.seed))
                rows += [with_machine(row, args.threads) for row in found]
                write_csv(args.out, pd.DataFrame(rows))
                print(pd.DataFrame(found).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
