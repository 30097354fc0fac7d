"""Make the tables of one analysis."""

from sdglass.io import write_csv
from sdglass_study.analysis import ANALYSES, arguments, run_analysis


def inputs(study, analysis):
    """Return what the analysis reads."""
    return ANALYSES[analysis].inputs_of(study, study.analysis[analysis])


def settings(study, analysis):
    """Return its section of the configuration, and what else it depends on."""
    return arguments(study, analysis)


def modules(study, analysis):
    """Return the module of the analysis."""
    return [ANALYSES[analysis].module]


def run(inputs, outputs, settings):
    """Write the tables."""
    made = run_analysis(**settings, inputs=inputs)
    for name, path in outputs.items():
        write_csv(path, made[name])
