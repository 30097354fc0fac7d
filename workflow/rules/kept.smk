# Results that are kept with the study (models, errors, observables, the slow tables): a job whose outputs are
# listed in the manifest with the right recipe asks for no input, so nothing is made again to have it.

import base64

from snakemake.logging import logger

from sdglass_study.code_digest import source_files
from sdglass_study.landed import Manifest, context_digest

try:
    MANIFEST = Manifest.load(RESULTS)
    JUDGED_FILES = MANIFEST.judged(RECIPES.kept() | RECIPES.tables())
except InputError as error:
    raise WorkflowError(str(error)) from None

KEPT = {path for path, why in JUDGED_FILES.items() if not why}
STALE = {path: why for path, why in JUDGED_FILES.items() if why}
if STALE:
    shown = "\n".join(f"  {RESULTS}/{path}: {why}" for path, why in list(STALE.items())[:10])
    raise WorkflowError(
        f"{len(STALE)} kept results do not fit this configuration:\n{shown}\n"
        f"To compute beside them, give the study another name (study: ..., now {config['study']}). To compute these "
        "anew in their place, delete them first: python -m sdglass_study.jobs.land --forget "
        + study_options([os.path.relpath(path) for path in workflow.overwrite_configfiles])
    )

if workflow.is_main_process:
    try:
        for path in KEPT:
            # Where it was computed, Snakemake remembers inputs that a kept file no longer asks for, and would make it
            # again.
            record = base64.urlsafe_b64encode(f"{RESULTS}/{path}".encode()).decode()
            Path(".snakemake", "metadata", record).unlink(missing_ok=True)
        MANIFEST.refresh(context_digest(MANIFEST.files, source_files(), RECIPES.study()))
    except OSError as error:  # somebody else's study, or a read-only disk: no reason not to plan
        logger.warning(
            f"{RESULTS}/: times of files cannot be set ({error.strerror}), so finished results may be planned again;"
            " in a copy of your own they are not"
        )


def forced():
    """Whether jobs are forced to run: kept results do not count then."""
    settings = workflow.dag_settings
    return bool(settings and (settings.forceall or settings.forcerun))


def unless_kept(output, *files):
    """Input function: `files`, or none where `output`, a path below the results with wildcards, is kept.

    A file is a path with wildcards, a list of them, or a function of the wildcards that returns either.
    """

    def inputs(wildcards):
        outputs = [output] if isinstance(output, str) else output
        if not forced() and all(one.format(**wildcards) in KEPT for one in outputs):
            return []
        chosen = []
        for one in files:
            one = one(wildcards) if callable(one) else one
            chosen += [one] if isinstance(one, str) else list(one)
        return [path.format(**wildcards) for path in chosen]

    return inputs
