"""Claims about the accuracy of the learned force field (paper Sec. IV, Fig. 3)."""

from functools import partial

import numpy as np

from sdglass.errors import InputError
from sdglass_study.claims import Measured, claim, grade
from sdglass_study.text import BASELINES

_claim = partial(claim, order=2)


def _error(tables, model, label, stage="all"):
    member = "-" if model in BASELINES else "single"
    return tables.row("torque_errors", model=model, set=label, stage=stage, member=member)


def _best(tables, model, label, stage="all"):
    """Return the error of the committee, or that of the network where there is only one."""
    rows = tables.rows("torque_errors", model=model, set=label, stage=stage)
    committee = rows[rows["member"] == "committee"]
    return (rows if committee.empty else committee).iloc[0]


def _fitted(tables, *models):
    return set(models) <= set(tables["models"]["model"])


def _peer(tables, model):
    """Return the name of the network like `model` whose folds are whole realizations, trained on everything."""
    frame, keys = tables["models"], ["parameters", "activation", "chirality"]
    own = frame.loc[frame["model"] == model, keys].iloc[0]
    same = frame[(frame["protocol"] == "realizations") & (frame[keys] == own).all(axis=1)]
    if same.empty:
        raise InputError(f"models.csv: no network like {model} whose folds are realizations")
    return same.sort_values("configurations", ascending=False, kind="stable")["model"].iloc[0]


def _text(row):
    return f"{row['rmse']:.2e} t0 ({row['relative']:.1%} of the torque)"


def _range(row):
    if not np.isfinite(row["low"]):
        return "unknown, from a single realization,"
    return f"{row['low']:.2e} to {row['high']:.2e}"


def _ratio(tables, numerator, denominator, label="test", stage="all"):
    return tables.row("paired", numerator=numerator, denominator=denominator, set=label, stage=stage)


def _ratios(tables, numerator, denominator):
    """Return the ratios of all states and of late ones."""
    return (_ratio(tables, numerator, denominator, stage=stage) for stage in ("all", "late"))


def _ratio_range(tables, row):
    count = f"t interval over {int(row['realizations'])} realizations, each compared with itself"
    return f"{tables.level} interval of the ratio {row['low']:.2f} to {row['high']:.2f} ({count})"


def _count(tables, model):
    """Return the number of parameters in words: 38 thousand, 1.9 million."""
    number = tables.row("models", model=model)["parameters"]
    return f"{number / 1e6:.1f} million" if number >= 1e6 else f"{number / 1e3:.3g} thousand"


@_claim(
    id="sigma",
    statement="The torque error has a standard deviation of about 0.001",
    where="sigma about 0.001 t0 (Fig. 3)",
    rule="reproduced if both are at most 1.5e-3 t0, partly if at most 3e-3",
    target="fig3",
    tables="torque_errors models",
    models="paper paper-chirality",
)
def error_size(tables):
    """Torque error of the network, without and with chirality features."""
    bond, chiral = (_error(tables, model, "test", "random") for model in ("paper", "paper-chirality"))
    worst = max(bond["rmse"], chiral["rmse"])
    return Measured(
        f"{_text(bond)} without, {_text(chiral)} with chirality; random spins, unseen structures",
        f"{tables.level} intervals {_range(bond)} and {_range(chiral)} over {bond['realizations']} realizations",
        grade(worst <= 1.5e-3, worst <= 3e-3),
        f"The paper calls it a mean square error; with a torque rms of {bond['rms']:.4f} t0 it can only be sigma",
    )


