# Tables, one rule per analysis; figures, each from its tables alone; claims; the report.

TABLES = STUDY.tables()
FIGURES = STUDY.figures()

for analysis, names in TABLES.items():

    rule:
        name:
            f"tables_{analysis}"
        input:
            **RULES.inputs("tables", analysis=analysis)({}),
        output:
            **{table: f"{FOLDER}/tables/{table}.csv" for table in names},
        log:
            f"{LOGS}/tables/{analysis}.log",
        benchmark:
            f"{TIMES}/tables/{analysis}.tsv"
        params:
            job=RULES.parameters("tables", analysis=analysis),
            files=RULES.files,
        shell:
            run("tables")


rule tables:
    input:
        [f"{FOLDER}/tables/{table}.csv" for names in TABLES.values() for table in names],


rule figure:
    input:
        unpack(RULES.inputs("figure")),
    output:
        png=f"{FOLDER}/figures/{{figure}}.png",
        pdf=f"{FOLDER}/figures/{{figure}}.pdf",
    log:
        f"{LOGS}/figure/{{figure}}.log",
    benchmark:
        f"{TIMES}/figure/{{figure}}.tsv"
    params:
        job=RULES.parameters("figure"),
        files=RULES.files,
    shell:
        run("figure")


# A vector image is made with each, and by the figure's name; archived results do without.
rule figures:
    input:
        expand(rules.figure.output.png, figure=FIGURES),


for figure in FIGURES:

    rule:
        name:
            figure
        input:
            expand(rules.figure.output, figure=figure),


rule replot:
    log:
        f"{LOGS}/replot.log",
    params:
        job=RULES.parameters("replot"),
        files=RULES.files,
    shell:
        "python -m sdglass_study.jobs replot {params.job:q} {params.files:q} 2>&1 | tee {log:q}"


rule claims:
    input:
        rules.tables.input,
    output:
        claims=f"{FOLDER}/claims.csv",
    log:
        f"{LOGS}/claims.log",
    benchmark:
        f"{TIMES}/claims.tsv"
    params:
        job=RULES.parameters("claims"),
        files=RULES.files,
    shell:
        run("claims")


rule record:
    output:
        config=f"{FOLDER}/config.yaml",
        record=f"{FOLDER}/provenance.json",
    log:
        f"{LOGS}/record.log",
    benchmark:
        f"{TIMES}/record.tsv"
    params:
        job=RULES.parameters("record"),
        files=RULES.files,
    shell:
        run("record")


rule report:
    input:
        rules.tables.input,
        rules.figures.input,
        rules.claims.output,
        rules.record.output,
    output:
        report=f"{FOLDER}/report.html",
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{TIMES}/report.tsv"
    params:
        job=RULES.parameters("report", options=OPTIONS),
        files=RULES.files,
    shell:
        run("report")


rule film:
    input:
        unpack(RULES.inputs("film")),
    output:
        film=f"{FOLDER}/film.gif",
    log:
        f"{LOGS}/film.log",
    benchmark:
        f"{TIMES}/film.tsv"
    params:
        job=RULES.parameters("film"),
        files=RULES.files,
    shell:
        run("film")


# Studies that differ in one parameter, each in a folder of its own and made by a workflow of its own, compared.
rule sweep:
    log:
        f"{LOGS}/sweep.log",
    threads: CORES
    params:
        commands=lambda wildcards: STUDY.sweep_commands(SWEEP, OPTIONS, CORES),
        job=RULES.parameters("compare_studies", sweep=SWEEP),
        files=RULES.files,
    shell:
        "({params.commands}) 2>&1 | tee {log:q} && python -m sdglass_study.jobs compare_studies {params.job:q} {params.files:q} 2>&1 | tee -a {log:q}"
