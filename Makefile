# glue-etl: `make` or `make help` lists the targets. Everything runs in a virtual environment that is made when needed.
#   PYTHON=python3.13 make test     another interpreter, in an environment of its own (.venv-3.13)
#   GLUE_CONTAINER=1 make test      inside the AWS Glue container: its own Python, Spark and awsglue, no environment

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

GLUE_CONTAINER ?=
IMAGE ?= glue-etl-test
# More arguments for pytest, for example: make test PYTEST_ARGS="-k relationalize"
PYTEST_ARGS ?=
# How many processes run test files side by side, each with a Spark of its own; 0 is one process, for a debugger:
#   make test WORKERS=0 PYTEST_ARGS="--pdb"
BENCHMARKS := startup dynamicframe python_functions json_choice relationalize formats decoded_formats avro_format taxi_job bookmarks jdbc catalog

# A pyenv shim can be on PATH and still not run: a candidate counts only when it executes.
FOUND := $(shell for p in python3.11 python3.13 python3; do if $$p -c '' 2>/dev/null; then echo $$p; break; fi; done)
ifeq ($(origin PYTHON),undefined)
PYTHON := $(or $(FOUND),python3)
VENV_OF_DEFAULT := yes
else
# PYTHON=python3.13 may name such a shim while pyenv has the interpreter: take that one.
override PYTHON := $(shell for p in $(PYTHON) $${PYENV_ROOT:-$$HOME/.pyenv}/versions/*/bin/$(notdir $(PYTHON)); do \
	if $$p -c '' 2>/dev/null; then echo $$p; exit; fi; done; echo $(PYTHON))
endif
PY_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

ifneq ($(GLUE_CONTAINER),)
# The real Glue library is here and the engine stays out of the way: what runs is what AWS itself must agree with.
PY := $(PYTHON)
READY := .tools-$(or $(PY_VERSION),none)
PYTEST_PATHS := tests/conformance tests/unit/transforms
# One Spark at a time: a container is often given little memory.
WORKERS ?= 0
export PATH := $(HOME)/.local/bin:$(PATH)
else
VENV ?= $(if $(or $(VENV_OF_DEFAULT),$(filter 3.11,$(PY_VERSION))),.venv,.venv-$(PY_VERSION))
PY := $(VENV)/bin/python
READY := $(VENV)/.ready-$(or $(PY_VERSION),none)
PYTEST_PATHS := tests
WORKERS ?= 2
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
endif

.PHONY: help
help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

.PHONY: venv
venv: $(READY) ## make the virtual environment; again only when setup.cfg has changed

.PHONY: python-version
python-version:
	@case "$(PY_VERSION)" in \
	  3.11|3.13) ;; \
	  "") echo "'$(PYTHON)' does not run. Hint: install Python 3.11 (Glue 5.1) or 3.13 (Glue 6.0), or set PYTHON=/path/to/python." >&2; exit 1;; \
	  *) echo "'$(PYTHON)' is Python $(PY_VERSION); AWS Glue has 3.11 (Glue 5.1) and 3.13 (Glue 6.0). Hint: set PYTHON=/path/to/one of them." >&2; exit 1;; \
	esac

# The stamp carries the version, so an environment of another Python in the same folder is made anew.
$(VENV)/.ready-%: setup.cfg pyproject.toml | python-version
	@echo "making $(VENV) for Python $(PY_VERSION)"
	@test -x $(PY) && $(PY) -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(PY_VERSION)")' || $(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[local,dev,bench]'
	@touch $@

# Inside the container: the test tools alone, for this user, beside what the image brings.
.tools-%: setup.cfg pyproject.toml | python-version
	$(PY) -m pip install --quiet --disable-pip-version-check --user --editable '.[dev]'
	@touch $@

.PHONY: run
run: $(READY) ## sample taxi data through the Glue job jobs/nyc_taxi.py, and a summary
	@$(PY) -m glue_etl demo

.PHONY: lint
lint: $(READY) ## ruff, its formatter's check, and the layers
	$(PY) -m ruff check glue_etl jobs tests benchmarks
	$(PY) -m ruff format --check glue_etl jobs tests benchmarks
	lint-imports

.PHONY: type
type: $(READY) ## mypy --strict over the library and the jobs
	$(PY) -m mypy --strict glue_etl
	@for job in jobs/*.py; do $(PY) -m mypy --strict "$$job"; done

.PHONY: test
test: lint type ## everything that must pass: lint, types, layers, then the tests, warnings as errors
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_PATHS) $(PYTEST_ARGS)

# How often `make kill` kills, and the seed of the moments.
KILLS ?= 40
SEED ?= 1

.PHONY: kill
kill: $(READY) ## kill -9 the taxi job at KILLS=40 random moments and look at what a reader sees (long)
	GLUE_ETL_KILLS=$(KILLS) GLUE_ETL_SEED=$(SEED) $(PY) -m pytest -s tests/system/test_kill.py -k random

# How many runs `make bookmarks-soak` makes; SEED is that of `make kill`.
RUNS ?= 200

.PHONY: bookmarks-soak
bookmarks-soak: $(READY) ## RUNS=200 bookmarked runs with arrivals, rewrites, overlaps and kills, against a ledger (long)
	GLUE_ETL_BOOKMARK_RUNS=$(RUNS) GLUE_ETL_SEED=$(SEED) $(PY) -m pytest -s tests/system/test_bookmark_runs.py

.PHONY: bench
bench: $(READY) ## all benchmarks: ratios in one run, JSON under benchmarks/out/ and a table (long)
	@mkdir -p benchmarks/out
	@for name in $(BENCHMARKS); do echo "== $$name"; $(PY) benchmarks/$$name.py; done

.PHONY: docker-test
docker-test: ## make test inside the AWS Glue 5.0 image, against the real Glue library (needs Docker)
	docker build --tag $(IMAGE) .
	docker run --rm $(IMAGE)

.PHONY: clean
clean: ## remove environments, caches and build output; the local lake .glue stays
	rm -rf .venv .venv-* .tools-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf spark-warehouse metastore_db derby.log benchmarks/out
	find glue_etl jobs tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
