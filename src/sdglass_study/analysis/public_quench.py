"""Public fields of a double-exchange quench beside exact ones; made where the configuration names the file."""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.forcefields.exact import exact_force_field
from sdglass.observables.spin_temperature import spin_temperature
from sdglass.spins import normalize, torque
from sdglass.structures.lattices import lattice
from sdglass_study.analysis import analysis, data_frame
from sdglass_study.analysis._holes import nearest_pairs


@dataclass(frozen=True)
class PublicQuench:
    """Where the public data are.

    Attributes
    ----------
    file : str
        NumPy archive with ``x``, ``y`` (N,) of the sites of a square lattice, ``spin`` and ``field`` (C, N, 3),
        ``step`` (C,) and ``kind`` (C,), which is "quench" along the quench.
    frozen : str, optional
        One with ``x``, ``y`` and ``spin`` (N, 3) of a state that is said to be stationary.
    every : int
        Only every so many configurations are solved.
    """

    file: str
    frozen: str | None = None
    every: int = 1


def _inputs(study, settings):
    return {name: path for name, path in (("file", settings.file), ("frozen", settings.frozen)) if path}


@analysis("public_quench", PublicQuench, inputs=_inputs, tables=("public_quench", "public_damping"))
def public_quench(settings, inputs, electrons):
    """Return energies, torques, temperatures and the difference to public torques of each configuration."""
    rows = []
    data = _read(inputs["file"][0], ("x", "y", "spin", "field", "step", "kind"))
    structure, order = _square(data, inputs["file"][0])
    exact = exact_force_field(structure, electrons)
    first, second = nearest_pairs(structure)
    for c in range(0, len(data["spin"]), settings.every):
        spins = normalize(data["spin"][c][order].astype(float))
        labels = exact.evaluate(spins)
        found, stated = (torque(spins, field) for field in (labels.field[0], data["field"][c][order]))
        rows.append(
            _row("public", str(data["kind"][c]), int(data["step"][c]), spins, labels, found, first, second)
        )
        # A public field may be half of ours or of the other sign: the factor is fitted, and shown.
        factor = float((found * stated).sum() / (stated**2).sum())
        rows[-1] |= {"factor": factor, "relative_difference": _rms(found - factor * stated) / _rms(found)}
        rows[-1]["spin_temperature"] = float(spin_temperature(exact, spins[None], seed=c)[0])
    if "frozen" in inputs:
        data = _read(inputs["frozen"][0], ("x", "y", "spin"))
        structure, order = _square(data, inputs["frozen"][0])
        first, second = nearest_pairs(structure)
        spins = normalize(data["spin"][order].astype(float))
        labels = exact_force_field(structure, electrons).evaluate(spins)
        rows.append(_row("frozen", "frozen", -1, spins, labels, torque(spins, labels.field[0]), first, second))
    frame = data_frame(rows)
    quench = frame[frame.kind == "quench"].sort_values("step")
    return {"public_quench": frame, "public_damping": data_frame(_damping(quench))}


def _row(source, kind, step, spins, labels, found, first, second):
    n = len(spins)
    neighbours = float((spins[first] * spins[second]).sum(axis=1).mean())
    return {
        "source": source, "kind": kind, "step": step, "n_sites": n, "energy_per_site": float(labels.energy[0]) / n,
        "neighbours": neighbours, "torque_rms": _rms(found), "factor": np.nan, "relative_difference": np.nan,
        "spin_temperature": np.nan,
    }  # fmt: skip


def _damping(quench):
    """Return alpha dt of each pair of snapshots: what damping takes is alpha times the sum of the squared torques.

    Without the heat of the bath, which is as much when the quench is over: early pairs tell the damping.
    """
    rows = []
    for (_, one), (_, next_) in zip(quench.iloc[:-1].iterrows(), quench.iloc[1:].iterrows(), strict=True):
        steps = next_.step - one.step
        squares = 3 * 0.5 * (one.torque_rms**2 + next_.torque_rms**2)  # per site
        rows.append(
            {
                "step": int(one.step),
                "steps": int(steps),
                "energy_loss": one.energy_per_site - next_.energy_per_site,
            }
            | {"damping_time_step": (one.energy_per_site - next_.energy_per_site) / (squares * steps)}
        )
    return rows


def _read(path, names):
    try:
        with np.load(path, allow_pickle=False) as data:
            missing = [name for name in names if name not in data]
            if not missing:
                return {name: data[name] for name in names}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no readable NumPy archive ({error})") from None
    raise InputError(f"{path}: holds no {', '.join(missing)}; expected {', '.join(names)}")


def _square(data, path):
    """Return the lattice, and the public place of each of its sites."""
    edge = round(len(data["x"]) ** 0.5)
    place = np.asarray(data["y"], int) * edge + np.asarray(data["x"], int)
    if not np.array_equal(np.sort(place), np.arange(edge * edge)):
        raise InputError(f"{path}: x, y are not the sites of a square of {edge} x {edge}")
    return lattice("square", cells=edge), np.argsort(place)


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values))))
