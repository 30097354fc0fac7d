# make study       the whole study at quick scale (6 minutes on two cores); SCALE=paper as in the paper, SCALE=smoke a minute
# make test        the tests, but for the slow ones; PYTEST="-m slow" for these
# make lint        style of code and workflow
# make benchmarks  times and memory into results/benchmarks/; wants an idle machine (33 minutes)
# make test-slurm  a part of the study on a Slurm of one node, started for it (root on Debian; else skipped, status 77)
#
# They make .venv and install from envs/, again only when that changes. An interrupted study goes on where it stopped.

SHELL := bash
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
SCALE ?= quick
PYTEST ?= -m "not slow"
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PIP := python -m pip --disable-pip-version-check install --quiet

.PHONY: study test lint benchmarks test-slurm
study: .venv/study.installed
	snakemake --cores $(CORES) --rerun-incomplete $(if $(filter paper,$(SCALE)),,--configfile workflow/presets/$(SCALE).yaml)

test: .venv/test.installed
	OMP_NUM_THREADS=1 python -m pytest -n $(CORES) $(PYTEST)

lint: .venv/test.installed
	ruff check . && ruff format --check . && snakefmt --check Snakefile workflow

benchmarks: .venv/study.installed
	snakemake benchmarks --cores all --forcerun benchmark

test-slurm: .venv/test.installed
	tests/slurm/run.sh

.venv/study.installed: envs/requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed: PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(PIP) -r envs/requirements.txt && $(PIP) --no-deps -e .
	touch $@

.venv/test.installed: envs/requirements-test.txt envs/requirements-slurm.txt .venv/study.installed
	$(PIP) -r envs/requirements-test.txt
	touch $@
