"""Claims about the relaxation after a quench (paper Sec. IV, Figs. 4 and 5)."""

import numpy as np

from sdglass.observables.domain_growth import main_ensembles
from sdglass_study.claims.psi import psi_claims
from sdglass_study.claims.table import Claim, grade, interval
from sdglass_study.figures.engines import words
from sdglass_study.report.cells import rounded

# Differences of C up to this are hidden by a symbol of Fig. 4.
SYMBOL_SIZE = 0.02
# Overlap with the spins one step of the logarithmic grid earlier, above which they have frozen.
FROZEN_OVERLAP = 0.9


def dynamics_claims(tables):
    """Return the claims that rest on trajectories."""
    return [
        learned_correlations(tables),
        *learned_correlations_large(tables),
        magnetization(tables),
        subtraction(tables),
        freezing(tables),
        contact(tables),
        zero_crossing(tables),
        peak(tables),
        oscillation(tables),
        growth(tables),
        *psi_claims(tables),
    ]


def _dampings(tables):
    """Return (slow run, fast run): the paper's damping and the larger one."""
    runs = tables["fig4_events"][["run", "damping"]].drop_duplicates().sort_values("damping")
    return list(runs.itertuples(index=False, name=None))


def _small(frame):
    """Return the rows of the quenches of Fig. 4: exact ones of the large box have a few replicas only."""
    return frame[frame["ensemble"].str.startswith("small-")]


def _event(tables, run, quantity, engine="exact"):
    row = tables.row("fig4_events", run=run, engine=engine, quantity=quantity)
    return float(row["value"]), float(row["low"]), float(row["high"])


def _time(value, low=np.nan, high=np.nan):
    return f"t = {rounded(value, low, high)[0]}" if np.isfinite(value) else "not reached"


def _signed(value, low, high):
    """Return a value with its sign, to the digits of its interval."""
    return rounded(value, low, high, signed=True)[0]


def learned_correlations(tables):
    """ML-LLG gives the C(r, t) of ED-LLG."""
    measured = []
    for run, damping in _dampings(tables):
        names = ("difference_rms", "difference_max", "difference_late_rms", "difference_late_noise")
        values = [_event(tables, run, name, "network")[0] for name in names]
        measured.append((damping, *values, _event(tables, run, "difference_late_rms", "pair")[0]))
    late, worst = max(m[3] for m in measured), max(m[2] for m in measured)
    return Claim(
        "ml-equals-ed",
        "C(r, t) from ML-LLG agrees with ED-LLG",
        "agree well (Fig. 4)",
        "; ".join(
            f"alpha = {a:g}: rms difference {r:.4f} over all times, {end:.4f} at the last (pair model {p:.4f}), largest "
            f"{w:.3f}"
            for a, r, w, end, _, p in measured
        ),
        "; ".join(
            f"alpha = {a:g}: paired error {n:.4f} of a point at the last time" for a, _, _, _, n, _ in measured
        ),
        grade(late <= SYMBOL_SIZE and worst <= 0.1, late <= 0.05),
        f"reproduced if at the last time, where they are largest, the differences have an rms of at most {SYMBOL_SIZE:g} (the size "
        "of a plot symbol) and none at any time exceeds 0.1; partly if the rms is at most 0.05",
        "fig4",
        "Same initial spins and the same noise for both, so differences are those of the fields, and may be significant though "
        "too small to matter",
    )


