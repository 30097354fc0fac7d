"""Reading the tables that figures are drawn from, with clear words about what is missing."""

from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from sdglass.errors import InputError

# Columns that are words; everything else has to be a number.
_TEXT = {
    "system", "model", "member", "set", "stage", "variant", "fold", "run", "engine", "ensemble", "estimator",
    "integrator", "note", "numerator", "denominator", "layers", "activation", "linear_term", "chirality",
    "protocol", "reference", "reference_ensemble", "quantity", "offset", "fit", "law", "ingredient", "parameter",
    "study", "function",
}  # fmt: skip

# What the figures use; a table may hold more.
COLUMNS = {
    "fig1_neighbourhood.csv": "site x y z sx sy sz distance is_centre cutoff",
    "fig2_density_of_states.csv": "system n_sites box_length coupling energy density_of_states standard_error",
    "fig3_parity.csv": "model set exact predicted",
    "fig3_histogram.csv": "model set error density sigma",
    "fig4_correlation.csv": "run damping engine time distance correlation low high",
    "fig4_difference.csv": "run engine time distance difference low high",
    "fig5_length.csv": "ensemble engine damping time estimator xi low high realizations replicas",
    "fig5_fits.csv": "ensemble engine damping estimator start stop model time_unit exponent exponent_low "
    "exponent_high amplitude",
    "large_difference.csv": "ensemble engine damping reference reference_ensemble time distance correlation "
    "reference_correlation difference low high",
    "large_paired.csv": "ensemble engine damping reference reference_ensemble realizations replicas time quantity "
    "value reference_value difference low high",
    "psi_multiverse.csv": "run engine damping estimator bin_width r_low r_max start stop time_unit offset fit law "
    "exponent exponent_low exponent_high grows identified delta_aic",
    "fig5_correlation.csv": "ensemble engine damping time distance correlation low high",
    "torque_errors.csv": "model member set stage n_sites rmse low high rms relative",
    "paired.csv": "numerator denominator set stage member ratio low high realizations",
    "models.csv": "model layers parameters activation linear_term chirality protocol networks realizations "
    "configurations",
    "network_size.csv": "model parameters linear_term layers set stage n_sites rmse low high rms relative",
    "training_size.csv": "model layers realizations configurations set stage n_sites rmse low high rms relative",
    "activation.csv": "model activation set stage rmse low high ratio ratio_low ratio_high",
    "committee.csv": "model set stage n_sites spread rmse",
    "error_along_quench.csv": "model time rmse low high rms relative relative_low relative_high",
    "training.csv": "variant fold epochs best_epoch validation_torque_rmse last_third",
    "learning_curves.csv": "variant fold epoch train_loss validation_loss validation_torque_rmse",
    "couplings.csv": "model distance coupling low high",
    "freezing.csv": "ensemble engine damping n_sites time torque_rms torque_rms_error energy_per_site "
    "energy_error step_overlap step_overlap_error magnetization magnetization_error ratio",
    "disconnected.csv": "ensemble engine damping time distance disconnected standard_error correlation",
    "rkky.csv": "coupling model relative_torque_error standard_error",
    "two_site.csv": "coupling distance ratio_to_t2_over_J",
    "locator_quench.csv": "ensemble engine damping n_sites time quantity value low high",
    "locator_quench_difference.csv": "ensemble engine damping reference reference_ensemble time quantity "
    "reference_value difference low high",
    "locator_quench_correlation.csv": "ensemble engine damping n_sites time distance correlation low high",
    "locator_errors.csv": "model set stage n_sites relative relative_low relative_high",
    "locator_ablation.csv": "ingredient parameters set stage n_sites rmse low high relative",
    "locator_learning.csv": "configurations set stage n_sites rmse",
    "descriptor.csv": "function sign pair_distance shell value width cutoff pair_width",
    "spins3d.csv": "time site box_x box_y box_z x y z sx sy sz local_energy engine damping",
    "time_step.csv": "integrator damping duration time_step error energy_drift",
    "sweep.csv": "parameter value study quantity run engine result low high",
    "sweep_correlation.csv": "parameter value study run engine time distance correlation low high",
}


def read_table(folder, name):
    """Return one table as a `pandas.DataFrame`, words as text and everything else as numbers.

    Parameters
    ----------
    folder : path
    name : str
        File name, a key of `COLUMNS`.

    Raises
    ------
    InputError
        If the file is missing, empty or not CSV, lacks a column, or has words where numbers belong.
    """
    path = Path(folder) / name
    columns = COLUMNS[name].split()
    frame = read_csv(path, columns)
    for column in columns:
        if column in _TEXT:
            frame[column] = frame[column].fillna("").astype(str)
        elif not is_numeric_dtype(frame[column]):
            text = frame[column][pd.to_numeric(frame[column], errors="coerce").isna() & frame[column].notna()]
            raise InputError(f"{path}: column '{column}' holds {text.iloc[0]!r}; expected numbers")
    return frame


def read_csv(path, columns):
    """Return the CSV file `path`, in which `columns` must be present; raise `InputError` as `read_table` does."""
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected a table with {', '.join(columns)}")
    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT & set(columns), str))
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser and empty-file errors are ValueErrors
        raise InputError(f"{path}: not a readable table ({error}); make it again") from None
    for column in columns:
        if column not in frame:
            raise InputError(f"{path}: column '{column}' is missing; it holds {', '.join(map(str, frame))}")
    if frame.empty:
        raise InputError(f"{path}: holds no rows; expected at least one")
    return frame


def read_tables(folder, figure):
    """Return {name without suffix: frame} of what a `registry.Figure` needs, and of optional tables that exist."""
    wanted = [*figure.tables, *(name for name in figure.optional if (Path(folder) / name).is_file())]
    return {Path(name).stem: read_table(folder, name) for name in wanted}
