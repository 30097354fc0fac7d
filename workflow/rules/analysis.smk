# From spectra, predictions and trajectories to tables: the numbers behind every figure and claim.

TABLES = f"{RESULTS}/tables"
ANALYSIS = config["analysis"]
SMALL_TRAJECTORIES = expand(
    f"{RESULTS}/trajectories/small-{{run}}/{{engine}}/{{index:03d}}.h5",
    run=SMALL["runs"],
    engine=SMALL["engines"],
    index=range(DATASET["unseen_realizations"]),
)
LARGE_TRAJECTORIES = expand(
    f"{RESULTS}/trajectories/large-{{run}}/{{index:03d}}.h5", run=LARGE["runs"], index=range(LARGE["realizations"])
)
SMALL_STRUCTURES = expand(f"{RESULTS}/structures/{{name}}.npz", name=members("unseen"))
LARGE_STRUCTURES = expand(f"{RESULTS}/structures/{{name}}.npz", name=members("large", LARGE["realizations"]))


rule density_of_states:
    input:
        code("density_of_states"),
    output:
        dos=f"{TABLES}/fig2_density_of_states.csv",
        summary=f"{TABLES}/electrons.csv",
    log:
        f"{RESULTS}/logs/density_of_states.log",
    benchmark:
        f"{RESULTS}/benchmarks/density_of_states.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        structure=STRUCTURE,
        electrons=ELECTRONS,
        dense_sites=config["density_of_states"]["dense_sites"],
        realizations=config["density_of_states"]["realizations"],
        coupled=config["density_of_states"]["coupled_realizations"],
        bin_width=config["density_of_states"]["bin_width"],
        seed=config["seed"],
    shell:
        "python -m sdglass.steps.density_of_states {params.structure} {params.electrons}"
        " --dense-sites {params.dense_sites} --realizations {params.realizations}"
        " --coupled-realizations {params.coupled} --bin-width {params.bin_width} --seed {params.seed}"
        " --out-dos {output.dos} --out-summary {output.summary} > {log} 2>&1"


rule two_site:
    input:
        code("two_site"),
    output:
        f"{TABLES}/two_site.csv",
    log:
        f"{RESULTS}/logs/two_site.log",
    benchmark:
        f"{RESULTS}/benchmarks/two_site.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        electrons=ELECTRONS,
    shell:
        "python -m sdglass.steps.two_site {params.electrons} --out {output} > {log} 2>&1"


rule rkky:
    input:
        code("rkky"),
    output:
        f"{TABLES}/rkky.csv",
    log:
        f"{RESULTS}/logs/rkky.log",
    benchmark:
        f"{RESULTS}/benchmarks/rkky.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        structure=STRUCTURE,
        electrons=ELECTRONS,
        couplings=config["rkky"]["couplings"],
        configurations=config["rkky"]["configurations"],
        seed=config["seed"],
    shell:
        "python -m sdglass.steps.rkky {params.structure} {params.electrons}"
        " --couplings {params.couplings} --configurations {params.configurations} --seed {params.seed}"
        " --out {output} > {log} 2>&1"


rule neighbourhood:
    input:
        code("neighbourhood"),
        data=f"{RESULTS}/datasets/unseen-000.h5",
    output:
        f"{TABLES}/fig1_neighbourhood.csv",
    log:
        f"{RESULTS}/logs/neighbourhood.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbourhood.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        cutoff=config["descriptor"]["cutoff"],
    shell:
        "python -m sdglass.steps.neighbourhood --data {input.data} --cutoff {params.cutoff}"
        " --out {output} > {log} 2>&1"


rule learning_curves:
    input:
        code("learning_curves"),
        histories=expand(
            f"{RESULTS}/training/{{variant}}/fold-{{fold}}.csv",
            variant=NETWORK["variants"],
            fold=range(NETWORK["folds"]),
        ),
    output:
        f"{TABLES}/learning_curves.csv",
    log:
        f"{RESULTS}/logs/learning_curves.log",
    benchmark:
        f"{RESULTS}/benchmarks/learning_curves.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    shell:
        "python -m sdglass.steps.learning_curves --histories {input.histories} --out {output} > {log} 2>&1"


rule torque_errors:
    input:
        code("torque_errors"),
        data=expand(f"{RESULTS}/datasets/{{name}}.h5", name=JUDGED),
        predictions=expand(f"{RESULTS}/predictions/{{model}}-float32.h5", model=MODELS),
        double=f"{RESULTS}/predictions/{FORCE_FIELD['variant']}-float64.h5",
        models=expand(f"{RESULTS}/models/{{model}}.safetensors", model=MODELS),
    output:
        errors=f"{TABLES}/torque_errors.csv",
        committee=f"{TABLES}/committee.csv",
        quench=f"{TABLES}/error_along_quench.csv",
        parity=f"{TABLES}/fig3_parity.csv",
        histogram=f"{TABLES}/fig3_histogram.csv",
        single=f"{TABLES}/float32.csv",
        paired=f"{TABLES}/paired.csv",
    log:
        f"{RESULTS}/logs/torque_errors.log",
    benchmark:
        f"{RESULTS}/benchmarks/torque_errors.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        names=MODELS,
        sets=["training"] * len(members("train"))
        + ["unseen"] * len(members("unseen"))
        + ["large"] * DATASET["large_realizations"],
        confidence=ANALYSIS["confidence"],
        variant=FORCE_FIELD["variant"],
        seed=config["seed"],
    shell:
        "python -m sdglass.steps.torque_errors --data {input.data} --sets {params.sets}"
        " --predictions {input.predictions} --models {input.models} --names {params.names}"
        " --double {input.double} --double-name {params.variant}"
        " --confidence {params.confidence} --seed {params.seed}"
        " --out-errors {output.errors} --out-committee {output.committee} --out-quench {output.quench}"
        " --out-parity {output.parity} --out-histogram {output.histogram} --out-single {output.single}"
        " --out-paired {output.paired} > {log} 2>&1"


