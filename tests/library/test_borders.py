"""What a user hands over, and the state that a user's program is in: neither changes a number."""

import subprocess
import sys
import warnings
from functools import cache

import numpy as np
import pytest
import torch
from small_study import BONDS, MODEL, REFERENCE, random_network

import sdglass
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.composite import CommitteeForceField
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import LocatorModel

N_SITES = 12
STRUCTURE = sdglass.random_sequential_addition(N_SITES, 2.5, 0.5, np.random.default_rng(0))
SPINS = sdglass.random_spins(N_SITES, np.random.default_rng(1), 4)
METAL = sdglass.SDModel(temperature=0.01)


@cache
def network():
    return NetworkModel(MODEL, BONDS, [REFERENCE], [random_network(BONDS, layers=(4,))], {})


ENGINES = {
    "exact": lambda structure: sdglass.ExactForceField(structure, METAL),
    "greens-function": lambda structure: sdglass.GreensFunctionForceField(structure, METAL),
    "kpm": lambda structure: sdglass.KernelPolynomialForceField(structure, METAL, order=16),
    "network": lambda structure: network().on(structure),
    "network float32": lambda structure: network().on(structure, dtype="float32"),
    "committee": lambda structure: CommitteeForceField([network().on(structure)] * 2),
    "locator": lambda structure: LocatorModel(
        MODEL, LocatorSettings(pair_cutoff=1.4, loop_cutoff=1.1, taper=0.2), np.ones(4), np.ones(2)
    ).on(structure),
    "pair": lambda structure: LinearModel(MODEL, BONDS, np.linspace(0.01, 0.02, BONDS.n_g2), REFERENCE).on(
        structure
    ),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return ENGINES[request.param](STRUCTURE)


def unaligned(array):
    return np.frombuffer(b"x" + array.tobytes(), offset=1).reshape(array.shape)


def mapped(array, path):
    np.save(path, array)
    return np.load(path, mmap_mode="r")


def masked(array):
    return np.ma.array(array, mask=array > 0.9)


# Each holds the numbers of its argument, to the bit.
LAYOUTS = {
    "negative strides": lambda s: np.ascontiguousarray(s[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
    "every second": lambda s: np.repeat(s, 2, axis=0)[::2],
    "Fortran": np.asfortranarray,
    "transposed": lambda s: np.ascontiguousarray(s.transpose(2, 1, 0)).transpose(2, 1, 0),
    "other byte order": lambda s: s.astype(s.dtype.newbyteorder()),
    "longdouble": lambda s: s.astype(np.longdouble),
    "list": np.ndarray.tolist,
    "list of arrays": list,
    "unaligned": unaligned,
    "nothing masked": np.ma.array,
    "torch": torch.tensor,
    "torch with gradient": lambda s: torch.tensor(s, requires_grad=True),
    "torch view": lambda s: torch.tensor(s.transpose(2, 1, 0).copy()).permute(2, 1, 0),
}
REFUSED = {
    "complex": lambda s: s.astype(complex),
    "objects": lambda s: s.astype(object),
    "text": lambda s: s.astype(str),
    "booleans": lambda s: s > 0,
    "masked": masked,
    "ragged": lambda s: [[1.0, 2.0], [3.0]],
    "nothing": lambda s: None,
    "a generator": iter,
    "complex torch": lambda s: torch.tensor(s).to(torch.complex128),
    "nan": lambda s: np.full_like(s, np.nan),
    "infinite": lambda s: np.full_like(s, np.inf),
    "five axes": lambda s: s[None, None],
    "half precision, too coarse": lambda s: s.astype(np.float16),
}


def answer(engine, spins):
    result = engine.evaluate(spins)
    return np.concatenate([result.energy.ravel(), result.field.ravel()])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_of_any_layout_give_the_same_numbers(engine, layout):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(answer(engine, LAYOUTS[layout](SPINS)), answer(engine, SPINS))


def test_read_only_files_and_reversed_views(engine, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(answer(engine, mapped(SPINS, tmp_path / "S.npy")), answer(engine, SPINS))
        one = SPINS[:1]  # an axis of one entry counts as contiguous, even reversed
        np.testing.assert_array_equal(answer(engine, one[::-1]), answer(engine, one))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float16, np.float32, ">i4"])
def test_spins_along_an_axis_are_exact_in_every_type(engine, dtype):
    up = np.broadcast_to([0.0, 0.0, 1.0], (2, N_SITES, 3))
    np.testing.assert_array_equal(answer(engine, up.astype(dtype)), answer(engine, up))


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_array_of_unit_vectors_is_refused_in_one_line(engine, what):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError) as caught:
            engine.evaluate(REFUSED[what](SPINS))
    assert "\n" not in str(caught.value)
    assert "spins" in str(caught.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_positions_of_any_layout_are_the_same_structure(layout):
    made = sdglass.Structure(LAYOUTS[layout](np.array(STRUCTURE.positions)[None])[0], STRUCTURE.box)
    assert made.digest() == STRUCTURE.digest()


@pytest.mark.parametrize("what", ["complex", "objects", "text", "masked", "ragged", "nothing"])
def test_positions_and_boxes_that_are_no_numbers_are_refused(what):
    with pytest.raises(InputError, match="positions"):
        sdglass.Structure(REFUSED[what](np.array(STRUCTURE.positions)), STRUCTURE.box)
    with pytest.raises(InputError, match="box"):
        sdglass.Structure(STRUCTURE.positions, REFUSED[what](np.array(STRUCTURE.box)))


# --- the state of the caller's program


@pytest.mark.parametrize("name", ENGINES)
def test_what_numpy_and_torch_are_told_changes_no_number(name):
    expected = answer(ENGINES[name](STRUCTURE), SPINS)
    before = torch.get_default_dtype()
    try:
        for dtype in (torch.float64, torch.float32):
            for mode in (torch.no_grad, torch.inference_mode):
                torch.set_default_dtype(dtype)
                with mode(), np.errstate(all="raise"), warnings.catch_warnings():
                    warnings.simplefilter("error")
                    found = ENGINES[name](STRUCTURE).evaluate(SPINS)
                np.testing.assert_array_equal(np.concatenate([found.energy, found.field.ravel()]), expected)
    finally:
        torch.set_default_dtype(before)


def test_dynamics_and_observables_do_not_heed_numpys_errors():
    from sdglass.observables.measure import measure

    magnet = ENGINES["pair"](STRUCTURE)
    run = {"dynamics": sdglass.LLG(0.1, 0.01, 0.5), "duration": 5.0, "seed": 1}
    expected = measure(STRUCTURE, sdglass.quench(magnet, SPINS, **run), [0.5, 0.8, 1.2])
    with np.errstate(all="raise"):
        found = measure(STRUCTURE, sdglass.quench(magnet, SPINS, **run), [0.5, 0.8, 1.2])
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)


# --- names

ORDERS = {
    "at once": "",
    "its module first": "import sdglass.{home}",
    "all modules first": "import sdglass.dynamics.quench, sdglass.spins, sdglass.registry, sdglass.cli.quench",
    "everything before": "from sdglass import *",
}


@pytest.mark.parametrize("order", ORDERS)
def test_every_public_name_is_what_it_says_whatever_was_imported_before(order):
    code = [ORDERS[order].format(home=home) for home in sorted(set(sdglass._HOME.values()))]
    code = ["import types", *code]
    for name in sdglass.__all__:
        code += [f"from sdglass import {name}", f"assert not isinstance({name}, types.ModuleType), {name!r}"]
    code += ["import sdglass", "assert sdglass.quench is quench", "assert callable(sdglass.quench)"]
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
