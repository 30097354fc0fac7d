# Force fields: least-squares baselines, networks fold by fold, committees, and their predictions.

NETWORK = config["network"]
LINEAR_MODELS = ["pair", "linear"]
MODELS = LINEAR_MODELS + list(NETWORK["variants"])
NETWORK_SETTINGS = json.dumps({key: NETWORK[key] for key in ("layers", "activation", "linear_term")})
TRAINING_SETTINGS = json.dumps(
    {
        key: NETWORK[key]
        for key in (
            "torque_weight",
            "energy_weight",
            "learning_rate",
            "schedule",
            "batch",
            "epochs",
            "patience",
        )
    }
)
# Every model is judged on the same files, in this order.
JUDGED = members("train") + members("unseen") + members("large", DATASET["large_realizations"])


wildcard_constraints:
    variant="|".join(NETWORK["variants"]),
    model="|".join(MODELS),
    fold=r"\d+",


rule fit_linear:
    input:
        code("fit_linear"),
        data=expand(f"{RESULTS}/datasets/{{name}}.h5", name=members("train")),
        features=expand(f"{RESULTS}/features/{{name}}.h5", name=members("train")),
    output:
        f"{RESULTS}/models/{{kind}}.safetensors",
    log:
        f"{RESULTS}/logs/fit_linear/{{kind}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_linear/{{kind}}.tsv"
    wildcard_constraints:
        kind="pair|linear",
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        descriptor=DESCRIPTOR,
        ridge=config["linear_model"]["ridge"],
    shell:
        "python -m sdglass.steps.fit_linear --data {input.data} --features {input.features}"
        " --kind {wildcards.kind} --ridge {params.ridge} --descriptor {params.descriptor:q}"
        " --out {output} > {log} 2>&1"


rule train:
    input:
        code("train"),
        data=expand(f"{RESULTS}/datasets/{{name}}.h5", name=members("train")),
        features=expand(f"{RESULTS}/features/{{name}}.h5", name=members("train")),
    output:
        weights=f"{RESULTS}/training/{{variant}}/fold-{{fold}}.safetensors",
        history=f"{RESULTS}/training/{{variant}}/fold-{{fold}}.csv",
    log:
        f"{RESULTS}/logs/train/{{variant}}-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{variant}}-{{fold}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=6000,
        runtime=1440,
    params:
        descriptor=DESCRIPTOR,
        chirality=lambda w: "--chirality" if NETWORK["variants"][w.variant]["chirality"] else "",
        protocol=lambda w: NETWORK["variants"][w.variant]["protocol"],
        folds=NETWORK["folds"],
        network=NETWORK_SETTINGS,
        settings=TRAINING_SETTINGS,
        ridge=config["linear_model"]["ridge"],
        seed=config["seed"],
        device=config["device"],
    shell:
        "python -m sdglass.steps.train --data {input.data} --features {input.features}"
        " --descriptor {params.descriptor:q} --variant {wildcards.variant} {params.chirality}"
        " --protocol {params.protocol} --fold {wildcards.fold} --folds {params.folds}"
        " --network {params.network:q} --settings {params.settings:q} --ridge {params.ridge}"
        " --seed {params.seed} --device {params.device}"
        " --out {output.weights} --history {output.history} > {log} 2>&1"


rule committee:
    input:
        code("committee"),
        members=lambda w: expand(
            f"{RESULTS}/training/{w.variant}/fold-{{fold}}.safetensors", fold=range(NETWORK["folds"])
        ),
    output:
        f"{RESULTS}/models/{{variant}}.safetensors",
    log:
        f"{RESULTS}/logs/committee/{{variant}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/committee/{{variant}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    shell:
        "python -m sdglass.steps.committee --members {input.members} --out {output} > {log} 2>&1"


rule predict:
    input:
        code("predict"),
        model=f"{RESULTS}/models/{{model}}.safetensors",
        data=expand(f"{RESULTS}/datasets/{{name}}.h5", name=JUDGED),
        features=expand(f"{RESULTS}/features/{{name}}.h5", name=JUDGED),
    output:
        f"{RESULTS}/predictions/{{model}}-{{dtype}}.h5",
    log:
        f"{RESULTS}/logs/predict/{{model}}-{{dtype}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/predict/{{model}}-{{dtype}}.tsv"
    wildcard_constraints:
        dtype="float32|float64",
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        device=config["device"],
    shell:
        "python -m sdglass.steps.predict --model {input.model} --data {input.data} --features {input.features}"
        " --dtype {wildcards.dtype} --device {params.device} --out {output} > {log} 2>&1"
