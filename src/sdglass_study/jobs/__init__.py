"""The rules of the workflow, one short module each.

A module says what its job needs, ``inputs(study, **wildcards)``, what it is told,
``settings(study, **wildcards)``, and which modules it runs beyond its own imports,
``modules(study, **wildcards)``; and it does it: ``run(inputs, outputs, settings)`` reads files, calls the library
and writes files.

By hand: ``python -m sdglass_study.jobs NAME JSON OUTPUTS [PLUGINS]``.
"""
