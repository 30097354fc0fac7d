"""Local energies, the 3D scene of spins, the descriptor of one neighbourhood, and the film of a quench."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy import sparse
from small_study import BONDS, MODEL, sites

from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import BilinearForceField
from sdglass.observables.local_energy import local_energies
from sdglass.spins import random_spins
from sdglass.structures.neighbours import environments
from sdglass_study.figures._film import LAST, SECONDS, Film, write_film
from sdglass_study.figures._scene import Scene
from sdglass_study.figures._style import new_figure
from sdglass_study.jobs.film import colours
from sdglass_study.jobs.film import film as filmed


def antiferromagnet(structure, seed=0):
    """Return random symmetric couplings J_ij of both signs as a matrix, and their force field."""
    matrix = np.random.default_rng(seed).normal(size=(structure.n_sites, structure.n_sites))
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    return matrix, BilinearForceField(structure, sparse.csr_array(matrix), np.inf, 3.0)


def test_local_energy_of_pair_couplings_is_the_field_along_the_spin():
    structure = sites(12)
    spins = random_spins(12, np.random.default_rng(1), n_replicas=3)
    matrix, force_field = antiferromagnet(structure)
    expected = np.einsum("rna,nm,rma->rn", spins, matrix, spins)
    assert local_energies(force_field, spins) == pytest.approx(expected, abs=1e-12)
    field = force_field.evaluate(spins).field
    assert local_energies(force_field, spins) == pytest.approx(-np.einsum("rna,rna->rn", spins, field), abs=1e-12)


def test_local_energy_of_exact_electrons_is_what_reversing_costs():
    structure = sites(8)
    force_field, spins = ExactForceField(structure, MODEL), random_spins(8, np.random.default_rng(2))
    turned = spins.copy()
    turned[5] *= -1
    before, after = (force_field.evaluate(each[None]).energy[0] for each in (spins, turned))
    assert local_energies(force_field, spins)[0, 5] == pytest.approx((before - after) / 2, abs=1e-12)


def test_the_descriptor_of_one_neighbourhood_is_that_of_the_whole_structure():
    descriptor_example = pytest.importorskip("sdglass_study.analysis.descriptor_example")
    structure = sites(30)
    spins = random_spins(30, np.random.default_rng(3))
    env = environments(structure, BONDS.cutoff)
    row = slice(env.start[4], env.start[5])
    ours = descriptor_example.neighbourhood_features(env.vector[row], spins[4], spins[env.neighbour[row]], BONDS)
    expected = build_feature_maps(structure, BONDS).features(spins[None])[0, 4]
    assert np.abs(expected).max() > 0.1
    assert ours.ravel() == pytest.approx(expected, abs=1e-5)  # the maps drop values below the tolerance


def scene(positions):
    """Return the painted facets of spins along z at `positions` in a box of 4, one list per site in that order."""
    figure = new_figure(3.0)
    painted = Scene(figure.add_subplot(), positions, [4.0, 4.0, 4.0])
    painted.show([[0, 0, 1.0]] * len(positions), np.full((len(positions), 3), 0.5))
    return painted


def test_nearer_spins_are_larger_and_painted_last():
    """The eye looks along y of the study, roughly: of two spins the one with the smaller y is nearer."""
    painted = scene([[2.0, 3.5, 2.0], [2.0, 0.5, 2.0]])
    paths = [path.vertices for path in painted.painted.get_paths()]
    assert painted.order.tolist() == [0, 1]
    assert painted.haze[0] > painted.haze[1]
    # Both arrows show about the same facets; the nearer one is painted second.
    first, second = paths[: len(paths) // 2], paths[len(paths) // 2 + 1 :]
    height = [np.ptp(np.concatenate(part)[:, 1]) for part in (first, second)]
    assert height[1] > 1.2 * height[0]


def film(count=4):
    structure = sites(10)
    rng = np.random.default_rng(5)
    return Film(
        title="Ten spins",
        times=np.arange(count, dtype=float),
        positions=structure.positions,
        box=structure.box,
        spins=random_spins(10, rng, n_replicas=count),
        colours="local energy",
        values=rng.normal(size=(count, 10)),
        energy=-np.arange(count, dtype=float),
        distance=np.array([0.55, 0.65, 0.75]),
        correlation=rng.normal(size=(count, 3)),
    )


def test_the_film_has_a_picture_per_snapshot_and_is_the_same_every_time(tmp_path):
    for name in ("a", "b"):
        write_film(film(), tmp_path / f"{name}.gif")
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with Image.open(tmp_path / "a.gif") as pictures:
        assert pictures.n_frames == 4
        assert pictures.info["loop"] == 0
        pixels, durations = [], []
        for frame in range(4):
            pictures.seek(frame)
            durations.append(pictures.info["duration"])
            pixels.append(np.asarray(pictures.convert("RGB"), dtype=float))
    assert durations == [pytest.approx(1000 * SECONDS / 4, abs=10)] * 3 + [LAST]
    assert all(np.abs(a - b).mean() > 0.5 for a, b in pairwise(pixels))


def test_the_job_films_the_first_replica():
    structure, rng = sites(12), np.random.default_rng(6)
    matrix, force_field = antiferromagnet(structure)
    trajectory = SimpleNamespace(
        times=np.array([0.0, 1.0, 2.0]),
        spins=np.stack([random_spins(12, rng, n_replicas=2) for _ in range(3)]),
        energy=rng.normal(size=(3, 2)),
    )
    settings = {"model": "pair", "damping": 1.0, "temperature": 1e-3, "r_min": 0.5, "bin_width": 0.2}
    settings["colours"] = "local energy"
    values = colours("local energy", structure, None, lambda: force_field, trajectory.spins[:, 0])
    shown = filmed(structure, trajectory, values, settings)
    assert "pair model" in shown.title
    assert np.array_equal(shown.spins, trajectory.spins[:, 0])
    assert shown.values == pytest.approx(np.einsum("kna,nm,kma->kn", shown.spins, matrix, shown.spins))
    assert shown.correlation.shape == (3, len(shown.distance))
