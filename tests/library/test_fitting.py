"""A force field for a magnet of one's own: labels, what is kept out, the verdict, and its file."""

import json
import re

import numpy as np
import pytest

import sdglass
from sdglass import fitting, labelling
from sdglass.cli.program import main
from sdglass.electrons.diagonalization import solve
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import Electrons, SDModel
from sdglass.errors import InputError
from sdglass.forcefields.learned_kernel import KernelModel, KernelSettings
from sdglass.spins import random_spins, torque
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice

METAL = SDModel(2.0, 0.25, temperature=0.01)


@pytest.fixture(scope="module")
def data():
    structures = [amorphous(n, density=0.8, seed=n) for n in (24, 26, 25, 30)]
    return labelling.label_all(structures, METAL, 6, seed=3)


# --- labels


def test_labels_are_exact_and_go_downhill(data):
    labels = data[0]
    electrons = Electrons.of(labels.structure, METAL)
    states = labels.states
    assert sorted(states) == ["late", "late", "quenched", "quenched", "random", "random"]
    for spins, energy, field in zip(labels.spins, labels.energy, labels.field, strict=True):
        state = solve(electrons, spins)
        assert energy == pytest.approx(state.free_energy, abs=1e-9)
        np.testing.assert_allclose(field, state.local_field, atol=1e-9)
    mean = {state: labels.energy[states == state].mean() for state in labelling.STEPS}
    assert mean["late"] < mean["quenched"] < mean["random"]
    size = {state: np.mean(labels.torque[states == state] ** 2) ** 0.5 for state in labelling.STEPS}
    assert size["late"] < 0.5 * size["random"]


def test_labels_that_are_there_are_not_made_again(tmp_path, monkeypatch):
    structures = [amorphous(16, density=0.8, seed=seed) for seed in (1, 2)]
    first = labelling.label_all(structures[:1], METAL, 3, seed=5, folder=tmp_path)
    before = (tmp_path / "000.h5").read_bytes()
    made = []
    plain = labelling.label
    monkeypatch.setattr(labelling, "label", lambda *a, **k: made.append(a[0]) or plain(*a, **k))
    both = labelling.label_all(structures, METAL, 3, seed=5, folder=tmp_path)
    assert made == structures[1:]
    assert (tmp_path / "000.h5").read_bytes() == before
    np.testing.assert_array_equal(both[0].spins, first[0].spins)
    for change in ({"count": 4}, {"seed": 6}, {"states": ("random",)}):
        with pytest.raises(InputError, match=r"000\.h5: labels of another fit"):
            labelling.label_all(structures, METAL, **{"count": 3, "seed": 5, "folder": tmp_path} | change)
    with pytest.raises(InputError, match=r"coupling: 2\.0 against 3\.0"):
        labelling.label_all(structures, SDModel(3.0, 0.25, 0.01), 3, seed=5, folder=tmp_path)
    with pytest.raises(InputError, match="another structure"):
        labelling.label_all(structures[::-1], METAL, 3, seed=5, folder=tmp_path)
    assert (tmp_path / "000.h5").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"states": ("late", "frozen")}, "states = late, frozen; expected some of random, quenched, late"),
        ({"states": ()}, "expected some of"),
        ({"count": 2}, "labels = 2 for 3 states; expected at least one for each"),
    ],
)
def test_labels_that_cannot_be_made(options, message):
    with pytest.raises(InputError, match=message):
        labelling.label(amorphous(12, density=0.8, seed=1), METAL, **options)


# --- what is kept out, and the verdict


def test_whole_structures_are_kept_out_the_largest_first(data):
    train, out = fitting.split(data)
    assert [labels.structure.n_sites for labels in out] == [30]
    assert [labels.structure.n_sites for labels in train] == [24, 26, 25]
    train, out = fitting.split(data[:1])
    assert len(train[0]) + len(out[0]) == len(data[0])
    assert sorted(out[0].states) == ["late", "quenched", "random"]
    kept = {spins.tobytes() for spins in out[0].spins}
    assert not kept & {spins.tobytes() for spins in train[0].spins}
    single = labelling.label(data[0].structure, METAL, 3)
    with pytest.raises(InputError, match="expected two or more of a state"):
        fitting.split([single])