@_claim(
    id="generalization",
    statement="Training and testing data are predicted equally well",
    where="excellent agreement for both (Fig. 3)",
    rule="reproduced if the error on unseen structures is at most 1.2 times that on training data, partly up to 1.5",
    target="fig3",
    tables="torque_errors models",
    models="paper paper-configurations",
    note="The paper does not say whether its test data come from the same atomic structures",
)
def generalization(tables):
    """Errors on unseen structures, on unseen configurations of known ones, and on the training data."""
    split = "paper-configurations"
    seen, fresh = _error(tables, "paper", "training"), _error(tables, "paper", "test")
    known, new = _error(tables, split, "validation"), _error(tables, _peer(tables, split), "test")
    ratio = fresh["rmse"] / seen["rmse"]
    return Measured(
        f"unseen structures / training: {ratio:.2f} ({fresh['rmse']:.2e} against {seen['rmse']:.2e} t0); unseen "
        f"structures / unseen configurations of known structures: {new['rmse'] / known['rmse']:.2f} (networks of "
        f"{_count(tables, split)} parameters)",
        f"{tables.level} intervals {_range(fresh)} and {_range(seen)} t0 over {fresh['realizations']} and "
        f"{seen['realizations']} realizations",
        grade(ratio <= 1.2, ratio <= 1.5),
    )


@_claim(
    id="chirality",
    statement="Including scalar chirality does not lead to significant improvement",
    where="no significant change (Sec. III B, Fig. 3)",
    rule="reproduced if no ratio is below 0.9, and none on unseen structures above 1.1 or with an interval below 1; partly "
    "if chirality makes it worse, or better by less than a tenth; not reproduced if it removes more than that",
    target="fig3",
    tables="paired torque_errors models",
    models="paper paper-chirality paper-configurations paper-chirality-configurations",
    note="Networks of the same folds are compared. G3-chi as printed vanishes identically; pairs ordered by distance are "
    "used",
)
def chirality(tables):
    """Error with chirality features over that without."""
    ratios = {"unseen structures": _ratio(tables, "paper-chirality", "paper")}
    if _fitted(tables, "small-chirality"):
        ratios["unseen structures, small networks"] = _ratio(tables, "small-chirality", "small")
    known = (
        _error(tables, "paper-chirality-configurations", "validation")["rmse"]
        / _error(tables, "paper-configurations", "validation")["rmse"]
    )
    values = [row["ratio"] for row in ratios.values()]
    helps = min(*values, known) < 0.9
    significant = any(row["high"] < 1.0 for row in ratios.values())
    words = [f"{row['ratio']:.3f} on {where}" for where, row in ratios.items()]
    return Measured(
        f"error with / without chirality: {', '.join(words)}, {known:.3f} on unseen configurations of known structures",
        [f"{where}: {_ratio_range(tables, row)}" for where, row in ratios.items()],
        grade(not helps and not significant and max(values) <= 1.1, not helps),
    )


@_claim(
    id="beyond-pair",
    statement="The network goes beyond effective pair interactions",
    where="beyond analytical two-spin models (Sec. IV)",
    rule="reproduced if the committee's error is below 0.8 of the pair model's and the interval below 1; partly if only "
    "the interval is below 1",
    target="torque_errors",
    tables="paired torque_errors models",
    models="paper pair linear",
    note="Same configurations and symmetry functions for all; the committee has seen all of them, as the linear models "
    "have, a single network all but its fold",
)
def beyond_pair_model(tables):
    """Error of the network over that of a fitted pair coupling, on the same realizations."""
    pair, linear = _error(tables, "pair", "test"), _error(tables, "linear", "test")
    single, committee = _error(tables, "paper", "test"), _best(tables, "paper", "test")
    ratio, late = _ratios(tables, "paper", "pair")
    better = ratio["high"] < 1.0
    return Measured(
        f"error of the network / pair model: {ratio['ratio']:.2f}, in late states {late['ratio']:.2f} (pair "
        f"{pair['rmse']:.2e}, linear G2 + G3 {linear['rmse']:.2e}, one network {single['rmse']:.2e}, committee "
        f"{committee['rmse']:.2e} t0; unseen structures)",
        _ratio_range(tables, ratio),
        grade(better and ratio["ratio"] < 0.8, better),
    )


_transfer_claim = partial(
    _claim,
    statement="A model trained on N = 100 is applied to larger systems",
    rule="reproduced if the error grows by at most a quarter, partly up to twice",
    target="torque_errors",
    tables="torque_errors",
    note="A box of 5 ell is two cutoff radii wide: what a site sees there is not what it sees in a larger one",
)