def learned_correlations_large(tables):
    """ML-LLG agrees with ED-LLG where Fig. 5 uses it; no claim where no exact quench of that size was run."""
    numbers, curves = tables["large_paired"], tables["large_difference"]
    numbers = numbers[(numbers["reference"] == "exact") & (numbers["quantity"] == "xi_naive")]
    if numbers.empty:
        return []
    measured = []
    for (ensemble, engine), rows in numbers.groupby(["ensemble", "engine"], sort=False):
        last = rows.sort_values("time").iloc[-1]
        curve = curves[(curves["ensemble"] == ensemble) & (curves["reference"] == "exact")]
        curve = curve[curve["time"] == last["time"]].dropna(subset="difference")
        rms, noise = (float(np.sqrt(np.mean(curve[name] ** 2))) for name in ("difference", "error"))
        measured.append((engine, last, rms, noise))
    # The network stands for ML-LLG; without one, whatever is there.
    judged = [one for one in measured if one[0] not in ("pair", "linear")] or measured
    close = [rms <= SYMBOL_SIZE and (abs(last["difference"]) <= 0.01 or last["low"] <= 0 <= last["high"])
             for _, last, rms, _ in judged]  # fmt: skip
    near = [rms <= 0.05 for _, _, rms, _ in judged]
    return [
        Claim(
            "ml-equals-ed-large",
            "C(r, t) and xi(t) from ML-LLG agree with ED-LLG at the size of Fig. 5 as well",
            "used for Fig. 5, not compared with exact dynamics there",
            "; ".join(
                f"{words(engine)}, alpha = {last['damping']:g}, t = {last['time']:.0f}: rms difference of C {rms:.4f}; xi differs by "
                f"{_signed(last['difference'], last['low'], last['high'])} ell (exact {last['reference_value']:.3f}), over {last['realizations']:.0f} realizations "
                f"x {last['replicas']:.0f} initial states"
                for engine, last, rms, _ in measured
            ),
            "; ".join(
                f"{words(engine)}: paired error {noise:.4f} of a point of C, {interval(tables, last['low'], last['high'])} ell for xi"
                for engine, last, _, noise in measured
            ),
            grade(all(close), all(near)),
            "for every network, at the last shared time: reproduced if the rms difference of C over the bins is at most "
            f"{SYMBOL_SIZE:g}, and xi differs by at most 0.01 ell or its interval holds zero; partly if the rms is at most 0.05",
            "fig5_control",
            "Same realizations, initial states and noise for both; |C| of so few trajectories is biased by noise, which is why xi is "
            "compared in pairs and not with Fig. 5",
        )
    ]


def magnetization(tables):
    """No net moment develops."""
    frame = _small(tables.rows("freezing", engine="exact"))
    excess = float((frame["magnetization"] / frame["magnetization_error"]).max())
    last = frame.sort_values("time").iloc[-1]
    largest = float(frame["magnetization"].max())
    return Claim(
        "magnetization",
        "The ensemble-averaged magnetization stays nearly zero",
        "m about 0",
        f"|m| = {last['magnetization']:.4f} per spin at the end, at most {largest:.4f} at any time",
        f"standard error {last['magnetization_error']:.4f}; largest ratio to its error {excess:.1f}",
        grade(excess <= 3 and largest < 0.1, largest < 0.2),
        "reproduced if |m| never exceeds three standard errors and 0.1, partly if it stays below 0.2",
        "results/<study>/tables/freezing.csv",
        "Norm of the mean over all replicas and realizations; ED-LLG",
    )


def subtraction(tables):
    """The second term of Eq. 20."""
    frame = _small(tables.rows("disconnected", engine="exact"))
    last = frame[frame["time"] == frame.groupby("ensemble")["time"].transform("max")]
    value = float(np.sqrt(np.nanmean(last["disconnected"] ** 2)))
    error = float(np.sqrt(np.nanmean(last["standard_error"] ** 2)))
    share = value / float(np.nanmax(np.abs(last["correlation"])))
    mean, spread = float(np.nanmean(last["disconnected"])), error / np.sqrt(len(last))
    return Claim(
        "subtraction",
        "The subtracted term <S_i> . <S_j> of Eq. 20 is negligible",
        "m about 0, C = <S_i . S_j>",
        f"mean over pairs {round(mean, 4) + 0.0:.4f}; rms over distance bins {value:.4f}, {share:.1%} of the largest |C|",
        f"standard error of a bin {error:.4f} over realizations, of the mean about {spread:.4f}",
        grade(value <= 2 * error and abs(mean) < 0.01, share < 0.2),
        "reproduced if the rms over bins is within two standard errors of zero and the mean below 0.01; partly if "
        "below 20 % of |C|",
        "results/<study>/tables/disconnected.csv",
        "Unbiased estimate from different replicas of the same structure",
    )


