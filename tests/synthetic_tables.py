"""Made-up tables in the format of the study, with about the right numbers."""

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition

TIMES = np.unique(np.concatenate([[0.0], np.round(np.geomspace(1, 3000, 36))]))
DISTANCES = np.arange(0.55, 4.25, 0.1)
RUNS = {"fig4-slow": 0.05, "fig4-fast": 1.0}
WINDOWS = [(a, b) for a in (30.0, 100.0, 1000.0) for b in (300.0, 1000.0, 3000.0, 30000.0) if a < b]
ENSEMBLES = {"fig5-pair-slow": ("pair", 0.05), "fig5-pair-fast": ("pair", 1.0), "fig5-small-fast": ("small", 1.0)}
NETWORKS = ("paper", "paper-chirality", "paper-configurations", "paper-chirality-configurations")
# layers, parameters, activation, linear term, realizations, configurations per realization, error
VARIANTS = {
    "paper": ("1024-1024-512-256-128-128-128-128", 1_902_000, "celu", False, 8, 250, 5.5e-4),
    "paper-long": ("1024-1024-512-256-128-128-128-128", 1_902_000, "celu", False, 8, 250, 5.3e-4),
    "small": ("128-128-64", 58_000, "celu", True, 8, 250, 5.7e-4),
    "tiny": ("32-32", 9_000, "celu", True, 8, 250, 6.1e-4),
    "medium": ("512-256-128", 300_000, "celu", True, 8, 250, 5.6e-4),
    "small-relu": ("128-128-64", 58_000, "relu", True, 8, 250, 6e-4),
    "small-silu": ("128-128-64", 58_000, "silu", True, 8, 250, 5.6e-4),
    "small-unstarted": ("128-128-64", 58_000, "celu", False, 8, 250, 6.3e-4),
    "data-2x50": ("128-128-64", 58_000, "celu", True, 2, 50, 1.2e-3),
    "data-4x50": ("128-128-64", 58_000, "celu", True, 4, 50, 9e-4),
    "data-8x50": ("128-128-64", 58_000, "celu", True, 8, 50, 7e-4),
    "data-2x250": ("128-128-64", 58_000, "celu", True, 2, 250, 8.4e-4),
    "data-4x250": ("128-128-64", 58_000, "celu", True, 4, 250, 6.9e-4),
}


def write_all(folder, seed=5):
    """Write every table to `folder`; return {file name: frame}."""
    rng = np.random.default_rng(seed)
    tables = {
        "fig1_neighbourhood.csv": neighbourhood(rng),
        "descriptor.csv": descriptor(rng),
        "spins3d.csv": snapshots(rng),
        "electrons.csv": electrons(),
        "fig2_density_of_states.csv": density_of_states(),
        "fig3_parity.csv": parity(rng),
        "fig3_histogram.csv": histogram(),
        "fig4_correlation.csv": fig4_quenches(rng),
        "fig4_difference.csv": differences(rng),
        "fig4_events.csv": events(),
        "fig5_length.csv": lengths(rng),
        "fig5_fits.csv": fits(rng),
        "fig5_correlation.csv": fig5_quenches(rng),
        "fig5_difference.csv": fig5_differences(),
        "fig5_paired.csv": fig5_paired(),
        "psi_specifications.csv": psi_specifications(),
        "psi_units.csv": psi_units(),
        "torque_errors.csv": torque_errors(rng),
        "paired.csv": paired(),
        "models.csv": models(),
        "network_size.csv": comparison(rng, "paper", "paper-long", "small", "tiny", "medium", "small-unstarted"),
        "training_size.csv": comparison(rng, "small", *(name for name in VARIANTS if name.startswith("data-"))),
        "activation.csv": comparison(rng, "small", "small-relu", "small-silu"),
        "committee.csv": committee(rng),
        "error_along_quench.csv": along_quench(),
        "learning_curves.csv": learning(rng),
        "training.csv": training(),
        "couplings.csv": couplings(),
        "locator_errors.csv": locator_errors(),
        "locator_quench.csv": locator_quench(),
        "locator_quench_difference.csv": locator_quench_difference(),
        "locator_quench_correlation.csv": locator_quench_correlation(),
        "locator_ablation.csv": locator_ablation(),
        "locator_learning.csv": locator_learning(rng),
        "freezing.csv": freezing(rng),
        "disconnected.csv": disconnected(rng),
        "rkky.csv": rkky(rng),
        "two_site.csv": two_site(),
        "time_step.csv": time_step(),
        "studies.csv": studies(),
        "studies_correlation.csv": studies_correlation(),
    }
    for name, frame in tables.items():
        write_csv(folder / name, frame)
    return tables


