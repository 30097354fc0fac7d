# Descriptors: the symmetry functions of a frozen structure are sparse matrices, computed once.


rule features:
    input:
        code("features"),
        structure=f"{RESULTS}/structures/{{group}}-{{index}}.npz",
    output:
        f"{RESULTS}/features/{{group}}-{{index}}.h5",
    log:
        f"{RESULTS}/logs/features/{{group}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{group}}-{{index}}.tsv"
    group:
        lambda w: f"prepare-{w.group}"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        descriptor=DESCRIPTOR,
    shell:
        "python -m sdglass_study.jobs.features --structure {input.structure} --descriptor {params.descriptor:q}"
        " --out {output} > {log} 2>&1"
