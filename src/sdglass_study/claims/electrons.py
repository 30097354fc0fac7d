"""Claims about the electrons and the couplings they mediate (paper Sec. IV, Figs. 1 and 2, Eqs. 2, 15)."""

from functools import partial

import numpy as np

from sdglass.errors import InputError
from sdglass_study.claims import Measured, claim, grade
from sdglass_study.text import learned_model

# Largest J that counts as weak [t0]: a hundredth of the band width.
WEAK_COUPLING = 0.1
_claim = partial(claim, order=1)


def _quantity(tables, quantity, system):
    row = tables.row("electrons", quantity=quantity, system=system)
    return float(row["value"]), float(row["standard_error"])


def _free_systems(tables):
    """Names of the systems without coupling in the paper's box."""
    frame = tables["electrons"]
    free = frame[(frame["coupling"] == 0) & (frame["quantity"] == "dos_at_fermi_level")]
    smallest = free["box_length"].min()
    return list(free[free["box_length"] == smallest]["system"])


@_claim(
    id="dos-peak",
    statement="At J = 0 the density of states has a pronounced peak near the Fermi level",
    where="peak at E_F (Fig. 2)",
    rule="reproduced if for both readings of Fig. 2 the peak is within 0.5 t0 of E_F and rho(E_F) at least half of it",
    target="fig2",
    tables="electrons",
    note="The caption of Fig. 2 says N = 100, its text N = 500, both at L = 5 ell; both are made",
)
def dos_peak(tables):
    """Place of the maximum of the density of states at J = 0, and its value at the Fermi level relative to it."""
    found, limits, good = [], [], []
    for system in _free_systems(tables):
        position, error = _quantity(tables, "peak_position", system)  # measured from the Fermi level
        share = _quantity(tables, "dos_at_fermi_level", system)[0] / _quantity(tables, "dos_maximum", system)[0]
        good.append(abs(position) <= 0.5 and share >= 0.5)
        found.append(f"{system}: peak at E - E_F = {position:+.2f} t0, rho(E_F) is {share:.0%} of it")
        limits.append(f"{system}: standard error of the position {error:.2g} t0")
    return Measured(found, limits, grade(all(good), any(good)))


@_claim(
    id="dos-gapless",
    statement="At J = 0 the density of states at the Fermi level is not zero: the electrons are gapless",
    where="rho(E_F) > 0 (Fig. 2)",
    rule="reproduced if rho(E_F) exceeds five standard errors and the spacing at E_F is below three mean spacings",
    target="fig2",
    tables="electrons",
    note="True of J = 0 only, see the next row",
)
def dos_gapless(tables):
    """Density of states and level spacing at the Fermi level at J = 0."""
    found, limits, good = [], [], []
    for system in _free_systems(tables):
        level, error = _quantity(tables, "dos_at_fermi_level", system)
        gap, spacings = (_quantity(tables, name, system)[0] for name in ("gap", "gap_in_level_spacings"))
        good.append(level > 5 * error and spacings < 3)
        found.append(
            f"{system}: rho(E_F) = {level:.3f} / t0, level spacing there {gap:.3g} t0 = {spacings:.1f} mean spacings"
        )
        limits.append(f"{system}: standard error of rho(E_F) {error:.2g}")
    return Measured(found, limits, grade(all(good), any(good)))


@_claim(
    id="metallic",
    statement="The simulated spin glass is metallic: gapless electrons mediate the interaction",
    where="title, abstract and Sec. IV; the density of states is shown for J = 0 only",
    rule="reproduced if the gap at the study's coupling is below 0.05 t0, partly if below 0.5 t0",
    target="fig2",
    tables="electrons",
    note="With the study's parameters as they stand in the table; other fillings can be metallic",
)
def gap_at_strong_coupling(tables):
    """Gap of the electrons that are actually simulated, with random spins."""
    frame = tables["electrons"]
    row = frame[(frame["coupling"] != 0) & (frame["quantity"] == "gap")].iloc[0]
    gap, error = float(row["value"]), float(row["standard_error"])
    return Measured(
        f"gap of {gap:.2f} t0 at J = {row['coupling']:g} t0 with random spins",
        f"standard error {error:.2g} t0 over {int(row['samples'])} configurations",
        grade(gap < 0.05, gap < 0.5),
    )


