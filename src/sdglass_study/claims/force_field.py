"""Claims about the accuracy of the learned force field (paper Sec. IV, Fig. 3)."""

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass_study.claims.table import Claim, grade


def force_field_claims(tables):
    """Return the claims that rest on torque errors; what a study has not trained is not judged."""
    claims = [
        error_size(tables),
        generalization(tables),
        chirality(tables),
        beyond_pair_model(tables),
        *transfers(tables),
        late_stage(tables),
        converged(tables),
    ]
    trained = set(tables["models"]["model"])
    claims += [network_size(tables)] if "small" in trained else []
    claims += [activation(tables)] if "small-relu" in trained else []
    claims += [training_data(tables)] if len(_less_data(tables)) else []
    return claims


def _error(tables, model, label, stage="all", member="single"):
    kind = member if model not in ("pair", "linear") else "-"
    return tables.row("torque_errors", model=model, set=label, stage=stage, member=kind)


def _best(tables, model, label, stage="all"):
    """Return the error of the committee, or that of the network where there is only one."""
    rows = tables.rows("torque_errors", model=model, set=label, stage=stage)
    committee = rows[rows["member"] == "committee"]
    return (rows if committee.empty else committee).iloc[0]


def _peer(tables, model):
    """Return the name of the network like `model` whose folds are whole realizations, trained on everything."""
    frame = tables["models"]
    own = frame[frame["model"] == model].iloc[0]
    keys = ["parameters", "activation", "chirality"]
    same = frame[(frame["protocol"] == "realizations") & (frame[keys] == own[keys]).all(axis=1)]
    if same.empty:
        raise InputError(f"models.csv: no network like {model} whose folds are realizations")
    return same.sort_values("configurations", ascending=False, kind="stable")["model"].iloc[0]


def _text(row):
    return f"{row['rmse']:.2e} t0 ({row['relative']:.1%} of the torque)"


def _range(row):
    if not np.isfinite(row["low"]):
        return "unknown, from a single realization,"
    return f"{row['low']:.2e} to {row['high']:.2e}"


def error_size(tables):
    """Sigma of the torque error."""
    bond, chiral = (_error(tables, model, "unseen", "random") for model in ("bond", "chirality"))
    worst = max(bond["rmse"], chiral["rmse"])
    return Claim(
        "sigma",
        "The torque error has a standard deviation of about 0.001",
        "sigma about 0.001 t0 (Fig. 3)",
        f"{_text(bond)} without, {_text(chiral)} with chirality; random spins, unseen structures",
        f"{tables.level} intervals {_range(bond)} and {_range(chiral)} over {bond['realizations']} realizations",
        grade(worst <= 1.5e-3, worst <= 3e-3),
        "reproduced if both are at most 1.5e-3 t0, partly if at most 3e-3",
        "fig3",
        f"The paper calls it a mean square error; with a torque rms of {bond['rms']:.4f} t0 it can only be sigma",
    )


def generalization(tables):
    """Equal quality on training and test data."""
    seen, fresh = _error(tables, "bond", "training"), _error(tables, "bond", "unseen")
    known = _error(tables, "bond-configurations", "validation")
    new = _error(tables, _peer(tables, "bond-configurations"), "unseen")
    ratio = fresh["rmse"] / seen["rmse"]
    return Claim(
        "generalization",
        "Training and testing data are predicted equally well",
        "excellent agreement for both (Fig. 3)",
        f"unseen structures / training: {ratio:.2f} ({fresh['rmse']:.2e} against {seen['rmse']:.2e} t0); unseen "
        f"structures / unseen configurations of known structures: {new['rmse'] / known['rmse']:.2f} (networks of "
        f"{_count(tables, 'bond-configurations')} parameters)",
        f"{tables.level} intervals {_range(fresh)} and {_range(seen)} t0 over {fresh['realizations']} and "
        f"{seen['realizations']} realizations",
        grade(ratio <= 1.2, ratio <= 1.5),
        "reproduced if the error on unseen structures is at most 1.2 times that on training data, partly up to 1.5",
        "fig3",
        "The paper does not say whether its test data come from the same atomic structures",
    )


