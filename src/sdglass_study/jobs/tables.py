"""Make the tables of one analysis."""

from sdglass.io import write_csv
from sdglass_study.analysis import ANALYSES, run_analysis
from sdglass_study.config.typed import plain


def inputs(study, analysis):
    """Return what the analysis reads."""
    return ANALYSES[analysis].inputs(study, study.analysis[analysis])


def settings(study, analysis):
    """Return its section of the configuration, and what else it depends on."""
    common = study.common_values()
    wanted = {name: common[name] for name in ANALYSES[analysis].common}
    return {"analysis": analysis, "settings": plain(study.analysis[analysis]), "common": wanted}


def modules(study, analysis):
    """Return the module of the analysis."""
    return [ANALYSES[analysis].module]


def run(inputs, outputs, settings):
    """Write the tables."""
    made = run_analysis(settings["analysis"], settings["settings"], inputs, settings["common"])
    for name, path in outputs.items():
        write_csv(path, made[name])