def correlation(r, t, damping):
    """Return a made-up C(r, t): negative contact value, weak peak near 1.5."""
    s = np.log1p(t * np.sqrt(damping) / 5) / np.log1p(600)
    return -0.62 * s * np.exp(-(((r - 0.5) / 0.55) ** 1.4)) + 0.09 * s**2 * np.exp(-(((r - 1.6) / 0.35) ** 2))


def neighbourhood(rng):
    structure = random_sequential_addition(100, 5.0, 0.5, rng)
    offset = structure.positions - structure.positions[0]
    offset -= 5.0 * np.round(offset / 5.0)
    distance = np.linalg.norm(offset, axis=1)
    inside = np.flatnonzero(distance < 2.5)
    frame = pd.DataFrame(offset[inside], columns=["x", "y", "z"])
    frame.insert(0, "site", inside)
    frame[["sx", "sy", "sz"]] = random_spins(len(inside), rng)
    frame["distance"] = distance[inside]
    frame["is_centre"] = inside == 0
    frame["cutoff"] = 2.5
    return frame


def descriptor(rng):
    radii = np.linspace(0.5, 2.46, 50)
    blocks = [("G2", np.nan, np.nan)] + [("G3", sign, distance) for sign in (-1.0, 1.0) for distance in (1.0, 2.0)]
    return pd.concat(
        pd.DataFrame({"function": name, "sign": sign, "pair_distance": distance, "shell": radii}).assign(
            value=rng.standard_normal(50) * np.exp(-radii), width=0.05, cutoff=2.5, pair_width=1.0
        )
        for name, sign, distance in blocks
    )


def snapshots(rng):
    """First and last snapshot of a quench: local energies of both signs, then negative but for a few."""
    structure = random_sequential_addition(100, 5.0, 0.5, rng)
    parts = []
    for time, mean in ((0.0, 0.0), (2000.0, -0.05)):
        frame = pd.DataFrame(structure.positions, columns=["x", "y", "z"])
        frame[["sx", "sy", "sz"]] = random_spins(100, rng)
        frame[["box_x", "box_y", "box_z"]] = 5.0
        parts.append(
            frame.assign(site=range(100), time=time, local_energy=rng.normal(mean, 0.02, 100), energy=-600 + mean)
        )
    return pd.concat(parts).assign(model="locator", damping=1.0)


def electrons():
    """The summary of the spectra: a peak at the Fermi level, no gap without coupling, a wide one with it."""
    free = {"dos_at_fermi_level": (2.0, 0.02), "dos_maximum": (2.4, 0.02), "peak_position": (-0.1, 0.01)}
    free |= {
        "gap": (0.005, 1e-4),
        "gap_in_level_spacings": (1.0, 0.02),
        "participation_ratio_middle": (0.27, 0.01),
    }
    free |= {"spacing_ratio_middle": (0.53, 0.003)}
    dense = {"participation_ratio_middle": (0.24, 0.01), "spacing_ratio_middle": (0.53, 0.003)}
    dense |= {"participation_exponent_middle": (0.93, 0.01)}
    systems = [("J=0, N=100", 100, 5.0, 0.0, free), ("J=0, N=500", 500, 5.0, 0.0, free)]
    systems += [("J=0, N=500, same density", 500, 8.55, 0.0, dense)]
    systems += [("J=6, N=100", 100, 5.0, 6.0, {"gap": (7.5, 0.25), "dos_at_fermi_level": (0.05, 0.1)})]
    rows = [
        (quantity, *system, value, error, 60)
        for *system, quantities in systems
        for quantity, (value, error) in quantities.items()
    ]
    return pd.DataFrame(
        rows, columns="quantity system n_sites box_length coupling value standard_error samples".split()
    )


def events():
    """What is read off C(r, t): the weakly damped quench is slower by its damping."""
    rows = []
    for run, damping in RUNS.items():
        slow = damping < 1
        values = {"contact_time": 300.0 if slow else 20.0, "zero_crossing_late": 1.2, "zero_crossing_contact": 1.6}
        values |= {"peak_position_late": 1.5, "peak_time": 900.0 if slow else 60.0, "contact_late": -0.5}
        values |= {"band_contact_late": -0.39, "band_peak_late": 0.04, "band_far_late": -0.01}
        for quantity, value in values.items():
            spread = 0.1 * abs(value)
            rows.append((run, damping, "exact", quantity, value, value - spread, value + spread))
        differences = {"difference_rms": 0.005, "difference_max": 0.02, "difference_late_rms": 0.01}
        for model in ("small", "pair"):
            for quantity, value in (differences | {"difference_late_noise": 0.008}).items():
                rows.append((run, damping, model, quantity, value, np.nan, np.nan))
    return pd.DataFrame(rows, columns="run damping model quantity value low high".split())


