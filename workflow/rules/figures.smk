# Figures, each from its tables alone; `replot` draws them again without computing anything.


wildcard_constraints:
    figure="|".join(FIGURES),


rule figure:
    input:
        code("figure"),
        lambda w: code(FIGURES[w.figure].module),
        tables=lambda w: [f"{TABLES}/{name}" for name in FIGURES[w.figure].tables + FIGURES[w.figure].optional],
    output:
        png=f"{RESULTS}/figures/{{figure}}.png",
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/logs/figure/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{figure}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        tables=TABLES,
    shell:
        "python -m sdglass.steps.figure {wildcards.figure} --tables {params.tables}"
        " --out-png {output.png} --out-pdf {output.pdf} > {log} 2>&1"


rule figures:
    input:
        [path for name in FIGURES for path in figure_files(name)],


rule fig1:
    input:
        figure_files("fig1"),


rule fig2:
    input:
        figure_files("fig2"),


rule fig3:
    input:
        figure_files("fig3"),


rule fig4:
    input:
        figure_files("fig4"),


rule fig5:
    input:
        figure_files("fig5"),


rule replot:
    log:
        f"{RESULTS}/logs/replot.log",
    benchmark:
        f"{RESULTS}/benchmarks/replot.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        tables=TABLES,
        figures=f"{RESULTS}/figures",
    shell:
        "python -m sdglass.steps.replot --tables {params.tables} --figures {params.figures} 2>&1 | tee {log}"
