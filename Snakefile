# The study of arXiv:2311.16964 on one page: structures -> labels -> descriptors -> fits -> quenches -> observables ->
# tables -> figures, claims, report. Each rule calls one module of sdglass_study.jobs.
#
#   snakemake --cores N                                              the paper's scale, config.yaml as it stands
#   snakemake --cores N --configfile workflow/presets/quick.yaml     minutes
#   snakemake fig4 --cores N --configfile ...                        one figure and what it needs
#   snakemake replot --cores 1 --configfile ...                      figures from their CSV, nothing computed
#   snakemake fig4 --cores N --configfile ... --config filling=0.25  with another parameter, in results/quick-filling-0.25
#   snakemake -s CHECKOUT/Snakefile --cores N                        elsewhere: into results/ of the working directory
#   snakemake sweep --cores N --configfile ... --config sweep='{filling: [0.25, 0.5]}'


# The checkout's own, wherever snakemake is started; results go to the working directory.
configfile: f"{workflow.basedir}/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/dynamics.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/benchmarks.smk"


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,
        rules.claims.output,
        rules.record.output,
        rules.report.output,
        expand(rules.publish.output, model=STUDY.published),
