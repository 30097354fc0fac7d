# The study of arXiv:2311.16964 on one page: disorder -> exact labels -> descriptors -> training ->
# quenches -> correlations -> figures, claims, report. Each rule calls one module of sdglass_study.jobs.
#
#   snakemake --cores N                                              the paper's scale, config.yaml as it stands
#   snakemake --cores N --configfile workflow/scales/quick.yaml      minutes
#   snakemake fig4 --cores N --configfile ...                        one figure and what it needs
#   snakemake replot --cores 1 --configfile ...                      figures from their CSV, nothing computed
#   snakemake fig4 --cores N --configfile ... --config filling=0.25  with another parameter, in results/quick-filling-0.25
#   snakemake sweep --cores N --configfile ... --config sweep='{parameter: filling, values: [0.25, 0.5]}'


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/options.smk"
include: "workflow/rules/kept.smk"
include: "workflow/rules/gpu.smk"
include: "workflow/rules/structures.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/quench.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/locator.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/sweep.smk"


localrules:
    all,
    tables,
    locator,
    figures,
    fig1,
    fig2,
    fig3,
    fig4,
    fig5,
    descriptor,
    spins3d,
    sweep,


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        rules.locator.input,
        rules.claims.output,
        rules.provenance.output,
        rules.report.output,
