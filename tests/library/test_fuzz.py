"""Random input through the command line: one clear error, or finite numbers; never anything else.

The examples are the same every time (`derandomize`), so that a failure here is a failure everywhere.
"""

import contextlib
import io
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from small_study import BONDS, MODEL, REFERENCE, random_network

from sdglass.cli import main
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import LocatorModel
from sdglass.forcefields.model_file import read_tensors, write_tensors
from sdglass.forcefields.registry import load_force_field
from sdglass.forcefields.training_domain import TrainingDomainWarning
from sdglass.spins import random_spins
from sdglass.structures.structure import Structure

FUZZ = settings(derandomize=True, deadline=None, max_examples=40, database=None)
ENGINES = ("network", "locator", "pair")
N_SITES = 4


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Paths of a network, a locator force field and a pair model."""
    folder = tmp_path_factory.mktemp("models")
    network = random_network(BONDS, layers=(4,)).float()
    shape = LocatorSettings(pair_cutoff=1.4, loop_cutoff=1.1, taper=0.2)
    errors = {"test": {"random": {"rmse": 1e-4, "relative": 0.01}}}  # small: no warning
    made = {
        "network": NetworkModel(MODEL, BONDS, [REFERENCE], [network], {"fold": 0}, errors),
        "locator": LocatorModel(MODEL, shape, np.ones(4), np.ones(2), info={"name": "a"}, errors=errors),
        "pair": LinearModel(
            MODEL, BONDS, np.linspace(0.01, 0.02, BONDS.n_g2), REFERENCE, {"name": "pair"}, errors
        ),
    }
    for name, model in made.items():
        model.save(folder / f"{name}.safetensors")
    return {name: folder / f"{name}.safetensors" for name in ENGINES}


def evaluate(folder, *options):
    """Run `sdglass evaluate` and check what it leaves: a clear error and no file, or a file of finite numbers.

    Returns
    -------
    int
        Exit status.
    """
    out = folder / "OUT.npz"
    command = [
        "evaluate",
        "--structure",
        str(folder / "S.npz"),
        "--spins",
        str(folder / "SPINS.npy"),
        *map(str, options),
    ]
    printed, said = io.StringIO(), io.StringIO()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            status = main([*command, "--out", str(out)])
    lines = [*said.getvalue().splitlines(), *(str(warning.message) for warning in warned)]
    assert status in (0, 2)
    if status == 2:
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        assert not out.exists()
    else:
        assert lines == []
        with np.load(out) as found:
            assert {"energy", "field"} <= set(found)
            for name in found:
                assert np.isfinite(found[name]).all(), name
    return status


def write_case(folder, positions, box, spins):
    np.savez(folder / "S.npz", positions=positions, box=box)
    np.save(folder / "SPINS.npy", spins)


def write_good_case(folder):
    rng = np.random.default_rng(3)
    positions = 0.4 + 0.8 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0]]) + 0.1 * rng.random((N_SITES, 3))
    write_case(folder, positions, np.full(3, 2.0), random_spins(N_SITES, rng, 2))


ANY_FLOAT = st.floats(width=64)
# Mostly where physics is, sometimes where double precision ends.
NUMBER = st.one_of(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.sampled_from([0.0, 1.0, 0.5]), ANY_FLOAT)
EDGE = st.one_of(st.floats(0.5, 5.0), st.floats(0.5, 5.0), ANY_FLOAT)
DTYPES = st.sampled_from(["f8", "f8", "f4", "f2", "i4", "u1", "c16", "?", "S3", ">f8"])


@st.composite
def spin_arrays(draw):
    """Unit vectors, mostly; or any array."""
    if draw(st.booleans()):
        spins = random_spins(N_SITES, np.random.default_rng(draw(st.integers(0, 9))), draw(st.integers(0, 3)))
        for _ in range(draw(st.integers(0, 2))):
            if spins.size:
                spins.flat[draw(st.integers(0, spins.size - 1))] = draw(NUMBER)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return spins.astype(draw(DTYPES))
    shape = draw(
        st.sampled_from([(N_SITES, 3), (2, N_SITES, 3), (N_SITES,), (), (0,), (1, 1, N_SITES, 3), (3, N_SITES)])
    )
    return draw(arrays.arrays(draw(st.sampled_from(["f8", "f4", "i8"])), shape))


@FUZZ
@given(data=st.data(), engine=st.sampled_from(["exact", *ENGINES]))
def test_any_spins(models, data, engine):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_good_case(folder)
        np.save(folder / "SPINS.npy", data.draw(spin_arrays()))
        evaluate(folder, "--engine", models.get(engine, engine))


@FUZZ
@given(
    positions=st.lists(st.tuples(NUMBER, NUMBER, NUMBER), min_size=0, max_size=6),
    box=st.one_of(st.tuples(EDGE, EDGE, EDGE), EDGE),
    engine=st.sampled_from(["exact", *ENGINES]),
)
def test_any_structure(models, positions, box, engine):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        spins = random_spins(max(1, len(positions)), np.random.default_rng(0))
        write_case(folder, np.array(positions, float), np.array(box), spins)
        evaluate(folder, "--engine", models.get(engine, engine))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), ANY_FLOAT, st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
HOPPING = st.one_of(
    st.fixed_dictionaries({"law": st.just("yukawa")}, optional={"amplitude": NUMBER, "decay_length": NUMBER}),
    st.fixed_dictionaries(
        {"law": st.just("shells")},
        optional={"distances": st.lists(NUMBER, max_size=2), "amplitudes": st.lists(NUMBER, max_size=2)},
    ),
    st.fixed_dictionaries({"law": JSON}, optional={"amplitude": JSON, "tolerance": JSON}),
    JSON,
)


@FUZZ
@given(
    options=st.fixed_dictionaries(
        {},
        optional={
            "--coupling": st.one_of(NUMBER, st.text(max_size=4)),
            "--filling": st.one_of(st.floats(0.1, 0.9), NUMBER),
            "--temperature": st.one_of(st.floats(0.0, 1.0), NUMBER),
            "--hopping": HOPPING.map(json.dumps),
            "--exchange": NUMBER,
            "--exchange-cutoff": NUMBER,
            "--members": st.integers(-1, 3),
            "--dtype": st.sampled_from(["float64", "float32", "int8"]),
        },
    ),
    engine=st.sampled_from(["exact", "exact", "exact", *ENGINES]),
)
def test_any_parameters(models, options, engine):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_good_case(folder)
        line = [f"{name}={value}" for name, value in options.items()]
        evaluate(folder, "--engine", models.get(engine, engine), *line)


@FUZZ
@given(data=st.data(), which=st.sampled_from(["S.npz", "SPINS.npy", "M.safetensors"]))
def test_any_bytes(models, data, which):
    """Files of random bytes, and good files of which some bytes are others."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_good_case(folder)
        (folder / "M.safetensors").write_bytes(models["network"].read_bytes())
        content = bytearray((folder / which).read_bytes())
        if data.draw(st.booleans()):
            content = data.draw(st.binary(max_size=300))
        else:
            for _ in range(data.draw(st.integers(1, 4))):
                content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        (folder / which).write_bytes(content)
        evaluate(folder, "--engine", folder / "M.safetensors")


