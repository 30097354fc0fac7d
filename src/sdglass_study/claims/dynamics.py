"""Claims about the relaxation after a quench (paper Sec. IV, Figs. 4 and 5)."""

from functools import partial

import numpy as np

from sdglass_study.claims import Measured, claim, grade
from sdglass_study.paper import DAMPING
from sdglass_study.psi_choices import main_ensembles
from sdglass_study.text import BASELINES, learned_model, rounded, run_words

# Differences of C up to this are hidden by a symbol of Fig. 4.
SYMBOL_SIZE = 0.02
# Overlap with the spins one step of the logarithmic grid earlier, above which they stand still.
STILL = 0.9
_claim = partial(claim, order=3)


def _dampings(tables):
    """Return [(run, damping)]: the paper's damping first, and the larger one."""
    runs = tables["fig4_events"][["run", "damping"]].drop_duplicates().sort_values("damping")
    return list(runs.itertuples(index=False, name=None))


def _exact_of_fig4(tables, name):
    """Return the exact quenches of Fig. 4 in a table: those of the large box have a few replicas only."""
    frame = tables.rows(name, model="exact")
    return frame[frame["ensemble"].isin(tables["fig4_events"]["run"])]


def _stated(dampings, good):
    """Return whether the run with the damping that the paper states is there, and `good`, one per run, says yes."""
    return any(yes for (_, damping), yes in zip(dampings, good, strict=True) if damping == DAMPING)


def _event(tables, run, quantity, model="exact"):
    row = tables.row("fig4_events", run=run, model=model, quantity=quantity)
    return float(row["value"]), float(row["low"]), float(row["high"])


def _time(value, low=np.nan, high=np.nan):
    return f"t = {rounded(value, low, high)[0]}" if np.isfinite(value) else "not reached"


def _signed(value, low, high):
    """Return a value with its sign, to the digits of its interval."""
    return rounded(value, low, high, signed=True)[0]


@_claim(
    id="ml-equals-ed",
    statement="C(r, t) from ML-LLG agrees with ED-LLG",
    where="agree well (Fig. 4)",
    rule="reproduced if at the last time, where they are largest, the differences have an rms of at most "
    f"{SYMBOL_SIZE:g} (the size of a plot symbol) and none at any time exceeds 0.1; partly if the rms is at most 0.05",
    target="fig4",
    tables="fig4_events",
    note="Same initial spins and the same noise for both, so differences are those of the fields, and may be significant "
    "though too small to matter",
)
def learned_correlations(tables):
    """Differences of C(r, t) between learned and exact fields."""
    model = learned_model(dict.fromkeys(tables["fig4_events"]["model"]))
    if model is None:
        return None
    found, limits, late, largest = [], [], [], []
    for run, damping in _dampings(tables):
        rms, worst, end, noise = (
            _event(tables, run, f"difference_{name}", model)[0]
            for name in ("rms", "max", "late_rms", "late_noise")
        )
        pair = _event(tables, run, "difference_late_rms", "pair")[0]
        late.append(end)
        largest.append(worst)
        found.append(
            f"alpha = {damping:g}: rms difference {rms:.4f} over all times, {end:.4f} at the last (pair model {pair:.4f}), "
            f"largest {worst:.3f}"
        )
        limits.append(f"alpha = {damping:g}: paired error {noise:.4f} of a point at the last time")
    good = max(late) <= SYMBOL_SIZE and max(largest) <= 0.1
    return Measured(found, limits, grade(good, max(late) <= 0.05))


