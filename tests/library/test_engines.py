"""The engines keep their contract, and `check_engine` finds the ones that do not."""

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import ALL_SYMMETRIES, Evaluation, ForceField
from sdglass.forcefields.composite import CommitteeForceField, SumForceField
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import BilinearForceField, heisenberg
from sdglass.forcefields.testing.check import EngineCheckError, check_engine
from sdglass.spins import check_spins, random_spins, torque
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice
from sdglass.structures.neighbours import neighbour_pairs
from sdglass.structures.structure import Structure

MODELS = {
    "gap": SDModel(coupling=6.0, filling=0.5, temperature=1e-3),
    "metal": SDModel(coupling=1.5, filling=0.25, temperature=0.05),
}


@pytest.fixture(scope="module")
def wide_structure():
    """60 sites in a box of 5 ell: larger than two cutoffs of 1.2 ell."""
    return random_sequential_addition(60, 5.0, 0.5, np.random.default_rng(11))


def exchange(structure, cutoff=1.2):
    return heisenberg(structure, 0.1, cutoff)


def status(results):
    return {result.name: "skipped" if result.skipped else result.passed for result in results}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_exact_engine_passes(small_structure, model):
    outcome = status(check_engine(lambda structure: ExactForceField(structure, model), small_structure))
    assert outcome.pop("cutoff") == "skipped"
    assert set(outcome.values()) == {True}


def test_exact_engine_on_a_lattice_passes():
    # t'-bonds: a plane that is not a simple square lattice; 4 x 6 sites, so x and y differ.
    model = SDModel(2.0, 0.4, 0.05, Shells((1.0, 2**0.5), (-1.0, 0.3)))
    check_engine(lambda structure: ExactForceField(structure, model), square_lattice(4, 6))


def test_bilinear_engine_passes_with_nothing_skipped(wide_structure):
    outcome = status(check_engine(exchange, wide_structure))
    assert set(outcome.values()) == {True}
    assert status(check_engine(exchange, wide_structure, dtype="float32")) == outcome


def test_cutoff_beyond_half_the_box_is_accepted(wide_structure):
    # 3.2 > L / 2 = 2.5, but some pairs are still farther apart: the corners of the box are at 4.3.
    assert set(status(check_engine(lambda s: exchange(s, 3.2), wide_structure)).values()) == {True}
    everything = check_engine(lambda s: exchange(s, 4.4), wide_structure)
    assert status(everything)["cutoff"] == "skipped"
    assert "use a larger structure" in next(result.detail for result in everything if result.name == "cutoff")


def test_sums_and_committees_pass(small_structure, wide_structure):
    def sum_of_two(structure):
        return SumForceField([ExactForceField(structure, MODELS["gap"]), exchange(structure)])

    def committee(structure):
        return CommitteeForceField([exchange(structure, cutoff) for cutoff in (0.8, 1.0, 1.3)])

    check_engine(sum_of_two, small_structure)
    assert set(status(check_engine(committee, wide_structure)).values()) == {True}


# Engines that are wrong in one respect ----------------------------------------------------------------


class WrongField(BilinearForceField):
    """A field 1 % too large: a forgotten factor."""

    def evaluate(self, spins):
        result = super().evaluate(spins)
        return Evaluation(result.energy, 1.01 * result.field)


class Mutating(BilinearForceField):
    def evaluate(self, spins):
        result = super().evaluate(spins)
        spins *= -1.0
        return result


class OneBuffer(BilinearForceField):
    """Returns the same arrays every time."""

    buffers = None

    def evaluate(self, spins):
        result = super().evaluate(spins)
        if self.buffers is None or self.buffers[1].shape != result.field.shape:
            self.buffers = (result.energy, result.field)
        for buffer, array in zip(self.buffers, (result.energy, result.field), strict=True):
            buffer[...] = array
        return Evaluation(*self.buffers)


class Drifting(BilinearForceField):
    """Answers depend on how often it was called."""

    calls = 0

    def evaluate(self, spins):
        result = super().evaluate(spins)
        self.calls += 1
        return Evaluation(result.energy + 1e-3 * self.calls, result.field)


class Anisotropic(BilinearForceField):
    """Easy axis: -A sum_i S_z^2, with its own correct field."""

    def evaluate(self, spins):
        result = super().evaluate(spins)
        field = result.field.copy()
        field[..., 2] += 0.02 * spins[..., 2]
        return Evaluation(result.energy - 0.01 * (spins[..., 2] ** 2).sum(axis=-1), field)


