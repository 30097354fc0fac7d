"""Enter the results that a study keeps in its manifest, so that another checkout uses them again.

Models, observables and errors carry the recipe they were made by; those that match the configuration are
entered, also from an unfinished study. Tables carry none: --tables names those that are up to date, and
--complete says that the workflow has just found everything so. --forget deletes what does not match:

    python -m sdglass_study.jobs.land --forget --configfile workflow/scales/quick.yaml --config filling=0.25

The times of the jobs that ran here, and in the folders of --benchmarks, are kept too, in runtimes.csv.
"""

from pathlib import Path

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.provenance import describe_code
from sdglass_study.code_digest import source_files
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.jobs.study_arguments import add_study, parsed_study
from sdglass_study.landed import Manifest, context_digest, recorded_recipe
from sdglass_study.report.runtimes import KEPT, job_times, kept_times, merged
from sdglass_study.study import LOCATOR_TABLES, SLOW_TABLES, Recipes

# What is made from kept results, each stage from those before it.
STAGES = ("tables/*.csv", "figures/*", "claims.csv", "config.yaml", "provenance.json", "report.html")


def main():
    """Write the manifest."""
    parser = step_parser(__doc__)
    add_study(parser)
    parser.add_argument("--results", type=Path, help="folder of the study; by default results/<its name>")
    parser.add_argument(
        "--tables", nargs="+", default=[], choices=(*SLOW_TABLES, *LOCATOR_TABLES), help="slow tables to enter"
    )
    parser.add_argument("--complete", action="store_true", help="the study is finished: enter everything")
    parser.add_argument("--forget", action="store_true", help="delete kept results of another configuration")
    parser.add_argument("--benchmarks", nargs="+", default=[], help="benchmark folders of other checkouts")
    args = parser.parse_args()
    config = parsed_study(args)
    recipes = Recipes(config)
    results = args.results or Path("results", config["study"])
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; expected that of a study, results/<study>")
    manifest = Manifest.load(results)
    if args.forget:
        forget(manifest, recipes.kept() | recipes.tables())
        return
    times = merged(kept_times(manifest.folder / KEPT), job_times(*args.benchmarks, manifest.folder / "benchmarks"))
    if len(times):
        write_csv(manifest.folder / KEPT, times)
    refused = enter(manifest, recipes.kept())
    slow = recipes.tables()
    missing = [name for name in args.tables if f"tables/{name}.csv" not in slow]
    if missing:
        raise InputError(f"--tables {' '.join(missing)}: this study has none; it lacks the section 'locator'")
    for path in slow if args.complete else (f"tables/{name}.csv" for name in args.tables):
        manifest.record(path, slow[path], describe_code())
    if args.complete:
        stages = [sorted(str(p.relative_to(manifest.folder)) for p in manifest.folder.glob(s)) for s in STAGES]
        stages = [[path for path in stage if path not in manifest.files] for stage in stages]
        context = context_digest(manifest.files, source_files(), recipes.study())
        manifest.finished = {"context": context, "stages": [stage for stage in stages if stage]}
    manifest.save()
    for path in refused:
        print(f"{path}: made with other parameters, not entered")
    print(f"{len(manifest.files)} files in {manifest.folder / 'manifest.json'}")


def forget(manifest, expected):
    """Delete the kept files that do not fit the `expected` recipes, and say which."""
    problems = manifest.problems(expected)
    for path, why in problems.items():
        (manifest.folder / path).unlink()
        del manifest.files[path]
        print(f"{manifest.folder / path}: deleted, {why}")
    if problems:
        manifest.save()
    else:
        print(f"{manifest.folder}: nothing deleted, every kept result fits this configuration")


def enter(manifest, expected):
    """Enter the files that carry the recipe expected of them; return the paths of those that carry another.

    A learning curve (.csv) carries none: it was written with the weights beside it.
    """
    refused = []
    for path, recipe in expected.items():
        file = Path(manifest.folder, path)
        carrier = file.with_suffix(".safetensors") if file.suffix == ".csv" else file
        if not file.is_file() or not carrier.is_file():
            continue
        made_by, code = recorded_recipe(carrier)
        if made_by == recipe:
            manifest.record(path, recipe, code)
        else:
            refused.append(path)
    return refused


if __name__ == "__main__":
    run(main)