@_claim(
    id="extended-states",
    statement="Electron states in the middle of the band are extended",
    where="likely delocalized (after its ref. 78)",
    rule="reproduced if the spacing ratio is on the extended side of the midpoint by three standard errors and the "
    "exponent at fixed density above 0.7; partly if one holds, or the exponent is above 0.5",
    target="fig2",
    tables="electrons",
    note="Two sizes bound no localisation length: the states are extended over these boxes",
)
def extended_states(tables):
    """Participation of states against the number of sites, and statistics of their spacings."""
    from sdglass.electrons.spectra import SPACING_RATIO_GOE, SPACING_RATIO_POISSON

    exponent = tables.row("electrons", quantity="participation_exponent_middle")
    shares = tables.rows("electrons", quantity="participation_ratio_middle")
    small, large = shares.iloc[0], shares[shares["box_length"] == exponent["box_length"]].iloc[0]
    ratio = tables.row("electrons", quantity="spacing_ratio_middle", system=large["system"])
    middle = 0.5 * (SPACING_RATIO_GOE + SPACING_RATIO_POISSON)
    repulsion = ratio["value"] - 3 * ratio["standard_error"] > middle
    return Measured(
        f"number of sites in a state grows as N^{exponent['value']:.2f} (extended 1, localised 0): {small['value']:.0%} "
        f"of N = {int(small['n_sites'])}, {large['value']:.0%} of N = {int(large['n_sites'])}; spacing ratio "
        f"{ratio['value']:.3f} (extended {SPACING_RATIO_GOE:.3f}, localised {SPACING_RATIO_POISSON:.3f})",
        f"standard errors {exponent['standard_error']:.2g} of the exponent, {ratio['standard_error']:.2g} of the ratio",
        grade(repulsion and exponent["value"] > 0.7, repulsion or exponent["value"] > 0.5),
    )


@_claim(
    id="superexchange",
    statement="Second-order perturbation gives an antiferromagnetic J_eff = t^2 / J",
    where="J_eff J / t^2 = 1, positive",
    rule="reproduced if within 5 % of 1; partly if sign and scaling with t^2 / J hold but the factor differs",
    target="two_site.csv",
    tables="two_site",
    note="The energy of a pair is (t^2 / 2J) S1 . S2: half of the printed value",
)
def effective_exchange(tables):
    """Coupling of two sites at half filling and large J, in units of t^2 / J."""
    frame = tables["two_site"]
    largest = frame[frame["coupling"] == frame["coupling"].max()]
    ratio = largest["ratio_to_t2_over_J"]
    value, spread = float(ratio.mean()), float(ratio.max() - ratio.min())
    at_six = frame.iloc[(frame["coupling"] - 6.0).abs().argsort()[:1]].iloc[0]
    return Measured(
        f"{value:.4f} per pair at J = {frame['coupling'].max():g} t0; {at_six['ratio_to_t2_over_J']:.4f} at "
        f"J = {at_six['coupling']:g} t0",
        f"exact two-site solution; spread over distances {spread:.1g}",
        grade(abs(value - 1) < 0.05, value > 0 and spread < 0.05),
    )


def _network_couplings(tables):
    frame = tables["couplings"]
    model = learned_model(name for name in dict.fromkeys(frame["model"]) if name != "second-order")
    return tables.rows("couplings", model=model).sort_values("distance")


@_claim(
    id="antiferromagnetic",
    statement="The effective interaction is predominantly antiferromagnetic at short distances",
    where="J > 0 at small R",
    rule="reproduced if the 16 % quantile of the network's couplings is positive in every bin below 1 ell",
    target="couplings",
    tables="couplings",
    note="Couplings are slopes dE/db of the trained network at random spins, Eq. 15",
)
def antiferromagnetic_at_short_distance(tables):
    """Learned couplings of near pairs."""
    network = _network_couplings(tables)
    short = network[network["distance"] < 1.0]
    if short.empty:
        raise InputError("couplings.csv: no pairs closer than 1 ell")
    share = float(np.average(short["low"] > 0, weights=short["pairs"]))
    value = float(np.average(short["coupling"], weights=short["pairs"]))
    return Measured(
        f"mean coupling of pairs closer than 1 ell: {value:.4f} t0",
        f"spread over pairs {float(short['low'].min()):.4f} to {float(short['high'].max()):.4f} t0 (16 to 84 % in a bin)",
        grade(share > 0.99 and value > 0, value > 0),
    )