def test_errors_are_those_of_the_torque_by_hand(data):
    model = fitting.fitted("pair", data[:2])
    (found,) = fitting.torque_errors({"pair": model}, data[2:3])["pair"].values()
    labels = data[2]
    states = labels.states
    predicted = torque(labels.spins, model.on(labels.structure).evaluate(labels.spins).field)
    for state in labelling.STEPS:
        error, exact = (predicted - labels.torque)[states == state], labels.torque[states == state]
        assert found[state]["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)))
        assert found[state]["relative"] == pytest.approx(np.sqrt(np.mean(error**2) / np.mean(exact**2)))
        assert found[state]["configurations"] == 2


def verdict(name, error, seconds, exact):
    return fitting.Verdict(name, None, {"a": {"random": {"relative": error}}}, seconds, exact)


def test_the_best_is_that_of_least_error_at_its_cost():
    tried = [verdict("a", 0.3, 1e-4, 1.0), verdict("b", 0.1, 0.4, 1.0), verdict("c", 0.01, 0.6, 1.0)]
    assert fitting.best(tried).name == "b"
    assert fitting.best([tried[0], tried[2]]).name == "c"  # the quick one is bad
    assert fitting.best(tried[2:]).name == "c"  # too slow, and there is no other
    assert fitting.best([verdict("a", 0.3, 1e-4, 0.01), verdict("b", 0.1, 0.03, 0.01)]).name == "b"  # quick anyway


def test_candidates_suit_the_electrons():
    everything = fitting.candidates("auto", SDModel(6.0, 0.5))
    assert {"pair", "locator", "kernel-64"} <= set(everything)
    assert "poles-6" in everything
    assert "locator" not in fitting.candidates("auto", METAL)
    assert "network" not in everything
    matrix = SDModel(2.0, 0.25, hopping=np.zeros((9, 9)))
    assert all(name.startswith(("kernel", "poles")) for name in fitting.candidates("auto", matrix))
    assert fitting.candidates("poles,kernel-48", METAL) == ["poles-4", "poles-6", "poles-8", "kernel-48"]
    with pytest.raises(InputError, match="model = 'mace'; expected auto, or some of pair"):
        fitting.candidates("pair,mace", METAL)
    with pytest.raises(InputError, match="'locator' is not for these electrons"):
        fitting.candidates("locator", METAL)


# --- the learned kernel


def test_a_learned_kernel_beats_jacksons_and_its_field_is_a_gradient(data):
    train, out = fitting.split(data)
    model, history = KernelModel.fit(train, KernelSettings(order=32))
    assert history == []
    labels = out[0]
    force_field = model.on(labels.structure)
    plain = sdglass.KernelPolynomialForceField(labels.structure, METAL, order=32)
    random = labels.random

    def error(found):
        difference = torque(labels.spins, found.evaluate(labels.spins).field) - labels.torque
        return np.sqrt(np.mean(difference[random] ** 2))

    assert error(force_field) < 0.85 * error(plain)
    spins = labels.spins[0]
    field = force_field.evaluate(spins).field[0]
    rng = np.random.default_rng(1)
    for _ in range(3):
        direction = rng.standard_normal(spins.shape)
        high, low = force_field.solver.solve(
            np.array([spins + 1e-4 * direction, spins - 1e-4 * direction])
        ).free_energy
        assert (high - low) / 2e-4 == pytest.approx(-np.sum(field * direction), rel=1e-5, abs=1e-6)


def test_the_fit_of_a_kernel_is_least_squares_on_torques(data):
    """Torques are linear in the factors: the fitted ones are stationary points of the weighted error."""
    labels = labelling.label(data[0].structure, METAL, 6, ("random", "quenched"), seed=3)
    model, _ = KernelModel.fit([labels], KernelSettings(order=8, ridge=1e-9, weight_exponent=1.0))

    def loss(factors):
        changed = KernelModel(METAL, factors, model.band)
        found = torque(labels.spins, changed.on(labels.structure).evaluate(labels.spins).field)
        squares = np.mean((found - labels.torque) ** 2, axis=(1, 2)) / np.mean(labels.torque**2, axis=(1, 2))
        return squares.sum()

    least = loss(model.factors)
    rng = np.random.default_rng(0)
    for _ in range(5):
        step = np.append([0.0, 0.0], 1e-3 * rng.standard_normal(7))
        up, down = loss(model.factors + step), loss(model.factors - step)
        assert up + down > 2 * least
        assert abs(up - down) < 1e-3 * (up + down - 2 * least) ** 0.5 * least**0.5 + 1e-9


def test_a_kernel_of_an_alloy_and_of_a_fixed_chemical_potential():
    structure = lattice("square", cells=(6, 6)).dilute(0.5, seed=1)
    electrons = SDModel(2.0, hopping=Shells(), temperature=0.2, chemical_potential=-1.0)
    labels = labelling.label(structure, electrons, 4, ("random",))
    model, _ = KernelModel.fit([labels], KernelSettings(order=64, ridge=1e-6))
    found = torque(labels.spins, model.on(structure).evaluate(labels.spins).field)
    assert np.sqrt(np.mean((found - labels.torque) ** 2) / np.mean(labels.torque**2)) < 0.01


def test_a_larger_box_widens_the_band_and_the_order(data):
    model, _ = KernelModel.fit(data[:1], KernelSettings(order=32))
    small, large = model.on(data[0].structure), model.on(amorphous(120, density=0.8, seed=9))
    assert small.solver.order == 32
    assert large.solver.order > 32  # more neighbours within the decay of the hopping
    ratio = large.solver.order / 32
    assert large.solver.scale / small.solver.scale == pytest.approx(ratio, rel=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": 5}, "order = 5; expected an even number"),
        ({"ridge": 0.0}, "ridge = 0.0; expected a number above 0"),
    ],
)
def test_settings_of_a_kernel(settings, message):
    with pytest.raises(InputError, match=message):
        KernelSettings(**settings)


