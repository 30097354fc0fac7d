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
    shell:
        run("structure")


rule descriptor:
    input:
        unpack(RULES.inputs("descriptor")),
    output:
        descriptor=f"{FOLDER}/descriptors/{{name}}/{{index}}.h5",
    log:
        f"{LOGS}/descriptor/{{name}}-{{index}}.log",
    benchmark:
        f"{TIMES}/descriptor/{{name}}-{{index}}.tsv"
    params:
        job=RULES.parameters("descriptor"),
    shell:
        run("descriptor")


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
    shell:
        run("label")