def freezing(tables):
    """Relaxation slows down."""
    measured = []
    for run, damping in _dampings(tables):
        frame = tables.rows("freezing", ensemble=f"small-{run}", engine="exact").sort_values("time")
        first, last = frame.iloc[0], frame.iloc[-1]
        middle = frame.iloc[(frame["time"] - last["time"] / 2).abs().argsort().iloc[0]]
        fallen = last["torque_rms"] / first["torque_rms"]
        late = (last["energy_per_site"] - middle["energy_per_site"]) / last["energy_per_site"]
        # Overlaps are comparable at a fixed ratio of the two times only: that of the logarithmic grid.
        grid = frame[(frame["ratio"] > 1.2) & (frame["ratio"] < 1.32)]
        overlap = (grid if len(grid) else frame).iloc[-1]
        error = last["torque_rms_error"] / first["torque_rms"]
        measured.append((damping, fallen, late, overlap["step_overlap"], overlap["time"], error))
    good = [
        fallen < 0.5 and late < 0.1 and overlap > FROZEN_OVERLAP for _, fallen, late, overlap, _, _ in measured
    ]
    return Claim(
        "freezing",
        "The relaxation slows down and the system freezes in a local minimum",
        "freezing of spin dynamics",
        "; ".join(
            f"alpha = {a:g}: torque falls to {f:.0%}, the last half of the time holds {e:.1%} of the energy gain, overlap "
            f"of the spins at t = {t:.0f} with those at t / 1.26 is {o:.3f}"
            for a, f, e, o, t, _ in measured
        ),
        "; ".join(f"alpha = {a:g}: standard error of the torque ratio {s:.3f}" for a, _, _, _, _, s in measured),
        grade(all(good), any(good)),
        "reproduced if for both dampings the torque falls below half, the last half of the run gives less than 10 % of the "
        f"energy gained, and the overlap over a factor 1.26 in time exceeds {FROZEN_OVERLAP:g}; partly if for one",
        "results/<study>/tables/freezing.csv",
        "The temperature keeps a residual torque, and weakly damped spins go on precessing; ED-LLG",
    )


def contact(tables):
    """C(r_min) = -0.4 by t = 30."""
    measured = [(damping, *_event(tables, run, "contact_time")) for run, damping in _dampings(tables)]
    early = [np.isfinite(value) and value <= 36 for _, value, _, _ in measured]
    return Claim(
        "contact",
        "C(r_min) reaches -0.4 by t = 30",
        "-0.4 at t <= 30",
        "; ".join(f"alpha = {d:g}: {_time(*contact)}" for d, *contact in measured),
        "; ".join(f"alpha = {d:g}: {interval(tables, low, high)}" for d, _, low, high in measured),
        "reproduced" if early[0] else ("depends on the damping" if any(early) else "not reproduced"),
        "reproduced if reached by t = 36 (30 plus a fifth) with the stated damping 0.05; depends on the damping if "
        "only with the larger one",
        "fig4",
        "The damping sets the clock: times scale roughly with its inverse",
    )


def zero_crossing(tables):
    """C vanishes near 1.4 ell."""
    measured = []
    for run, damping in _dampings(tables):
        measured.append(
            (damping, _event(tables, run, "zero_crossing_contact"), _event(tables, run, "zero_crossing_late"))
        )

    def said(crossing):
        return f"{rounded(*crossing)[0]} ell" if np.isfinite(crossing[0]) else "no sign change"

    good = [abs(early[0] - 1.4) <= 0.15 for _, early, _ in measured]
    near = [min(abs(early[0] - 1.4), abs(late[0] - 1.4)) <= 0.3 for _, early, late in measured]
    return Claim(
        "zero-crossing",
        "C(r) vanishes near r = 1.4 ell",
        "1.4 ell, once C(r_min) is -0.4",
        "; ".join(
            f"alpha = {d:g}: {said(early)} when C(r_min) = -0.4, {said(late)} at the end"
            for d, early, late in measured
        ),
        "; ".join(
            f"alpha = {d:g}: {interval(tables, *early[1:])} and {interval(tables, *late[1:])} ell"
            for d, early, late in measured
        ),
        grade(all(good), any(good) or all(near)),
        "reproduced if within 0.15 ell for both dampings when C(r_min) = -0.4; partly if for one of them, or if within "
        "0.3 ell for both then or at the end",
        "fig4",
        "First sign change of C(r), ED-LLG; it moves inwards with time",
    )