# --- the whole, in Python and in a shell


def test_fit_returns_a_model_with_its_errors(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "_seconds", lambda *_: 1e-3)  # errors decide, not how busy the machine is
    structures = [amorphous(20, density=0.8, seed=seed) for seed in range(3)]
    seen = []
    model = sdglass.fit(
        structures, METAL, "pair,kernel-16,kernel-32", 6, tell=lambda tried, chosen: seen.extend([tried, chosen])
    )
    tried, chosen = seen
    assert [one.name for one in tried] == ["pair", "kernel-16", "kernel-32"]
    assert model.info["name"] == chosen.name
    kept_out = {one.name: one.errors["kept out, N = 20"] for one in tried}
    worst = {name: max(error["relative"] for error in stages.values()) for name, stages in kept_out.items()}
    assert worst[chosen.name] == min(worst.values())
    model.save(tmp_path / "M.safetensors")
    loaded = sdglass.load_model(tmp_path / "M.safetensors")
    assert loaded.errors == model.errors == json.loads(json.dumps(model.errors))
    spins = random_spins(20, np.random.default_rng(1))
    np.testing.assert_array_equal(
        loaded.on(structures[0]).evaluate(spins).field, model.on(structures[0]).evaluate(spins).field
    )
    lines = fitting.table(tried, chosen)
    assert len(lines) == 4
    assert sum(line.split()[1] == "*" for line in lines[1:]) == 1


def test_the_chosen_model_is_judged_again_on_a_larger_structure():
    small = amorphous(20, density=0.8, seed=1)
    assert fitting.larger(small, METAL).n_sites == 80
    plane = lattice("square", cells=(16, 24))
    assert fitting.larger(plane, METAL).cell.diagonal().tolist() == pytest.approx([32, 24, plane.cell[2, 2]])
    assert fitting.larger(plane, SDModel(2.0, 0.25, hopping=np.zeros((384, 384)))).n_sites == 384
    model = sdglass.fit([small, amorphous(20, density=0.8, seed=2)], METAL, "kernel-32", 6)
    assert set(model.errors) == {"kept out, N = 20", "larger, N = 80"}
    assert set(model.errors["larger, N = 80"]) == {"random", "quenched", "late"}
    # Labels there are exact, whatever goes downhill.
    large = fitting.larger(small, METAL)
    data = labelling.label(large, METAL, 3, seed=5, downhill=model.on(large))
    found = sdglass.ExactForceField(large, METAL).evaluate(data.spins)
    np.testing.assert_allclose(found.field, data.field, atol=1e-9)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, n in (("A", 20), ("B", 20), ("C", 24)):
        amorphous(n, density=0.8, seed=n).save(f"{name}.npz")
    return tmp_path