rule couplings:
    input:
        code("couplings"),
        data=expand(f"{RESULTS}/datasets/{{name}}.h5", name=members("unseen")),
        features=expand(f"{RESULTS}/features/{{name}}.h5", name=members("unseen")),
        network=f"{RESULTS}/models/{FORCE_FIELD['variant']}.safetensors",
        linear=f"{RESULTS}/models/linear.safetensors",
        pair=f"{RESULTS}/models/pair.safetensors",
    output:
        f"{TABLES}/couplings.csv",
    log:
        f"{RESULTS}/logs/couplings.log",
    benchmark:
        f"{RESULTS}/benchmarks/couplings.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: THREADS
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        bin_width=ANALYSIS["bin_width"],
    shell:
        "python -m sdglass.steps.couplings --data {input.data} --features {input.features}"
        " --network {input.network} --linear {input.linear} --pair {input.pair}"
        " --bin-width {params.bin_width} --out {output} > {log} 2>&1"


rule time_step:
    input:
        code("time_step"),
        structure=f"{RESULTS}/structures/unseen-000.npz",
        model=f"{RESULTS}/models/pair.safetensors",
    output:
        f"{TABLES}/time_step.csv",
    log:
        f"{RESULTS}/logs/time_step.log",
    benchmark:
        f"{RESULTS}/benchmarks/time_step.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        dampings=config["time_step_test"]["dampings"],
        duration=config["time_step_test"]["duration"],
        steps=config["time_step_test"]["time_steps"],
        seed=config["seed"],
    shell:
        "python -m sdglass.steps.time_step --structure {input.structure} --model {input.model}"
        " --dampings {params.dampings} --duration {params.duration} --time-steps {params.steps}"
        " --seed {params.seed} --out {output} > {log} 2>&1"


rule correlation:
    input:
        code("correlation"),
        trajectories=SMALL_TRAJECTORIES,
        structures=SMALL_STRUCTURES,
    output:
        correlation=f"{TABLES}/fig4_correlation.csv",
        difference=f"{TABLES}/fig4_difference.csv",
        events=f"{TABLES}/fig4_events.csv",
    log:
        f"{RESULTS}/logs/correlation.log",
    benchmark:
        f"{RESULTS}/benchmarks/correlation.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        r_min=config["structure"]["r_min"],
        bin_width=ANALYSIS["bin_width"],
        bootstrap=ANALYSIS["bootstrap"],
        confidence=ANALYSIS["confidence"],
        seed=config["seed"],
    shell:
        "python -m sdglass.steps.correlation --trajectories {input.trajectories} --structures {input.structures}"
        " --r-min {params.r_min} --bin-width {params.bin_width} --bootstrap {params.bootstrap}"
        " --confidence {params.confidence} --seed {params.seed}"
        " --out-correlation {output.correlation} --out-difference {output.difference}"
        " --out-events {output.events} > {log} 2>&1"


rule correlation_length:
    input:
        code("correlation_length"),
        trajectories=LARGE_TRAJECTORIES,
        structures=LARGE_STRUCTURES,
    output:
        length=f"{TABLES}/fig5_length.csv",
        fits=f"{TABLES}/fig5_fits.csv",
        correlation=f"{TABLES}/fig5_correlation.csv",
    log:
        f"{RESULTS}/logs/correlation_length.log",
    benchmark:
        f"{RESULTS}/benchmarks/correlation_length.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        r_min=config["structure"]["r_min"],
        bin_width=ANALYSIS["bin_width"],
        bootstrap=ANALYSIS["bootstrap"],
        splits=ANALYSIS["splits"],
        confidence=ANALYSIS["confidence"],
        starts=ANALYSIS["fit_start"],
        stops=ANALYSIS["fit_stop"],
        units=ANALYSIS["time_units"],
        seed=config["seed"],
    shell:
        "python -m sdglass.steps.correlation_length --trajectories {input.trajectories}"
        " --structures {input.structures} --r-min {params.r_min} --bin-width {params.bin_width}"
        " --bootstrap {params.bootstrap} --splits {params.splits} --confidence {params.confidence}"
        " --fit-start {params.starts} --fit-stop {params.stops} --time-units {params.units} --seed {params.seed}"
        " --out-length {output.length} --out-fits {output.fits} --out-correlation {output.correlation}"
        " > {log} 2>&1"


rule freezing:
    input:
        code("freezing"),
        trajectories=SMALL_TRAJECTORIES + LARGE_TRAJECTORIES,
        structures=SMALL_STRUCTURES + LARGE_STRUCTURES,
    output:
        freezing=f"{TABLES}/freezing.csv",
        disconnected=f"{TABLES}/disconnected.csv",
    log:
        f"{RESULTS}/logs/freezing.log",
    benchmark:
        f"{RESULTS}/benchmarks/freezing.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        r_min=config["structure"]["r_min"],
        bin_width=ANALYSIS["bin_width"],
    shell:
        "python -m sdglass.steps.freezing --trajectories {input.trajectories} --structures {input.structures}"
        " --r-min {params.r_min} --bin-width {params.bin_width}"
        " --out-freezing {output.freezing} --out-disconnected {output.disconnected} > {log} 2>&1"


rule tables:
    input:
        rules.density_of_states.output,
        rules.two_site.output,
        rules.rkky.output,
        rules.neighbourhood.output,
        rules.learning_curves.output,
        rules.torque_errors.output,
        rules.couplings.output,
        rules.time_step.output,
        rules.correlation.output,
        rules.correlation_length.output,
        rules.freezing.output,
