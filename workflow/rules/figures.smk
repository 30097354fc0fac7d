# Figures, each from its tables alone; `replot` draws them again without computing anything.
# What the networks are called follows from the configuration.

from sdglass_study.figures.networks import network_names

NETWORK_NAMES = json.dumps(network_names(config))


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
        names=NETWORK_NAMES,
    shell:
        "python -m sdglass_study.jobs.figure {wildcards.figure} --tables {params.tables} --names {params.names:q}"
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
        names=NETWORK_NAMES,
    shell:
        "python -m sdglass_study.jobs.replot --tables {params.tables} --figures {params.figures}"
        " --names {params.names:q} 2>&1 | tee {log}"
