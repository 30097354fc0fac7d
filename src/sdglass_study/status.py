"""What of a study is there and what is missing, from the names of files alone: nothing is computed or written."""

import time
from dataclasses import dataclass
from pathlib import Path

from sdglass_study.comparisons import comparisons
from sdglass_study.config import trained_folds
from sdglass_study.figures.registry import study_figures
from sdglass_study.landed import Manifest
from sdglass_study.study import (
    FAST_TABLES,
    LINEAR_MODELS,
    LOCATOR,
    LOCATOR_QUENCH,
    LOCATOR_TABLES,
    SLOW_TABLES,
    Recipes,
    descent_sets,
    engine_model,
    ensemble_run,
    has_locator,
    large_group,
    large_runs,
    model_names,
    realization_groups,
    transfer_sets,
)

# Parts of a study that other parts are made from, and that are not kept once these are there.
INTERMEDIATE = ("structures", "labels", "descriptors", "networks")


@dataclass(frozen=True)
class Part:
    """One part of a study.

    Attributes
    ----------
    name : str
    wanted : list of str
        Paths below ``results/<study>/``.
    missing : list of str
        Those that are not there, or that were made with other parameters.
    kept : int
        How many are listed in the study's manifest.
    """

    name: str
    wanted: list
    missing: list
    kept: int = 0

    @property
    def done(self):
        """Number of files that are there."""
        return len(self.wanted) - len(self.missing)


def wanted_files(config):
    """Return {part: paths below ``results/<study>/``} of everything that a configuration asks for, in order."""
    groups, network = realization_groups(config), config["network"]
    labelled = {name: groups[name]["count"] for name in ("train", "unseen")}
    labelled |= {name: one["realizations"] for name, one in transfer_sets(config).items()}
    described = dict(labelled)
    described["large"] = max(labelled["large"], _large_with_descriptor(config))
    labelled |= {name: one["realizations"] for name, one in descent_sets(config).items()}
    parts = {
        "structures": _numbered("structures", ".npz", {name: one["count"] for name, one in groups.items()}),
        "labels": _numbered("datasets", ".h5", labelled),
        "descriptors": _numbered("features", ".h5", described),
    }
    parts["networks"] = [
        f"training/{variant}/fold-{fold}.safetensors"
        for variant in network["variants"]
        for fold in trained_folds(network, variant)
    ]
    models = [*LINEAR_MODELS, config["force_field"]["variant"], *([LOCATOR] if has_locator(config) else [])]
    parts["models"] = [f"models/{name}.safetensors" for name in models]
    parts["errors"] = [f"errors/{name}.h5" for name in model_names(config)]
    for run in config["quench_small"]["runs"]:
        count = ensemble_run(config, "small", run)["realizations"]
        for engine in config["quench_small"]["engines"]:
            paths = [f"observables/small-{run}/{engine}/{index:03d}.h5" for index in range(count)]
            parts[f"quench small-{run}, {engine}"] = paths
    for run in large_runs(config):
        count = ensemble_run(config, "large", run)["realizations"]
        parts[f"quench large-{run}"] = [f"observables/large-{run}/{index:03d}.h5" for index in range(count)]
    tables = [*SLOW_TABLES, *FAST_TABLES, *comparisons(config)]
    tables += [*LOCATOR_TABLES, *LOCATOR_QUENCH] if has_locator(config) else []
    parts["tables"] = [f"tables/{name}.csv" for name in tables]
    figures = study_figures([*comparisons(config), *([LOCATOR] if has_locator(config) else [])])
    parts["figures"] = [f"figures/{name}.{kind}" for name in figures for kind in ("png", "pdf")]
    parts["report"] = ["claims.csv", "config.yaml", "provenance.json", "report.html"]
    return parts


def _numbered(folder, suffix, counts):
    return [f"{folder}/{name}-{index:03d}{suffix}" for name, count in counts.items() for index in range(count)]


def _large_with_descriptor(config):
    """Return on how many of the large realizations a model with descriptor acts."""
    counts = [0]
    for run, settings in large_runs(config).items():
        if engine_model(config, settings["engine"]) not in (None, LOCATOR) and large_group(config, run) == "large":
            counts.append(ensemble_run(config, "large", run)["realizations"])
    return max(counts)


def study_parts(config, root="results"):
    """Return the `Part` list of a study.

    Parameters
    ----------
    config : dict
        A valid configuration.
    root : path
        Folder of all results.

    Raises
    ------
    InputError
        If the manifest cannot be read.
    """
    folder = Path(root, config["study"])
    manifest, recipes = Manifest.load(folder), Recipes(config)
    expected = recipes.kept() | recipes.tables()
    kept = {path for path, entry in manifest.files.items() if entry["recipe"] == expected.get(path)}
    other = set(manifest.files) - kept
    parts = []
    for name, wanted in wanted_files(config).items():
        missing = [path for path in wanted if path in other or not (folder / path).is_file()]
        parts.append(Part(name, wanted, missing, sum(path in kept for path in wanted)))
    return parts


def unfinished_jobs(folder, work="."):
    """Return the jobs that have begun and not ended: log files without the benchmark that ends a job.

    Parameters
    ----------
    folder : path
        ``results/<study>``.
    work : path
        Where Snakemake was started.

    Returns
    -------
    tuple
        Whether Snakemake holds a lock in `work`; a list of (path of the log below the folder, seconds since it was
        written, its last line), the latest first; and the files that a checkpoint belongs to.
    """
    folder = Path(folder)
    locked = any(Path(work, ".snakemake", "locks").glob("*.lock"))
    found = []
    checkpoints = sorted(str(path.relative_to(folder)) for path in folder.glob("**/*.checkpoint"))
    for log in folder.glob("logs/**/*.log"):
        end = folder / "benchmarks" / log.relative_to(folder / "logs").with_suffix(".tsv")
        written = log.stat().st_mtime
        if end.is_file() and end.stat().st_mtime >= written:
            continue
        found.append((str(log.relative_to(folder)), time.time() - written, _last_line(log)))
    found.sort(key=lambda job: job[1])
    return locked, found, checkpoints


def _last_line(path):
    """Return the last line of a log that is not empty; of a line that was rewritten, what it said last."""
    with open(path, "rb") as stream:
        stream.seek(0, 2)
        stream.seek(max(stream.tell() - 2000, 0))
        text = stream.read().decode(errors="replace").replace("\r", "\n")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
