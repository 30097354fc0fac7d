# From spectra, predictions and trajectories to tables: the numbers behind every figure and claim.

TABLES = f"{RESULTS}/tables"
ANALYSIS = config["analysis"]
SMALL_OBSERVABLES = expand(
    f"{RESULTS}/observables/small-{{run}}/{{engine}}/{{index:03d}}.h5",
    run=SMALL["runs"],
    engine=SMALL["engines"],
    index=range(DATASET["unseen_realizations"]),
)
LARGE_OBSERVABLES = large_observables(LARGE["runs"])


rule density_of_states:
    input:
        unless_kept(["tables/fig2_density_of_states.csv", "tables/electrons.csv"], code("density_of_states")),
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
        "python -m sdglass_study.jobs.density_of_states {params.structure} {params.electrons}"
        " --dense-sites {params.dense_sites} --realizations {params.realizations}"
        " --coupled-realizations {params.coupled} --bin-width {params.bin_width} --seed {params.seed}"
        " --out-dos {output.dos} --out-summary {output.summary} > {log} 2>&1"


rule two_site:
    input:
        unless_kept("tables/two_site.csv", code("two_site")),
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
        "python -m sdglass_study.jobs.two_site {params.electrons} --out {output} > {log} 2>&1"


rule rkky:
    input:
        unless_kept("tables/rkky.csv", code("rkky")),
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
        "python -m sdglass_study.jobs.rkky {params.structure} {params.electrons}"
        " --couplings {params.couplings} --configurations {params.configurations} --seed {params.seed}"
        " --out {output} > {log} 2>&1"


rule neighbourhood:
    input:
        unless_kept("tables/fig1_neighbourhood.csv", code("neighbourhood")),
        data=unless_kept("tables/fig1_neighbourhood.csv", f"{RESULTS}/datasets/unseen-000.h5"),
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
        "python -m sdglass_study.jobs.neighbourhood --data {input.data} --cutoff {params.cutoff}"
        " --out {output} > {log} 2>&1"


CURVES = ["tables/learning_curves.csv", "tables/training.csv"]


rule learning_curves:
    input:
        unless_kept(CURVES, code("learning_curves")),
        histories=unless_kept(
            CURVES,
            [f"{RESULTS}/training/{variant}/fold-{fold}.csv" for variant in VARIANTS for fold in FOLDS[variant]],
        ),
    output:
        curves=f"{TABLES}/learning_curves.csv",
        summary=f"{TABLES}/training.csv",
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
        "python -m sdglass_study.jobs.learning_curves --histories {input.histories} --out {output.curves}"
        " --out-summary {output.summary} > {log} 2>&1"


rule torque_errors:
    input:
        code("torque_errors"),
        errors=expand(f"{RESULTS}/errors/{{model}}.h5", model=MODELS),
    output:
        models=f"{TABLES}/models.csv",
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
        mem_mb=1000,
        runtime=10,
    params:
        confidence=ANALYSIS["confidence"],
    shell:
        "python -m sdglass_study.jobs.torque_errors --errors {input.errors} --confidence {params.confidence}"
        " --out-models {output.models} --out-errors {output.errors} --out-committee {output.committee}"
        " --out-quench {output.quench} --out-parity {output.parity} --out-histogram {output.histogram}"
        " --out-single {output.single} --out-paired {output.paired} > {log} 2>&1"


rule compare_models:
    input:
        code("compare_models"),
        errors=lambda w: expand(f"{RESULTS}/errors/{{model}}.h5", model=COMPARISONS[w.comparison]),
    output:
        f"{TABLES}/{{comparison}}.csv",
    log:
        f"{RESULTS}/logs/compare_models/{{comparison}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_models/{{comparison}}.tsv"
    wildcard_constraints:
        comparison="|".join(COMPARISONS) or "none",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        confidence=ANALYSIS["confidence"],
    shell:
        "python -m sdglass_study.jobs.compare_models --errors {input.errors} --confidence {params.confidence}"
        " --out {output} > {log} 2>&1"


rule couplings:
    input:
        unless_kept("tables/couplings.csv", code("couplings")),
        data=unless_kept("tables/couplings.csv", expand(f"{RESULTS}/datasets/{{name}}.h5", name=members("unseen"))),
        features=unless_kept(
            "tables/couplings.csv", expand(f"{RESULTS}/features/{{name}}.h5", name=members("unseen"))
        ),
        network=unless_kept("tables/couplings.csv", f"{RESULTS}/models/{FORCE_FIELD['variant']}.safetensors"),
        linear=unless_kept("tables/couplings.csv", f"{RESULTS}/models/linear.safetensors"),
        pair=unless_kept("tables/couplings.csv", f"{RESULTS}/models/pair.safetensors"),
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
        "python -m sdglass_study.jobs.couplings --data {input.data} --features {input.features}"
        " --network {input.network} --linear {input.linear} --pair {input.pair}"
        " --bin-width {params.bin_width} --out {output} > {log} 2>&1"