@_claim(
    id="ml-equals-ed-large",
    statement="C(r, t) and xi(t) from ML-LLG agree with ED-LLG at the size of Fig. 5 as well",
    where="used for Fig. 5, not compared with exact dynamics there",
    rule="for every network, at the last shared time: reproduced if the rms difference of C over the bins is at most "
    f"{SYMBOL_SIZE:g}, and xi differs by at most 0.01 ell or its interval holds zero; partly if the rms is at most 0.05",
    target="fig5_control",
    tables="fig5_paired fig5_difference",
    note="Same realizations, initial states and noise for both; |C| of so few trajectories is biased by noise, which is "
    "why xi is compared in pairs and not with Fig. 5",
)
def learned_correlations_large(tables):
    """Differences of C(r, t) and xi between learned and exact fields in the large box.

    No claim where no exact quench of that size was run.
    """
    numbers, curves = tables["fig5_paired"], tables["fig5_difference"]
    numbers = numbers[(numbers["reference"] == "exact") & (numbers["quantity"] == "xi_naive")]
    if numbers.empty:
        return None
    # The networks stand for ML-LLG; without one, whatever is there.
    networks = set(numbers["model"]) - set(BASELINES) or set(numbers["model"])
    found, limits, good, near = [], [], [], []
    for (ensemble, model), rows in numbers.groupby(["ensemble", "model"], sort=False):
        last = rows.sort_values("time").iloc[-1]
        curve = curves[(curves["ensemble"] == ensemble) & (curves["reference"] == "exact")]
        curve = curve[curve["time"] == last["time"]].dropna(subset="difference")
        rms, noise = (float(np.sqrt(np.mean(curve[name] ** 2))) for name in ("difference", "error"))
        if model in networks:
            same_length = abs(last["difference"]) <= 0.01 or last["low"] <= 0 <= last["high"]
            good.append(rms <= SYMBOL_SIZE and same_length)
            near.append(rms <= 0.05)
        found.append(
            f"{tables.label(model)}, alpha = {last['damping']:g}, t = {last['time']:.0f}: rms difference of C {rms:.4f}; xi "
            f"differs by {_signed(last['difference'], last['low'], last['high'])} ell (exact {last['reference_value']:.3f}), "
            f"over {last['realizations']:.0f} realizations x {last['replicas']:.0f} initial states"
        )
        limits.append(
            f"{tables.label(model)}: paired error {noise:.4f} of a point of C, "
            f"{tables.interval(last['low'], last['high'])} ell for xi"
        )
    return Measured(found, limits, grade(all(good), all(near)))


@_claim(
    id="magnetization",
    statement="The ensemble-averaged magnetization stays nearly zero",
    where="m about 0",
    rule="reproduced if |m| never exceeds three standard errors and 0.1, partly if it stays below 0.2",
    target="freezing",
    tables="freezing fig4_events",
    note="Norm of the mean over all replicas and realizations; ED-LLG",
)
def magnetization(tables):
    """Largest magnetization, and in units of its error."""
    frame = _exact_of_fig4(tables, "freezing")
    excess = float((frame["magnetization"] / frame["magnetization_error"]).max())
    last = frame.sort_values("time").iloc[-1]
    largest = float(frame["magnetization"].max())
    return Measured(
        f"|m| = {last['magnetization']:.4f} per spin at the end, at most {largest:.4f} at any time",
        f"standard error {last['magnetization_error']:.4f}; largest ratio to its error {excess:.1f}",
        grade(excess <= 3 and largest < 0.1, largest < 0.2),
    )


@_claim(
    id="subtraction",
    statement="The subtracted term <S_i> . <S_j> of Eq. 20 is negligible",
    where="m about 0, C = <S_i . S_j>",
    rule="reproduced if the rms over bins is within two standard errors of zero and the mean below 0.01; partly if "
    "below 20 % of |C|",
    target="disconnected",
    tables="disconnected fig4_events",
    note="Unbiased estimate from different replicas of the same structure",
)
def subtraction(tables):
    """The second term of Eq. 20 at the end of the quenches."""
    frame = _exact_of_fig4(tables, "disconnected")
    last = frame[frame["time"] == frame.groupby("ensemble")["time"].transform("max")]
    value = float(np.sqrt(np.nanmean(last["disconnected"] ** 2)))
    error = float(np.sqrt(np.nanmean(last["standard_error"] ** 2)))
    share = value / float(np.nanmax(np.abs(last["correlation"])))
    mean, spread = float(np.nanmean(last["disconnected"])), error / np.sqrt(len(last))
    return Measured(
        f"mean over pairs {round(mean, 4) + 0.0:.4f}; rms over distance bins {value:.4f}, {share:.1%} of the largest |C|",
        f"standard error of a bin {error:.4f} over realizations, of the mean about {spread:.4f}",
        grade(value <= 2 * error and abs(mean) < 0.01, share < 0.2),
    )