class Zeeman(BilinearForceField):
    """Uniform magnetic field, undeclared: breaks rotation and time reversal."""

    def evaluate(self, spins):
        result = super().evaluate(spins)
        return Evaluation(
            result.energy - 0.1 * spins[..., 2].sum(axis=-1), result.field + np.array([0.0, 0.0, 0.1])
        )


class BatchDependent(BilinearForceField):
    """The energy is normalised over the batch, as a layer left in training mode would do."""

    def evaluate(self, spins):
        result = super().evaluate(spins)
        return Evaluation(result.energy - result.energy.mean(), result.field)


class LyingCutoff(BilinearForceField):
    def __init__(self, structure, couplings, cutoff):
        super().__init__(structure, couplings, 0.8 * cutoff)


class Chirality(BilinearForceField):
    """K sum S_i . S_j x S_k over triples of neighbouring site numbers i < j < k that are close together."""

    def __init__(self, structure, couplings, cutoff):
        super().__init__(structure, couplings, cutoff)
        close = structure.distances() < cutoff
        sites = range(structure.n_sites)
        self.triples = np.array(
            [
                (i, j, k)
                for i in sites
                for j in sites[i + 1 :]
                if close[i, j]
                for k in sites[j + 1 :]
                if close[i, k] and close[j, k]
            ]
        ).T

    def evaluate(self, spins):
        result = super().evaluate(spins)
        spins = check_spins(spins, self.structure.n_sites)
        i, j, k = self.triples
        a, b, c = spins[:, i], spins[:, j], spins[:, k]
        energy = 0.02 * np.einsum("rta,rta->r", a, np.cross(b, c))
        field = result.field.copy()
        for sites, gradient in ((i, np.cross(b, c)), (j, np.cross(c, a)), (k, np.cross(a, b))):
            for replica in range(len(spins)):
                np.add.at(field[replica], sites, -0.02 * gradient[replica])
        return Evaluation(result.energy + energy, field)


class DeclaredChirality(Chirality):
    # Triples ordered by site number: relabelling changes their sign.
    symmetries = ALL_SYMMETRIES - {"time_reversal", "permutation"}


class TooModest(BilinearForceField):
    symmetries = ALL_SYMMETRIES - {"time_reversal"}


class TiedToSiteNumbers(BilinearForceField):
    """Weights by site number: a table made for one structure."""

    def evaluate(self, spins):
        result = super().evaluate(spins)
        weight = np.arange(self.structure.n_sites) * 1e-3
        pulled = spins * weight[:, None]
        energy = -0.5 * np.einsum("rna,rna->r", pulled, spins.sum(axis=1, keepdims=True) * np.ones_like(spins))
        field = 0.5 * (pulled.sum(axis=1, keepdims=True) + weight[:, None] * spins.sum(axis=1, keepdims=True))
        return Evaluation(result.energy + energy, result.field + field)


class OpenBoundaries(BilinearForceField):
    """Couples sites without periodic images (rotations of the whole box map its walls onto themselves)."""

    def __init__(self, structure, couplings, cutoff):
        d = np.linalg.norm(structure.positions[:, None] - structure.positions[None], axis=-1)
        super().__init__(structure, sparse.csr_array(0.1 * ((d < cutoff) & (d > 0))), cutoff)


class Uniaxial(BilinearForceField):
    """Couples along x only: no symmetry of the cube."""

    def __init__(self, structure, couplings, cutoff):
        pairs = neighbour_pairs(structure, cutoff)
        weights = np.abs(pairs.vector[:, 0])
        shape = (structure.n_sites, structure.n_sites)
        upper = sparse.csr_array((weights, (pairs.first, pairs.second)), shape=shape)
        super().__init__(structure, upper + upper.T, cutoff)


class Unchecked(BilinearForceField):
    """Accepts any spins."""

    def evaluate(self, spins):
        n = self.structure.n_sites
        field = -np.einsum("ij,rja->ria", self.couplings.toarray(), np.asarray(spins)[:, :n])
        return Evaluation(0.5 * -np.einsum("rna,rna->r", np.asarray(spins)[:, :n], field), field)


class ConstantEnergy(BilinearForceField):
    """Spins do not matter, so a cutoff is not what it has."""

    def evaluate(self, spins):
        spins = check_spins(spins, self.structure.n_sites)
        return Evaluation(np.ones(len(spins)), np.zeros(spins.shape))


