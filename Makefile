# Every task of this repository. `make` alone lists them.
#
# Every target runs in .venv, which is built from requirements-dev.lock (exact versions, with hashes)
# and rebuilt when that lock changes. A stamp file remembers that, so a second `make` starts at once.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
WHEELHOUSE := build/wheelhouse

# What `make run` and `make lab` read: PORT=8600, HEADLESS=true (do not open a browser).
# Without a screen there is no browser to open, hence the default.
PORT ?= 8501
ifeq ($(shell uname -s),Linux)
HEADLESS ?= $(if $(DISPLAY)$(WAYLAND_DISPLAY),false,true)
else
HEADLESS ?= false
endif

# Some machines forbid Python to keep its bytecode. The tests start hundreds of processes, and each would
# then compile its libraries again.
unexport PYTHONDONTWRITEBYTECODE

# Processes that run tests: some more than there are cores, since servers and browsers are waited for.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)

# Run without being installed: nothing else here needs it.
PIP_AUDIT := 2.10.1
FOCUS_VALIDATOR := 2.2.1
PYTHON312 ?= python3.12

# Arguments for the program that a target starts, as in: make test ARGS="-k tiers".
ARGS ?=

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2 }' Makefile

# --------------------------------------------------------------------------------------------------
# Using it

.PHONY: run
run: $(VENV)/.stamp ## Open the dashboard (PORT=8501, HEADLESS=true on a machine without a screen)
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.headless $(HEADLESS) $(ARGS)

.PHONY: lab
lab: $(VENV)/.stamp ## Open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks $(if $(filter true,$(HEADLESS)),--no-browser)

# --------------------------------------------------------------------------------------------------
# Working on it

.PHONY: test
test: $(VENV)/.stamp $(WHEELHOUSE)/.stamp ## Run every test (ARGS="-k tiers" for some)
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadscope $(ARGS)

# In a fresh clone, each process of the tests would compile their files and the loop of the simulation for
# itself. Whoever only collects tests uses no snapshot, which syrupy takes for a fault.
.PHONY: compile
compile: $(VENV)/.stamp ## Compile ahead what every process of the tests needs
	$(BIN)/pytest --collect-only -qq -p no:syrupy > /dev/null
	$(BIN)/python -c 'from estimator import Scenario, simulate; \
	  simulate(Scenario.load("examples/patient-monitors.yaml"), engine="exact", replications=1)'

.PHONY: soak
soak: $(VENV)/.stamp $(WHEELHOUSE)/.stamp ## Run every test, random ones with more seeds (an hour or more)
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadscope --soak $(ARGS)

.PHONY: check
check: $(VENV)/.stamp ## Check style, types and the layers of packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports

# The lock of everything is checked against a public list of vulnerabilities, which needs a network.
.PHONY: audit
audit: $(VENV)/.stamp ## Look for known vulnerabilities in the locked dependencies
	$(BIN)/uv tool run --no-config pip-audit@$(PIP_AUDIT) --disable-pip --require-hashes -r requirements-dev.lock

.PHONY: format
format: $(VENV)/.stamp ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The validator of the FOCUS specification needs Python 3.12 and libraries of its own, so it gets an
# environment of its own. It ends with 0 whatever it finds, and reads a file of its own from where it
# runs. Of a file that is no invoice, one rule fails: InvoiceId must be null (C-004) and must not (C-005).
.PHONY: focus
focus: $(VENV)/.stamp ## Check exported files with FOCUS's own validator (skips without Python 3.12)
	@if ! $(PYTHON312) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2> /dev/null; then \
		echo "Skipped: the validator needs Python 3.12: name one with 'make focus PYTHON312=...'."; exit 0; fi; \
	mkdir -p build/focus; \
	test -d build/focus/venv || $(PYTHON312) -m venv build/focus/venv; \
	build/focus/venv/bin/python -m pip install --quiet 'focus-validator==$(FOCUS_VALIDATOR)' 'pyarrow<22'; \
	$(BIN)/estimator export examples/team-chat.yaml --format focus -o build/focus/bills.csv; \
	$(BIN)/estimator export examples/team-chat.yaml --format focus --monthly-growth 5 -o build/focus/growth.csv; \
	for file in bills growth; do \
		(cd build/focus/venv/lib/python3.12/site-packages && ../../../bin/focus-validator --block-download \
			--validate-version 1.2.0.1 --data-file "$(CURDIR)/build/focus/$$file.csv") > "build/focus/$$file.txt" 2>&1 || true; \
		grep 'Total:' "build/focus/$$file.txt"; \
		failed=$$(grep -o '[A-Za-z]*-C-[0-9]*-[A-Z]: FAIL' "build/focus/$$file.txt" | sort -u | tr '\n' ' '); \
		test "$$failed" = 'InvoiceId-C-005-C: FAIL ' || { echo "$$file.csv fails: $$failed" >&2; exit 1; }; \
	done

