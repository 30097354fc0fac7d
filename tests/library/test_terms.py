"""Terms that are added to force fields: their energies, what they do to the dynamics, and tables of pairs."""

import numpy as np
import pytest

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import quench
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.composite import CommitteeForceField, SumForceField
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import heisenberg
from sdglass.forcefields.pair_terms import DzyaloshinskiiMoriya, Heisenberg
from sdglass.forcefields.terms import UniaxialAnisotropy, Zeeman
from sdglass.forcefields.testing.check import check_engine
from sdglass.spins import random_spins
from sdglass.structures.lattices import lattice, square_lattice
from sdglass.structures.structure import Structure

FIELD, AXIS = np.array([0.3, -0.1, 0.2]), np.array([1.0, 2.0, -2.0]) / 3.0
FIRST, SECOND, EXCHANGE = [0, 3, 5, 1], [4, 8, 2, 0], [0.4, -0.2, 0.3, 0.1]
VECTORS = np.random.default_rng(0).normal(size=(4, 3))
TERMS = {
    "zeeman": (Zeeman(FIELD), lambda s: -sum(FIELD @ spin for spin in s)),
    "no field": (Zeeman((0, 0, 0)), lambda s: 0.0),
    "anisotropy": (UniaxialAnisotropy(-0.7, 5.0 * AXIS), lambda s: 0.7 * sum((AXIS @ spin) ** 2 for spin in s)),
    "exchange": (
        Heisenberg(FIRST, SECOND, EXCHANGE),
        lambda s: -sum(c * s[i] @ s[j] for i, j, c in zip(FIRST, SECOND, EXCHANGE, strict=True)),
    ),
    "dm": (
        DzyaloshinskiiMoriya(FIRST, SECOND, VECTORS),
        lambda s: -sum(d @ np.cross(s[i], s[j]) for i, j, d in zip(FIRST, SECOND, VECTORS, strict=True)),
    ),
}


@pytest.mark.parametrize("name", TERMS)
def test_a_term_has_its_energy_and_is_what_it_declares(small_structure, name):
    term, energy = TERMS[name]
    spins = random_spins(small_structure.n_sites, np.random.default_rng(1), 2)
    found = term.on(small_structure).evaluate(spins).energy
    assert found == pytest.approx([energy(configuration) for configuration in spins], abs=1e-13)
    check_engine(term.on, small_structure)
    check_engine(lambda structure: ExactForceField(structure, SDModel()) + term, small_structure)


def test_terms_add_up_to_one_sum(small_structure):
    magnet = heisenberg(small_structure, 0.1, 1.0)
    spins = random_spins(small_structure.n_sites, np.random.default_rng(2), 3)
    terms = [term for term, _ in TERMS.values()]
    total = magnet
    for term in terms:
        total = total + term
    assert [type(member) for member in total.members[:2]] == [type(magnet), type(terms[0].on(small_structure))]
    parts = [magnet, *(term.on(small_structure) for term in terms)]
    for name in ("energy", "field"):
        expected = sum(getattr(part.evaluate(spins), name) for part in parts)
        np.testing.assert_allclose(getattr(total.evaluate(spins), name), expected, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(total.evaluate(spins[0].tolist()).energy, total.evaluate(spins).energy[:1])
    with pytest.raises(TypeError):
        3.0 + terms[0]


def test_what_a_force_field_keeps_is_left_alone(small_structure):
    kept = Evaluation(np.zeros(1), np.zeros((1, small_structure.n_sites, 3)))

    class Keeper:
        structure, cutoff, symmetries = small_structure, 0.0, frozenset()

        def evaluate(self, spins):
            return kept

    spins = random_spins(small_structure.n_sites, np.random.default_rng(1), 1)
    total = Keeper() + Zeeman(FIELD) + UniaxialAnisotropy(0.1, AXIS)
    np.testing.assert_array_equal(total.evaluate(spins).field, total.evaluate(spins).field)
    assert not kept.field.any()


def test_a_field_leaves_the_spread_of_a_committee(small_structure):
    committee = CommitteeForceField([heisenberg(small_structure, value, 1.0) for value in (0.1, 0.2)])
    spins = random_spins(small_structure.n_sites, np.random.default_rng(3), 2)
    alone, found = committee.evaluate(spins), (committee + Zeeman(FIELD)).evaluate(spins)
    np.testing.assert_array_equal(found.torque_spread, alone.torque_spread)
    np.testing.assert_allclose(found.field, alone.field + FIELD, atol=1e-15)
    assert type(SumForceField([committee, committee]).evaluate(spins)) is Evaluation  # of two it is not known


def test_only_rotations_about_the_field_are_left(small_structure):
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    magnet = heisenberg(small_structure, 0.1, 1.0) + Zeeman((0, 0, 0.3)) + UniaxialAnisotropy(0.2, (0, 0, 1))
    spins = random_spins(small_structure.n_sites, np.random.default_rng(4), 2)
    before, after = magnet.evaluate(spins), magnet.evaluate(spins @ turn.T)
    np.testing.assert_allclose(after.energy, before.energy, atol=1e-13)
    np.testing.assert_allclose(after.field, before.field @ turn.T, atol=1e-13)
    assert not magnet.symmetries & {"spin_rotation", "time_reversal"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Zeeman((0, 0)), r"field = \[0\.0, 0\.0\]; expected finite numbers of shape \(3,\)"),
        (lambda: Zeeman((0, 0, np.nan)), "field = .*nan"),
        (lambda: UniaxialAnisotropy(np.inf, (0, 0, 1)), "strength = inf; expected a finite number"),
        (lambda: UniaxialAnisotropy(1.0, (0, 0, 0)), r"axis = \[0\.0, 0\.0, 0\.0\]; expected a vector"),
        (lambda: Heisenberg([0], [1, 2], 1.0), "first and second name 1 and 2 sites"),
        (lambda: Heisenberg([0.5], [1], 1.0), "first has shape .* expected a list of integers"),
        (lambda: Heisenberg([0], [1], [1.0, 2.0]), r"values of shape \(2,\); expected .* \(1,\), or \(\)"),
        (lambda: DzyaloshinskiiMoriya([0], [1], 1.0), r"values of shape \(\); expected .* \(1, 3\), or \(3,\)"),
    ],
)
def test_bad_terms_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


