"""Where in J and f force fields can be learned: torque errors of the amorphous magnet's models over both.

At each coupling and filling the candidates are fitted to structures of 100 sites and judged on one of 160: random,
quenched and late spins. What a table holds already is not measured again.

    python -m sdglass_study.benchmarks.coupling_filling --out results/benchmarks/coupling_filling.csv
"""

from pathlib import Path

import pandas as pd

from sdglass.electrons.sd_model import SDModel
from sdglass.fitting import fitted, torque_errors
from sdglass.io import write_csv
from sdglass.labelling import label
from sdglass.structures.amorphous import amorphous
from sdglass_study.benchmarks.measuring import options, with_machine

COUPLINGS, FILLINGS = (0.5, 1.0, 2.0, 4.0, 6.0), (0.1, 0.2, 0.3, 0.4, 0.5)
MODELS = ("pair", "kernel-32", "kernel-64", "poles-6")
SIZES, SIZE, LABELS, TESTS = (100, 100), 160, 9, 6
QUICK = (6.0,), (0.5,), (20,), 24


def rows_at(coupling, filling, sizes, size, seed):
    """Return the rows of one magnet."""
    electrons = SDModel(coupling, filling)
    names = [*MODELS, "locator"] if filling == 0.5 else MODELS
    train = [
        label(amorphous(n, density=0.8, seed=seed + k), electrons, LABELS, seed=seed + k)
        for k, n in enumerate(sizes)
    ]
    tests = label(amorphous(size, density=0.8, seed=seed + 100), electrons, TESTS, seed=seed + 100)
    fits = {name: fitted(name, train) for name in names}
    rms = {state: float((tests.torque[tests.states == state] ** 2).mean() ** 0.5) for state in set(tests.states)}
    return [
        {
            "coupling": coupling, "filling": filling, "model": name, "state": state, "value": error["relative"],
            "rms_torque": rms[state], "configurations": error["configurations"],
        }
        for name, stages in torque_errors(fits, [tests]).items()
        for state, error in next(iter(stages.values())).items()
    ]  # fmt: skip


def main():
    """Measure what the table does not hold yet, and write it after every magnet."""
    args = options(__doc__, repeats=1)
    rows = pd.read_csv(args.out).to_dict("records") if Path(args.out).exists() else []
    known = {(row["coupling"], row["filling"]) for row in rows}
    couplings, fillings, sizes, size = QUICK if args.quick else (COUPLINGS, FILLINGS, SIZES, SIZE)
    for coupling in couplings:
        for filling in fillings:
            if (coupling, filling) in known:
                continue
            found = rows_at(coupling, filling, sizes, size, args.seed)
            rows += [with_machine(row, args.threads) for row in found]
            write_csv(args.out, pd.DataFrame(rows))
            print(pd.DataFrame(found).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