@_transfer_claim(id="transfer", where="used for N = 500 (Fig. 5), not tested there")
def transfer(tables):
    """Error in a larger box over that in a box of the size of the training data."""
    return _transfer(tables, "test-500")


@_transfer_claim(id="transfer-1000", where="not used, not tested")
def transfer_1000(tables):
    """Error in a still larger box over that in a box of the size of the training data."""
    return _transfer(tables, "test-1000")


def _transfer(tables, label):
    errors = tables["torque_errors"]
    if not ((errors["set"] == label) & (errors["model"] == "paper")).any():
        return None
    small, large = (_best(tables, "paper", which, "random") for which in ("test", label))
    ratio = large["rmse"] / small["rmse"]
    late = [_best(tables, "paper", which, "late")["relative"] for which in ("test", label)]
    pair = _error(tables, "pair", label, "random")["rmse"] / _error(tables, "pair", "test", "random")["rmse"]
    return Measured(
        f"error at N = {int(large['n_sites'])} / N = {int(small['n_sites'])}: {ratio:.2f} ({large['rmse']:.2e} against "
        f"{small['rmse']:.2e} t0, random spins; pair model {pair:.2f}); of the torque in late states {late[1]:.1%} "
        f"against {late[0]:.1%}",
        f"{tables.level} intervals {_range(large)} and {_range(small)} t0 over {large['realizations']} and "
        f"{small['realizations']} realizations",
        grade(ratio <= 1.25, ratio <= 2.0),
    )


@_claim(
    id="late-stage",
    statement="The force field predicts the driving forces accurately along the whole relaxation",
    where="accurately predicts the driving forces (Sec. IV)",
    rule="reproduced if the error in late states is at most 5 % of the torque there, partly up to 25 %",
    target="error_along_quench",
    tables="torque_errors models",
    models="paper",
)
def late_stage(tables):
    """Relative error where the torque has become small."""
    late, pair = _best(tables, "paper", "test", "late"), _error(tables, "pair", "test", "late")
    return Measured(
        f"late states: error {late['rmse']:.2e} t0, {late['relative']:.1%} of the remaining torque "
        f"(pair model {pair['relative']:.1%})",
        f"{tables.level} interval {_range(late)} t0",
        grade(late["relative"] <= 0.05, late["relative"] <= 0.25),
        f"The rms torque component has fallen to {late['rms']:.1e} t0",
    )


@_claim(
    id="converged",
    statement="Training goes on until it improves the network no further",
    where="early stopping (Sec. IV)",
    rule="reproduced if no network improved by more than 3 % in its last third, partly up to 10 %",
    target="learning_curves",
    tables="training paired models",
    note="The learning rate falls along a cosine, so that part of the last gain is the smaller noise of the steps",
)
def converged(tables):
    """What the last third of the epochs was worth in training."""
    frame = tables["training"]
    rows = frame[frame["model"].isin(["paper", "paper-chirality"])]
    if rows.empty:
        return None
    longer = ""
    if _fitted(tables, "paper-long"):
        epochs = tables.row("training", model="paper-long")["epochs"]
        ratio = _ratio(tables, "paper-long", "paper")
        longer = f"; a training of up to {epochs:.0f} epochs has {ratio['ratio']:.3f} times the error on unseen structures"
    worst = rows.loc[rows["last_third"].idxmax()]
    return Measured(
        f"the last third of the epochs lowered the validation torque error by {worst['last_third']:.1%} at most, after "
        f"{worst['epochs']:.0f} epochs of {tables.label(worst['model'])}, fold {worst['fold']:.0f}{longer}",
        f"{len(rows)} networks; median {rows['last_third'].median():.1%}",
        grade(worst["last_third"] <= 0.03, worst["last_third"] <= 0.1),
    )


