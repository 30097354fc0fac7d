"""Labels of somebody else: read as they are, and refused with how much is wrong if they are of other electrons."""

import dataclasses
import warnings

import numpy as np
import pytest

import sdglass
from sdglass import labelling
from sdglass.cli.program import main
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.foreign_labels import RoughLabelsWarning, read_labels
from sdglass.hdf5 import open_hdf5
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice

METAL = SDModel(2.0, 0.25, temperature=0.01)


@pytest.fixture(scope="module")
def labels():
    return labelling.label(amorphous(24, density=0.8, seed=1), METAL, 9, seed=3)


def changed(labels, **arrays):
    return dataclasses.replace(labels, **arrays)


def extxyz(path, labels, unit=1.0, energy_unit=1.0, energies=True, names=("spin", "field")):
    """Write frames as somebody else would."""
    cell = " ".join(f"{x:.12g}" for x in (unit * labels.structure.cell).ravel())
    lines = []
    for number in range(len(labels)):
        columns = ":".join(f"{name}:R:3" for name in names)
        head = f'Lattice="{cell}" Properties=species:S:1:pos:R:3:{columns} pbc="T T T"'
        if energies:
            head += f" total_energy={energy_unit * labels.energy[number]:.15g}"
        if np.isfinite(labels.time[number]):
            head += f" time={labels.time[number]:g}"
        lines += [str(labels.structure.n_sites), head]
        rows = zip(
            unit * labels.structure.positions,
            labels.spins[number],
            energy_unit * labels.field[number],
            strict=True,
        )
        lines += ["Mn " + " ".join(f"{x:.12g}" for part in row for x in part[: 3 * len(names)]) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_labels_with_and_without_energies_come_back(labels, tmp_path):
    labels.save(tmp_path / "A.h5")
    changed(labels, energy=np.full(9, np.nan)).save(tmp_path / "B.h5")
    with open_hdf5(tmp_path / "B.h5") as handle:
        assert "energy" not in handle
    both = read_labels([tmp_path / "A.h5", tmp_path / "B.h5"])
    assert [one.has_energy for one in both] == [True, False]
    for one in both:
        np.testing.assert_array_equal(one.field, labels.field)


def test_extended_xyz_in_other_units(labels, tmp_path):
    path = extxyz(tmp_path / "L.extxyz", labels, unit=2.5, energy_unit=0.4)
    (found,) = read_labels([path], METAL, unit=2.5, energy_unit=0.4)
    np.testing.assert_allclose(found.field, labels.field, atol=1e-10)
    np.testing.assert_allclose(found.energy, labels.energy, rtol=1e-10)
    np.testing.assert_allclose(found.structure.positions, labels.structure.positions, atol=1e-9)
    assert found.states.tolist() == labels.states.tolist()
    (found,) = read_labels([extxyz(path, labels, energies=False)], METAL)
    assert not found.has_energy
    with pytest.raises(InputError, match=r"L\.extxyz: torques are 0\.4 times those of these electrons"):
        read_labels([extxyz(path, labels, energy_unit=0.4)], METAL)
    with pytest.raises(InputError, match="of which electrons"):
        read_labels([path])


def test_frames_of_two_structures_are_two_datasets(labels, tmp_path):
    other = labelling.label(amorphous(24, density=0.8, seed=2), METAL, 2, ("random",))
    first, second = (extxyz(tmp_path / name, one) for name, one in (("1.xyz", labels), ("2.xyz", other)))
    both = tmp_path / "both.extxyz"
    both.write_text(first.read_text() + second.read_text())
    assert [len(one) for one in read_labels([both], METAL)] == [9, 2]


def test_models_are_fitted_to_fields_alone(labels):
    bare = changed(labels, energy=np.full(9, np.nan))
    rng = np.random.default_rng(0)
    spins = sdglass.random_spins(24, rng)
    for name in ("pair", "kernel-16", "poles-4"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole, part = (sdglass.fit_labels([one], name) for one in (labels, bare))
        found = part.on(labels.structure).evaluate(spins)
        np.testing.assert_allclose(found.field, whole.on(labels.structure).evaluate(spins).field, atol=1e-12)
        assert np.isfinite(found.energy).all()


def test_a_network_is_trained_on_fields_alone(labels):
    from sdglass.forcefields.registry import FITTED_MODELS

    network = FITTED_MODELS["network"]
    settings = network.Settings(layers=[4], epochs=2, trained=[0], n_folds=2, protocol="configurations")
    model, history = network.fit([changed(labels, energy=np.full(9, np.nan))], settings, fold=0)
    assert np.isfinite([row["train_loss"] if "train_loss" in row else 0.0 for row in history]).all()
    assert np.isfinite(network.join([model]).on(labels.structure).evaluate(labels.spins).field).all()


def hot(labels):
    return sdglass.ExactForceField(labels.structure, SDModel(2.0, 0.35)).evaluate(labels.spins)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: {"field": -one.field}, r"torques are -1 times those of these electrons"),
        (lambda one: {"field": 27.2 * one.field}, r"torques are 27\.2 times those"),
        (lambda one: {"field": hot(one).field}, r"torques differ from exact ones of these electrons by \d+\.\d %"),
        (lambda one: {"field": one.spins * 1.0}, "fields are along the spins, there is no torque"),
        (
            lambda one: {"energy": 3.0 * one.energy},
            "fields are not the gradient of the energies: from configuration",
        ),
    ],
)
def test_labels_that_are_wrong(labels, tmp_path, change, words):
    changed(labels, **change(labels)).save(tmp_path / "L.h5")
    with pytest.raises(InputError, match=rf"L\.h5: {words}"):
        read_labels([tmp_path / "L.h5"])


