"""Checks of the symmetries and of the cutoff that a force field declares."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from sdglass.forcefields.testing.case import Skip, check
from sdglass.spins import random_spins

# Two elements that generate all 48 rotations and reflections that keep box edges along the axes, as
# (axis each new coordinate is taken from, its sign): rotoinversion about (1, 1, 1), 90 degrees about z.
BOX_ROTATIONS = (([1, 2, 0], [-1.0, -1.0, -1.0]), ([1, 0, 2], [-1.0, 1.0, 1.0]))
# Sites whose field is watched while everything beyond the cutoff turns.
MAX_PROBES = 32


def _declared(case, symmetry):
    if symmetry not in case.force_field.symmetries:
        raise Skip("not declared")


@check
def _spin_rotation(case):
    _declared(case, "spin_rotation")
    rotation = Rotation.from_quat(case.rng("rotation").standard_normal(4)).as_matrix()
    found = case.evaluate(case.spins @ rotation.T)
    detail = "all spins rotated by one random rotation: same energy, rotated field"
    return case.equal(found, (case.energy, case.field @ rotation.T), detail)


@check
def _time_reversal(case):
    found, expected = case.evaluate(-case.spins), (case.energy, -case.field)
    if "time_reversal" in case.force_field.symmetries:
        return case.equal(found, expected, "all spins reversed: same energy, reversed field")
    deviation, allowed = case.deviation(*found, *expected), case.tolerance.equal
    if deviation > allowed:
        return True, deviation, allowed, "not declared, and really broken: it has to exceed what is allowed"
    detail = "not declared, but it holds: add 'time_reversal' to the force field's symmetries"
    return False, deviation, allowed, detail


def _moved(case, structure, order=None):
    """Return the force field's answer on a moved structure, with the spins in the order of its sites."""
    force_field = case.factory(structure)
    return case.evaluate(case.spins if order is None else case.spins[:, order], force_field)


@check
def _translation(case):
    _declared(case, "translation")
    shift = case.rng("translation").random(3) @ case.structure.cell
    found = _moved(case, replace(case.structure, positions=case.structure.positions + shift))
    return case.equal(found, (case.energy, case.field), "all sites translated by a random vector")


@check
def _space_rotation(case):
    _declared(case, "space_rotation")
    outcomes = []
    for axes, signs in BOX_ROTATIONS:
        found = _moved(case, _turned(case.structure, axes, signs))
        detail = f"sites and box turned, new axes {axes} with signs {signs}: same energy and field"
        outcomes.append(case.equal(found, (case.energy, case.field), detail))
    return max(outcomes, key=lambda outcome: outcome[1])


def _turned(structure, axes, signs):
    """Return a structure whose coordinates are others, with signs."""
    positions = structure.positions[:, axes] * signs
    if structure.orthorhombic:  # whose vectors are their lengths alone
        return replace(structure, positions=positions, cell=structure.box[axes], pbc=structure.pbc[axes])
    return replace(structure, positions=positions, cell=structure.cell[:, axes] * signs)


@check
def _permutation(case):
    _declared(case, "permutation")
    sites = case.rng("permutation").permutation(case.structure.n_sites)
    order = (np.cumsum(case.structure.magnetic) - 1)[sites[case.structure.magnetic[sites]]]
    found = _moved(case, case.structure.subset(sites), order)
    return case.equal(found, (case.energy, case.field[:, order]), "sites relabelled: the field follows")


@check
def _cutoff(case):
    cutoff = case.force_field.cutoff
    if np.isinf(cutoff):
        raise Skip("the force field declares no cutoff")
    distances = case.structure.moments.distances()
    beyond = distances > cutoff * (1 + 1e-9)
    inside = ~beyond & (distances > 0)
    probes = np.flatnonzero(beyond.any(axis=1))
    if len(probes) == 0:
        raise Skip(f"no pair of sites is farther apart than the cutoff of {cutoff:g} ell: use a larger structure")
    rng = case.rng("cutoff")
    probes = rng.permutation(probes)[:MAX_PROBES]
    others = random_spins(case.structure.n_spins, rng, len(probes))

    def change(turned):
        """Return how much each probe's field changes when the spins in `turned` (P, N) are replaced."""
        _, field = case.evaluate(np.where(turned[probes][:, :, None], others, case.spins[0]))
        watched = field[np.arange(len(probes)), probes] - case.field[0, probes]
        return np.abs(watched).max() / case.field_scale

    outside, allowed = change(beyond), case.tolerance.equal
    if outside > allowed:
        detail = f"the field of a site changes with spins farther than the declared cutoff of {cutoff:g} ell"
        return False, outside, allowed, detail
    if inside[probes].any() and change(inside) <= allowed:
        detail = f"no field changes with the spins inside the cutoff of {cutoff:g} ell: declare cutoff = 0"
        return False, outside, allowed, detail
    return True, outside, allowed, f"spins farther than {cutoff:g} ell turned, {len(probes)} sites watched"
