# Claims, provenance, and the report: one file that works offline.


rule claims:
    input:
        code("claims"),
        tables=rules.tables.input,
    output:
        f"{RESULTS}/claims.csv",
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        tables=lambda w, input: os.path.dirname(input.tables[0]),
        study=config["study"],
        confidence=ANALYSIS["confidence"],
        names=NETWORK_NAMES,
    shell:
        "python -m sdglass_study.jobs.claims --tables {params.tables} --study {params.study}"
        " --confidence {params.confidence} --names {params.names:q} --out {output} > {log} 2>&1"


MADE_BY = json.dumps(made_by(workflow.rules))


rule provenance:
    input:
        code("provenance"),
        models=expand(f"{RESULTS}/models/{{model}}.safetensors", model=[*LINEAR_MODELS, FORCE_FIELD["variant"]]),
        errors=expand(f"{RESULTS}/errors/{{model}}.h5", model=MODELS),
        tables=rules.tables.input,
        claims=rules.claims.output,
    output:
        config=f"{RESULTS}/config.yaml",
        record=f"{RESULTS}/provenance.json",
    log:
        f"{RESULTS}/logs/provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/provenance.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        config=lambda w: json.dumps(config),
        rules=lambda w: MADE_BY,
    shell:
        "python -m sdglass_study.jobs.provenance --config {params.config:q}"
        " --rules {params.rules:q} --files {input.models} {input.errors} {input.tables} {input.claims}"
        " --out-config {output.config} --out {output.record} > {log} 2>&1"


rule report:
    input:
        code("report"),
        template="workflow/report/report.html.j2",
        figures=rules.figures.input,
        tables=rules.tables.input,
        claims=rules.claims.output,
        record=f"{RESULTS}/provenance.json",
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        results=lambda w, output: os.path.dirname(output[0]),
        options=shown_options(),
    shell:
        "python -m sdglass_study.jobs.report --results {params.results} --template {input.template}"
        " --provenance {input.record} --options={params.options:q} --out {output} > {log} 2>&1"
