# Quench ensembles: ED-LLG and ML-LLG on the same initial states, one job per realization.


wildcard_constraints:
    run=r"[a-z][a-z0-9-]*",
    engine="exact|network|pair|linear",


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
        llg=lambda w: llg_options(SMALL, w.run),
        seed=config["seed"],
        realization=lambda w: GROUPS["unseen"]["first"] + int(w.index),
    shell:
        "python -m sdglass.steps.quench_exact --engine-name exact --ensemble small-{wildcards.run}"
        " --structure {input.structure} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"


rule quench_small:
    input:
        code("quench_model"),
        structure=f"{RESULTS}/structures/unseen-{{index}}.npz",
        features=f"{RESULTS}/features/unseen-{{index}}.h5",
        model=lambda w: model_of(w.engine),
    output:
        f"{RESULTS}/trajectories/small-{{run}}/{{engine}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/quench/small-{{run}}-{{engine}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quench/small-{{run}}-{{engine}}-{{index}}.tsv"
    wildcard_constraints:
        engine="network|pair|linear",
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=720,
    params:
        electrons=ELECTRONS,
        llg=lambda w: llg_options(SMALL, w.run),
        model=lambda w: model_options(w.engine),
        seed=config["seed"],
        realization=lambda w: GROUPS["unseen"]["first"] + int(w.index),
    shell:
        "python -m sdglass.steps.quench_model --model {input.model} --engine-name {wildcards.engine}"
        " --ensemble small-{wildcards.run} --structure {input.structure} --features {input.features}"
        " {params.model} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"


rule quench_large:
    input:
        code("quench_model"),
        structure=f"{RESULTS}/structures/large-{{index}}.npz",
        features=f"{RESULTS}/features/large-{{index}}.h5",
        model=lambda w: model_of(LARGE["runs"][w.run]["engine"]),
    output:
        f"{RESULTS}/trajectories/large-{{run}}/{{index}}.h5",
    log:
        f"{RESULTS}/logs/quench/large-{{run}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quench/large-{{run}}-{{index}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=4000,
        runtime=1440,
    params:
        electrons=ELECTRONS,
        llg=lambda w: llg_options(LARGE, w.run),
        engine=lambda w: LARGE["runs"][w.run]["engine"],
        model=lambda w: model_options(LARGE["runs"][w.run]["engine"]),
        seed=config["seed"],
        realization=lambda w: GROUPS["large"]["first"] + int(w.index),
    shell:
        "python -m sdglass.steps.quench_model --model {input.model} --engine-name {params.engine}"
        " --ensemble large-{wildcards.run} --structure {input.structure} --features {input.features}"
        " {params.model} {params.electrons} {params.llg} --seed {params.seed}"
        " --realization {params.realization} --out {output} > {log} 2>&1"