@_claim(
    id="network-size",
    statement="The force field is a network of eight hidden layers, 1024 to 128 units wide",
    where="2.0 million parameters (Sec. IV); no other size is reported",
    rule="reproduced, in that it takes a network of that size, if the small one's error is more than a tenth larger and "
    "the interval above 1; partly if only the interval is; not reproduced if a small network does as well",
    target="network_size",
    tables="paired torque_errors models",
    models="small paper",
    note="Networks of the same folds; the small one has a linear term that starts from least squares, the other none",
)
def network_size(tables):
    """Error of a far smaller network over that of the large one."""
    ratio, late = _ratios(tables, "small", "paper")
    sets = [name for name in dict.fromkeys(tables["paired"]["set"]) if name != "test"]
    sizes = {name: _error(tables, "paper", name)["n_sites"] for name in sets}
    words = [f"{_ratio(tables, 'small', 'paper', name)['ratio']:.3f} at N = {sizes[name]:g}" for name in sets]
    factor = tables.row("models", model="paper")["parameters"] / tables.row("models", model="small")["parameters"]
    return Measured(
        f"error of a network of {_count(tables, 'small')} parameters, {factor:.0f} times fewer, / that of the paper's "
        f"({_count(tables, 'paper')}): {ratio['ratio']:.3f} on unseen structures, {late['ratio']:.3f} in late states"
        + (f", {', '.join(words)}" if words else ""),
        _ratio_range(tables, ratio),
        grade(ratio["low"] > 1.0 and ratio["ratio"] > 1.1, ratio["low"] > 1.0),
    )


@_claim(
    id="activation",
    statement="The activation is ReLU",
    where="named ReLU, with a reference to CELU (Sec. IV)",
    rule="reproduced if either activation gives the same error within a tenth, so that it does not matter which was "
    "meant; depends on the activation otherwise",
    target="paired.csv",
    tables="paired models",
    models="small small-relu",
    note="Small networks, alike but for the activation, on the same fold. The energy of a ReLU network has kinks, at which "
    "the field jumps",
)
def activation(tables):
    """Error with ReLU over that with the activation of the other networks."""
    ratio, late = _ratios(tables, "small-relu", "small")
    same = all(0.9 <= row["ratio"] <= 1.1 for row in (ratio, late))
    used = tables.row("models", model="small")["activation"]
    return Measured(
        f"error with ReLU / with {used}: {ratio['ratio']:.3f} on unseen structures, {late['ratio']:.3f} in late states",
        _ratio_range(tables, ratio),
        "reproduced" if same else "depends on the activation",
    )


def _less_data(tables, whole):
    """Return the networks like that of the row `whole` that were trained on less, the most data first."""
    frame, keys = tables["models"], ["parameters", "activation", "linear_term", "chirality", "protocol"]
    alike = frame[(frame[keys].astype(str) == whole[keys].astype(str)).all(axis=1)]
    less = alike[alike["configurations"] < whole["configurations"]]
    return less.sort_values("configurations", ascending=False, kind="stable")


@_claim(
    id="training-data",
    statement="Ten realizations with 250 configurations each are enough to train on",
    where="10 times 250 configurations (Sec. IV); no other amount is reported",
    rule="reproduced if the next smaller training set costs at most a tenth in error, partly up to a quarter",
    target="training_size",
    tables="paired models",
    models="small",
    note="Small networks of the same fold, which holds out a part of the realizations",
)
def training_data(tables):
    """Error with the next smaller training set over that with everything."""
    whole = tables.row("models", model="small")
    smaller = _less_data(tables, whole)
    if smaller.empty:
        return None
    less = smaller.iloc[0]
    ratio, late = _ratios(tables, less["model"], "small")
    return Measured(
        f"error with {less['configurations']} configurations of {less['realizations']} realizations / with "
        f"{whole['configurations']} of {whole['realizations']}: {ratio['ratio']:.3f} on unseen structures, "
        f"{late['ratio']:.3f} in late states",
        _ratio_range(tables, ratio),
        grade(ratio["ratio"] <= 1.1, ratio["ratio"] <= 1.25),
    )