class SinglePrecision(BilinearForceField):
    def evaluate(self, spins):
        result = super().evaluate(spins)
        return Evaluation(result.energy.astype(np.float32), result.field.astype(np.float32))


class FlatEnergy(BilinearForceField):
    def evaluate(self, spins):
        result = super().evaluate(spins)
        return Evaluation(result.energy[:, None], result.field)


class NotANumber(BilinearForceField):
    def evaluate(self, spins):
        result = super().evaluate(spins)
        return Evaluation(result.energy * np.nan, result.field)


class Misspelt(BilinearForceField):
    symmetries = frozenset({"spin rotation"})


class OtherStructure(BilinearForceField):
    def __init__(self, structure, couplings, cutoff):
        super().__init__(Structure(structure.positions, structure.box * 2), couplings, cutoff)


class Crashing(BilinearForceField):
    def evaluate(self, spins):
        raise RuntimeError("weights are missing")


def make(kind):
    return lambda structure: kind(structure, exchange(structure).couplings, 1.2)


# Engine, the checks that fail (all of them and no others, but for the engines whose answers hang on
# what else they were asked), what the message says.
MUTANTS = [
    (WrongField, {"finite_differences"}, "is the field -dE/dS"),
    (Mutating, {"no_mutation"}, r"changed its argument, first at spins\[0, 0\]"),
    (OneBuffer, {"repeatable"}, "overwrote"),
    (Drifting, {"repeatable", "batch", "single_configuration"}, "the same spins again"),
    (Anisotropic, {"spin_rotation"}, "rotated"),
    (Zeeman, {"spin_rotation", "time_reversal"}, "reversed"),
    (BatchDependent, {"batch"}, "one by one"),
    (LyingCutoff, {"cutoff"}, "farther than the declared cutoff of 0.96 ell"),
    (Chirality, {"time_reversal", "permutation"}, "reversed"),
    (TooModest, {"time_reversal"}, "add 'time_reversal' to the force field's symmetries"),
    (TiedToSiteNumbers, {"permutation", "cutoff"}, "relabelled"),
    (OpenBoundaries, {"translation"}, "translated"),
    (Uniaxial, {"space_rotation"}, "new axes"),
    (Unchecked, {"rejection"}, "one site too many is accepted.*a spin of length 2 is accepted.*NaN is accepted"),
    (ConstantEnergy, {"cutoff"}, "declare cutoff = 0"),
    (SinglePrecision, {"shapes"}, "energy is float32; expected float64"),
    (FlatEnergy, {"shapes"}, r"energy has shape \(3, 1\); expected \(3,\)"),
    (NotANumber, {"shapes"}, "energy is not finite"),
    (Misspelt, {"declarations"}, "'spin rotation' is unknown"),
    (OtherStructure, {"declarations"}, "not the structure"),
    (Crashing, {"shapes"}, "RuntimeError: weights are missing"),
]


@pytest.mark.parametrize(("kind", "expected", "words"), MUTANTS, ids=[kind.__name__ for kind, _, _ in MUTANTS])
def test_a_wrong_engine_is_caught_by_name(wide_structure, kind, expected, words):
    results = check_engine(make(kind), wide_structure, raise_on_failure=False)
    failed = {result.name for result in results if not result.passed}
    if kind in (Drifting, BatchDependent):
        assert expected <= failed
    else:
        assert failed == expected
    with pytest.raises(EngineCheckError, match=words) as caught:
        check_engine(make(kind), wide_structure)
    assert isinstance(caught.value, AssertionError)
    assert f"{kind.__name__} fails {len(failed)} of" in str(caught.value)
    assert all(f"{name}: FAILED" in str(caught.value) for name in failed)


def test_a_one_percent_error_shows_in_single_precision_too(wide_structure):
    with pytest.raises(EngineCheckError, match="finite_differences"):
        check_engine(make(WrongField), wide_structure, dtype="float32")
    assert set(status(check_engine(make(SinglePrecision), wide_structure, dtype="float32")).values()) == {True}


def test_broken_time_reversal_may_be_declared(wide_structure):
    outcome = status(check_engine(make(DeclaredChirality), wide_structure))
    assert outcome["time_reversal"] is True
    assert outcome["permutation"] == "skipped"


@pytest.mark.parametrize(("option", "words"), [({"dtype": "half"}, "'half'"), ({"n_replicas": 1}, "at least 2")])
def test_bad_arguments_of_the_check_are_refused(wide_structure, option, words):
    with pytest.raises(InputError, match=words):
        check_engine(exchange, wide_structure, **option)


