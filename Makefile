# Everything a developer runs. Needs Python 3.11 or newer, git and make; the rest is installed into
# $(VENV), in the versions that constraints.txt names, from wherever pip is configured to look.
#
#   make demo [ARGS=--once]     a running s3syncd on a small embedded S3 server
#   make test [ARGS="-k name"]  every test
#   make bench [ARGS="cheap"]   speed and memory beside other programs, into bench/RESULTS.md
#   make docs                   the pages that are made from the code
#   make check                  what must hold before a commit: style, types, layers, units, tests
#   make soak [ARGS="--seconds 3600 --seed 7"]  an hour of daemons, people and faults, judged

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV ?= .venv
ARGS ?=
# The first of these that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
BIN := $(VENV)/bin
# Two thirds of a test's time is waiting (for settling, for servers, in vain where a mutant is
# tested), so three workers for each core keep it busy. Each needs up to 0.5 GiB of memory.
WORKERS ?= $(shell "$(PYTHON)" -c 'import os; print(max(4, min(10, 3 * (os.cpu_count() or 2))))')
# Whatever the shell wants: each of the workers, and of the hundreds of processes that tests start,
# would compile for itself what it imports.
export PYTHONDONTWRITEBYTECODE :=
# A test that hangs is ended after twice the usual minute: it shares its core with two others.
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --timeout 120

.PHONY: help demo docs test check static fix e2e mutants bench clean format lint types layers dockerfile \
  unit coverage soak model simulation kills syscalls power

help:
	@sed -n 's/^#   //p' Makefile
	@echo "fix, format, lint, types, layers, dockerfile, unit, coverage, e2e, mutants, bench, clean,"
	@echo "model, simulation, kills, syscalls, power: see Makefile"

# --- installation -------------------------------------------------------------------------------
# A stamp is older than the pages that decide what is installed only when there is work to do.

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "s3syncd needs Python 3.11 or newer" >&2; exit 1; }
	"$(PYTHON)" -m venv "$(VENV)"
	touch $@

# The build backend comes first and pinned, so that building s3syncd itself downloads nothing more.
$(VENV)/.demo: $(VENV)/.created pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'
	touch $@

# --- running ------------------------------------------------------------------------------------

demo: $(VENV)/.demo
	@$(BIN)/s3syncd demo $(ARGS)

test: $(VENV)/.compiled
	@$(PYTEST) $(ARGS)

e2e: $(VENV)/.compiled
	@$(PYTEST) -m e2e $(ARGS)

mutants: $(VENV)/.compiled
	@$(PYTEST) -m mutant tests/mutants $(ARGS)

# The first time workers would all compile the same tests at once. What changes later is little.
$(VENV)/.compiled: | $(VENV)/.dev
	@ls -d tests/*/ tests/test_*.py | xargs -P 2 -n 12 $(BIN)/python -m pytest -qq --collect-only \
	  >"$(VENV)/compiled.txt" 2>&1 || true  # the tests' own run tells what is wrong
	@touch $@

# The long forms of what `make test` has a slice of; docs/reliability.md says what each one proves.
soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak $(ARGS)

model simulation: $(VENV)/.dev
	@$(BIN)/python -m tests.$@ $(ARGS)

kills syscalls power: $(VENV)/.dev
	@$(BIN)/python -m tests.faults.$@ $(ARGS)

# The programs that s3syncd is measured beside. awscli wants its own botocore, so they live apart.
bench/.venv/.peers: bench/peers.txt
	"$(PYTHON)" -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet -r bench/peers.txt
	touch $@

bench: $(VENV)/.dev bench/.venv/.peers
	@$(BIN)/python -m bench $(ARGS)

# Configuration reference and man page; a test fails while they are not what this gives.
docs: $(VENV)/.dev
	@$(BIN)/python -m docs.build

# --- checking -----------------------------------------------------------------------------------

check: static test

# Each of them keeps one core busy.
static: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs 2 \
	  coverage types format lint layers dockerfile unit "$(VENV)/.compiled"

format: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted; 'make fix' does it" >&2; exit 1; }

lint: $(VENV)/.dev
	@$(BIN)/ruff check --quiet .

types: $(VENV)/.dev
	@$(BIN)/mypy --no-error-summary

layers: $(VENV)/.dev
	@$(BIN)/lint-imports --no-logo >"$(VENV)/layers.txt" 2>&1 || { cat "$(VENV)/layers.txt"; exit 1; }

# Every branch of core/ and of what tells errors apart is taken by these tests alone.
coverage: export COVERAGE_FILE := $(VENV)/coverage
coverage: $(VENV)/.dev
	@$(BIN)/python -m coverage run -m pytest -q --no-header tests/core tests/s3/test_reply*.py \
	  >"$(VENV)/branches.txt" || { cat "$(VENV)/branches.txt"; exit 1; }
	@$(BIN)/python -m coverage report >"$(VENV)/branches.txt" || { cat "$(VENV)/branches.txt"; exit 1; }

dockerfile: $(VENV)/.dev
	@if test -x $(BIN)/hadolint; then $(BIN)/hadolint Dockerfile; \
	else echo "dockerfile: no hadolint for this platform, not checked"; fi

# systemd-analyze wants the program to exist; any one does, since it is not run. It tells a misspelt
# setting without failing, so any word of it about our unit is a failure.
unit:
	@if command -v systemd-analyze >/dev/null; then \
	  folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	  sed 's#/opt/s3syncd/bin/s3syncd#/bin/true#' contrib/systemd/s3syncd.service > "$$folder/s3syncd.service"; \
	  said=$$(systemd-analyze verify --man=no "$$folder/s3syncd.service" 2>&1) || { echo "$$said"; exit 1; }; \
	  ! grep -F "s3syncd.service" <<< "$$said"; \
	else echo "unit: no systemd-analyze here, not checked"; fi

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf "$(VENV)" build dist bench/.venv .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