# --- tables


def table(text):
    with open("J.csv", "w") as stream:
        stream.write(text)
    return "J.csv"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_pair_of_a_table_counts_once():
    ring = square_lattice(3)
    spins = random_spins(9, np.random.default_rng(5))
    listed = Heisenberg.load(table("j, i, J, R\n1, 0, 0.5, 1\n0, 1, 0.5, 1\n0, 4, -2, 9\n")).on(ring)
    assert listed.evaluate(spins).energy[0] == pytest.approx(-0.5 * spins[0] @ spins[1] + 2 * spins[0] @ spins[4])
    reverse = DzyaloshinskiiMoriya.load(table("i,j,Dx,Dy,Dz\n0,1,0,0,1\n1,0,0,0,-1\n")).on(ring)
    assert reverse.evaluate(spins).energy[0] == pytest.approx(-np.cross(spins[0], spins[1])[2])


def test_shifts_tell_bonds_of_one_pair_apart():
    ring = lattice("square", (2, 2))
    text = "i,j,J,shift_a,shift_b,shift_c\n0,1,1,0,0,0\n0,1,1,-1,0,0\n1,0,1,1,0,0\n0,0,3,0,1,0\n"
    parallel = np.tile([0.0, 0.0, 1.0], (4, 1))
    assert Heisenberg.load(table(text)).on(ring).evaluate(parallel).energy[0] == pytest.approx(-5.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("i,j\n0,1\n", "column 'J' is missing; it has i, j, expected i, j, J"),
        ("", "column 'i' is missing; it has none"),
        ("i,j,J\n", "holds no pair"),
        ("i,j,J\n0,1,nan\n", "line 2: J = nan; expected a finite number"),
        ("i,j,J\n0,1\n", "line 2: J = nothing; expected a finite number"),
        ("i,j,J\n0,1.5,1\n", "line 2: j = 1.5; expected an integer"),
        ("i,j,J\n0,1,1\n2,2,1\n", "line 3: i = j = 2; expected two sites"),
        ("i,j,J\n0,1,1\n1,0,2\n", r"line 3: J = 2\.0 for sites 1 and 0; expected 1\.0 as in line 2"),
        ("i,j,J\n0,1,1\n\n0,9,1\n", "line 4: sites 0 and 9; expected sites from 0 to 8"),
        ("i,j,J\n-1,1,1\n", "line 2: sites -1 and 1; expected sites from 0 to 8"),
        ("i,j,J\n0,8,1\n", "line 2: sites 0 and 8, of which site 8 carries no spin"),
        ("i,j,J,shift_a\n0,1,1,0\n", "column 'shift_b' is missing"),
        ("i,j,J,shift_a,shift_b,shift_c\n0,1,1,0,0,1\n", r"line 2: sites 0 and 1, \[0, 0, 1\] cells apart"),
    ],
)
def test_bad_tables_name_file_and_line(text, message):
    grid = square_lattice(3)
    magnetic = np.arange(9) < 8
    with pytest.raises(InputError, match=r"^J\.csv: " + message):
        Heisenberg.load(table(text)).on(Structure(grid.positions, grid.cell, magnetic))


