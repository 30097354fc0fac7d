"""Structures of other programs' files, and structures for them, through ASE."""

from pathlib import Path

import numpy as np

from sdglass.errors import InputError
from sdglass.io import require_file
from sdglass.structures.structure import Structure


def read_structure(path, magnetic=None, unit=1.0):
    """Read a structure from a file: ``.npz`` of this package, or whatever ASE reads (POSCAR, cif, extxyz, ...).

    Parameters
    ----------
    path : path-like
        Of a file that holds several structures the last one is taken.
    magnetic : sequence of str, optional
        Species that carry a moment; by default all.
    unit : float
        Length of the file, mostly in Angstrom, that is 1 ell.

    Returns
    -------
    Structure
        With species, and the periods that the file states.

    Raises
    ------
    InputError
        If there is no such file, it holds no structure or no cell, or no site is of a magnetic species.
    """
    path = Path(path)
    if path.suffix == ".npz":
        structure = Structure.load(path)
    else:
        require_file(path, "a structure: .npz, or a file that ASE reads such as POSCAR, .cif, .xyz")
        structure = structure_from_ase(path, _read(path), unit)
    if magnetic is None:
        return structure
    if structure.species is None:
        raise InputError(f"{path}: magnetic = {list(magnetic)}, but the file names no species")
    missing = sorted(set(magnetic) - set(structure.species.tolist()))
    if missing:
        known = ", ".join(sorted(set(structure.species.tolist())))
        raise InputError(f"{path}: no site is of the magnetic species {missing[0]!r}; expected some of {known}")
    flags = np.isin(structure.species, list(magnetic)) & structure.magnetic
    return Structure(structure.positions, structure.cell, flags, structure.species, structure.pbc)


def _read(path):
    import ase.io

    try:
        return ase.io.read(path)
    except Exception as error:  # whatever a parser says about a file that is not what its name promises
        raise InputError(
            f"{path}: not a structure that ASE can read ({type(error).__name__}: {error}); expected .npz, POSCAR, "
            ".cif, .xyz or the like"
        ) from None


def structure_from_ase(path, atoms, unit):
    """Return the `Structure` of `ase.Atoms` that were read from a file; raises as `read_structure` does."""
    if not 0 < unit < np.inf:
        raise InputError(f"unit = {unit}; expected a positive length, that of 1 ell")
    cell, pbc = np.array(atoms.cell), np.array(atoms.pbc)
    if not cell.any(axis=1)[pbc].all() or not len(atoms):
        raise InputError(f"{path}: {len(atoms)} sites, cell {cell.tolist()}; expected sites in a cell")
    try:
        return Structure(
            atoms.positions / unit,
            atoms.cell.complete().array / unit,
            species=np.array(atoms.get_chemical_symbols()),
            pbc=pbc,
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
