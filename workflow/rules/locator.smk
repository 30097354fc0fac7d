# The locator force field: its own labelled sets, the fit, and how it compares. Only for half filling.

LOCATOR_SETS = descent_sets(config)
LOCATOR_SETTINGS = json.dumps(
    {key: config["locator"][key] for key in ("pair_cutoff", "loop_cutoff", "taper", "screening")}
    if has_locator(config)
    else {}
)
LOCATOR_WEIGHT = config["locator"]["weight_exponent"] if has_locator(config) else 0
DESCENT = config["locator"]["descent"] if has_locator(config) else {"steps": 0, "step": 0}
FITTED = [name for group in descent_sets(config, trained=True) for name in members(group)]
UNSEEN = [name for group in descent_sets(config, trained=False) for name in members(group)]
RIVALS = locator_rivals(config) if has_locator(config) else []
# Beside its own quenches, those of the other force fields and exact ones.
LOCATOR_OBSERVABLES = large_observables(locator_quenches(config)) + large_observables(LARGE["runs"])
QUENCHED = [name for group, count in quench_sets(config).items() for name in members(group, count)]


rule descent_dataset:
    input:
        code("descent_dataset"),
        structure=f"{RESULTS}/structures/{{group}}-{{index}}.npz",
    output:
        f"{RESULTS}/datasets/{{group}}-{{index}}.h5",
    log:
        f"{RESULTS}/logs/descent_dataset/{{group}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/descent_dataset/{{group}}-{{index}}.tsv"
    wildcard_constraints:
        group="|".join(LOCATOR_SETS) or "(?!)",
    group:
        lambda w: f"prepare-{w.group}"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        electrons=ELECTRONS,
        configurations=lambda w: LOCATOR_SETS[w.group]["configurations"],
        steps=DESCENT["steps"],
        step=DESCENT["step"],
        seed=config["seed"],
        realization=realization,
    shell:
        "python -m sdglass_study.jobs.descent_dataset --structure {input.structure} {params.electrons}"
        " --configurations {params.configurations} --steps {params.steps} --step {params.step}"
        " --seed {params.seed} --realization {params.realization} --out {output} > {log} 2>&1"


rule fit_locator:
    input:
        unless_kept("models/locator.safetensors", code("fit_locator")),
        data=unless_kept("models/locator.safetensors", expand(f"{RESULTS}/datasets/{{name}}.h5", name=FITTED)),
    output:
        f"{RESULTS}/models/locator.safetensors",
    log:
        f"{RESULTS}/logs/fit_locator.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_locator.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=LOCATOR_SETTINGS,
        weight=LOCATOR_WEIGHT,
        recipe=lambda w: RECIPES.locator(),
    shell:
        "python -m sdglass_study.jobs.fit_locator --data {input.data} --settings {params.settings:q}"
        " --weight-exponent {params.weight} --recipe {params.recipe} --out {output} > {log} 2>&1"


rule locator_errors:
    input:
        unless_kept("tables/locator_errors.csv", code("locator_errors")),
        data=unless_kept("tables/locator_errors.csv", expand(f"{RESULTS}/datasets/{{name}}.h5", name=UNSEEN)),
        quenches=unless_kept("tables/locator_errors.csv", expand(f"{RESULTS}/datasets/{{name}}.h5", name=QUENCHED)),
        models=unless_kept(
            "tables/locator_errors.csv", [f"{RESULTS}/{single_model(config, name)}" for name in RIVALS]
        ),
    output:
        f"{TABLES}/locator_errors.csv",
    log:
        f"{RESULTS}/logs/locator_errors.log",
    benchmark:
        f"{RESULTS}/benchmarks/locator_errors.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        sets=[name.rsplit("-", 1)[0] for name in UNSEEN],
        quench_sets=[name.rsplit("-", 1)[0] for name in QUENCHED],
        names=RIVALS,
        confidence=ANALYSIS["confidence"],
    shell:
        "python -m sdglass_study.jobs.locator_errors --data {input.data} --sets {params.sets}"
        " --quenches {input.quenches} --quench-sets {params.quench_sets}"
        " --models {input.models} --names {params.names} --confidence {params.confidence}"
        " --out {output} > {log} 2>&1"


rule locator_ablation:
    input:
        unless_kept(["tables/locator_ablation.csv", "tables/locator_learning.csv"], code("locator_ablation")),
        data=unless_kept(
            ["tables/locator_ablation.csv", "tables/locator_learning.csv"],
            expand(f"{RESULTS}/datasets/{{name}}.h5", name=FITTED + UNSEEN),
        ),
    output:
        ablation=f"{TABLES}/locator_ablation.csv",
        learning=f"{TABLES}/locator_learning.csv",
    log:
        f"{RESULTS}/logs/locator_ablation.log",
    benchmark:
        f"{RESULTS}/benchmarks/locator_ablation.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        sets=[name.rsplit("-", 1)[0] for name in FITTED + UNSEEN],
        trained=list(descent_sets(config, trained=True)),
        settings=LOCATOR_SETTINGS,
        weight=LOCATOR_WEIGHT,
        descriptor=DESCRIPTOR,
        ridge=config["linear_model"]["ridge"],
        confidence=ANALYSIS["confidence"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.locator_ablation --data {input.data} --sets {params.sets}"
        " --trained {params.trained} --settings {params.settings:q} --weight-exponent {params.weight}"
        " --descriptor {params.descriptor:q} --ridge {params.ridge} --confidence {params.confidence}"
        " --seed {params.seed} --out-ablation {output.ablation} --out-learning {output.learning}"
        " > {log} 2>&1"


rule locator_precision:
    input:
        unless_kept("tables/locator_precision.csv", code("locator_precision")),
        structures=unless_kept(
            "tables/locator_precision.csv",
            [f"{RESULTS}/structures/{group}-000.npz" for group in descent_sets(config, trained=False)],
        ),
        model=unless_kept("tables/locator_precision.csv", f"{RESULTS}/models/locator.safetensors"),
    output:
        f"{TABLES}/locator_precision.csv",
    log:
        f"{RESULTS}/logs/locator_precision.log",
    benchmark:
        f"{RESULTS}/benchmarks/locator_precision.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        duration=DATASET["duration"],
        time_step=DATASET["time_step"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.locator_precision --structures {input.structures} --model {input.model}"
        " --duration {params.duration} --time-step {params.time_step} --seed {params.seed} --out {output}"
        " > {log} 2>&1"


rule locator_quench:
    input:
        code("locator_quench"),
        observables=LOCATOR_OBSERVABLES,
    output:
        length=f"{TABLES}/locator_quench.csv",
        difference=f"{TABLES}/locator_quench_difference.csv",
        correlation=f"{TABLES}/locator_quench_correlation.csv",
    log:
        f"{RESULTS}/logs/locator_quench.log",
    benchmark:
        f"{RESULTS}/benchmarks/locator_quench.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        bootstrap=ANALYSIS["bootstrap"],
        splits=ANALYSIS["splits"],
        confidence=ANALYSIS["confidence"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.locator_quench --observables {input.observables} --bootstrap {params.bootstrap}"
        " --splits {params.splits} --confidence {params.confidence} --seed {params.seed}"
        " --out-length {output.length} --out-difference {output.difference}"
        " --out-correlation {output.correlation} > {log} 2>&1"


rule locator:
    input:
        [f"{TABLES}/{name}.csv" for name in (*LOCATOR_TABLES, *LOCATOR_QUENCH)] if has_locator(config) else [],