# The engines' own numbers ------------------------------------------------------------------------------


def test_pooled_labels_are_bitwise_those_of_one_process(small_structure):
    spins = random_spins(small_structure.n_sites, np.random.default_rng(5), 9)
    with threadpool_limits(1):
        alone = ExactForceField(small_structure, MODELS["metal"]).evaluate(spins)
    with ExactForceField(small_structure, MODELS["metal"], workers=2) as force_field:
        pooled = force_field.evaluate(spins)
    np.testing.assert_array_equal(pooled.energy, alone.energy)
    np.testing.assert_array_equal(pooled.field, alone.field)


def test_exact_engine_gives_free_energies_and_fields(small_structure):
    force_field = ExactForceField(small_structure, MODELS["metal"])
    spins = random_spins(small_structure.n_sites, np.random.default_rng(6), 2)
    result = force_field.evaluate(spins)
    state = solve(force_field.electrons, spins[1], MODELS["metal"])
    assert result.energy[1] == pytest.approx(state.free_energy, abs=1e-12)
    np.testing.assert_allclose(result.field[1], state.local_field, atol=1e-12)
    empty = force_field.evaluate(spins[:0])
    assert empty.energy.shape == (0,)
    assert empty.field.shape == (0, small_structure.n_sites, 3)


def test_heisenberg_energy_counts_each_pair_once(wide_structure):
    force_field = heisenberg(wide_structure, 0.3, 1.0)
    spins = random_spins(60, np.random.default_rng(7))
    distances = wide_structure.distances()
    energy = sum(0.3 * spins[i] @ spins[j] for i in range(60) for j in range(i + 1, 60) if distances[i, j] <= 1.0)
    assert force_field.evaluate(spins[None]).energy[0] == pytest.approx(energy, abs=1e-12)
    shifted = BilinearForceField(wide_structure, force_field.couplings, 1.0, constant=5.0)
    assert shifted.evaluate(spins[None]).energy[0] == pytest.approx(energy + 5.0, abs=1e-12)


def test_antiferromagnetic_exchange_lowers_antiparallel_neighbours():
    lattice = square_lattice(4)
    neel = np.zeros((1, 16, 3))
    neel[0, :, 2] = (-1.0) ** lattice.positions[:, :2].sum(axis=1)
    force_field = heisenberg(lattice, 1.0, 1.0)
    assert force_field.evaluate(neel).energy[0] == pytest.approx(-2 * 16)
    np.testing.assert_allclose(force_field.evaluate(neel).field, 4 * neel, atol=1e-14)


def test_sum_and_committee_arithmetic(wide_structure):
    parts = [exchange(wide_structure, cutoff) for cutoff in (0.8, 1.0, 1.3)]
    spins = random_spins(60, np.random.default_rng(8), 2)
    results = [part.evaluate(spins) for part in parts]
    total = SumForceField(parts)
    np.testing.assert_allclose(total.evaluate(spins).field, sum(r.field for r in results), atol=1e-14)
    assert total.cutoff == 1.3
    committee = CommitteeForceField(parts).evaluate(spins)
    np.testing.assert_allclose(committee.energy, np.mean([r.energy for r in results], axis=0), atol=1e-13)
    np.testing.assert_allclose(
        committee.field_spread, np.std([r.field for r in results], axis=0, ddof=1), atol=1e-13
    )
    torques = [torque(spins, r.field) for r in results]
    np.testing.assert_allclose(committee.torque_spread, np.std(torques, axis=0, ddof=1), atol=1e-13)
    single = CommitteeForceField(parts[:1]).evaluate(spins)
    np.testing.assert_array_equal(single.field_spread, 0.0)


def test_symmetries_of_a_sum_are_those_that_all_parts_have(wide_structure):
    parts = [exchange(wide_structure), make(DeclaredChirality)(wide_structure)]
    assert SumForceField(parts).symmetries == DeclaredChirality.symmetries
    assert CommitteeForceField(parts).symmetries == DeclaredChirality.symmetries
    assert isinstance(parts[0], ForceField)


def test_engines_on_different_structures_do_not_add(wide_structure, small_structure):
    for kind in (SumForceField, CommitteeForceField):
        with pytest.raises(InputError, match="different structures"):
            kind([exchange(wide_structure), exchange(small_structure)])
        with pytest.raises(InputError, match="at least one"):
            kind([])
