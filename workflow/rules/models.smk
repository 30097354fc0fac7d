# Force fields: fits, fold by fold; their errors; one file for each that is published.


rule fit:
    input:
        unpack(RULES.inputs("fit")),
    output:
        fit=f"{FOLDER}/fits/{{model}}/fold-{{fold}}.safetensors",
        history=f"{FOLDER}/fits/{{model}}/fold-{{fold}}.csv",
    log:
        f"{LOGS}/fit/{{model}}-{{fold}}.log",
    benchmark:
        f"{TIMES}/fit/{{model}}-{{fold}}.tsv"
    resources:
        gpu=RULES.gpus,
    params:
        job=RULES.parameters("fit"),
        files=RULES.files,
    shell:
        run("fit")


rule judge:
    input:
        unpack(RULES.inputs("judge")),
    output:
        errors=f"{FOLDER}/errors/{{model}}.h5",
    log:
        f"{LOGS}/judge/{{model}}.log",
    benchmark:
        f"{TIMES}/judge/{{model}}.tsv"
    resources:
        gpu=RULES.gpus,
    params:
        job=RULES.parameters("judge"),
        files=RULES.files,
    shell:
        run("judge")


rule publish:
    input:
        unpack(RULES.inputs("publish")),
    output:
        model=f"{FOLDER}/models/{{model}}.safetensors",
    log:
        f"{LOGS}/publish/{{model}}.log",
    benchmark:
        f"{TIMES}/publish/{{model}}.tsv"
    params:
        job=RULES.parameters("publish"),
        files=RULES.files,
    shell:
        run("publish")
