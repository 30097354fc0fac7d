"""What the rules of the workflow ask: the inputs, the parameters and the code of a job."""

import json
from importlib import import_module

from sdglass_study.code_digest import code_digest


class Rules:
    """The jobs of a study, as input functions and parameters of Snakemake's rules.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study):
        self.study = study

    def inputs(self, job, **fixed):
        """Return the input function of a rule that runs the module `job`; `fixed` stand for wildcards."""
        module = import_module(f"sdglass_study.jobs.{job}")
        return lambda wildcards: module.inputs(self.study, **{**dict(wildcards), **fixed})

    def parameters(self, job, **fixed):
        """Return what a rule tells the module `job`: JSON of inputs, settings, and a digest of its code.

        Snakemake makes the outputs again where it remembers another one. (Only what follows from the wildcards
        alone is remembered: outputs are handed over apart.)
        """
        module = import_module(f"sdglass_study.jobs.{job}")

        def told(wildcards):
            names = {**dict(wildcards), **fixed}
            more = module.modules(self.study, **names) if hasattr(module, "modules") else []
            parts = {
                "inputs": module.inputs(self.study, **names) if hasattr(module, "inputs") else {},
                "settings": module.settings(self.study, **names),
                "code": code_digest(f"sdglass_study.jobs.{job}", *more, *self.study.electron_modules()),
            }
            return json.dumps(parts)

        return told

    def gpus(self, wildcards):
        """Return how many GPUs a job asks for: one, if its model computes there."""
        return int(self.study.device_of(wildcards.model) != "cpu")

    def files(self, wildcards, output):
        """Return the rest of a job's command line: JSON of its named outputs, and the user's own files.

        Snakemake does not remember what depends on outputs. One file more in ``plugins`` is no other study: those
        that a job uses are among its modules.
        """
        return [json.dumps(dict(output.items())), *self.study.plugins]
