# Force fields: least-squares baselines, networks fold by fold, committees, and their errors.

TRAINED = "training/{variant}/fold-{fold}.safetensors"


wildcard_constraints:
    variant="|".join(VARIANTS),
    model="|".join(MODELS),
    fold=r"\d+",


rule fit_linear:
    input:
        unless_kept("models/{kind}.safetensors", code("fit_linear")),
        data=unless_kept(
            "models/{kind}.safetensors", expand(f"{RESULTS}/datasets/{{name}}.h5", name=members("train"))
        ),
        features=unless_kept(
            "models/{kind}.safetensors", expand(f"{RESULTS}/features/{{name}}.h5", name=members("train"))
        ),
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
        recipe=lambda w: RECIPES.linear_model(w.kind),
    shell:
        "python -m sdglass_study.jobs.fit_linear --data {input.data} --features {input.features}"
        " --kind {wildcards.kind} --ridge {params.ridge} --descriptor {params.descriptor:q}"
        " --recipe {params.recipe} --out {output} > {log} 2>&1"


rule train:
    input:
        unless_kept(TRAINED, code("train")),
        data=unless_kept(TRAINED, expand(f"{RESULTS}/datasets/{{name}}.h5", name=members("train"))),
        features=unless_kept(TRAINED, expand(f"{RESULTS}/features/{{name}}.h5", name=members("train"))),
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
        gpu=lambda w: gpus(w.variant),
    params:
        descriptor=DESCRIPTOR,
        chirality=lambda w: "--chirality" if VARIANTS[w.variant]["chirality"] else "",
        protocol=lambda w: VARIANTS[w.variant]["protocol"],
        folds=NETWORK["folds"],
        part=lambda w: data_options(w.variant),
        network=lambda w: chosen_settings(w.variant, NETWORK_KEYS),
        settings=lambda w: chosen_settings(w.variant, TRAINING_KEYS),
        recipe=lambda w: RECIPES.training(w.variant, w.fold),
        ridge=config["linear_model"]["ridge"],
        seed=config["seed"],
        device=config["device"],
    shell:
        "python -m sdglass_study.jobs.train --data {input.data} --features {input.features}"
        " --descriptor {params.descriptor:q} --variant {wildcards.variant} {params.chirality}"
        " --protocol {params.protocol} --fold {wildcards.fold} --folds {params.folds} {params.part}"
        " --network {params.network:q} --settings {params.settings:q} --ridge {params.ridge}"
        " --seed {params.seed} --device {params.device} --recipe {params.recipe}"
        " --out {output.weights} --history {output.history} > {log} 2>&1"


rule committee:
    input:
        unless_kept("models/{variant}.safetensors", code("committee")),
        members=unless_kept(
            "models/{variant}.safetensors",
            lambda w: [f"{RESULTS}/training/{w.variant}/fold-{fold}.safetensors" for fold in FOLDS[w.variant]],
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
    params:
        recipe=lambda w: RECIPES.model(w.variant),
    shell:
        "python -m sdglass_study.jobs.committee --members {input.members} --recipe {params.recipe}"
        " --out {output} > {log} 2>&1"


rule errors:
    input:
        unless_kept("errors/{model}.h5", code("model_errors")),
        models=unless_kept("errors/{model}.h5", lambda w: model_parts(w.model)),
        data=unless_kept("errors/{model}.h5", expand(f"{RESULTS}/datasets/{{name}}.h5", name=JUDGED)),
        features=unless_kept("errors/{model}.h5", expand(f"{RESULTS}/features/{{name}}.h5", name=JUDGED)),
    output:
        f"{RESULTS}/errors/{{model}}.h5",
    log:
        f"{RESULTS}/logs/errors/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/errors/{{model}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=lambda w: gpus(w.model),
    params:
        sets=SETS,
        part=lambda w: data_options(w.model) if w.model in VARIANTS else "",
        recipe=lambda w: RECIPES.errors(w.model),
        seed=config["seed"],
        device=config["device"],
    shell:
        "python -m sdglass_study.jobs.model_errors --name {wildcards.model} --models {input.models}"
        " --data {input.data} --features {input.features} --sets {params.sets} {params.part}"
        " --device {params.device} --seed {params.seed} --recipe {params.recipe} --out {output}"
        " > {log} 2>&1"