rule time_step:
    input:
        unless_kept("tables/time_step.csv", code("time_step")),
        structure=unless_kept("tables/time_step.csv", f"{RESULTS}/structures/unseen-000.npz"),
        model=unless_kept("tables/time_step.csv", f"{RESULTS}/models/pair.safetensors"),
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
        "python -m sdglass_study.jobs.time_step --structure {input.structure} --model {input.model}"
        " --dampings {params.dampings} --duration {params.duration} --time-steps {params.steps}"
        " --seed {params.seed} --out {output} > {log} 2>&1"


rule correlation:
    input:
        code("correlation"),
        observables=SMALL_OBSERVABLES,
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
        bootstrap=ANALYSIS["bootstrap"],
        confidence=ANALYSIS["confidence"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.correlation --observables {input.observables} --bootstrap {params.bootstrap}"
        " --confidence {params.confidence} --seed {params.seed}"
        " --out-correlation {output.correlation} --out-difference {output.difference}"
        " --out-events {output.events} > {log} 2>&1"


rule correlation_length:
    input:
        code("correlation_length"),
        observables=LARGE_OBSERVABLES,
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
        bootstrap=ANALYSIS["bootstrap"],
        splits=ANALYSIS["splits"],
        confidence=ANALYSIS["confidence"],
        starts=ANALYSIS["fit_start"],
        stops=ANALYSIS["fit_stop"],
        units=ANALYSIS["time_units"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.correlation_length --observables {input.observables}"
        " --bootstrap {params.bootstrap} --splits {params.splits} --confidence {params.confidence}"
        " --fit-start {params.starts} --fit-stop {params.stops} --time-units {params.units} --seed {params.seed}"
        " --out-length {output.length} --out-fits {output.fits} --out-correlation {output.correlation}"
        " > {log} 2>&1"


rule large_paired:
    input:
        code("large_paired"),
        observables=LARGE_OBSERVABLES,
    output:
        difference=f"{TABLES}/large_difference.csv",
        paired=f"{TABLES}/large_paired.csv",
    log:
        f"{RESULTS}/logs/large_paired.log",
    benchmark:
        f"{RESULTS}/benchmarks/large_paired.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        bootstrap=ANALYSIS["bootstrap"],
        splits=ANALYSIS["splits"],
        confidence=ANALYSIS["confidence"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.large_paired --observables {input.observables} --bootstrap {params.bootstrap}"
        " --splits {params.splits} --confidence {params.confidence} --seed {params.seed}"
        " --out-difference {output.difference} --out-paired {output.paired} > {log} 2>&1"


rule psi_multiverse:
    input:
        code("psi_multiverse"),
        observables=LARGE_OBSERVABLES,
    output:
        multiverse=f"{TABLES}/psi_multiverse.csv",
        units=f"{TABLES}/psi_units.csv",
    log:
        f"{RESULTS}/logs/psi_multiverse.log",
    benchmark:
        f"{RESULTS}/benchmarks/psi_multiverse.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        bootstrap=ANALYSIS["bootstrap"],
        splits=ANALYSIS["splits"],
        confidence=ANALYSIS["confidence"],
        starts=ANALYSIS["fit_start"],
        stops=ANALYSIS["fit_stop"],
        units=ANALYSIS["time_units"],
        factors=ANALYSIS["bin_factors"],
        range_start=ANALYSIS["range_start"],
        range_stop=ANALYSIS["range_stop"],
        seed=config["seed"],
    shell:
        "python -m sdglass_study.jobs.psi_multiverse --observables {input.observables}"
        " --bootstrap {params.bootstrap} --splits {params.splits} --confidence {params.confidence}"
        " --fit-start {params.starts} --fit-stop {params.stops} --time-units {params.units}"
        " --bin-factors {params.factors} --range-start {params.range_start} --range-stop {params.range_stop}"
        " --seed {params.seed} --out-multiverse {output.multiverse} --out-units {output.units} > {log} 2>&1"


rule freezing:
    input:
        code("freezing"),
        observables=SMALL_OBSERVABLES + LARGE_OBSERVABLES,
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
    shell:
        "python -m sdglass_study.jobs.freezing --observables {input.observables}"
        " --out-freezing {output.freezing} --out-disconnected {output.disconnected} > {log} 2>&1"


rule tables:
    input:
        rules.density_of_states.output,
        rules.two_site.output,
        rules.rkky.output,
        rules.neighbourhood.output,
        rules.learning_curves.output,
        rules.torque_errors.output,
        expand(f"{TABLES}/{{comparison}}.csv", comparison=COMPARISONS),
        rules.couplings.output,
        rules.time_step.output,
        rules.correlation.output,
        rules.correlation_length.output,
        rules.large_paired.output,
        rules.psi_multiverse.output,
        rules.freezing.output,
        f"{TABLES}/descriptor.csv",
        f"{TABLES}/spins3d.csv",
