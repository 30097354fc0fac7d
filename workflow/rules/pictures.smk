# What there is to look at: the descriptor of one neighbourhood, the spins in 3D before and after a quench, and a
# film of it. `all` does not hold the film: it is made by its name.

FILM = config["film"]
FILM_ENGINE = film_engine(config)
SPINS3D = "tables/spins3d.csv"
FILM_SITES = "unseen-000"


rule descriptor_example:
    input:
        code("descriptor_example"),
        neighbourhood=f"{TABLES}/fig1_neighbourhood.csv",
    output:
        f"{TABLES}/descriptor.csv",
    log:
        f"{RESULTS}/logs/descriptor_example.log",
    benchmark:
        f"{RESULTS}/benchmarks/descriptor_example.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        descriptor=DESCRIPTOR,
    shell:
        "python -m sdglass_study.jobs.descriptor_example --neighbourhood {input.neighbourhood}"
        " --descriptor {params.descriptor:q} --out {output} > {log} 2>&1"


rule descriptor:
    input:
        figure_files("descriptor"),


rule film_quench:
    input:
        code("quench_model"),
        structure=film_inputs("structure"),
        features=film_inputs("features"),
        model=film_inputs("model"),
    output:
        film_inputs("trajectory"),
    log:
        f"{RESULTS}/logs/film_quench.log",
    benchmark:
        f"{RESULTS}/benchmarks/film_quench.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=gpus(FILM_ENGINE),
    params:
        electrons=ELECTRONS,
        llg="--replicas 1 --duration {duration} --damping {damping} --time-step {time_step}"
        " --first-snapshot {first_snapshot} --snapshots-per-decade {snapshots_per_decade}"
        " --temperature {temperature}".format(**FILM),
        integrator=config["integrator"],
        model=model_options(FILM_ENGINE),
        features=lambda w, input: f"--features {input.features}" if input.features else "",
        engine=FILM_ENGINE,
        seed=config["seed"],
        realization=GROUPS["unseen"]["first"],
    shell:
        "python -m sdglass_study.jobs.quench_model --model {input.model} --engine-name {params.engine}"
        " --ensemble film --structure {input.structure} {params.features} {params.model} {params.electrons}"
        " {params.llg} --integrator {params.integrator}"
        " --seed {params.seed} --realization {params.realization} --out {output} > {log} 2>&1"


rule spins3d_table:
    input:
        unless_kept(SPINS3D, code("spins3d")),
        trajectory=unless_kept(SPINS3D, film_inputs("trajectory")),
        structure=unless_kept(SPINS3D, film_inputs("structure")),
        model=unless_kept(SPINS3D, film_inputs("model")),
        features=unless_kept(SPINS3D, film_inputs("features")),
    output:
        f"{RESULTS}/{SPINS3D}",
    log:
        f"{RESULTS}/logs/spins3d_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/spins3d_table.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=gpus(FILM_ENGINE),
    params:
        electrons=ELECTRONS,
        shown=shown,
        options=model_options(FILM_ENGINE, "float64"),
    shell:
        "python -m sdglass_study.jobs.spins3d {params.shown} {params.options} {params.electrons}"
        " --out {output} > {log} 2>&1"


rule spins3d:
    input:
        figure_files("spins3d"),


rule film:
    input:
        code("film"),
        trajectory=film_inputs("trajectory"),
        structure=film_inputs("structure"),
        model=film_inputs("model"),
        features=film_inputs("features"),
    output:
        f"{RESULTS}/film.gif",
    log:
        f"{RESULTS}/logs/film.log",
    benchmark:
        f"{RESULTS}/benchmarks/film.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=gpus(FILM_ENGINE),
    params:
        electrons=ELECTRONS,
        shown=shown,
        options=model_options(FILM_ENGINE, "float64"),
        r_min=config["structure"]["r_min"],
        bin_width=config["analysis"]["bin_width"],
    shell:
        "python -m sdglass_study.jobs.film {params.shown} {params.options} {params.electrons}"
        " --r-min {params.r_min} --bin-width {params.bin_width} --out {output} > {log} 2>&1"