def _ratio(tables, numerator, denominator, label="unseen", stage="all"):
    return tables.row("paired", numerator=numerator, denominator=denominator, set=label, stage=stage)


def _ratio_range(tables, row):
    count = f"t interval over {int(row['realizations'])} realizations, each compared with itself"
    return f"{tables.level} interval of the ratio {row['low']:.2f} to {row['high']:.2f} ({count})"


def chirality(tables):
    """Chirality features do not help."""
    ratios = {"unseen structures": _ratio(tables, "chirality", "bond")}
    if "small-chirality" in set(tables["models"]["model"]):
        ratios["unseen structures, small networks"] = _ratio(tables, "small-chirality", "small")
    known = (
        _error(tables, "chirality-configurations", "validation")["rmse"]
        / (_error(tables, "bond-configurations", "validation")["rmse"])
    )
    values = [row["ratio"] for row in ratios.values()]
    helps = min(*values, known) < 0.9
    significant = any(row["high"] < 1.0 for row in ratios.values())
    words = [f"{row['ratio']:.3f} on {where}" for where, row in ratios.items()]
    return Claim(
        "chirality",
        "Including scalar chirality does not lead to significant improvement",
        "no significant change (Sec. III B, Fig. 3)",
        f"error with / without chirality: {', '.join(words)}, {known:.3f} on unseen configurations of known structures",
        "; ".join(f"{where}: {_ratio_range(tables, row)}" for where, row in ratios.items()),
        grade(not helps and not significant and max(values) <= 1.1, not helps),
        "reproduced if no ratio is below 0.9, and none on unseen structures above 1.1 or with an interval below 1; partly "
        "if chirality makes it worse, or better by less than a tenth; not reproduced if it removes more than that",
        "fig3",
        "Networks of the same folds are compared. G3-chi as printed vanishes identically; pairs ordered by distance are "
        "used",
    )


def beyond_pair_model(tables):
    """A network is better than a fitted pair coupling."""
    pair, linear = _error(tables, "pair", "unseen"), _error(tables, "linear", "unseen")
    single, committee = _error(tables, "bond", "unseen"), _best(tables, "bond", "unseen")
    ratio, frozen = _ratio(tables, "bond", "pair"), _ratio(tables, "bond", "pair", stage="frozen")
    better = ratio["high"] < 1.0
    return Claim(
        "beyond-pair",
        "The network goes beyond effective pair interactions",
        "beyond analytical two-spin models (Sec. IV)",
        f"error of the network / pair model: {ratio['ratio']:.2f}, in frozen states {frozen['ratio']:.2f} (pair "
        f"{pair['rmse']:.2e}, linear G2 + G3 {linear['rmse']:.2e}, one network {single['rmse']:.2e}, committee "
        f"{committee['rmse']:.2e} t0; unseen structures)",
        _ratio_range(tables, ratio),
        grade(better and ratio["ratio"] < 0.8, better),
        "reproduced if the committee's error is below 0.8 of the pair model's and the interval below 1; partly if only the "
        "interval is below 1",
        "results/<study>/tables/paired.csv",
        "Same configurations and symmetry functions for all; the committee has seen all of them, as the linear models "
        "have, a single network all but its fold",
    )


def transfers(tables):
    """Return a claim for each larger size of the study."""
    sets = dict.fromkeys(tables["torque_errors"]["set"])
    return [transfer(tables, label) for label in sets if label not in ("training", "validation", "unseen")]


