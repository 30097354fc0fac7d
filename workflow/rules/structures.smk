# Disorder: amorphous realizations. Their numbers key every random stream, so groups do not share any.

GROUPS = {
    "train": {"first": 0, "count": config["dataset"]["training_realizations"], "box": config["structure"]},
    "unseen": {"first": 1000, "count": config["dataset"]["unseen_realizations"], "box": config["structure"]},
    "large": {
        "first": 2000,
        "count": max(config["quench_large"]["realizations"], config["dataset"]["large_realizations"]),
        "box": config["quench_large"],
    },
}


wildcard_constraints:
    group="|".join(GROUPS),
    index=r"\d+",


def members(group, count=None):
    """Names of a group's realizations, for expand: ["train-000", "train-001", ...]."""
    count = GROUPS[group]["count"] if count is None else count
    return [f"{group}-{index:03d}" for index in range(count)]


def realization(wildcards):
    """Number of a realization in the whole study."""
    return GROUPS[wildcards.group]["first"] + int(wildcards.index)


rule structure:
    input:
        code("structure"),
    output:
        f"{RESULTS}/structures/{{group}}-{{index}}.npz",
    params:
        n_sites=lambda w: GROUPS[w.group]["box"]["n_sites"],
        box_length=lambda w: GROUPS[w.group]["box"]["box_length"],
        r_min=config["structure"]["r_min"],
        seed=config["seed"],
        realization=realization,
    log:
        f"{RESULTS}/logs/structure/{{group}}-{{index}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/structure/{{group}}-{{index}}.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    shell:
        "python -m sdglass.steps.structure --n-sites {params.n_sites} --box-length {params.box_length}"
        " --r-min {params.r_min} --seed {params.seed} --realization {params.realization}"
        " --out {output} > {log} 2>&1"
