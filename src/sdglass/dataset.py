"""Labelled configurations of one realization, and their HDF5 form."""

from dataclasses import dataclass

import numpy as np

from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.hdf5 import (
    new_hdf5,
    open_hdf5,
    read_arrays,
    read_attribute,
    write_array,
    write_attributes,
    write_dimension,
)
from sdglass.spins import check_spins, torque
from sdglass.structures.structure import Structure

# Arrays of the structure, see `Structure.arrays`; the first is always there.
_STRUCTURE = {
    "positions": ("site", "component"),
    "box": ("component",),
    "cell": ("component", "component"),
    "magnetic": ("site",),
    "species": ("site",),
    "pbc": ("component",),
}
_DIMENSIONS = {
    "spins": ("configuration", "site", "component"),
    "energy": ("configuration",),
    "field": ("configuration", "site", "component"),
    "time": ("configuration",),
}


@dataclass(frozen=True, eq=False)
class LabelledConfigurations:
    """Spin configurations of one realization with their exact energies and fields.

    Attributes
    ----------
    structure : Structure
    model : SDModel
        The electrons that made the labels.
    spins : numpy.ndarray, shape (C, M, 3)
        Of the magnetic sites.
    energy : numpy.ndarray, shape (C,)
        Free energy [t0].
    field : numpy.ndarray, shape (C, M, 3)
        Local field [t0].
    time : numpy.ndarray, shape (C,)
        Time since the quench [1/(gamma t0)] of a relaxed configuration; nan for random spins.
    provenance : dict
        How the file was made.
    """

    structure: Structure
    model: SDModel
    spins: np.ndarray
    energy: np.ndarray
    field: np.ndarray
    time: np.ndarray
    provenance: dict

    def __len__(self):
        return len(self.spins)

    @property
    def has_energy(self):
        """Whether energies are known; otherwise they are nan."""
        return bool(np.isfinite(self.energy).all())

    @property
    def random(self):
        """Mask (C,) of the configurations with independent random spins."""
        return np.isnan(self.time)

    @property
    def states(self):
        """Names of the configurations' states, an array of str (C,).

        Random where the time is nan; late are the last of the relaxed ones, quenched those before.
        """
        last = np.nanmax(self.time, initial=-np.inf)
        names = np.where(self.time < 0.5 * last, "quenched", "late")
        return np.where(self.random, "random", names)

    @property
    def torque(self):
        """Exact torque S x H, shape (C, M, 3) [t0]."""
        return torque(self.spins, self.field)

    def save(self, path):
        """Write everything to an HDF5 file with named dimensions, which xarray and netCDF-4 read."""
        lengths = {"configuration": len(self), "site": self.structure.n_sites, "component": 3}
        dilute = self.structure.n_spins < self.structure.n_sites  # sites and spins are then two dimensions
        if dilute:
            lengths["spin"] = self.structure.n_spins
        with new_hdf5(path) as handle:
            for name, length in lengths.items():
                write_dimension(handle, name, np.arange(length))
            for name, array in self.structure.arrays().items():
                text = array.dtype.kind == "U"
                write_array(handle, name, np.char.encode(array, "utf-8") if text else array, _STRUCTURE[name])
            for name, dimensions in _DIMENSIONS.items():
                if name == "energy" and not self.has_energy:
                    continue
                names = ("spin" if dilute and dimension == "site" else dimension for dimension in dimensions)
                write_array(handle, name, getattr(self, name), tuple(names))
            write_attributes(handle, model=self.model.to_dict(), provenance=self.provenance)

    @classmethod
    def load(cls, path):
        """Read a dataset; `InputError` names a file that is missing, truncated, damaged or inconsistent."""
        with open_hdf5(path, ("positions", *(name for name in _DIMENSIONS if name != "energy"))) as handle:
            arrays = read_arrays(handle, path)
            sites = {name: arrays[name] for name in _STRUCTURE if name in arrays}
            electrons, provenance = (
                read_attribute(handle, path, "a readable dataset", name) for name in ("model", "provenance")
            )
        try:
            model = SDModel.from_dict(electrons)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: attribute 'model' unreadable ({error})") from None
        structure = Structure.from_arrays(sites, path)
        if arrays["spins"].ndim != 3:
            raise InputError(f"{path}: spins has shape {arrays['spins'].shape}; expected (configurations, N, 3)")
        check_spins(arrays["spins"], structure.n_spins, f"{path}: spins")
        count = len(arrays["spins"])
        known = "energy" in arrays
        arrays.setdefault("energy", np.full(count, np.nan))
        for name, shape in (("energy", (count,)), ("time", (count,)), ("field", arrays["spins"].shape)):
            if arrays[name].shape != shape:
                raise InputError(f"{path}: {name} has shape {arrays[name].shape}; expected {shape}")
            if (name == "field" or (name == "energy" and known)) and not np.isfinite(arrays[name]).all():
                place = int(np.argmin(np.isfinite(arrays[name]).reshape(count, -1).all(axis=1)))
                raise InputError(f"{path}: {name} of configuration {place} is not finite; make the file again")
        return cls(
            structure, model, arrays["spins"], arrays["energy"], arrays["field"], arrays["time"], provenance
        )


def common_electrons(data):
    """Return the electrons that labelled all the datasets; `InputError` if they differ or there are no data."""
    if not data:
        raise InputError("no training data given; expected at least one realization")
    require_same_model(data[0], data[1:])
    return data[0].model


def require_same_model(data, others):
    """Raise `InputError` unless all datasets were labelled by the same electrons as `data`."""
    for other in others:
        differences = data.model.differences(other.model)
        if differences:
            raise InputError(f"datasets of different models cannot be mixed: {'; '.join(differences)}")


def configuration_weights(torques, exponent, least=1e-3):
    """Return the weights of configurations, rms torque^-exponent: one array (C,) for each of torques (C, N, 3).

    A torque that is less than the share `least` of the largest one counts as that: labels are exact to rounding
    only.
    """
    scales = [np.sqrt(np.square(part).mean(axis=(1, 2))) for part in torques]
    largest = max(scale.max() for scale in scales) or 1.0
    return [np.maximum(scale, least * largest) ** -exponent for scale in scales]


def squared_weights(data, exponent):
    """Return the weights (C,) of the squared errors of each structure's labels, see `configuration_weights`.

    Late states count down to 1e-5 of the largest torque.
    """
    weights = configuration_weights([labels.torque for labels in data], exponent, least=1e-5)
    return [weight**2 for weight in weights]
