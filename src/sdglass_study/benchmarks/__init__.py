"""Times and memory against their bounds: one module per table, run by workflow/rules/benchmarks.smk.

    python -m sdglass_study.benchmarks.exact_labels --out results/benchmarks/exact_labels.csv

Every table says on which machine it was measured and how busy other processes kept it meanwhile.
"""
