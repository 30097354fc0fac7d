"""What was measured against time, and its netCDF-4 file."""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.hdf5 import (
    attribute_text,
    new_hdf5,
    open_hdf5,
    read_attribute,
    write_array,
    write_attributes,
    write_dimension,
)

# Of coordinates that observables of this package have.
UNITS = {
    "time": "1/(gamma t0)",
    "waiting_time": "1/(gamma t0)",
    "waited": "1/(gamma t0)",
    "distance": "ell",
    "path": "1/ell",
    "q_x": "1/ell",
    "q_y": "1/ell",
    "q_z": "1/ell",
}


@dataclass(frozen=True, eq=False)
class MeasuredSeries:
    """Means of observables against time, and their standard errors.

    ``measured[name]`` is any of its arrays or coordinates.

    Attributes
    ----------
    coordinates : dict of (str, numpy.ndarray)
        Dimension and values of each coordinate, by name; ``time`` [1 / (gamma t0)] is one.
    arrays : dict of (tuple of str, numpy.ndarray)
        Dimensions, of which time is the first, and values of each observable, and of ``NAME_error``.
    labels : dict of (str, str)
        What each observable is, and its unit.
    attributes : dict
        ``trajectories`` and ``observables`` as they were named.
    """

    coordinates: dict
    arrays: dict
    labels: dict
    attributes: dict

    @property
    def names(self):
        """Observables, list of str."""
        return [name for name in self.arrays if not name.endswith("_error")]

    def __getitem__(self, name):
        for found in (self.arrays, self.coordinates):
            if name in found:
                return found[name][1]
        raise InputError(f"{name!r} was not measured; expected one of {', '.join(self.names)}")

    def save(self, path):
        """Write a netCDF-4 file with named dimensions, labels and units; complete or not at all."""
        sizes = {}
        for axes, values in self.arrays.values():
            sizes |= dict(zip(axes, values.shape, strict=True))
        with new_hdf5(path) as handle:
            write_attributes(handle, attributes=self.attributes)
            for name, size in sizes.items():
                write_dimension(handle, name, self.coordinates.get(name, (name, np.arange(size)))[1])
            rest = {
                name: ((axis,), values) for name, (axis, values) in self.coordinates.items() if name not in sizes
            }
            for name, (axes, values) in (rest | self.arrays).items():
                text = values.dtype.kind == "U"
                write_array(handle, name, np.char.encode(values, "utf-8") if text else values, axes)
            for name in handle:
                label, unit = self.labels.get(name.removesuffix("_error"), ("", UNITS.get(name, "")))
                if name.endswith("_error"):
                    label = f"standard error of {label or name.removesuffix('_error')}"
                for key, said in (("long_name", label), ("units", unit)):
                    if said:
                        handle[name].attrs[key] = attribute_text(said)


def load_series(path):
    """Return the `MeasuredSeries` of a file that ``sdglass measure`` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds something else.

    Examples
    --------
    >>> import tempfile, numpy as np, sdglass
    >>> magnet = sdglass.lattice("square", cells=(2, 2))
    >>> spins = np.tile([0.0, 0.0, 1.0], (1, 2, 4, 1))
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.zeros(1), spins, np.ones((1, 2)), np.zeros((1, 2)), {}, *sites)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sdglass.measure_series([run], ["energy"]).save(f"{folder}/O.nc")
    ...     measured = sdglass.load_series(f"{folder}/O.nc")
    >>> measured["energy"], measured.labels["energy"]
    (array([0.25]), ('energy per spin', 't0'))
    """
    with open_hdf5(path, required=("time",)) as handle:
        attributes = read_attribute(handle, path, "readable observables against time")
        if "observables" not in attributes:
            raise InputError(f"{path}: holds no observables against time; expected a file of 'sdglass measure'")
        coordinates, arrays, labels = {}, {}, {}
        for name, dataset in handle.items():
            axes = (name,) if dataset.is_scale else tuple(axis[0].name.lstrip("/") for axis in dataset.dims)
            values = dataset[...]
            if values.dtype.kind == "S":
                values = np.char.decode(values, "utf-8")
            if axes[0] == "time" and name != "time":
                arrays[name] = axes, values
                if not name.endswith("_error"):
                    told = (dataset.attrs.get(key, b"") for key in ("long_name", "units"))
                    labels[name] = tuple(bytes(said).decode() for said in told)
            else:
                coordinates[name] = axes[0], values
    return MeasuredSeries(coordinates, arrays, labels, attributes)