@_claim(
    id="freezing",
    statement="The relaxation slows down and the system freezes in a local minimum",
    where="freezing of spin dynamics",
    rule="reproduced if for both dampings the torque falls below half, the last half of the run gives less than 10 % of the "
    f"energy gained, and the overlap over a factor 1.26 in time exceeds {STILL:g}; partly if for one",
    target="freezing",
    tables="freezing fig4_events",
    note="The temperature keeps a residual torque, and weakly damped spins go on precessing; ED-LLG",
)
def freezing(tables):
    """Torque, energy gain, and how far the spins still turn late in the quenches."""
    found, limits, good = [], [], []
    for run, damping in _dampings(tables):
        frame = tables.rows("freezing", ensemble=run, model="exact").sort_values("time")
        first, last = frame.iloc[0], frame.iloc[-1]
        middle = frame.iloc[(frame["time"] - last["time"] / 2).abs().argsort().iloc[0]]
        fallen, error = (last[name] / first["torque_rms"] for name in ("torque_rms", "torque_rms_error"))
        gain = (last["energy_per_site"] - middle["energy_per_site"]) / last["energy_per_site"]
        # Overlaps are comparable at a fixed ratio of the two times only: that of the logarithmic grid.
        grid = frame[(frame["ratio"] > 1.2) & (frame["ratio"] < 1.32)]
        end = (grid if len(grid) else frame).iloc[-1]
        good.append(fallen < 0.5 and gain < 0.1 and end["step_overlap"] > STILL)
        found.append(
            f"alpha = {damping:g}: torque falls to {fallen:.0%}, the last half of the time holds {gain:.1%} of the energy gain, "
            f"overlap of the spins at t = {end['time']:.0f} with those at t / 1.26 is {end['step_overlap']:.3f}"
        )
        limits.append(f"alpha = {damping:g}: standard error of the torque ratio {error:.3f}")
    return Measured(found, limits, grade(all(good), any(good)))


@_claim(
    id="contact",
    statement="C(r_min) reaches -0.4 by t = 30",
    where="-0.4 at t <= 30",
    rule="reproduced if reached by t = 36 (30 plus a fifth) with the stated damping 0.05; depends on the damping if "
    "only with the larger one",
    target="fig4",
    tables="fig4_events",
    note="The damping sets the clock: times scale roughly with its inverse",
)
def contact(tables):
    """Time at which the correlation at contact reaches -0.4."""
    found, limits, early = [], [], []
    for run, damping in _dampings(tables):
        value, low, high = _event(tables, run, "contact_time")
        early.append(np.isfinite(value) and value <= 36)
        found.append(f"alpha = {damping:g}: {_time(value, low, high)}")
        limits.append(f"alpha = {damping:g}: {tables.interval(low, high)}")
    only_fast = "depends on the damping" if any(early) else "not reproduced"
    return Measured(found, limits, "reproduced" if _stated(_dampings(tables), early) else only_fast)


@_claim(
    id="zero-crossing",
    statement="C(r) vanishes near r = 1.4 ell",
    where="1.4 ell, once C(r_min) is -0.4",
    rule="reproduced if within 0.15 ell for both dampings when C(r_min) = -0.4; partly if for one of them, or if within "
    "0.3 ell for both then or at the end",
    target="fig4",
    tables="fig4_events",
    note="First sign change of C(r), ED-LLG; it moves inwards with time",
)
def zero_crossing(tables):
    """First sign change of C(r), when the correlation at contact is -0.4 and at the end."""

    def said(crossing):
        return f"{rounded(*crossing)[0]} ell" if np.isfinite(crossing[0]) else "no sign change"

    found, limits, good, near = [], [], [], []
    for run, damping in _dampings(tables):
        early, late = (_event(tables, run, f"zero_crossing_{when}") for when in ("contact", "late"))
        good.append(abs(early[0] - 1.4) <= 0.15)
        near.append(min(abs(early[0] - 1.4), abs(late[0] - 1.4)) <= 0.3)
        reached = np.isfinite(_event(tables, run, "contact_time")[0])
        then = f"{said(early)} when C(r_min) = -0.4" if reached else "C(r_min) stays above -0.4"
        found.append(f"alpha = {damping:g}: {then}, {said(late)} at the end")
        limits.append(f"alpha = {damping:g}: {tables.interval(*early[1:])} and {tables.interval(*late[1:])} ell")
    return Measured(found, limits, grade(all(good), any(good) or all(near)))


