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
ARGS ?=

export PIP_REQUIRE_VIRTUALENV = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format examples bench fuzz chaos clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-18s %s\n", $$1, $$2}'

setup: $(TEST)  ## install everything that development needs into .venv

demo: $(DEMO)  ## install what rpcgen needs, and run `rpcgen demo`
	@$(BIN)/rpcgen demo $(ARGS)

test: check  ## run everything: make check, then every test (ARGS="-k name" to choose)
	$(BIN)/python -m pytest $(ARGS)

check: $(TEST)  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy idl/rpcgen codegen/rpcgen runtime/rpcgen
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
	$(BIN)/python -m tests.bench $(ARGS)

fuzz: $(TEST)  ## property tests with a thousand times the examples (FUZZ_EXAMPLES=n)
	RPCGEN_FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),20000) $(BIN)/python -m pytest --timeout=3600 -k fuzz $(ARGS)

chaos: $(TEST)  ## the tests that kill, stop and disconnect processes, over and over
	RPCGEN_CHAOS_ROUNDS=$(or $(CHAOS_ROUNDS),20) $(BIN)/python -m pytest --timeout=3600 tests/chaos $(ARGS)

clean:  ## remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than pyproject.toml as long as what it installed is what pyproject.toml asks for.
$(DEMO): pyproject.toml .ci/venv
	@.ci/venv $(VENV) $(PYTHON)
	$(PIP) install --editable .
	@touch $@

$(TEST): $(DEMO)
	$(PIP) install --group test
	@touch $@

$(BENCH): $(TEST)
	$(PIP) install --group bench
	@touch $@
