# Claims, provenance, and the report: one file that works offline.


rule claims:
    input:
        code("claims"),
        tables=rules.tables.input,
    output:
        f"{RESULTS}/claims.csv",
    params:
        tables=TABLES,
        study=config["study"],
        confidence=ANALYSIS["confidence"],
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m sdglass.steps.claims --tables {params.tables} --study {params.study}"
        " --confidence {params.confidence} --out {output} > {log} 2>&1"


rule provenance:
    input:
        code("provenance"),
        models=expand(f"{RESULTS}/models/{{model}}.safetensors", model=MODELS),
        tables=rules.tables.input,
        claims=rules.claims.output,
    output:
        config=f"{RESULTS}/config.yaml",
        record=f"{RESULTS}/provenance.json",
    params:
        config=json.dumps(config),
    log:
        f"{RESULTS}/logs/provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/provenance.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m sdglass.steps.provenance --config {params.config:q}"
        " --files {input.models} {input.tables} {input.claims}"
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
    params:
        results=RESULTS,
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m sdglass.steps.report --results {params.results} --template {input.template}"
        " --provenance {input.record} --out {output} > {log} 2>&1"
