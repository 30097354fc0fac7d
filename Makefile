# make study    the study at quick scale, in minutes; SCALE=paper for the whole of it, SCALE=smoke for seconds
# make test     the tests
# make test-slurm  the smoke study on a Slurm of one node, started for it (root on Debian; else skipped with status 77)
# make benchmark  times and memory against their bounds, into results/benchmarks/; wants an idle machine (33 minutes)
# make lint     style of code and workflow
# make status   what of the study is done, running, missing
# make land     finish the study and enter what is kept of it in results/<study>/manifest.json (SCALE=paper)
#
# All of them work in a fresh clone: they make .venv and install from envs/, again only when that changes.
# An interrupted study goes on where it stopped. CORES=4 and PYTHON=python3.12 choose what their names say;
# CONFIG=filling=0.25 changes a parameter, in a results folder of its own (study and status).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
CORES ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2); echo $$((n < 8 ? n : 8)))
SCALE ?= quick
PYTEST_ARGS ?=
CONFIG ?=

VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check install --quiet
OVERLAY := $(if $(filter paper,$(SCALE)),,--configfile workflow/scales/$(SCALE).yaml)
OVERRIDE := $(if $(CONFIG),--config $(CONFIG),)
# The tables and figures of the quick study are committed, what they were made from is not. Without structures
# nothing has been computed here yet: what is committed is set aside (git restores it) and made anew.
FRESH = $(if $(wildcard results/$(SCALE)/structures),,$(if $(filter quick smoke,$(SCALE)),$(if $(CONFIG),,rm -rf results/$(SCALE))))

.PHONY: study status test test-slurm lint benchmark land
study: $(VENV)/study.installed
	$(FRESH)
	$(VENV)/bin/snakemake --cores $(CORES) --rerun-incomplete $(OVERLAY) $(OVERRIDE)

status:
	@test -x $(VENV)/bin/python || { echo "$(VENV) is not there: 'make study' makes it" >&2; exit 2; }
	@PYTHONPATH=src $(VENV)/bin/python -B -m sdglass_study.jobs.status $(OVERLAY) $(OVERRIDE)

land: $(VENV)/study.installed
	$(VENV)/bin/snakemake --cores $(CORES) --rerun-incomplete $(OVERLAY)
	$(VENV)/bin/python -m sdglass_study.jobs.land --complete $(OVERLAY)

test: $(VENV)/test.installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(CORES) --no-loadscope-reorder $(PYTEST_ARGS)

test-slurm: $(VENV)/test.installed
	tests/slurm/run.sh $(VENV)/bin/python

TABLES := results/benchmarks
ERRORS := --errors results/paper/tables/torque_errors.csv results/quick/tables/torque_errors.csv
benchmark: $(VENV)/study.installed
	$(VENV)/bin/python benchmarks/exact_labels.py --out $(TABLES)/exact_labels.csv
	$(VENV)/bin/python benchmarks/training_step.py --out $(TABLES)/training_step.csv
	$(VENV)/bin/python benchmarks/network_engine.py --out $(TABLES)/network_engine.csv
	$(VENV)/bin/python benchmarks/dynamics.py --out $(TABLES)/dynamics.csv
	$(VENV)/bin/python benchmarks/scaling.py exact --out $(TABLES)/scaling_exact.csv
	$(VENV)/bin/python benchmarks/scaling.py models --out $(TABLES)/scaling_models.csv
	$(VENV)/bin/python benchmarks/locator.py --out $(TABLES)/locator.csv --largest 100000
	$(VENV)/bin/python benchmarks/locator_targets.py --times $(TABLES)/locator.csv \
		--errors results/paper/tables/locator_errors.csv --out $(TABLES)/locator_targets.csv \
		--png $(TABLES)/pareto.png --pdf $(TABLES)/pareto.pdf
	$(VENV)/bin/python benchmarks/ensemble_scaling.py --out $(TABLES)/ensemble_scaling.csv
	$(VENV)/bin/python benchmarks/job_counts.py --tables $(TABLES) --out $(TABLES)/job_counts.csv --page docs/cluster.md
	$(VENV)/bin/python benchmarks/cluster_blocks.py --times results/paper/runtimes.csv --out $(TABLES)/cluster_blocks.csv --page docs/cluster.md
	$(VENV)/bin/python benchmarks/summary.py --tables $(TABLES) $(ERRORS) --out $(TABLES)/summary.csv
	$(VENV)/bin/python benchmarks/figure.py --tables $(TABLES) $(ERRORS) --png $(TABLES)/benchmarks.png --pdf $(TABLES)/benchmarks.pdf

lint: $(VENV)/test.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/snakefmt --check --line-length 115 Snakefile workflow
	$(VENV)/bin/snakemake --lint

$(VENV)/study.installed: envs/requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed: PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r envs/requirements.txt
	$(PIP) --no-deps -e .
	touch $@

$(VENV)/test.installed: envs/requirements-test.txt envs/requirements-slurm.txt $(VENV)/study.installed
	$(PIP) -r envs/requirements-test.txt
	touch $@
