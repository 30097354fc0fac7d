r"""Times, set-up times and peak memory of the engines that scale linearly, on one structure in a fresh process.

    python benchmarks/probe.py \
        '{"n_sites": 1000, "models": {"pair": [1, 20]}, "threads": 2, "seed": 1, "repeats": 5}'

Prints one JSON list of rows. The other programs call `probe`.
"""

import gc
import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np


def probe(n_sites, models, threads, seed, repeats):
    """Return rows for structures of `n_sites`, measured in a process of their own.

    Parameters
    ----------
    n_sites : int
    models : dict
        Numbers of replicas by model: ``pair``, ``locator``, or a network of `measuring.NETWORKS`.
    threads, seed, repeats : int

    Returns
    -------
    list of dict
    """
    request = {"n_sites": n_sites, "models": models, "threads": threads, "seed": seed, "repeats": repeats}
    command = [sys.executable, str(Path(__file__).resolve()), json.dumps(request)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


ALONE = ("pair", "locator")  # need no symmetry functions


class _Peak:
    """Highest resident memory [MiB] since the last reset; without /proc, since the start of the process."""

    def __init__(self):
        self.empty = self.read()

    @staticmethod
    def reset():
        gc.collect()
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            pass

    @staticmethod
    def read():
        try:
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1024
        except OSError:
            pass
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(call):
    from measuring import seconds

    result = []
    elapsed = seconds(lambda: result.append(call()))
    return result[0], elapsed


def _pair_engine(structure, functions, seed):
    from sdglass.electrons.sd_model import SDModel
    from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
    from sdglass.forcefields.behler_parrinello.linear import LinearModel
    from sdglass.forcefields.pair import BilinearForceField, couplings_from_pairs
    from sdglass.random_streams import generator
    from sdglass.structures.neighbours import neighbour_pairs

    # J(R) needs the pairs and nothing of the three-site descriptor.
    coefficients = 0.01 * generator(seed, "pair model").standard_normal(functions.n_g2)
    model = LinearModel(SDModel(), functions, coefficients, EnergyReference(0.0, 0.0))
    pairs = neighbour_pairs(structure, functions.cutoff)
    values = model.pair_coupling(pairs.distance)
    matrix = couplings_from_pairs(structure.n_sites, pairs.first, pairs.second, values)
    return BilinearForceField(structure, matrix, functions.cutoff)


def _locator_engine(structure, threads):
    from sdglass.electrons.sd_model import SDModel
    from sdglass.forcefields.locator.coefficients import LocatorSettings
    from sdglass.forcefields.locator.fit import LocatorModel

    # Any coefficients cost the same.
    model = LocatorModel(SDModel(), LocatorSettings(), np.array([1.0, 0.01, 0.002, -0.001]), np.full(2, 1e-4))
    return model.on(structure, dtype="float32", threads=threads)


def _evaluations(engine, n_sites, replicas, seed, repeats):
    """Return the times [s] of evaluations: `repeats`, fewer if they are long and more if they are short."""
    from measuring import seconds

    from sdglass.random_streams import generator
    from sdglass.spins import random_spins

    spins = random_spins(n_sites, generator(seed, "spins", n_sites), replicas)
    warm = seconds(lambda: engine.evaluate(spins))
    if warm > 3.0:
        repeats = min(repeats, 2)
    elif repeats > 1:
        repeats = int(np.clip(0.5 / warm, repeats, 50))
    return np.array([seconds(lambda: engine.evaluate(spins)) for _ in range(repeats)])


def measure(n_sites, models, threads, seed, repeats):
    """Return the rows of `probe`, measured in this process."""
    import torch
    from measuring import network, quartiles, structure, use_threads

    from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
    from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
    from sdglass.structures.neighbours import neighbour_pairs

    use_threads(threads)
    peak = _Peak()
    functions = SymmetryFunctions()
    sites, structure_s = _timed(lambda: structure(n_sites, seed))
    _, neighbours_s = _timed(lambda: neighbour_pairs(sites, functions.cutoff))
    features_s, maps, rows, setup_peak = 0.0, None, [], peak.read()
    for model, replicas in models.items():
        peak.reset()
        if model == "pair":
            engine, engine_s = _timed(lambda: _pair_engine(sites, functions, seed))
        elif model == "locator":
            engine, engine_s = _timed(lambda: _locator_engine(sites, threads))
        else:
            if maps is None:
                maps, features_s = _timed(lambda: build_feature_maps(sites, functions, np.float32))
                setup_peak = max(setup_peak, peak.read())
                peak.reset()
            net = network(functions.n_features, model, seed)
            engine, engine_s = _timed(
                lambda net=net, maps=maps: NetworkForceField(sites, net, functions, maps=maps, dtype=torch.float32)
            )
        built = peak.read()
        for count in replicas:
            peak.reset()
            times = _evaluations(engine, n_sites, count, seed, repeats)
            rows.append(
                {
                    "model": model,
                    "n_sites": n_sites,
                    "replicas": count,
                    **quartiles("seconds", times),
                    "seconds_per_replica": float(np.median(times)) / count,
                    "setup_s": structure_s + neighbours_s + (0.0 if model in ALONE else features_s) + engine_s,
                    "structure_s": structure_s,
                    "neighbours_s": neighbours_s,
                    "features_s": 0.0 if model in ALONE else features_s,
                    "engine_s": engine_s,
                    "peak_mib": max(setup_peak, built, peak.read()),
                    "setup_peak_mib": max(setup_peak, built),
                    "evaluation_peak_mib": peak.read(),
                    "empty_mib": peak.empty,
                    "repeats": len(times),
                }
            )
        del engine
    return rows


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
