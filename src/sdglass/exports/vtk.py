"""VTK's unstructured grids, which ParaView reads."""

from base64 import b64encode
from itertools import product
from pathlib import Path

import numpy as np

from sdglass.errors import InputError
from sdglass.exports import FORMATS
from sdglass.io import write_text

_TYPES = {"f8": "Float64", "i8": "Int64", "u1": "UInt8"}
_VERTEX, _LINE = 1, 3  # of VTK's kinds of cells


@FORMATS.register("vtk")
def write(trajectory, path):
    """Write ``NAME.pvd``, which lists times, and beside it ``NAME_0000.vtu``, ... of the snapshots.

    A ``.vtu`` holds the sites [ell] as points with the vector ``spin``, and ``energy`` [t0]; where there are
    species also their numbers in alphabetical order. ``NAME_cell.vtu`` holds the edges of the cell. A path that
    ends in ``.vtu`` is a single snapshot, `InputError` if there are more. Source: https://vtk.org/wp-content/
    uploads/2015/04/file-formats.pdf
    """
    path, structure = Path(path), trajectory.structure
    single = path.suffix.lower() == ".vtu"
    if single and len(trajectory.times) > 1:
        raise InputError(f"{path}: {len(trajectory.times)} snapshots; expected one, or a .pvd of several")
    points = np.arange(structure.n_sites)
    species = {}
    if structure.species is not None:
        species["species"] = np.unique(structure.species, return_inverse=True)[1]
    listed = []
    for k, (time, (spins,), energy) in enumerate(
        zip(trajectory.times, trajectory.spins, trajectory.energy, strict=True)
    ):
        name = path.name if single else f"{path.stem}_{k:04d}.vtu"
        arrays = {"spin": spins} | species
        grid = _grid(structure.positions, points[:, None], _VERTEX, arrays, {"energy": energy})
        write_text(path.with_name(name), grid)
        listed.append(f'    <DataSet timestep="{time:.17g}" part="0" file="{name}"/>\n')
    if not single:
        write_text(path.with_name(f"{path.stem}_cell.vtu"), _edges(structure.cell))
        write_text(path, _file("Collection", "".join(listed)))


def _edges(cell):
    corners = np.array(list(product((0, 1), repeat=3)))
    pairs = [(a, b) for a in range(8) for b in range(a) if np.abs(corners[a] - corners[b]).sum() == 1]
    return _grid(corners @ cell, np.array(pairs), _LINE, {}, {})


def _grid(points, cells, kind, point_data, field_data):
    """Return an unstructured grid whose cells (C, n), all of one kind, name their points."""
    count, size = cells.shape
    fields = "".join(_array(name, values, tuples=True) for name, values in field_data.items())
    parts = {
        "PointData": point_data,
        "Points": {"points": points},
        "Cells": {
            "connectivity": cells.ravel(),
            "offsets": size * np.arange(1, count + 1),
            "types": np.full(count, kind, np.uint8),
        },
    }
    body = "".join(
        f"      <{part}>\n{''.join(_array(name, values) for name, values in arrays.items())}      </{part}>\n"
        for part, arrays in parts.items()
    )
    piece = f'    <Piece NumberOfPoints="{len(points)}" NumberOfCells="{count}">\n{body}    </Piece>\n'
    return _file("UnstructuredGrid", f"    <FieldData>\n{fields}    </FieldData>\n{piece}")


def _array(name, values, tuples=False):
    values = np.ascontiguousarray(values)
    kind = values.dtype.newbyteorder("<").str[1:]
    data = np.uint64(values.nbytes).tobytes() + values.astype(f"<{kind}").tobytes()
    shape = f' NumberOfTuples="{len(values)}"' if tuples else ""
    if values.ndim == 2:
        shape += f' NumberOfComponents="{values.shape[1]}"'
    head = f'<DataArray type="{_TYPES[kind]}" Name="{name}"{shape} format="binary">'
    return f"        {head}{b64encode(data).decode()}</DataArray>\n"


def _file(kind, content):
    head = f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64">'
    return f'<?xml version="1.0"?>\n{head}\n  <{kind}>\n{content}  </{kind}>\n</VTKFile>\n'
