"""Claims about the relaxation after a quench (paper Sec. IV, Figs. 4 and 5)."""

from functools import partial

import numpy as np

from sdglass_study.claims import Measured, claim, grade
from sdglass_study.psi_choices import main_ensembles
from sdglass_study.text import BASELINES, learned_model, rounded, run_words

# Differences of C up to this are hidden by a symbol of Fig. 4.
SYMBOL_SIZE = 0.02
# Overlap with the spins one step of the logarithmic grid earlier, above which they stand still.
STILL = 0.9
_claim = partial(claim, order=3)


def _dampings(tables):
    """Return (slow run, fast run): the paper's damping and the larger one."""
    runs = tables["fig4_events"][["run", "damping"]].drop_duplicates().sort_values("damping")
    return list(runs.itertuples(index=False, name=None))


def _exact_of_fig4(tables, name):
    """Return the exact quenches of Fig. 4 in a table: those of the large box have a few replicas only."""
    frame = tables.rows(name, model="exact")
    return frame[frame["ensemble"].isin(tables["fig4_events"]["run"])]


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
    measured = []
    for run, damping in _dampings(tables):
        names = ("difference_rms", "difference_max", "difference_late_rms", "difference_late_noise")
        values = [_event(tables, run, name, model)[0] for name in names]
        measured.append((damping, *values, _event(tables, run, "difference_late_rms", "pair")[0]))
    late, worst = max(row[3] for row in measured), max(row[2] for row in measured)
    return Measured(
        "; ".join(
            f"alpha = {a:g}: rms difference {r:.4f} over all times, {end:.4f} at the last (pair model {p:.4f}), largest "
            f"{w:.3f}"
            for a, r, w, end, _, p in measured
        ),
        "; ".join(f"alpha = {a:g}: paired error {n:.4f} of a point at the last time" for a, *_, n, _ in measured),
        grade(late <= SYMBOL_SIZE and worst <= 0.1, late <= 0.05),
    )


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
    """The same at N = 500; no claim where no exact quench of that size was run."""
    numbers, curves = tables["fig5_paired"], tables["fig5_difference"]
    numbers = numbers[(numbers["reference"] == "exact") & (numbers["quantity"] == "xi_naive")]
    if numbers.empty:
        return None
    measured = []
    for (ensemble, model), rows in numbers.groupby(["ensemble", "model"], sort=False):
        last = rows.sort_values("time").iloc[-1]
        curve = curves[(curves["ensemble"] == ensemble) & (curves["reference"] == "exact")]
        curve = curve[curve["time"] == last["time"]].dropna(subset="difference")
        rms, noise = (float(np.sqrt(np.mean(curve[name] ** 2))) for name in ("difference", "error"))
        measured.append((model, last, rms, noise))
    # The networks stand for ML-LLG; without one, whatever is there.
    of_networks = [row for row in measured if row[0] not in BASELINES] or measured
    close = [rms <= SYMBOL_SIZE and (abs(last["difference"]) <= 0.01 or last["low"] <= 0 <= last["high"])
             for _, last, rms, _ in of_networks]  # fmt: skip
    return Measured(
        "; ".join(
            f"{tables.label(model)}, alpha = {last['damping']:g}, t = {last['time']:.0f}: rms difference of C {rms:.4f}; xi "
            f"differs by {_signed(last['difference'], last['low'], last['high'])} ell (exact {last['reference_value']:.3f}), "
            f"over {last['realizations']:.0f} realizations x {last['replicas']:.0f} initial states"
            for model, last, rms, _ in measured
        ),
        "; ".join(
            f"{tables.label(model)}: paired error {noise:.4f} of a point of C, "
            f"{tables.interval(last['low'], last['high'])} ell for xi"
            for model, last, _, noise in measured
        ),
        grade(all(close), all(rms <= 0.05 for _, _, rms, _ in of_networks)),
    )


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
    """Largest mean moment in units of its error."""
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
    measured = []
    for run, damping in _dampings(tables):
        frame = tables.rows("freezing", ensemble=run, model="exact").sort_values("time")
        first, last = frame.iloc[0], frame.iloc[-1]
        middle = frame.iloc[(frame["time"] - last["time"] / 2).abs().argsort().iloc[0]]
        fallen = last["torque_rms"] / first["torque_rms"]
        gain = (last["energy_per_site"] - middle["energy_per_site"]) / last["energy_per_site"]
        # Overlaps are comparable at a fixed ratio of the two times only: that of the logarithmic grid.
        grid = frame[(frame["ratio"] > 1.2) & (frame["ratio"] < 1.32)]
        overlap = (grid if len(grid) else frame).iloc[-1]
        error = last["torque_rms_error"] / first["torque_rms"]
        measured.append((damping, fallen, gain, overlap["step_overlap"], overlap["time"], error))
    good = [fallen < 0.5 and gain < 0.1 and overlap > STILL for _, fallen, gain, overlap, _, _ in measured]
    return Measured(
        "; ".join(
            f"alpha = {a:g}: torque falls to {f:.0%}, the last half of the time holds {e:.1%} of the energy gain, overlap "
            f"of the spins at t = {t:.0f} with those at t / 1.26 is {o:.3f}"
            for a, f, e, o, t, _ in measured
        ),
        "; ".join(f"alpha = {a:g}: standard error of the torque ratio {s:.3f}" for a, *_, s in measured),
        grade(all(good), any(good)),
    )


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
    """Time at which the contact correlation reaches the paper's value."""
    measured = [(damping, *_event(tables, run, "contact_time")) for run, damping in _dampings(tables)]
    early = [np.isfinite(value) and value <= 36 for _, value, _, _ in measured]
    return Measured(
        "; ".join(f"alpha = {d:g}: {_time(*reached)}" for d, *reached in measured),
        "; ".join(f"alpha = {d:g}: {tables.interval(low, high)}" for d, _, low, high in measured),
        "reproduced" if early[0] else ("depends on the damping" if any(early) else "not reproduced"),
    )


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
    """First sign change of C(r), when the contact value is the paper's and at the end."""
    measured = [
        (damping, _event(tables, run, "zero_crossing_contact"), _event(tables, run, "zero_crossing_late"))
        for run, damping in _dampings(tables)
    ]

    def said(crossing):
        return f"{rounded(*crossing)[0]} ell" if np.isfinite(crossing[0]) else "no sign change"

    good = [abs(early[0] - 1.4) <= 0.15 for _, early, _ in measured]
    near = [min(abs(early[0] - 1.4), abs(late[0] - 1.4)) <= 0.3 for _, early, late in measured]
    return Measured(
        "; ".join(
            f"alpha = {d:g}: {said(early)} when C(r_min) = -0.4, {said(late)} at the end"
            for d, early, late in measured
        ),
        "; ".join(
            f"alpha = {d:g}: {tables.interval(*early[1:])} and {tables.interval(*late[1:])} ell"
            for d, early, late in measured
        ),
        grade(all(good), any(good) or all(near)),
    )


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
    measured = []
    for run, damping in _dampings(tables):
        appeared = _event(tables, run, "peak_time")[0]
        position = _event(tables, run, "peak_position_late")[0]
        measured.append((damping, appeared, position, *_event(tables, run, "band_peak_late")))
    in_time = [np.isfinite(appeared) and appeared <= 225 for _, appeared, *_ in measured]
    placed = [np.isfinite(position) and abs(position - 1.5) <= 0.2 for _, _, position, *_ in measured]
    only_fast = "depends on the damping" if any(in_time) else "not reproduced"
    return Measured(
        "; ".join(
            f"alpha = {d:g}: "
            + (f"from {_time(t)}, " if np.isfinite(t) else "not significant, ")
            + (f"at {p:.2f} ell, " if np.isfinite(p) else "")
            + f"mean C over 1.4 to 1.8 ell {_signed(*band)}"
            for d, t, p, *band in measured
        ),
        "; ".join(f"alpha = {d:g}: {tables.interval(low, high)} for that mean" for d, *_, low, high in measured),
        "reproduced" if in_time[0] and placed[0] else only_fast,
    )


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
        "; ".join(f"{name}: {tables.interval(low, high)}" for name, (_, low, high) in bands.items()),
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
    measured = []
    for _, frame in main_ensembles(tables.rows("fig5_length", estimator="naive")).groupby("ensemble"):
        after = frame[frame["time"] > 0].sort_values("time")
        lowest, last, first = after.loc[after["xi"].idxmin()], after.iloc[-1], after.iloc[0]
        error = np.hypot(last["high"] - last["low"], lowest["high"] - lowest["low"]) / 2
        words = run_words(first["model"], first["damping"], tables.labels)
        measured.append((words, first, lowest, last, last["xi"] - lowest["xi"], error))
    grown = [gain > error for *_, gain, error in measured]
    throughout = [ok and lowest["time"] <= 5 for ok, (_, _, lowest, *_) in zip(grown, measured, strict=True)]
    return Measured(
        "; ".join(
            f"{words}: {first['xi']:.2f} ell at t = {first['time']:g}, least {lowest['xi']:.2f} at t = "
            f"{lowest['time']:.0f}, {last['xi']:.2f} at t = {last['time']:.0f}"
            for words, first, lowest, last, _, _ in measured
        ),
        "; ".join(
            f"{words}: gain {gain:.3f} with an error of {error:.3f} ell" for words, *_, gain, error in measured
        ),
        grade(all(throughout), any(grown)),
    )
