# Quenches, all replicas of a realization in one job, and what is measured on them.


rule quench:
    input:
        unpack(RULES.inputs("quench")),
    output:
        trajectory=f"{FOLDER}/trajectories/{{quench}}/{{model}}/{{index}}.h5",
    log:
        f"{LOGS}/quench/{{quench}}-{{model}}-{{index}}.log",
    benchmark:
        f"{TIMES}/quench/{{quench}}-{{model}}-{{index}}.tsv"
    resources:
        gpu=RULES.gpus,
    params:
        job=RULES.parameters("quench"),
        files=RULES.files,
    shell:
        run("quench")


rule measure:
    input:
        unpack(RULES.inputs("measure")),
    output:
        observables=f"{FOLDER}/observables/{{quench}}/{{model}}/{{index}}.h5",
    log:
        f"{LOGS}/measure/{{quench}}-{{model}}-{{index}}.log",
    benchmark:
        f"{TIMES}/measure/{{quench}}-{{model}}-{{index}}.tsv"
    params:
        job=RULES.parameters("measure"),
        files=RULES.files,
    shell:
        run("measure")
