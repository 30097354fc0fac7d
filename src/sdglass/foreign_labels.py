"""Labels that somebody else made, compared with exact forces of the electrons that they are said to be of."""

import warnings
from pathlib import Path

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import LabelledConfigurations, common_electrons
from sdglass.errors import InputError
from sdglass.forcefields.registry import load_force_field
from sdglass.io import require_file
from sdglass.provenance import provenance
from sdglass.spins import check_spins, torque
from sdglass.structures.reading import structure_from_ase

# Torque error / rms torque of labels above which they are refused, and above which that is said.
_WRONG, _ROUGH = 0.1, 0.01
# Labels this parallel to exact ones, of another size, are in other units.
_PARALLEL, _SAME_SIZE = 0.99, 0.03


class RoughLabelsWarning(UserWarning):
    """Labels are not quite those of the electrons: no model will be better than they are."""


@own_arithmetic
def read_labels(paths, electrons=None, unit=1.0, energy_unit=1.0):
    """Read labelled configurations, and compare some of each structure with exact forces.

    Parameters
    ----------
    paths : sequence of path-like
        Of HDF5 files as `LabelledConfigurations.save` writes them, or of extended XYZ: sites in a cell, with the
        properties ``spin`` and ``field`` (H = -dE/dS) of every site, and ``total_energy`` and ``time`` of every
        frame if they are known. Frames of one structure belong together.
    electrons : SDModel, optional
        That the labels of extended XYZ are of; HDF5 files say it themselves.
    unit, energy_unit : float
        Length and energy of extended XYZ that are 1 ell and 1 t0.

    Returns
    -------
    list of LabelledConfigurations
        One per structure; energies are nan where a file has none.

    Raises
    ------
    InputError
        If a file is missing, damaged or incomplete, the labels are in other units or not of these electrons, or
        fields are not the gradient of the energies: by how much is said.

    Warns
    -----
    RoughLabelsWarning
        If torques differ from exact ones by more than 1 % of their rms.

    Examples
    --------
    >>> import sdglass, tempfile
    >>> from sdglass.labelling import label
    >>> labels = label(sdglass.amorphous(24, density=0.8), sdglass.SDModel(coupling=6.0), 4, ("random",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     labels.save(f"{folder}/L.h5")
    ...     [len(labels) for labels in sdglass.read_labels([f"{folder}/L.h5"])]
    [4]
    """
    data = []
    for path in map(Path, paths):
        if path.suffix in (".h5", ".hdf5"):
            if electrons is not None:
                raise InputError(f"{path}: says what its electrons are; expected none beside it")
            found = [LabelledConfigurations.load(path)]
        else:
            if electrons is None:
                raise InputError(
                    f"{path}: does not say of which electrons; expected coupling, filling and hopping"
                )
            found = _from_extxyz(path, electrons, unit, energy_unit)
        for labels in found:
            compare(labels, path)
        data += found
    common_electrons(data)
    return data


def _from_extxyz(path, electrons, unit, energy_unit):
    import ase.io

    require_file(path, "labels: .h5, or extended XYZ with the properties spin and field")
    if not 0 < energy_unit < np.inf:
        raise InputError(f"energy_unit = {energy_unit}; expected a positive number")
    try:
        frames = ase.io.read(path, index=":", format="extxyz")
    except Exception as error:  # whatever a parser says about a file that is not what its name promises
        raise InputError(f"{path}: not extended XYZ ({type(error).__name__}: {error})") from None
    groups = []
    for number, atoms in enumerate(frames):
        where = f"{path}: frame {number}"
        missing = [name for name in ("spin", "field") if name not in atoms.arrays]
        if missing:
            known = ", ".join(sorted(set(atoms.arrays) - {"numbers", "positions"})) or "none"
            raise InputError(f"{where} has no property {missing[0]!r} (it has {known}); expected spin and field")
        spins, field = (np.asarray(atoms.arrays[name], float) for name in ("spin", "field"))
        if spins.shape != (len(atoms), 3) or field.shape != spins.shape or not np.isfinite(field).all():
            raise InputError(f"{where}: spin or field is not three finite numbers of every site")
        energy, time = (float(atoms.info.get(name, np.nan)) for name in ("total_energy", "time"))
        if "total_energy" in atoms.info and not np.isfinite(energy):
            raise InputError(f"{where}: total_energy = {energy}; expected a number, or no energies at all")
        key = atoms.positions.tobytes() + np.array(atoms.cell).tobytes() + bytes(atoms.numbers)
        if not groups or groups[-1][0] != key:
            groups.append((key, atoms, []))
        groups[-1][2].append((check_spins(spins, len(atoms), f"{where}: spin")[0], energy, field, time))
    found = []
    for _, atoms, rows in groups:
        spins, energy, field, time = (np.array(column) for column in zip(*rows, strict=True))
        structure = structure_from_ase(path, atoms, unit)
        energy, field = energy / energy_unit, field / energy_unit
        found.append(LabelledConfigurations(structure, electrons, spins, energy, field, time, provenance([path])))
    return found


def compare(labels, path):
    """Compare the first and the last configuration with exact forces; raises and warns as `read_labels` does."""
    some = sorted({0, len(labels) - 1})
    spins = labels.spins[some]
    exact = load_force_field("exact", labels.structure, labels.model).evaluate(spins)
    wanted, given = torque(spins, exact.field), torque(spins, labels.field[some])
    size, own = np.sqrt(np.mean(wanted**2)), np.sqrt(np.mean(given**2))
    if not own > 0:
        raise InputError(f"{path}: fields are along the spins, there is no torque; expected H = -dE/dS")
    alike = np.mean(given * wanted) / (size * own)
    error = np.sqrt(np.mean((given - wanted) ** 2)) / size
    if abs(alike) > _PARALLEL and abs(np.sign(alike) * own / size - 1) > _SAME_SIZE:
        raise InputError(
            f"{path}: torques are {np.sign(alike) * own / size:.4g} times those of these electrons; expected "
            "fields H = -dE/dS in units of t0 (or the energy that is 1 t0, for extended XYZ)"
        )
    if error > _WRONG:
        raise InputError(
            f"{path}: torques differ from exact ones of these electrons by {100 * error:.3g} % of their rms; "
            "expected labels of the coupling, filling and hopping that are given"
        )
    if error > _ROUGH:
        warnings.warn(
            f"{path}: torques differ from exact ones of these electrons by {100 * error:.2g} % of their rms",
            RoughLabelsWarning,
            stacklevel=3,
        )
    if len(some) == 2 and np.isfinite(labels.energy[some]).all():
        rise, told = np.diff(exact.energy)[0], np.diff(labels.energy[some])[0]
        # Fields are right: an energy of which they are the gradient rises as the exact one does.
        if abs(told - rise) > _WRONG * max(abs(rise), size):
            raise InputError(
                f"{path}: fields are not the gradient of the energies: from configuration {some[0]} to {some[1]} "
                f"the energy changes by {told:.6g} t0, that of the fields by {rise:.6g}"
            )
