# Disorder: amorphous realizations. Their numbers key every random stream, so groups do not share any.


wildcard_constraints:
    group="|".join(GROUPS),
    index=r"\d+",


rule structure:
    input:
        code("structure"),
    output:
        f"{RESULTS}/structures/{{group}}-{{index}}.npz",
    log:
        f"{RESULTS}/logs/structure/{{group}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/structure/{{group}}-{{index}}.tsv"
    group:
        lambda w: f"prepare-{w.group}"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        n_sites=lambda w: GROUPS[w.group]["box"]["n_sites"],
        box_length=lambda w: GROUPS[w.group]["box"]["box_length"],
        r_min=config["structure"]["r_min"],
        seed=config["seed"],
        realization=realization,
    shell:
        "python -m sdglass_study.jobs.structure --n-sites {params.n_sites} --box-length {params.box_length}"
        " --r-min {params.r_min} --seed {params.seed} --realization {params.realization}"
        " --out {output} > {log} 2>&1"
