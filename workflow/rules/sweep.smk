# Studies that differ in one parameter, compared. Every value is a study with a results folder of its own, made by
# a workflow of its own, which knows what of it is there: this rule has no output (and no benchmark, which would count
# as one), so that they are always asked.

SWEEP_FOLDER = f"{RESULTS}-sweep-{SWEEP['parameter']}" if SWEEP else RESULTS


rule sweep:
    input:
        code("sweep"),
    log:
        f"{SWEEP_FOLDER}/logs/sweep.log",
    conda:
        "../../envs/environment.yaml"
    threads: workflow.resource_settings.cores or 1  # workflow.cores fails where none are given (--unlock)
    resources:
        mem_mb=8000,
        runtime=1440,
    params:
        sweep=json.dumps(SWEEP or {}),
        members=json.dumps(SWEEP_MEMBERS or []),
        variant=FORCE_FIELD["variant"],
        confidence=ANALYSIS["confidence"],
        snakefile=os.path.relpath(workflow.main_snakefile),
        configfiles=[os.path.relpath(path) for path in workflow.overwrite_configfiles],
        out=SWEEP_FOLDER,
    shell:
        "python -m sdglass_study.jobs.sweep --sweep {params.sweep:q} --members {params.members:q}"
        " --variant {params.variant} --confidence {params.confidence} --snakefile {params.snakefile:q}"
        " --configfiles {params.configfiles:q} --cores {threads} --out {params.out:q} 2>&1 | tee {log:q}"