def density_of_states():
    parts = []
    for system, n, coupling, centre in (
        ("J=0, N=100", 100, 0.0, -0.9),
        ("J=0, N=500", 500, 0.0, -0.6),
        ("J=6, N=100", 100, 6.0, 0.0),
    ):
        energy = np.arange(-12, 20, 0.1) + 0.05
        if coupling:
            density = 0.5 * (_bump(energy, -5.6, 0.7) + _bump(energy, 5.4, 0.9))
            density[np.abs(energy) < 3.8] = 0
        else:
            density = 0.75 * _bump(energy, centre, 0.55) + 0.25 * _bump(energy, 1.5, 2.5)
        parts.append(
            pd.DataFrame(
                {
                    "system": system,
                    "n_sites": n,
                    "box_length": 5.0,
                    "coupling": coupling,
                    "energy": energy,
                    "density_of_states": density,
                    "standard_error": 0.05 * np.sqrt(density / 10),
                    "realizations": 500,
                }
            )
        )
    return pd.concat(parts)


def _bump(x, centre, width):
    return np.exp(-(((x - centre) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))


def parity(rng):
    parts = []
    for model in ("paper-chirality", "paper"):
        for which, sigma in (("training", 3e-4), ("test", 7e-4)):
            exact = 0.011 * rng.standard_t(6, 2000)
            predicted = exact + sigma * rng.standard_t(5, 2000)
            parts.append(pd.DataFrame({"model": model, "set": which, "exact": exact, "predicted": predicted}))
    return pd.concat(parts)


def histogram():
    parts = []
    for model in ("paper-chirality", "paper"):
        for which, sigma in (("training", 3e-4), ("test", 7e-4)):
            error = np.linspace(-4e-3, 4e-3, 101)
            density = 0.7 * _bump(error, 0, 0.7 * sigma) + 0.3 * _bump(error, 0, 1.5 * sigma)
            parts.append(
                pd.DataFrame({"model": model, "set": which, "error": error, "density": density, "sigma": sigma})
            )
    return pd.concat(parts)


def fig4_quenches(rng):
    parts = []
    for run, damping in RUNS.items():
        for model, shift in (("exact", 0), ("small", 0.01), ("pair", -0.02)):
            for t in TIMES[TIMES <= (3000 if run == "fig4-slow" else 300)]:
                value = correlation(DISTANCES, t, damping) * (1 + shift) + 0.004 * rng.standard_normal(37)
                parts.append(
                    pd.DataFrame(
                        {
                            "run": run,
                            "damping": damping,
                            "model": model,
                            "time": t,
                            "distance": DISTANCES,
                            "correlation": value,
                            "low": value - 0.012 / np.sqrt(DISTANCES),
                            "high": value + 0.012 / np.sqrt(DISTANCES),
                        }
                    )
                )
    return pd.concat(parts)


def differences(rng):
    parts = []
    for run, damping in RUNS.items():
        for model, shift in (("small", 0.01), ("pair", -0.02)):
            for t in TIMES[TIMES <= (3000 if run == "fig4-slow" else 300)]:
                value = shift * correlation(DISTANCES, t, damping) + 0.001 * rng.standard_normal(37)
                keys = {"run": run, "damping": damping, "model": model, "time": t, "distance": DISTANCES}
                ends = {"difference": value, "low": value - 0.003, "high": value + 0.003}
                parts.append(pd.DataFrame(keys | ends))
    return pd.concat(parts)


def fig5_quenches(rng):
    parts = []
    for ensemble, (model, damping) in ENSEMBLES.items():
        for t in TIMES:
            value = correlation(DISTANCES, t, damping) + 0.003 * rng.standard_normal(37)
            parts.append(
                pd.DataFrame(
                    {
                        "ensemble": ensemble,
                        "model": model,
                        "damping": damping,
                        "time": t,
                        "distance": DISTANCES,
                        "correlation": value,
                        "low": value - 0.006,
                        "high": value + 0.006,
                    }
                )
            )
    return pd.concat(parts)


def lengths(rng):
    parts = []
    for ensemble, (model, damping) in ENSEMBLES.items():
        for estimator, noise in (("naive", 0.5), ("split", -0.02)):
            t = TIMES
            xi = 0.78 + 0.016 * np.log1p(t * damping / 30) + noise * np.exp(-t * np.sqrt(damping) / 8)
            xi = xi + 0.002 * rng.standard_normal(len(t))
            half = 0.008 + 0.3 * np.exp(-t * np.sqrt(damping) / 8)
            parts.append(
                pd.DataFrame(
                    {
                        "ensemble": ensemble,
                        "model": model,
                        "damping": damping,
                        "time": t,
                        "estimator": estimator,
                        "xi": xi,
                        "low": xi - half,
                        "high": xi + half,
                        "realizations": 10,
                        "replicas": 20,
                    }
                )
            )
    return pd.concat(parts)


PAIRS = (
    ("fig5-small-fast", "small", "exact"),
    ("fig5-pair-fast", "pair", "exact"),
    ("fig5-pair-fast", "pair", "small"),
)


def fig5_differences():
    rng, parts = np.random.default_rng(21), []
    for ensemble, model, reference in PAIRS:
        for t in TIMES[TIMES <= (300 if reference == "exact" else 3000)]:
            exact = correlation(DISTANCES, t, 1.0)
            difference = 0.01 * exact + 0.002 * rng.standard_normal(37)
            keys = {"ensemble": ensemble, "model": model, "damping": 1.0, "reference": reference}
            keys |= {"reference_ensemble": f"fig5-{reference}-fast", "realizations": 4, "replicas": 2, "time": t}
            values = {"distance": DISTANCES, "correlation": exact + difference, "reference_correlation": exact}
            ends = {"difference": difference, "low": difference - 0.01, "high": difference + 0.01, "error": 0.005}
            parts.append(pd.DataFrame(keys | values | ends))
    return pd.concat(parts)


def fig5_paired():
    rng, parts = np.random.default_rng(22), []
    for ensemble, model, reference in PAIRS:
        t = TIMES[TIMES <= (300 if reference == "exact" else 3000)]
        xi = 0.78 + 0.016 * np.log1p(t / 30) + 0.5 * np.exp(-t / 8)
        difference = 0.003 * rng.standard_normal(len(t))
        for quantity in ("xi_naive", "xi_split", "contact"):
            keys = {"ensemble": ensemble, "model": model, "damping": 1.0, "reference": reference}
            keys |= {"reference_ensemble": f"fig5-{reference}-fast", "realizations": 4, "replicas": 2, "time": t}
            values = {"quantity": quantity, "value": xi + difference, "reference_value": xi}
            ends = {"difference": difference, "low": difference - 0.01, "high": difference + 0.01}
            parts.append(pd.DataFrame(keys | values | ends))
    return pd.concat(parts)


def psi_specifications():
    """About 400 combinations: a free offset makes psi small and often leaves it open."""
    rng, rows = np.random.default_rng(23), []
    offsets = {"none": (8.0, "log"), "r_low": (3.5, "weighted"), "free": (0.8, "nonlinear")}
    for run, (model, damping) in ENSEMBLES.items():
        for estimator in ("naive", "split", "subtracted"):
            for r_low, r_max, width in ((0.5, 4.2, 0.1), (0.9, 4.2, 0.2), (0.5, 2.9, 0.4)):
                for start, stop in ((30.0, 3000.0), (100.0, 1000.0)):
                    key = dict(run=run, model=model, damping=damping, estimator=estimator, bin_width=width)
                    key |= dict(r_low=r_low, r_max=r_max, start=start, stop=stop, n_points=12, delta_aic=0.3)
                    power = dict(exponent=45.0, exponent_low=38.0, exponent_high=60.0, grows=1, identified=1)
                    laws = dict(time_unit=np.nan, offset="none", fit="log", law="power_law", delta_aic=0.0)
                    rows.append(key | power | laws)
                    for unit in (0.1, 1.0):
                        for offset, (centre, fit) in offsets.items():
                            psi = centre * unit**0.1 * np.exp(0.2 * rng.standard_normal())
                            grows, open_end = int(rng.random() > 0.2), offset == "free" and rng.random() < 0.6
                            numbers = dict(exponent=psi, exponent_low=0.8 * psi, exponent_high=1.4 * psi)
                            if open_end or not grows:
                                numbers["exponent_high"] = np.inf
                            flags = dict(grows=grows, identified=int(grows and not open_end))
                            laws = dict(time_unit=unit, offset=offset, fit=fit, law="barrier")
                            rows.append(key | laws | numbers | flags)
    return pd.DataFrame(rows)


def psi_units():
    units = {
        "run": "fig5-small-fast",
        "model": "small",
        "damping": 1.0,
        "estimator": "naive",
        "start": [30.0, 100.0],
    }
    return pd.DataFrame(units | {"identified": [1, 0], "log10_unit": [-20.0, -3.0]})


def fits(rng):
    rows = []
    for ensemble, (model, damping) in ENSEMBLES.items():
        for estimator in ("naive", "split"):
            for start, stop in WINDOWS:
                if stop <= 3000 or damping < 1:
                    key = dict(ensemble=ensemble, model=model, damping=damping, estimator=estimator)
                    key |= dict(start=start, stop=stop)
                    z = 45 * (1 + 0.1 * rng.standard_normal())
                    numbers = dict(exponent=z, exponent_low=0.8 * z, exponent_high=1.4 * z, amplitude=0.745)
                    rows.append(key | dict(law="power_law", time_unit=np.nan, note="") | numbers)
                    for unit in (0.1, 1.0, 10.0):
                        psi = 9 * (start / 50) ** -0.5 * unit**-0.1 * (1 + 0.1 * rng.standard_normal())
                        numbers = dict(exponent=psi, exponent_low=0.75 * psi, exponent_high=1.7 * psi)
                        numbers |= dict(amplitude=0.71, note="")
                        if damping < 1 and stop == 300:
                            numbers |= dict(exponent_high=np.inf, note="slope not significantly positive")
                        if damping < 1 and start == 30 and stop == 300:
                            numbers = dict.fromkeys(numbers, np.nan) | {"note": "xi shrinks"}
                        rows.append(key | dict(law="barrier", time_unit=unit) | numbers)
    return pd.DataFrame(rows)


def torque_errors(rng):
    rows = []
    signal = {"random": 0.0139, "relaxed": 0.007, "late": 0.004, "all": 0.01}
    base = {"pair": 6.6e-4, "linear": 6.2e-4} | dict.fromkeys(NETWORKS, 5.5e-4)
    for model, error in base.items():
        for which, n, factor in (
            ("training", 100, 0.7),
            ("validation", 100, 0.9),
            ("test", 100, 1.0),
            ("test-500", 500, 1.4),
        ):
            members = ["single", "committee"] if model in NETWORKS else ["-"]
            members = members[:1] if which in ("training", "validation") else members
            if which == "validation" and model not in NETWORKS:
                continue
            for stage, rms in signal.items():
                for member in members:
                    noise = 1.15 if member == "single" else 1.0
                    rmse = error * factor * noise * (rms / 0.0139) ** 0.8 * (1 + 0.05 * rng.standard_normal())
                    rows.append(
                        {
                            "model": model,
                            "member": member,
                            "set": which,
                            "stage": stage,
                            "n_sites": n,
                            "rmse": rmse,
                            "low": 0.93 * rmse,
                            "high": 1.07 * rmse,
                            "rms": rms,
                            "relative": rmse / rms,
                            "energy_rmse_per_site": 1e-3,
                            "realizations": 4,
                            "configurations": 100,
                        }
                    )
    return pd.DataFrame(rows)


def paired():
    rows = []
    pairs = (
        ("paper", "pair", 0.9),
        ("linear", "pair", 0.95),
        ("paper", "linear", 0.94),
        ("paper-chirality", "paper", 1.0),
    )
    for numerator, denominator, ratio in pairs:
        for which, realizations in (("test", 4), ("test-500", 2)):
            for stage in ("random", "relaxed", "late", "all"):
                member = "-" if numerator == "linear" else "committee"
                ends = (0.96 * ratio, 1.04 * ratio)
                rows.append((numerator, denominator, which, stage, member, ratio, *ends, realizations))
    names = "numerator denominator set stage member ratio low high realizations"
    return pd.DataFrame(rows, columns=names.split())


def model_row(name):
    if name not in VARIANTS:  # a least-squares model
        numbers = {"pair": (50, 2500), "linear": (150, 2500)}[name]
        row = (name, "", numbers[0], "", "", False, "", 0, 10, numbers[1])
    else:
        layers, parameters, activation, linear_term, realizations, each, _ = VARIANTS[name]
        row = (name, layers, parameters, activation, linear_term, False, "realizations", 1, realizations)
        row = (*row, realizations * each)
    columns = "model layers parameters activation linear_term chirality protocol networks realizations"
    columns += " configurations"
    return dict(zip(columns.split(), row, strict=True))


def models():
    return pd.DataFrame([model_row(name) for name in ("pair", "linear", *VARIANTS)])


def comparison(rng, *names):
    """Errors of models that differ in one respect, relative to the first of them."""
    rows = []
    signal = {"random": 0.0139, "relaxed": 0.007, "late": 0.004, "all": 0.01}
    for name in (*names, "pair", "linear"):
        error = VARIANTS[name][-1] if name in VARIANTS else {"pair": 6.6e-4, "linear": 6.2e-4}[name]
        for which, sites, factor in (("test", 100, 1.0), ("test-500", 500, 1.2), ("test-1000", 1000, 1.25)):
            for stage, rms in signal.items():
                rmse = error * factor * (rms / 0.0139) ** 0.8 * (1 + 0.01 * rng.standard_normal())
                ratio = error / VARIANTS[names[0]][-1]
                rows.append(
                    model_row(name)
                    | {"folds": 1, "set": which, "stage": stage, "n_sites": sites, "rmse": rmse, "rms": rms}
                    | {"low": 0.93 * rmse, "high": 1.07 * rmse, "relative": rmse / rms, "reference": names[0]}
                    | {"ratio": ratio, "ratio_low": 0.99 * ratio, "ratio_high": 1.01 * ratio, "judged_on": 10}
                )
    return pd.DataFrame(rows)


def committee(rng):
    rows = []
    for model in NETWORKS:
        for which in ("training", "test", "test-500"):
            for stage in ("random", "relaxed", "late"):
                rmse = 6e-4 * np.exp(0.4 * rng.standard_normal())
                ratio = 0.5 * np.exp(0.2 * rng.standard_normal())
                sites = 500 if which == "test-500" else 100
                rows.append((model, which, stage, sites, ratio * rmse, rmse, ratio))
    return pd.DataFrame(rows, columns=["model", "set", "stage", "n_sites", "spread", "rmse", "ratio"])


def along_quench():
    parts = []
    for model, error, late in (("pair", 6.6e-4, 0.6), ("linear", 6e-4, 0.5), ("paper", 5e-4, 0.25)):
        rms = 0.003 + 0.011 / (1 + TIMES / 20) ** 0.6
        rmse = error * (rms / 0.014) ** late
        frame = {"model": model, "time": TIMES, "rmse": rmse, "rms": rms, "relative": rmse / rms}
        frame |= {"low": 0.9 * rmse, "high": 1.1 * rmse, "realizations": 4}
        frame |= {"relative_low": 0.93 * rmse / rms, "relative_high": 1.07 * rmse / rms}
        parts.append(pd.DataFrame(frame))
    return pd.concat(parts)


def learning(rng):
    parts = []
    for model in NETWORKS:
        floor = 0.003 if "configurations" in model else 0.006
        for fold in range(5):
            epoch = np.arange(1, 41)
            scatter = np.exp(0.05 * rng.standard_normal((2, 40)))
            train = 0.02 * np.exp(-epoch / 8) + 0.002
            validation = (0.02 * np.exp(-epoch / 8) + floor) * scatter[0]
            parts.append(
                pd.DataFrame(
                    {
                        "model": model,
                        "fold": fold,
                        "epoch": epoch,
                        "train_loss": train * scatter[1],
                        "validation_loss": validation,
                        "validation_torque_rmse": 0.01 * np.sqrt(validation),
                        "validation_energy_rmse": 0.01,
                        "learning_rate": 1e-3,
                    }
                )
            )
    return pd.concat(parts)


def training():
    """What the ends of the learning curves say."""
    rows = [(name, fold, 40, 35, 7e-4, 0.01 * fold, 1.3) for name in NETWORKS for fold in range(5)]
    columns = "model fold epochs best_epoch validation_torque_rmse last_third loss_ratio"
    return pd.DataFrame(rows, columns=columns.split())


def couplings():
    r = np.arange(0.525, 4.2, 0.05)
    parts = []
    for model, wiggle in (("small", 0.002), ("linear", 0.0), ("pair", 0.001), ("second-order", None)):
        value = np.exp(-2 * r) / 12
        if wiggle is not None:
            value = value * (1 - 1.3 * np.exp(-(((r - 1.8) / 0.5) ** 2))) + wiggle * np.sin(4 * r) * np.exp(-r)
        spread = 0.15 * np.abs(value) if model == "small" else np.nan
        frame = {"model": model, "distance": r, "coupling": value, "low": value - spread, "high": value + spread}
        rows = pd.DataFrame(frame | {"pairs": 100})
        parts.append(rows if wiggle is None else rows[rows.distance < 2.5])
    return pd.concat(parts)


def freezing(rng):
    series = [(run, model, damping, 100) for run, damping in RUNS.items() for model in ("exact", "small", "pair")]
    series += [(name, model, damping, 500) for name, (model, damping) in ENSEMBLES.items()]
    parts = []
    for ensemble, model, damping, n in series:
        t = TIMES
        s = np.log1p(t * damping)
        rms = (0.003 + 0.011 / (1 + t * damping / 20) ** 0.6) * (1 + 0.02 * rng.standard_normal(len(t)))
        overlap = 1 - 0.3 * np.exp(-s / 2)
        overlap[0] = np.nan
        ratio = np.full(len(t), np.nan)
        ratio[2:] = t[2:] / t[1:-1]
        parts.append(
            pd.DataFrame(
                {
                    "ensemble": ensemble,
                    "model": model,
                    "damping": damping,
                    "n_sites": n,
                    "time": t,
                    "ratio": ratio,
                    "torque_rms": rms,
                    "torque_rms_error": 0.03 * rms,
                    "energy_per_site": -6.2 - 0.004 * s,
                    "energy_error": 3e-4,
                    "step_overlap": overlap,
                    "step_overlap_error": 0.01 * (1 - overlap),
                    "magnetization": (0.16 / np.sqrt(n)) * (1 + 0.03 * rng.standard_normal(len(t))),
                    "magnetization_error": 0.16 / np.sqrt(n),
                }
            )
        )
    return pd.concat(parts)


def disconnected(rng):
    parts = []
    for ensemble, (model, damping) in ENSEMBLES.items():
        for t in (100.0, 3000.0):
            parts.append(
                pd.DataFrame(
                    {
                        "ensemble": ensemble,
                        "model": model,
                        "damping": damping,
                        "time": t,
                        "distance": DISTANCES,
                        "disconnected": 0.004 * rng.standard_normal(37),
                        "standard_error": 0.004,
                        "correlation": correlation(DISTANCES, t, damping),
                    }
                )
            )
    return pd.concat(parts)


def rkky(rng):
    rows = []
    for coupling in (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0):
        for model, floor in (
            ("rkky", 0.9),
            ("rkky-fitted-kf", 0.5),
            ("rkky-positive", 0.98),
            ("pair", 0.05),
            ("second-order", 0.4),
            ("strong-coupling", 0.2),
        ):
            error = floor + 0.3 / (1 + coupling**2)
            rows.append((coupling, model, error, 0.05 * error, 2.9, 0.01 * coupling, 4))
    names = "coupling model relative_torque_error standard_error k_fermi torque_rms configurations"
    return pd.DataFrame(rows, columns=names.split())


def two_site():
    rows = []
    for distance in (0.5, 1.0, 2.0):
        for j in (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0):
            t = np.exp(-distance)
            pair = 0.5 * (np.hypot(j, t) - j) * 2
            rows.append((j, distance, t, pair, t**2 / (2 * j), t**2 / j, pair / (t**2 / j)))
    names = "coupling distance hopping pair_coupling t2_over_2J t2_over_J ratio_to_t2_over_J"
    return pd.DataFrame(rows, columns=names.split())


def time_step():
    rows = []
    for integrator, size in (("heun", 4e-5), ("semi_implicit", 2e-5)):
        for damping in (0.05, 1.0):
            for step in (0.125, 0.25, 0.5, 1.0, 2.0, 4.0):
                error = np.nan if step == 0.125 else size * step**2 / (1 + damping)
                rows.append((integrator, damping, 200.0, step, error, 3e-8 * step**3))
    return pd.DataFrame(rows, columns="integrator damping duration time_step error energy_drift".split())


STAGES = {"random": 1.4e-2, "minimised": 1.7e-3}  # rms torque


def locator_errors():
    errors = {"pair": (6e-4, 50), "linear": (6e-4, 250), "small": (6e-4, 57_000), "paper": (6e-4, 2_000_000),
              "locator": (1.6e-5, 7)}  # fmt: skip
    return pd.DataFrame(
        {"model": model, "parameters": parameters, "set": f"descent-b{n}", "stage": stage, "n_sites": n}
        | {"realizations": 4, "configurations": 8, "rmse": e * rms / 1.4e-2, "low": 0.9 * e, "high": 1.1 * e}
        | {"rms": rms, "relative": e / 1.4e-2, "relative_low": 0.9 * e / 1.4e-2, "relative_high": 1.1 * e / 1.4e-2}
        | {"energy_rmse_per_site": 1e-6, "covered_68": 0.7, "covered_95": 0.95}
        for model, (e, parameters) in errors.items()
        for n in (100, 500, 1000)
        for stage, rms in (STAGES | {"late": 3.5e-3}).items()
    )


QUENCHES = {  # ensemble: model, damping, number of sites, end
    "locator-fast": ("locator", 1.0, 500, 1000.0),
    "locator-slow": ("locator", 0.05, 500, 10000.0),
    "locator-wide": ("locator", 1.0, 10000, 300.0),
    "fig5-exact-fast": ("exact", 1.0, 500, 300.0),
    "fig5-pair-slow": ("pair", 0.05, 500, 10000.0),
}


def locator_quench():
    frames = []
    for name, (model, damping, n_sites, end) in QUENCHES.items():
        times = np.concatenate([[0.0], np.geomspace(2.0, end, 12)])
        for quantity, start in (("xi_naive", 1.3), ("xi_split", 1.1), ("contact", -0.3), ("energy", -12.0)):
            value = start + 0.02 * np.log1p(times)
            labels = {"ensemble": name, "model": model, "damping": damping, "n_sites": n_sites}
            labels |= {"realizations": 4, "replicas": 8, "time": times, "quantity": quantity}
            frames.append(pd.DataFrame(labels | {"value": value, "low": value - 0.01, "high": value + 0.01}))
    return pd.concat(frames, ignore_index=True)


def locator_quench_difference():
    frames = []
    pairs = (("locator-fast", "fig5-exact-fast"), ("fig5-pair-slow", "locator-slow"))
    for name, against in pairs:
        model, damping, _, _ = QUENCHES[name]
        times = np.geomspace(2.0, QUENCHES[against][3], 12)
        for quantity, size in (("xi_naive", 1e-3), ("energy", 1e-5)):
            labels = {"ensemble": name, "model": model, "damping": damping, "reference": QUENCHES[against][0]}
            labels |= {"reference_ensemble": against, "realizations": 4, "replicas": 2, "time": times}
            labels |= {"quantity": quantity, "value": 1.0, "reference_value": 1.0 - size}
            frames.append(pd.DataFrame(labels | {"difference": size, "low": 0.5 * size, "high": 1.5 * size}))
    return pd.concat(frames, ignore_index=True)


def locator_quench_correlation():
    frames = []
    for name, (model, damping, n_sites, end) in QUENCHES.items():
        r = np.arange(0.55, 4.2 if n_sites == 500 else 11.5, 0.1)
        value = -0.4 * np.cos(np.pi * (r - 0.55) / 1.9) * np.exp(-r)
        labels = {"ensemble": name, "model": model, "damping": damping, "n_sites": n_sites, "time": end}
        columns = {"distance": r, "correlation": value, "low": value - 0.01, "high": value + 0.01}
        frames.append(pd.DataFrame(labels | columns))
    return pd.concat(frames, ignore_index=True)


def locator_ablation():
    ingredients = {"coupling J(R)": (50, 6e-4), "pairs fitted": (4, 2.5e-4), "all": (6, 1.6e-5)}
    return pd.DataFrame(
        {"ingredient": name, "parameters": parameters, "set": f"descent-b{n}", "stage": stage, "n_sites": n}
        | {"realizations": 4, "rmse": e, "low": 0.9 * e, "high": 1.1 * e, "relative": e / rms}
        for name, (parameters, e) in ingredients.items()
        for n in (100, 500)
        for stage, rms in STAGES.items()
    )


def locator_learning(rng):
    return pd.DataFrame(
        {"configurations": count, "draw": draw, "set": f"descent-b{n}", "stage": stage, "n_sites": n}
        | {"rmse": 1.6e-5 * (1 + 1 / count) * rng.uniform(0.9, 1.2)}
        for count in (1, 2, 4, 8, 16)
        for draw in range(3)
        for n in (100, 500)
        for stage in STAGES
    )


FILLINGS = (0.25, 0.375, 0.5)


def studies():
    rows = []
    for filling in FILLINGS:
        labels = ("filling", filling, f"quick-filling-{filling:g}")
        results = [("gap", "coupled", "exact", 0.1 + 7 * (filling == 0.5), 0.05)]
        results += [
            ("dos_at_fermi_level", run, "exact", height, 0.02) for run, height in (("free", 2), ("coupled", 0))
        ]
        for model, shift in (("exact", 0.0), ("small", 0.01), ("pair", 0.02)):
            results += [("correlation_at_contact", run, model, shift - filling, 0.03) for run in RUNS]
        for model in ("small", "pair"):
            results += [("torque_error", stage, model, 0.05 / filling, 0.01) for stage in ("random", "late")]
        results += [
            (f"correlation_length_{estimator}", f"{model}-fast", model, 0.8 + filling / 10, 0.02)
            for estimator in ("naive", "split")
            for model in ("pair", "small")
        ]
        rows += [(*labels, q, run, model, x, x - e, x + e, "1") for q, run, model, x, e in results]
    names = "parameter value study quantity run model result low high unit"
    return pd.DataFrame(rows, columns=names.split())


def studies_correlation():
    distance = np.arange(0.55, 2.5, 0.1)
    return pd.concat(
        pd.DataFrame(
            {"parameter": "filling", "value": filling, "study": f"quick-filling-{filling:g}", "run": run}
            | {"model": model, "time": 1000.0, "distance": distance}
            | {name: shift - filling * np.cos(3 * distance) for name, shift in SHIFTS.items()}
        )
        for filling in FILLINGS
        for run in RUNS
        for model in ("exact", "small", "pair")
    )


SHIFTS = {"correlation": 0.0, "low": -0.05, "high": 0.05}