def transfer(tables, label="large"):
    """A model trained on small boxes works on large ones."""
    small, large = (_best(tables, "bond", which, "random") for which in ("unseen", label))
    ratio = large["rmse"] / small["rmse"]
    frozen = [_best(tables, "bond", which, "frozen")["relative"] for which in ("unseen", label)]
    pair = _error(tables, "pair", label, "random")["rmse"] / _error(tables, "pair", "unseen", "random")["rmse"]
    used = "used for N = 500 (Fig. 5), not tested there" if label == "large" else "not used, not tested"
    return Claim(
        "transfer" if label == "large" else f"transfer-{label}",
        "A model trained on N = 100 is applied to larger systems",
        used,
        f"error at N = {int(large['n_sites'])} / N = {int(small['n_sites'])}: {ratio:.2f} ({large['rmse']:.2e} against "
        f"{small['rmse']:.2e} t0, random spins; pair model {pair:.2f}); of the torque in frozen states {frozen[1]:.1%} "
        f"against {frozen[0]:.1%}",
        f"{tables.level} intervals {_range(large)} and {_range(small)} t0 over {large['realizations']} and "
        f"{small['realizations']} realizations",
        grade(ratio <= 1.25, ratio <= 2.0),
        "reproduced if the error grows by at most a quarter, partly up to twice",
        "results/<study>/tables/torque_errors.csv",
        "A box of 5 ell is two cutoff radii wide: what a site sees there is not what it sees in a larger one",
    )


def late_stage(tables):
    """Accuracy where the dynamics freezes."""
    frozen = _best(tables, "bond", "unseen", "frozen")
    pair = _error(tables, "pair", "unseen", "frozen")
    return Claim(
        "late-stage",
        "The force field predicts the driving forces accurately along the whole relaxation",
        "accurately predicts the driving forces (Sec. IV)",
        f"frozen states: error {frozen['rmse']:.2e} t0, {frozen['relative']:.1%} of the remaining torque "
        f"(pair model {pair['relative']:.1%})",
        f"{tables.level} interval {_range(frozen)} t0",
        grade(frozen["relative"] <= 0.05, frozen["relative"] <= 0.25),
        "reproduced if the error in frozen states is at most 5 % of the torque there, partly up to 25 %",
        "results/<study>/tables/error_along_quench.csv",
        f"The rms torque component has fallen to {frozen['rms']:.1e} t0",
    )


def converged(tables):
    """The networks have been trained to the end."""
    rows = pd.concat([tables.rows("training", variant=name) for name in ("bond", "chirality")])
    longer = ""
    if "bond-long" in set(tables["models"]["model"]):
        epochs = tables.row("training", variant="bond-long")["epochs"]
        ratio = _ratio(tables, "bond-long", "bond")
        longer = f"; a training of up to {epochs:.0f} epochs has {ratio['ratio']:.3f} times the error on unseen structures"
    worst = rows.loc[rows["last_third"].idxmax()]
    return Claim(
        "converged",
        "Training goes on until it improves the network no further",
        "early stopping (Sec. IV)",
        f"the last third of the epochs lowered the validation torque error by {worst['last_third']:.1%} at most, after "
        f"{worst['epochs']:.0f} epochs in {worst['variant']}, fold {worst['fold']:.0f}{longer}",
        f"{len(rows)} networks; median {rows['last_third'].median():.1%}",
        grade(worst["last_third"] <= 0.03, worst["last_third"] <= 0.1),
        "reproduced if no network improved by more than 3 % in its last third, partly up to 10 %",
        "results/<study>/tables/training.csv",
        "The learning rate falls along a cosine, so that part of the last gain is the smaller noise of the steps",
    )


def _count(tables, model):
    """Return the number of parameters in words: 38 thousand, 1.9 million."""
    number = tables.row("models", model=model)["parameters"]
    return f"{number / 1e6:.1f} million" if number >= 1e6 else f"{number / 1e3:.3g} thousand"


