# Quench ensembles: ED-LLG and ML-LLG on the same initial states, one job per realization.


LARGE_ENGINES = {run: settings["engine"] for run, settings in large_runs(config).items()}


wildcard_constraints:
    run=r"[a-z][a-z0-9-]*",
    engine="|".join(["exact", "network", LOCATOR, *MODELS]),


rule quench_small_exact:
    input:
        code("quench_exact"),
        structure=f"{RESULTS}/structures/unseen-{{index}}.npz",
    output:
        f"{RESULTS}/trajectories/small-{{run}}/exact/{{index}}.h5",
    log:
        f"{RESULTS}/logs/quench/small-{{run}}-exact-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quench/small-{{run}}-exact-{{index}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=1500,
        runtime=1440,
    params:
        electrons=ELECTRONS,
        llg=lambda w: llg_options("small", w.run),
        seed=config["seed"],
        realization=lambda w: GROUPS["unseen"]["first"] + int(w.index),
    shell:
        "python -m sdglass_study.jobs.quench_exact --engine-name exact --ensemble small-{wildcards.run}"
        " --structure {input.structure} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"


rule quench_small:
    input:
        code("quench_model"),
        structure=f"{RESULTS}/structures/unseen-{{index}}.npz",
        features=lambda w: features_of(w.engine, f"unseen-{w.index}"),
        model=lambda w: model_of(w.engine),
    output:
        f"{RESULTS}/trajectories/small-{{run}}/{{engine}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/quench/small-{{run}}-{{engine}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quench/small-{{run}}-{{engine}}-{{index}}.tsv"
    wildcard_constraints:
        engine="|".join(["network", LOCATOR, *MODELS]),
    group:
        lambda w: f"quench-small-{w.engine}"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=720,
        gpu=lambda w: gpus(w.engine),
    params:
        electrons=ELECTRONS,
        llg=lambda w: llg_options("small", w.run),
        model=lambda w: model_options(w.engine),
        features=lambda w, input: f"--features {input.features}" if input.features else "",
        seed=config["seed"],
        realization=lambda w: GROUPS["unseen"]["first"] + int(w.index),
    shell:
        "python -m sdglass_study.jobs.quench_model --model {input.model} --engine-name {wildcards.engine}"
        " --ensemble small-{wildcards.run} --structure {input.structure} {params.features}"
        " {params.model} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"


rule quench_large_exact:
    input:
        code("quench_exact"),
        structure=lambda w: f"{RESULTS}/structures/{large_member(w)}.npz",
    output:
        f"{RESULTS}/trajectories/large-{{run}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/quench/large-{{run}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quench/large-{{run}}-{{index}}.tsv"
    wildcard_constraints:
        run="|".join(run for run, engine in LARGE_ENGINES.items() if engine == "exact") or "(?!)",
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=1500,
        runtime=1440,
    params:
        electrons=ELECTRONS,
        llg=lambda w: llg_options("large", w.run),
        seed=config["seed"],
        realization=lambda w: GROUPS[large_group(config, w.run)]["first"] + int(w.index),
    shell:
        "python -m sdglass_study.jobs.quench_exact --engine-name exact --ensemble large-{wildcards.run}"
        " --structure {input.structure} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"


rule quench_large:
    input:
        code("quench_model"),
        structure=lambda w: f"{RESULTS}/structures/{large_member(w)}.npz",
        features=lambda w: features_of(LARGE_ENGINES[w.run], large_member(w)),
        model=lambda w: model_of(LARGE_ENGINES[w.run]),
    output:
        f"{RESULTS}/trajectories/large-{{run}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/quench/large-{{run}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quench/large-{{run}}-{{index}}.tsv"
    wildcard_constraints:
        run="|".join(run for run, engine in LARGE_ENGINES.items() if engine != "exact") or "(?!)",
    group:
        lambda w: f"quench-large-{LARGE_ENGINES[w.run]}"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=4000,
        runtime=1440,
        gpu=lambda w: gpus(LARGE_ENGINES[w.run]),
    params:
        electrons=ELECTRONS,
        llg=lambda w: llg_options("large", w.run),
        engine=lambda w: LARGE_ENGINES[w.run],
        model=lambda w: model_options(LARGE_ENGINES[w.run]),
        features=lambda w, input: f"--features {input.features}" if input.features else "",
        seed=config["seed"],
        realization=lambda w: GROUPS[large_group(config, w.run)]["first"] + int(w.index),
    shell:
        "python -m sdglass_study.jobs.quench_model --model {input.model} --engine-name {params.engine}"
        " --ensemble large-{wildcards.run} --structure {input.structure} {params.features}"
        " {params.model} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"


rule observables_small:
    input:
        unless_kept("observables/small-{run}/{engine}/{index}.h5", code("observables")),
        trajectory=unless_kept(
            "observables/small-{run}/{engine}/{index}.h5",
            f"{RESULTS}/trajectories/small-{{run}}/{{engine}}/{{index}}.h5",
        ),
        structure=unless_kept(
            "observables/small-{run}/{engine}/{index}.h5", f"{RESULTS}/structures/unseen-{{index}}.npz"
        ),
    output:
        f"{RESULTS}/observables/small-{{run}}/{{engine}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/observables/small-{{run}}-{{engine}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/observables/small-{{run}}-{{engine}}-{{index}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        r_min=config["structure"]["r_min"],
        bin_width=config["analysis"]["bin_width"],
        recipe=lambda w: RECIPES.quench("small", w.run, w.engine, w.index),
    shell:
        "python -m sdglass_study.jobs.observables --trajectory {input.trajectory} --structure {input.structure}"
        " --r-min {params.r_min} --bin-width {params.bin_width} --recipe {params.recipe}"
        " --out {output} > {log} 2>&1"


rule observables_large:
    input:
        unless_kept("observables/large-{run}/{index}.h5", code("observables")),
        trajectory=unless_kept(
            "observables/large-{run}/{index}.h5", f"{RESULTS}/trajectories/large-{{run}}/{{index}}.h5"
        ),
        structure=unless_kept(
            "observables/large-{run}/{index}.h5", lambda w: f"{RESULTS}/structures/{large_member(w)}.npz"
        ),
    output:
        f"{RESULTS}/observables/large-{{run}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/observables/large-{{run}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/observables/large-{{run}}-{{index}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        r_min=config["structure"]["r_min"],
        bin_width=config["analysis"]["bin_width"],
        recipe=lambda w: RECIPES.quench("large", w.run, LARGE_ENGINES[w.run], w.index),
    shell:
        "python -m sdglass_study.jobs.observables --trajectory {input.trajectory} --structure {input.structure}"
        " --r-min {params.r_min} --bin-width {params.bin_width} --recipe {params.recipe}"
        " --out {output} > {log} 2>&1"
