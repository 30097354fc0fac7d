"""Bonds of given pairs of sites: their arrays, their tables, and whether a structure has them."""

import csv
import math
from dataclasses import dataclass

import numpy as np

from sdglass.arrays import real_array
from sdglass.errors import InputError
from sdglass.io import require_file

SHIFTS = ("shift_a", "shift_b", "shift_c")


@dataclass(frozen=True, eq=False)
class Bonds:
    """P bonds with V values each."""

    sites: np.ndarray  # (P, 2), as the structure numbers them
    values: np.ndarray  # (P, V) [t0]
    shifts: np.ndarray  # (P, 3) cells from the second site to its image
    names: list  # of each bond, for errors

    @classmethod
    def of_arrays(cls, first, second, values, n_values):
        """Return the bonds of arrays (P,), (P,) and (P, V), or values for all of them."""
        sites = [real_array(given, name) for given, name in ((first, "first"), (second, "second"))]
        for array, name in zip(sites, ("first", "second"), strict=True):
            if array.ndim != 1 or (array != np.rint(array)).any():
                raise InputError(
                    f"{name} has shape {array.shape}; expected a list of integers, the sites of bonds"
                )
        if len(sites[0]) != len(sites[1]):
            raise InputError(f"first and second name {len(sites[0])} and {len(sites[1])} sites; expected as many")
        given = real_array(values, "values")
        each = (len(sites[0]), n_values)
        shape = each if n_values > 1 else each[:1]
        if given.shape not in (shape, shape[1:]) or not np.isfinite(given).all():
            raise InputError(
                f"values of shape {given.shape}; expected finite numbers of shape {shape}, or {shape[1:]}"
            )
        values = np.broadcast_to(given, shape).reshape(each)
        names = [f"bond {k}" for k in range(len(values))]
        return cls(np.stack(sites, axis=1).astype(int), values, np.zeros((len(values), 3), int), names)

    def spins(self, structure):
        """Return the spins (P,) and (P,) of the bonds, as they are numbered in `spins`.

        `InputError` names a bond of a site that is not there or carries no spin, or through a face of the cell
        where the structure ends.
        """
        number = np.full(structure.n_sites, -1)
        number[structure.magnetic_sites] = np.arange(structure.n_spins)
        inside = (self.sites >= 0) & (self.sites < structure.n_sites)
        spins = np.where(inside, number[np.where(inside, self.sites, 0)], -1)
        bad = (spins < 0).any(axis=1) | ((self.shifts != 0) & ~structure.pbc).any(axis=1)
        if bad.any():
            k = int(np.argmax(bad))
            what = f"{self.names[k]}: sites {self.sites[k, 0]} and {self.sites[k, 1]}"
            if not inside[k].all():
                raise InputError(f"{what}; expected sites from 0 to {structure.n_sites - 1}")
            if (spins[k] < 0).any():
                raise InputError(f"{what}, of which site {self.sites[k, spins[k] < 0][0]} carries no spin")
            raise InputError(
                f"{what}, {self.shifts[k].tolist()} cells apart; expected 0 along vectors of the cell by which "
                "the structure does not repeat"
            )
        return spins[:, 0], spins[:, 1]


def read_bonds(path, columns, reversal):
    """Return the `Bonds` of a CSV table, each once, with the values in `columns`.

    Those of (j, i) are `reversal` times those of (i, j). See `sdglass.forcefields.pair_terms` for the columns and
    for what is refused.
    """
    require_file(path, f"a table with the columns i, j, {', '.join(columns)}")
    found = {}  # (i, j, shift), i before j: line, sites, shift and values as they are first listed
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            wanted = ["i", "j", *columns, *(SHIFTS if set(SHIFTS) & set(header) else ())]
            for name in wanted:
                if name not in header:
                    raise InputError(
                        f"{path}: column '{name}' is missing; it has {', '.join(header) or 'none'}, expected "
                        f"{', '.join(wanted)}"
                    )
            for row in reader:
                where = f"{path}: line {reader.line_num}"
                numbers = {name: _number(row[name], f"{where}: {name}", name in columns) for name in wanted}
                i, j = numbers["i"], numbers["j"]
                shift = tuple(numbers.get(name, 0) for name in SHIFTS)
                values = [numbers[name] for name in columns]
                if i == j and not any(shift):
                    raise InputError(f"{where}: i = j = {i}; expected two sites")
                forth, back = (i, j, shift), (j, i, tuple(-cells for cells in shift))
                key = min(forth, back)
                seen, old = found.setdefault(key, (where, (forth, values)))
                expected = old[1] if old[0] == forth else [reversal * value for value in old[1]]
                if values != expected:
                    raise InputError(
                        f"{where}: {', '.join(columns)} = {', '.join(map(repr, values))} for sites {i} and {j}; "
                        f"expected {', '.join(map(repr, expected))} as in {seen.removeprefix(f'{path}: ')}"
                    )
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path}: not a CSV table ({error}); expected columns i, j, {', '.join(columns)}"
        ) from None
    if not found:
        raise InputError(f"{path}: holds no pair; expected a line for each")
    names, bonds = zip(*found.values(), strict=True)
    sites = np.array([(i, j) for (i, j, _), _ in bonds])
    shifts = np.array([shift for (_, _, shift), _ in bonds])
    return Bonds(sites, np.array([values for _, values in bonds]), shifts, list(names))


def _number(text, name, fraction):
    """Return the finite number or the integer of a field; `InputError` calls what is none `name`."""
    try:
        value = float(text) if fraction else int(text)
        if math.isfinite(value) and abs(value) < 2**62:
            return value
    except (TypeError, ValueError, OverflowError):
        pass
    expected = "a finite number" if fraction else "an integer"
    raise InputError(f"{name} = {'nothing' if text is None else text}; expected {expected}")