def network_size(tables):
    """A far smaller network is as accurate."""
    ratio, frozen = (_ratio(tables, "small", "bond", stage=stage) for stage in ("all", "frozen"))
    sets = [name for name in dict.fromkeys(tables["paired"]["set"]) if name != "unseen"]
    sizes = {name: _error(tables, "bond", name)["n_sites"] for name in sets}
    words = [f"{_ratio(tables, 'small', 'bond', name)['ratio']:.3f} at N = {sizes[name]:g}" for name in sets]
    factor = tables.row("models", model="bond")["parameters"] / tables.row("models", model="small")["parameters"]
    return Claim(
        "network-size",
        "The force field is a network of eight hidden layers, 1024 to 128 units wide",
        f"{_count(tables, 'bond')} parameters (Sec. IV); no other size is reported",
        f"error of a network of {_count(tables, 'small')} parameters, {factor:.0f} times fewer, / that of the paper's: "
        f"{ratio['ratio']:.3f} on unseen structures, {frozen['ratio']:.3f} in frozen states"
        + (f", {', '.join(words)}" if words else ""),
        _ratio_range(tables, ratio),
        grade(ratio["low"] > 1.0 and ratio["ratio"] > 1.1, ratio["low"] > 1.0),
        "reproduced, in that it takes a network of that size, if the small one's error is more than a tenth larger and "
        "the interval above 1; partly if only the interval is; not reproduced if a small network does as well",
        "results/<study>/tables/network_size.csv",
        "Networks of the same folds; the small one has a linear term that starts from least squares, the other none",
    )


def activation(tables):
    """ReLU, which the paper names, and CELU, which it cites, do the same."""
    ratio, frozen = (_ratio(tables, "small-relu", "small", stage=stage) for stage in ("all", "frozen"))
    same = all(0.9 <= row["ratio"] <= 1.1 for row in (ratio, frozen))
    used = tables.row("models", model="small")["activation"]
    return Claim(
        "activation",
        "The activation is ReLU",
        "named ReLU, with a reference to CELU (Sec. IV)",
        f"error with ReLU / with {used}: {ratio['ratio']:.3f} on unseen structures, {frozen['ratio']:.3f} in frozen states",
        _ratio_range(tables, ratio),
        grade(same) if same else "depends on the activation",
        "reproduced if either activation gives the same error within a tenth, so that it does not matter which was meant; depends on the activation otherwise",
        "results/<study>/tables/paired.csv",
        "Small networks, alike but for the activation, on the same fold. The energy of a ReLU network has kinks, at which "
        "the field jumps",
    )


def _less_data(tables):
    """Return the networks like ``small`` that were trained on less, the most data first."""
    frame = tables["models"]
    small = frame[frame["model"] == "small"]
    if small.empty:
        return small
    keys = ["parameters", "activation", "linear_term", "chirality", "protocol"]
    alike = frame[(frame[keys].astype(str) == small.iloc[0][keys].astype(str)).all(axis=1)]
    less = alike[alike["configurations"] < small["configurations"].iloc[0]]
    return less.sort_values("configurations", ascending=False, kind="stable")


def training_data(tables):
    """The amount of training data is enough."""
    less, whole = _less_data(tables).iloc[0], tables.row("models", model="small")
    ratio, frozen = (_ratio(tables, less["model"], "small", stage=stage) for stage in ("all", "frozen"))
    return Claim(
        "training-data",
        "Ten realizations with 250 configurations each are enough to train on",
        "10 times 250 configurations (Sec. IV); no other amount is reported",
        f"error with {less['configurations']} configurations of {less['realizations']} realizations / with "
        f"{whole['configurations']} of {whole['realizations']}: {ratio['ratio']:.3f} on unseen structures, "
        f"{frozen['ratio']:.3f} in frozen states",
        _ratio_range(tables, ratio),
        grade(ratio["ratio"] <= 1.1, ratio["ratio"] <= 1.25),
        "reproduced if the next smaller training set costs at most a tenth in error, partly up to a quarter",
        "results/<study>/tables/training_size.csv",
        "Small networks of the same fold, which holds out a part of the realizations",
    )