@_claim(
    id="peak",
    statement="A weak ferromagnetic peak near r = 1.5 ell appears for t >= 150",
    where="1.5 ell, t about 150",
    rule="reproduced if with damping 0.05 the mean of C over 1.4 to 1.8 ell is significantly positive from t <= 225 on "
    "and the maximum within 0.2 ell of 1.5; depends on the damping if in time only with the larger one",
    target="fig4",
    tables="fig4_events",
    note="How early the peak is seen depends on the size of the ensemble as well as on the damping",
)
def peak(tables):
    """When and where the ferromagnetic peak is seen."""
    found, limits, in_time, placed = [], [], [], []
    for run, damping in _dampings(tables):
        appeared, position = (_event(tables, run, name)[0] for name in ("peak_time", "peak_position_late"))
        band = _event(tables, run, "band_peak_late")
        in_time.append(np.isfinite(appeared) and appeared <= 225)
        placed.append(np.isfinite(position) and abs(position - 1.5) <= 0.2)
        since = f"from {_time(appeared)}" if np.isfinite(appeared) else "not significant"
        where = f"at {position:.2f} ell, " if np.isfinite(position) else ""
        found.append(f"alpha = {damping:g}: {since}, {where}mean C over 1.4 to 1.8 ell {_signed(*band)}")
        limits.append(f"alpha = {damping:g}: {tables.interval(*band[1:])} for that mean")
    only_fast = "depends on the damping" if any(in_time) else "not reproduced"
    good = [early and near for early, near in zip(in_time, placed, strict=True)]
    return Measured(found, limits, "reproduced" if _stated(_dampings(tables), good) else only_fast)


@_claim(
    id="oscillation",
    statement="The correlations oscillate with distance as in RKKY, with reduced amplitude",
    where="RKKY-like oscillation",
    rule="reproduced if C is significantly negative near contact and significantly positive at 1.4 to 1.8 ell; partly "
    "if only the first",
    target="fig4",
    tables="fig4_events",
)
def oscillation(tables):
    """Sign of C(r) in three ranges of the distance."""
    run, damping = _dampings(tables)[-1]
    bands = {name: _event(tables, run, f"band_{name}_late") for name in ("contact", "peak", "far")}
    near, middle, far = bands["contact"][2] < 0, bands["peak"][1] > 0, bands["far"][2] < 0
    return Measured(
        f"alpha = {damping:g}, end: mean C = {_signed(*bands['contact'])} (0.5 to 1.2 ell), {_signed(*bands['peak'])} "
        f"(1.4 to 1.8), {_signed(*bands['far'])} (1.9 to 2.5)",
        [f"{name}: {tables.interval(low, high)}" for name, (_, low, high) in bands.items()],
        grade(near and middle, near),
        "A second sign change at 1.9 to 2.5 ell is " + ("significant" if far else "not significant here"),
    )


@_claim(
    id="growth",
    statement="The correlation length increases quickly at first and slowly later",
    where="xi(t) increases throughout (Fig. 5, inset)",
    rule="reproduced if in all ensembles xi (paper's formula) gains more than its error after its minimum and the minimum "
    "is at t <= 5; partly if it gains more than its error in at least one, after falling first",
    target="fig5",
    tables="fig5_length",
    note="The formula starts from noise: |C| of a finite ensemble alone gives a length of the order of the box",
)
def growth(tables):
    """What xi(t) gains after its minimum."""
    found, limits, grown, early = [], [], [], []
    for _, frame in main_ensembles(tables.rows("fig5_length", estimator="naive")).groupby("ensemble"):
        after = frame[frame["time"] > 0].sort_values("time")
        first, lowest, last = after.iloc[0], after.loc[after["xi"].idxmin()], after.iloc[-1]
        gain = last["xi"] - lowest["xi"]
        error = np.hypot(last["high"] - last["low"], lowest["high"] - lowest["low"]) / 2
        grown.append(gain > error)
        early.append(lowest["time"] <= 5)
        words = run_words(first["model"], first["damping"], tables.labels)
        found.append(
            f"{words}: {first['xi']:.2f} ell at t = {first['time']:g}, least {lowest['xi']:.2f} at t = {lowest['time']:.0f}, "
            f"{last['xi']:.2f} at t = {last['time']:.0f}"
        )
        limits.append(f"{words}: gain {gain:.3f} with an error of {error:.3f} ell")
    return Measured(found, limits, grade(all(grown) and all(early), any(grown)))
