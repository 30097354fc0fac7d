# Exact labels: random spins and relaxations. The large structures relax with the fitted pair model.


rule dataset:
    input:
        code("dataset"),
        structure=f"{RESULTS}/structures/{{group}}-{{index}}.npz",
    output:
        f"{RESULTS}/datasets/{{group}}-{{index}}.h5",
    log:
        f"{RESULTS}/logs/dataset/{{group}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dataset/{{group}}-{{index}}.tsv"
    wildcard_constraints:
        group="train|unseen",
    group:
        lambda w: f"prepare-{w.group}"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        electrons=ELECTRONS,
        relaxation=RELAXATION,
        random=DATASET["random"],
        relaxations=DATASET["relaxations"],
        snapshots=DATASET["snapshots"],
        seed=config["seed"],
        realization=realization,
    shell:
        "python -m sdglass_study.jobs.dataset --structure {input.structure} {params.electrons} {params.relaxation}"
        " --random {params.random} --relaxations {params.relaxations} --snapshots {params.snapshots}"
        " --seed {params.seed} --realization {params.realization} --out {output} > {log} 2>&1"


rule transfer_dataset:
    input:
        code("transfer_dataset"),
        structure=f"{RESULTS}/structures/{{group}}-{{index}}.npz",
        model=f"{RESULTS}/models/pair.safetensors",
    output:
        f"{RESULTS}/datasets/{{group}}-{{index}}.h5",
    log:
        f"{RESULTS}/logs/transfer_dataset/{{group}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/transfer_dataset/{{group}}-{{index}}.tsv"
    wildcard_constraints:
        group="|".join(TRANSFER),
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        electrons=ELECTRONS,
        relaxation=RELAXATION,
        random=lambda w: TRANSFER[w.group]["random"],
        snapshots=lambda w: TRANSFER[w.group]["relaxed"],
        seed=config["seed"],
        realization=realization,
    shell:
        "python -m sdglass_study.jobs.transfer_dataset --structure {input.structure} --model {input.model}"
        " {params.electrons} {params.relaxation} --random {params.random} --relaxations 1"
        " --snapshots {params.snapshots} --seed {params.seed} --realization {params.realization}"
        " --out {output} > {log} 2>&1"