# --- closed forms


def moved(force_field, spins, duration, damping=1.0, temperature=0.0, time_step=0.05, **options):
    dynamics = LLG(damping, temperature, time_step, "heun" if temperature else "semi_implicit")
    return quench(force_field, spins, dynamics, duration, seed=1, **options)


ONE = Structure([[0.0, 0.0, 0.0]], 10.0)


def test_a_spin_precesses_and_is_damped_as_in_the_closed_form():
    """phi = phi0 - gamma B t and S_z = tanh(alpha B t + artanh S_z(0))."""
    field, damping = 0.5, 0.2
    run = moved(Zeeman((0, 0, field)).on(ONE), [[[0.8, 0.0, -0.6]]], 12.0, damping, time_step=0.01)
    x, y, z = run.spins[:, 0, 0].T
    np.testing.assert_allclose(np.unwrap(np.arctan2(y, x)), -field * run.times, atol=1e-4)
    np.testing.assert_allclose(z, np.tanh(damping * field * run.times + np.arctanh(-0.6)), atol=1e-5)


@pytest.mark.parametrize("degrees", [10.0, 45.0, 70.0])
def test_stoner_and_wohlfarth_switch_at_their_field(degrees):
    """At an angle psi to the easy axis, B_switch = 2 K (cos^(2/3) psi + sin^(2/3) psi)^(-3/2)."""
    strength, angle = 0.5, np.radians(degrees)
    switching = 2 * strength * (np.cos(angle) ** (2 / 3) + np.sin(angle) ** (2 / 3)) ** -1.5
    direction = -np.array([np.sin(angle), 0.0, np.cos(angle)])
    for scale, sign in ((0.99, 1.0), (1.01, -1.0)):
        grain = UniaxialAnisotropy(strength, (0, 0, 1)).on(ONE) + Zeeman(scale * switching * direction)
        run = moved(grain, [[[0.01, 0.0, 1.0]] / np.sqrt(1.0001)], 200.0)
        assert np.sign(run.spins[-1, 0, 0, 2]) == sign


def test_the_pitch_of_a_spiral_is_arctan_d_over_j():
    """Of all spirals the one with tan q = D / J is stationary, the lowest, and turns about +D."""
    n, exchange = 12, 0.8
    pitch = 2 * np.pi / n
    chain = lattice("square", (n, 1))
    sites, following = np.arange(n), (np.arange(n) + 1) % n
    vector = np.array([0.0, 0.0, exchange * np.tan(pitch)])
    magnet = Heisenberg(sites, following, exchange).on(chain) + DzyaloshinskiiMoriya(sites, following, vector)

    def spiral(turns):
        angle = turns * pitch * sites
        return np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], axis=1)

    energies = magnet.evaluate(np.array([spiral(turns) for turns in range(n)])).energy
    assert np.argmin(energies) == 1
    assert energies[1] == pytest.approx(-n * exchange / np.cos(pitch))  # sqrt(J^2 + D^2) for each bond
    rng = np.random.default_rng(6)
    start = spiral(1) + 0.3 * rng.normal(size=(n, 3))
    run = moved(magnet, [start / np.linalg.norm(start, axis=1)[:, None]], 60.0)
    assert run.energy[-1, 0] == pytest.approx(energies[1])


def test_free_spins_follow_langevin_and_curie():
    """<S_z> = coth(B / T) - T / B, and chi = 1 / (3 T) of a spin where B << T."""
    free, temperature = lattice("square", (40, 40)), 0.5
    start = random_spins(1600, np.random.default_rng(7), 1)
    field = 0.75
    strong = Zeeman((0, 0, field)).on(free)
    times = np.arange(10.0, 51.0, 2.0)
    run = moved(strong, start, 50.0, 1.0, temperature, 0.02, snapshot_times=times)
    ratio = field / temperature
    assert run.spins[..., 2].mean() == pytest.approx(1 / np.tanh(ratio) - 1 / ratio, abs=0.008)
    weak = 0.05  # the same noise with either sign leaves the response alone
    up, down = (
        moved(Zeeman((0, 0, sign * weak)).on(free), start, 20.0, 1.0, temperature).spins[-1, ..., 2].mean()
        for sign in (1.0, -1.0)
    )
    assert (up - down) / (2 * weak) == pytest.approx(1 / (3 * temperature), rel=0.06)
