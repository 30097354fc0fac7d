# Structures, their descriptors, exact labels.


rule structure:
    output:
        structure=f"{FOLDER}/structures/{{name}}/{{index}}.npz",
    log:
        f"{LOGS}/structure/{{name}}-{{index}}.log",
    benchmark:
        f"{TIMES}/structure/{{name}}-{{index}}.tsv"
    params:
        job=RULES.parameters("structure"),
        files=RULES.files,
    shell:
        run("structure")


rule describe:
    input:
        unpack(RULES.inputs("describe")),
    output:
        descriptor=f"{FOLDER}/descriptors/{{name}}/{{index}}.h5",
    log:
        f"{LOGS}/describe/{{name}}-{{index}}.log",
    benchmark:
        f"{TIMES}/describe/{{name}}-{{index}}.tsv"
    params:
        job=RULES.parameters("describe"),
        files=RULES.files,
    shell:
        run("describe")


rule label:
    input:
        unpack(RULES.inputs("label")),
    output:
        labels=f"{FOLDER}/labels/{{name}}/{{index}}.h5",
    log:
        f"{LOGS}/label/{{name}}-{{index}}.log",
    benchmark:
        f"{TIMES}/label/{{name}}-{{index}}.tsv"
    params:
        job=RULES.parameters("label"),
        files=RULES.files,
    shell:
        run("label")