ELECTRONS = "--coupling 2 --filling 0.25"
FIT = f"fit --structure A.npz B.npz C.npz {ELECTRONS} --labels 3 --model pair,kernel-16 --out M.safetensors"


def test_fit_validate_and_info(folder, capsys):
    assert main(FIT.split()) == 0
    out = capsys.readouterr().out
    assert "torque error / rms torque on what was kept out" in out
    assert re.search(r"M\.safetensors: (pair|kernel-16)$", out, re.MULTILINE)
    assert sorted(path.name for path in (folder / "M.labels").iterdir()) == ["000.h5", "001.h5", "002.h5"]
    assert main(["info", "M.safetensors"]) == 0
    assert "errors, kept out, N = 24" in capsys.readouterr().out
    command = "validate --engine M.safetensors --structure C.npz --labels 3 --max-error"
    assert main([*command.split(), "5"]) == 0
    assert re.findall(r"^(\w+): torque error", capsys.readouterr().out, re.MULTILINE) == [
        "random",
        "quenched",
        "late",
    ]
    assert main([*command.split(), "1e-6"]) == 1
    assert capsys.readouterr().out.count("above 0.0001 %") == 3
    labels = [str(folder / "M.labels" / f"00{i}.h5") for i in range(3)]
    assert main(["fit", "--data", *labels, "--model", "pair", "--out", "N.safetensors"]) == 0
    assert sdglass.load_model("N.safetensors").kind == "linear"


def test_a_bad_model_says_so_wherever_it_is_used(folder, capsys):
    assert main(FIT.split()) == 0
    capsys.readouterr()
    np.save("SPINS.npy", random_spins(20, np.random.default_rng(1)))
    used = "--engine M.safetensors --structure A.npz"
    for command in (f"evaluate {used} --spins SPINS.npy --out O.npz", f"quench {used} --duration 1 --out T.h5"):
        assert main(command.split()) == 0
        assert re.search(r"warning: M\.safetensors: torque error up to \d+ %", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("fit --out M.safetensors", "expected either --structure or --data"),
        ("fit --structure A.npz --data L.h5 --out M.safetensors", "expected either --structure or --data"),
        ("fit --data L.h5 --labels 4 --out M.safetensors", "--labels with --data"),
        ("fit --structure A.npz --unit 2 --out M.safetensors", "--unit without --data"),
        ("fit --structure A.npz --model mace --out M.safetensors", "model = 'mace'"),
        ("fit --structure A.npz --labels 2 --out M.safetensors", "labels = 2 for 3 states"),
        ("validate --engine exact --structure A.npz --states cold", "states = cold"),
    ],
)
def test_bad_input_is_one_line(folder, capsys, command, message):
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (folder / "M.safetensors").exists()


def test_a_fit_that_was_cut_short_goes_on_with_its_labels(folder, monkeypatch):
    monkeypatch.setattr(fitting, "_seconds", lambda *_: 1e-3)  # errors decide, not how busy the machine is
    assert main(FIT.split()) == 0
    made = {path.name: path.stat().st_mtime_ns for path in (folder / "M.labels").iterdir()}
    errors = sdglass.load_model("M.safetensors").errors
    (folder / "M.labels" / "002.h5").unlink()
    (folder / "M.safetensors").unlink()
    assert main(FIT.split()) == 0
    again = {path.name: path.stat().st_mtime_ns for path in (folder / "M.labels").iterdir()}
    assert {name for name in made if made[name] == again[name]} == {"000.h5", "001.h5"}
    assert sdglass.load_model("M.safetensors").errors == errors