def test_labels_that_are_rough_are_taken_with_a_warning(labels, tmp_path):
    size = np.sqrt(np.mean(labels.torque**2))
    noise = 0.03 * size * np.random.default_rng(0).standard_normal(labels.field.shape)
    changed(labels, field=labels.field + noise).save(tmp_path / "L.h5")
    with pytest.warns(RoughLabelsWarning, match=r"torques differ from exact ones of these electrons by \d"):
        read_labels([tmp_path / "L.h5"])


def test_a_column_of_nan_and_missing_properties(labels, tmp_path):
    labels.save(tmp_path / "L.h5")
    import h5py

    with h5py.File(tmp_path / "L.h5", "r+") as handle:
        energy = handle["energy"][...]
        energy[4] = np.nan
        del handle["energy"]
        handle["energy"] = energy
    with pytest.raises(InputError, match=r"L\.h5: .*energy"):
        read_labels([tmp_path / "L.h5"])
    path = tmp_path / "L.extxyz"
    with pytest.raises(InputError, match=r"frame 0: total_energy = nan; expected a number"):
        read_labels([extxyz(path, changed(labels, energy=np.full(9, np.nan)))], METAL)
    with pytest.raises(InputError, match=r"frame 0 has no property 'field' \(it has moment, spin\)"):
        read_labels([extxyz(path, labels, names=("spin", "moment"))], METAL)
    path.write_text("nonsense\n")
    with pytest.raises(InputError, match="not extended XYZ"):
        read_labels([path], METAL)


def test_structures_of_different_lattices_are_no_fit():
    square, triangular = (lattice(name, cells=(6, 6)) for name in ("square", "triangular"))
    with pytest.raises(InputError, match="structures 1 and 0 are of different kinds: coordination 6 neighbours"):
        sdglass.fit([square, triangular], SDModel(2.0, 0.25, hopping=sdglass.Shells()), "pair", 6)


def test_a_fit_in_a_shell_to_labels_of_somebody_else(labels, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    extxyz(tmp_path / "L.extxyz", labels)
    electrons = "--coupling 2 --filling 0.25 --electron-temperature 0.01"
    assert main(f"fit --data L.extxyz {electrons} --model kernel-16 --out M.safetensors".split()) == 0
    assert "kernel-16" in capsys.readouterr().out
    before = (tmp_path / "M.safetensors").read_bytes()
    assert main("fit --data L.extxyz --coupling 5 --filling 0.25 --out M.safetensors".split()) != 0
    assert "torques" in capsys.readouterr().err
    assert (tmp_path / "M.safetensors").read_bytes() == before