@_claim(
    id="rkky-strong",
    statement="RKKY-type perturbation theory (Eq. 2) cannot be applied at J = 6 t0",
    where="not applicable",
    rule="reproduced if the first three miss more than half of the torque, partly if at least one does",
    target="rkky",
    tables="rkky",
)
def rkky_at_strong_coupling(tables):
    """Torque error of RKKY (Eq. 2) at the largest J."""
    strongest = tables["rkky"]["coupling"].max()
    free, positive, fitted, pair, second = (
        tables.row("rkky", coupling=strongest, model=model)
        for model in ("rkky", "rkky-positive", "rkky-fitted-kf", "pair", "second-order-scaled")
    )
    errors = [row["relative_torque_error"] for row in (free, positive, second)]
    sign = "negative" if fitted["amplitude"] < 0 else "positive"
    return Measured(
        f"relative torque error at J = {strongest:g} t0: {errors[0]:.2f} with free-electron k_F, {errors[1]:.2f} with k_F "
        f"fitted and A > 0 as in Eq. 2, {errors[2]:.2f} second order with the actual electrons and one fitted factor; "
        f"{fitted['relative_torque_error']:.2f} if k_F and the sign of A are free (A is {sign})",
        "standard errors " + ", ".join(f"{row['standard_error']:.2g}" for row in (free, positive, second, fitted)),
        grade(min(errors) > 0.5, max(errors) > 0.5),
        f"The last is a decaying curve of the wrong sign, no longer Eq. 2. Any function of the distance, fitted, misses "
        f"{pair['relative_torque_error']:.0%} of the torque: not perturbative in J does not mean not pairwise",
    )


@_claim(
    id="rkky-weak",
    statement="At weak coupling the interaction is of the RKKY form of Eq. 2",
    where="applicable (Sec. II)",
    rule="reproduced if Eq. 2 with fitted amplitude leaves less than 20 % of the torque at some J <= 0.1 t0 (or the "
    "least J of the study), partly below 50 %",
    target="rkky",
    tables="rkky",
    note="Perturbation theory holds for J below the level spacing, but its couplings depend on the surroundings of a "
    "pair, not on R alone",
)
def rkky_at_weak_coupling(tables):
    """Least torque error of RKKY (Eq. 2) at small J."""
    frame = tables["rkky"]
    weak = frame[frame["coupling"] <= max(WEAK_COUPLING, frame["coupling"].min())]
    form = weak[weak["model"].isin(["rkky", "rkky-positive"])].sort_values("relative_torque_error").iloc[0]
    second = tables.rows("rkky", model="second-order").sort_values("relative_torque_error").iloc[0]
    error = form["relative_torque_error"]
    return Measured(
        f"best relative torque error of Eq. 2 for J <= {weak['coupling'].max():g} t0: {error:.2f} "
        f"(J = {form['coupling']:g} t0); second order with the actual electrons: "
        f"{second['relative_torque_error']:.3f} at J = {second['coupling']:g} t0",
        f"standard errors {form['standard_error']:.2g} and {second['standard_error']:.2g}",
        grade(error < 0.2, error < 0.5),
    )


@_claim(
    id="learned-couplings",
    statement="The pair couplings of Eq. 15 resemble RKKY: large at contact, changing sign with distance",
    where="similar to RKKY (Sec. III B)",
    rule="reproduced if J is positive at contact and a bin exists in which 84 % of the couplings are negative; "
    "partly if only the first holds",
    target="couplings",
    tables="couplings",
    note="One network of the committee on unseen structures, random spins. The descriptor ends at R_c, where every "
    "coupling goes to zero: a change of sign beyond it cannot be seen",
)
def learned_couplings(tables):
    """The J_ij of Eq. 15, extracted from the network, against distance."""
    network = _network_couplings(tables)
    contact = network.iloc[0]
    second = tables.rows("couplings", model="second-order").sort_values("distance").iloc[0]
    least = network.loc[network["coupling"].idxmin()]
    changes = (network["high"] < 0).any()
    return Measured(
        f"J = {contact['coupling']:.4f} t0 at R = {contact['distance']:.2f} ell (t^2 / 2J: {second['coupling']:.4f}); "
        f"least J = {least['coupling']:.1e} t0 at {least['distance']:.2f} ell",
        f"16 to 84 % of the pairs there: {least['low']:.1e} to {least['high']:.1e} t0",
        grade(contact["coupling"] > 0 and changes, contact["coupling"] > 0),
    )