@FUZZ
@given(data=st.data(), engine=st.sampled_from(ENGINES))
def test_any_weights_and_header(models, data, engine):
    """Model files of a right checksum with wrong content, as a program with an error would write them."""
    tensors, header = read_tensors(models[engine])
    if data.draw(st.booleans()):
        section = header
        while True:
            keys = sorted(section) if isinstance(section, dict) else range(len(section))
            key = data.draw(st.sampled_from(list(keys)))
            if not (isinstance(section[key], dict | list) and section[key] and data.draw(st.booleans())):
                break
            section = section[key]
        section[key] = data.draw(st.one_of(NUMBER, JSON))
    else:
        name = data.draw(st.sampled_from(sorted(tensors)))
        tensor = tensors[name].copy()
        if tensor.size and data.draw(st.booleans()):
            with np.errstate(over="ignore"):
                tensor.flat[data.draw(st.integers(0, tensor.size - 1))] = data.draw(ANY_FLOAT)
        else:
            shape = data.draw(st.sampled_from([(), (1,), (3, 3), (0,), tuple(tensor.shape)]))
            tensor = np.zeros(shape, data.draw(st.sampled_from(["float32", "int64", "float16"])))
        tensors[name] = tensor
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_good_case(folder)
        write_tensors(folder / "M.safetensors", tensors, header)
        evaluate(folder, "--engine", folder / "M.safetensors")


STEPS = {
    "reversed": lambda a, axis: np.flip(np.flip(a, axis).copy(), axis),
    "every second": lambda a, axis: np.repeat(a, 2, axis)[(slice(None),) * axis + (slice(None, None, 2),)],
    "moved axes": lambda a, axis: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, axis, 0)), 0, axis),
    "Fortran": lambda a, axis: np.asfortranarray(a),
    "swapped": lambda a, axis: a.astype(a.dtype.newbyteorder()),
    "long": lambda a, axis: a.astype(np.longdouble),
    "masked": lambda a, axis: np.ma.array(a),
    "read-only": lambda a, axis: np.lib.stride_tricks.as_strided(a, writeable=False),
}


@FUZZ
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 2)), max_size=4))
def test_any_layout(models, steps):
    """Views of views hold the same spins."""
    structure = Structure(0.4 + 0.8 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0]]), 2.0)
    spins = random_spins(N_SITES, np.random.default_rng(3), 1)
    given = spins
    for name, axis in steps:
        given = STEPS[name](given, axis)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingDomainWarning)
        engines = [load_force_field(models[name], structure) for name in ENGINES]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for engine in engines:
            np.testing.assert_array_equal(engine.evaluate(given).field, engine.evaluate(spins).field)
