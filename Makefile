# Everything a developer does, by one word. Needs git, make and Python 3.11 or newer; the rest is installed into .venv
# by the machine's own pip configuration. `make PYTHON=python3.12 test` chooses another interpreter.

VENV := .venv
BIN := $(VENV)/bin
# Which interpreter the virtual environment was made with is part of the stamps' names.
KEY := $(if $(PYTHON),$(subst /,-,$(PYTHON)),default)
DEMO := $(VENV)/.demo-$(KEY)
TEST := $(VENV)/.test-$(KEY)
BENCH := $(VENV)/.bench-$(KEY)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
EXAMPLES := $(wildcard generated_examples/*/*.yaml)
# Tests that start, stop and kill processes.
PROCESSES := tests/conformance tests/examples/test_examples.py tests/cli/test_demo.py
# Processes that run tests: one has the faults, which wait most of their time, and others have the rest.
WORKERS ?= 2
ROUNDS ?= 20
OPERATIONS ?= 10000
ARGS ?=

export PIP_REQUIRE_VIRTUALENV = 1
# Each of the hundreds of programs that tests start would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format examples bench fuzz versions chaos soak clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-18s %s\n", $$1, $$2}'

setup: $(TEST)  ## install everything that development needs into .venv

demo: $(DEMO)  ## install what rpcgen needs, and run `rpcgen demo`
	@$(BIN)/rpcgen demo $(ARGS)

test: check  ## run everything: make check, then every test (ARGS="-k name" to choose, WORKERS=0 for one process)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(TEST)  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy idl/rpcgen codegen/rpcgen runtime/rpcgen docs/how-to/carrier/carrier
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(TEST)  ## rewrite the source as `make check` wants it
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

examples: $(TEST)  ## compile the interfaces of generated_examples/ again
	@for file in $(EXAMPLES); do \
		(cd "$$(dirname "$$file")" && "$(CURDIR)/$(BIN)/rpcgen" compile "$$(basename "$$file")" -o .) || exit 1; \
	done

bench: $(BENCH)  ## compare the speed with other libraries (ARGS="--help" for its options)
	$(BIN)/python -m tests.idl.compat.cost
	$(BIN)/python -m tests.bench $(ARGS)

fuzz: $(TEST)  ## the property tests, 20 times with other examples (ROUNDS=n); hostile frames, and verdicts of the check, at length
	@for round in $$(seq $(ROUNDS)); do \
		env -u CI $(BIN)/python -m pytest -q -m hypothesis --timeout=600 $(ARGS) || exit 1; \
	done
	RPCGEN_FUZZ=1 $(BIN)/python -m pytest -q --timeout=3600 tests/fuzz $(ARGS)
	RPCGEN_VERDICTS=$$(($(ROUNDS) * 5000)) $(BIN)/python -m pytest -q -s tests/verdicts/test_execution.py

versions: $(TEST)  ## random histories of interfaces against the version rules, 20 times as many (ROUNDS=n)
	RPCGEN_SOAK=$(ROUNDS) $(BIN)/python -m pytest -q -s --timeout=3600 tests/versions/test_histories.py $(ARGS)

chaos: $(TEST)  ## faults under load at length; then the tests that kill and stop processes, 20 times (ROUNDS=n)
	RPCGEN_CHAOS=long $(BIN)/python -m pytest -q tests/chaos tests/runtime/drivers/zeromq/test_curve_programs.py $(ARGS)
	RPCGEN_CHAOS=long $(BIN)/python -m pytest -q -k kombu tests/conformance tests/runtime/drivers/kombu $(ARGS)
	@for round in $$(seq $(ROUNDS)); do \
		$(BIN)/python -m pytest -q --timeout=120 $(PROCESSES) $(ARGS) || exit 1; \
	done

soak: $(TEST)  ## 10,000 operations between rpcgen and oslo.messaging (OPERATIONS=n)
	RPCGEN_OPERATIONS=$(OPERATIONS) $(BIN)/python -m pytest -q -s tests/oslo/test_soak.py $(ARGS)

clean:  ## remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than pyproject.toml as long as what it installed is what pyproject.toml asks for.
$(DEMO): pyproject.toml .ci/venv
	@.ci/venv $(VENV) $(PYTHON)
	$(PIP) install --editable .
	@touch $@

$(TEST): $(DEMO) .ci/programs .ci/schemas
	@.ci/programs
	$(PIP) install --group test
	@.ci/schemas $(VENV)
	@touch $@

$(BENCH): $(TEST)
	$(PIP) install --group bench
	@touch $@