def peak(tables):
    """Ferromagnetic peak near 1.5 ell from t = 150."""
    measured = []
    for run, damping in _dampings(tables):
        appeared = _event(tables, run, "peak_time")[0]
        height, low, high = _event(tables, run, "band_peak_late")
        position = _event(tables, run, "peak_position_late")[0]
        measured.append((damping, appeared, position, height, low, high))
    in_time = [np.isfinite(m[1]) and m[1] <= 225 for m in measured]
    placed = [np.isfinite(m[2]) and abs(m[2] - 1.5) <= 0.2 for m in measured]
    verdict = (
        "reproduced"
        if in_time[0] and placed[0]
        else ("depends on the damping" if any(in_time) else "not reproduced")
    )
    return Claim(
        "peak",
        "A weak ferromagnetic peak near r = 1.5 ell appears for t >= 150",
        "1.5 ell, t about 150",
        "; ".join(
            f"alpha = {d:g}: "
            + (f"from {_time(t)}, " if np.isfinite(t) else "not significant, ")
            + (f"at {p:.2f} ell, " if np.isfinite(p) else "")
            + f"mean C over 1.4 to 1.8 ell {_signed(*band)}"
            for d, t, p, *band in measured
        ),
        "; ".join(
            f"alpha = {d:g}: {interval(tables, low, high)} for that mean" for d, _, _, _, low, high in measured
        ),
        verdict,
        "reproduced if with damping 0.05 the mean of C over 1.4 to 1.8 ell is significantly positive from t <= 225 on "
        "and the maximum within 0.2 ell of 1.5; depends on the damping if in time only with the larger one",
        "fig4",
        "How early the peak is seen depends on the size of the ensemble as well as on the damping",
    )


def oscillation(tables):
    """C(r) oscillates with distance."""
    run, damping = _dampings(tables)[-1]
    bands = {name: _event(tables, run, f"band_{name}_late") for name in ("contact", "peak", "far")}
    near, middle = bands["contact"][2] < 0, bands["peak"][1] > 0
    far = bands["far"][2] < 0
    return Claim(
        "oscillation",
        "The correlations oscillate with distance as in RKKY, with reduced amplitude",
        "RKKY-like oscillation",
        f"alpha = {damping:g}, end: mean C = {_signed(*bands['contact'])} (0.5 to 1.2 ell), {_signed(*bands['peak'])} (1.4 to "
        f"1.8), {_signed(*bands['far'])} (1.9 to 2.5)",
        "; ".join(f"{name}: {interval(tables, low, high)}" for name, (_, low, high) in bands.items()),
        grade(near and middle, near),
        "reproduced if C is significantly negative near contact and significantly positive at 1.4 to 1.8 ell; partly "
        "if only the first",
        "fig4",
        "A second sign change at 1.9 to 2.5 ell is " + ("significant" if far else "not significant here"),
    )


def growth(tables):
    """xi(t) grows after the quench."""
    measured = []
    for name, frame in main_ensembles(tables.rows("fig5_length", estimator="naive")).groupby("ensemble"):
        after = frame[frame["time"] > 0].sort_values("time")
        lowest, last, first = after.loc[after["xi"].idxmin()], after.iloc[-1], after.iloc[0]
        error = np.hypot(last["high"] - last["low"], lowest["high"] - lowest["low"]) / 2
        label = f"{words(first['engine'])}, alpha = {first['damping']:g}"
        measured.append((name, label, first, lowest, last, last["xi"] - lowest["xi"], error))
    grown = [gain > error for *_, gain, error in measured]
    throughout = [ok and lowest["time"] <= 5 for ok, (_, _, _, lowest, *_) in zip(grown, measured, strict=True)]
    return Claim(
        "growth",
        "The correlation length increases quickly at first and slowly later",
        "xi(t) increases throughout (Fig. 5, inset)",
        "; ".join(
            f"{label}: {first['xi']:.2f} ell at t = {first['time']:g}, least {lowest['xi']:.2f} at t = "
            f"{lowest['time']:.0f}, {last['xi']:.2f} at t = {last['time']:.0f}"
            for _, label, first, lowest, last, _, _ in measured
        ),
        "; ".join(
            f"{label}: gain {gain:.3f} with an error of {error:.3f} ell" for _, label, *_, gain, error in measured
        ),
        grade(all(throughout), any(grown)),
        "reproduced if in all ensembles xi (paper's formula) gains more than its error after its minimum and the minimum "
        "is at t <= 5; partly if it gains more than its error in at least one, after falling first",
        "fig5",
        "The formula starts from noise: |C| of a finite ensemble alone gives a length of the order of the box",
    )
