# Times and memory against their bounds, into results/benchmarks/. It wants an idle machine (33 minutes on two cores):
#
#   snakemake benchmarks --cores 2 --forcerun benchmark

BENCHMARKS = "results/benchmarks"
MEASURED = [
    "exact_labels",
    "training_step",
    "network_times",
    "network_memory",
    "dynamics",
    "scaling_exact",
    "scaling_models",
    "locator",
    "ensemble_scaling",
    "solvers",
    "force_fields",
    "coupling_filling",
]


localrules:
    benchmarks,
    benchmark,
    benchmark_summary,
    benchmark_figure,
    benchmark_locator,
    benchmark_solvers,
    benchmark_force_fields,
    benchmark_coupling_filling,


rule benchmarks:
    input:
        f"{BENCHMARKS}/summary.csv",
        f"{BENCHMARKS}/locator_targets.csv",
        f"{BENCHMARKS}/benchmarks.png",
        f"{BENCHMARKS}/solvers_targets.csv",
        f"{BENCHMARKS}/force_fields_targets.csv",
        f"{BENCHMARKS}/coupling_filling.png",


# With all cores (snakemake cuts the number down to what it has), so that one is measured at a time.
rule benchmark:
    output:
        f"{BENCHMARKS}/{{benchmark}}.csv",
    wildcard_constraints:
        benchmark="|".join(MEASURED),
    threads: 1024
    shell:
        "python -m sdglass_study.benchmarks.{wildcards.benchmark} --out {output} --threads {threads}"


# Errors are those of the paper's scale as it is archived; they are no input, since a benchmark makes no study.
rule benchmark_summary:
    input:
        expand(f"{BENCHMARKS}/{{benchmark}}.csv", benchmark=MEASURED),
    output:
        f"{BENCHMARKS}/summary.csv",
    params:
        errors=lambda wildcards: os.path.relpath(ROOT / "results/paper/tables"),
    shell:
        "python -m sdglass_study.benchmarks.summary --tables {BENCHMARKS} --errors {params.errors:q} --out {output}"


rule benchmark_figure:
    input:
        expand(f"{BENCHMARKS}/{{benchmark}}.csv", benchmark=MEASURED),
    output:
        multiext(f"{BENCHMARKS}/benchmarks", ".png", ".pdf"),
    shell:
        "python -m sdglass_study.benchmarks.figure --tables {BENCHMARKS} --png {output[0]} --pdf {output[1]}"


rule benchmark_locator:
    input:
        f"{BENCHMARKS}/locator.csv",
    output:
        f"{BENCHMARKS}/locator_targets.csv",
        multiext(f"{BENCHMARKS}/pareto", ".png", ".pdf"),
    params:
        errors=lambda wildcards: os.path.relpath(ROOT / "results/paper/tables"),
    shell:
        "python -m sdglass_study.benchmarks.locator_targets --tables {BENCHMARKS} --errors {params.errors:q}"
        " --out {output[0]} --png {output[1]} --pdf {output[2]}"


rule benchmark_solvers:
    input:
        f"{BENCHMARKS}/solvers.csv",
    output:
        f"{BENCHMARKS}/solvers_targets.csv",
        multiext(f"{BENCHMARKS}/solvers", ".png", ".pdf"),
    shell:
        "python -m sdglass_study.benchmarks.solvers_targets --tables {BENCHMARKS}"
        " --out {output[0]} --png {output[1]} --pdf {output[2]}"


rule benchmark_force_fields:
    input:
        f"{BENCHMARKS}/force_fields.csv",
    output:
        f"{BENCHMARKS}/force_fields_targets.csv",
        multiext(f"{BENCHMARKS}/force_fields", ".png", ".pdf"),
    shell:
        "python -m sdglass_study.benchmarks.force_fields_targets --tables {BENCHMARKS}"
        " --out {output[0]} --png {output[1]} --pdf {output[2]}"


rule benchmark_coupling_filling:
    input:
        f"{BENCHMARKS}/coupling_filling.csv",
    output:
        multiext(f"{BENCHMARKS}/coupling_filling", ".png", ".pdf"),
    shell:
        "python -m sdglass_study.benchmarks.coupling_filling_figure --tables {BENCHMARKS}"
        " --png {output[0]} --pdf {output[1]}"