# Executed in place, so that the outputs in the repository are those of the code.
# Without times: a notebook in which nothing changed stays the same file.
.PHONY: notebooks
notebooks: $(VENV)/.stamp ## Execute every notebook and save its outputs
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
		--ExecutePreprocessor.record_timing=False notebooks/*.ipynb

.PHONY: pages
pages: $(VENV)/.stamp ## Write the pages of docs that the program prints
	$(BIN)/estimator schema > docs/scenario.schema.json
	$(BIN)/estimator list defaults --markdown > docs/defaults.md
	$(BIN)/estimator gallery --markdown > docs/workloads.md

.PHONY: snapshot
snapshot: $(VENV)/.stamp ## Accept changed prices (then read git diff)
	$(BIN)/pytest -q tests/data_integrity/test_snapshot.py --snapshot-update

.PHONY: bench
bench: $(VENV)/.stamp ## Run the benchmarks
	for bench in benchmarks/*.py; do echo "== $$bench"; $(BIN)/python "$$bench" $(ARGS); done

.PHONY: clean
clean: ## Remove the environment, caches and test output
	rm -rf $(VENV) build dist test-output .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

# --------------------------------------------------------------------------------------------------
# The environment and its locks

# pip checks every file against the lock's hashes. It need not look for what else is needed, since the
# lock names everything, nor compile all of it: Python does that for the few files that are imported.
# The environment is ready in a third of the time.
$(VENV)/.locked: requirements-dev.lock
	@command -v $(PYTHON) > /dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "This project needs Python 3.11 or newer: name one with 'make PYTHON=python3.12'." >&2; exit 1; }
	@echo "Building the environment in $(VENV) (a minute or two, once) ..."
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --no-compile --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# The project itself is built by the locked hatchling, so this step needs no network. It is
# editable: changed code needs no reinstall, only a changed pyproject.toml does.
$(VENV)/.stamp: pyproject.toml $(VENV)/.locked
	$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@$(PIP) check
	@touch $@

.PHONY: venv
venv: $(VENV)/.stamp ## Build the environment in .venv without doing anything else

# The core dependencies as files: with them a test installs the project's wheel into an empty
# environment without a network.
$(WHEELHOUSE)/.stamp: requirements.lock | $(VENV)/.stamp
	rm -rf $(WHEELHOUSE)
	mkdir -p $(WHEELHOUSE)
	$(PIP) download --only-binary :all: --no-deps --require-hashes -r requirements.lock --dest $(WHEELHOUSE)
	@touch $@

.PHONY: wheelhouse
wheelhouse: $(WHEELHOUSE)/.stamp ## Download the wheels that the test of the installed package needs

# One lock for every platform and Python from 3.11 on. It names versions and hashes only, neither
# where the files come from nor where it was made. Each lock is constrained by the one before it,
# so that all hold the same versions. Versions already locked stay unless one asks:
# make lock ARGS=--upgrade
LOCK = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(ARGS)

.PHONY: lock
lock: $(VENV)/.stamp ## Lock the dependencies again (ARGS=--upgrade for newer versions)
	$(LOCK) pyproject.toml --output-file requirements.lock > /dev/null
	$(LOCK) pyproject.toml --all-extras --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock > /dev/null
	$(LOCK) pyproject.toml --extra dashboard --extra export --extra simulation --constraint requirements-dev.lock \
		--output-file requirements-dashboard.lock > /dev/null
