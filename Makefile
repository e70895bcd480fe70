# Every command of the project. `make` alone lists them.

SHELL := bash
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
# Given on the command line: make run HOST=0.0.0.0 PORT=9000
HOST = 127.0.0.1
PORT = 8000
# Packages published after this moment are not looked at, so that the same lock comes out again.
# A few days in the past, so that every mirror of the package index has them.
LOCK_DATE = 2026-11-14T00:00:00Z
# make lock LOCK_ARGS=--upgrade moves every pin to its newest release before LOCK_DATE.
LOCK_ARGS =
# More arguments for pytest: make test ARGS="tests/test_rooms.py -x"
ARGS =
# Two workers. The tests of a file stay together in one of them, so that what they share is made once; files
# come in the order of tests/conftest.py, the rooms that take long first.
PYTEST := $(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder
# The rooms that are there already.
TYPED := $(wildcard optimizer lcm_service wsgi.py tests tools/*.py)

# Machines without a language set would otherwise read and write files as plain ASCII.
export LC_ALL := C.UTF-8
export PYTHONUTF8 := 1
# What Python compiled is kept: else every process that a test starts compiles all packages again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test prove check format bench lock clean set-up set-up-dev

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: set-up ## Start the service with demonstration data (HOST=, PORT=)
	LCM_DEMONSTRATION=1 LCM_SECURE_COOKIES=0 $(PYTHON) -m flask --app wsgi lcm demo --host $(HOST) --port $(PORT)

test: set-up-dev ## Run every test at its quick size (ARGS= for pytest)
	@tools/system.sh
	LCM_SIZE=quick $(PYTEST) $(ARGS)

prove: set-up-dev ## Run every test at full size, then the benches and the screenshots
	@tools/system.sh
	LCM_SIZE=full $(PYTEST) $(ARGS)
	$(PYTHON) -m tests.bench
	$(PYTHON) -m tests.bench.pages
	$(PYTHON) -m tests.bench.slow_line
	$(PYTHON) -m tests.screenshots

check: set-up-dev ## Look over format, lint, types and import rules
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy $(TYPED)
	$(PYTHON) -m pytest -q tests/test_rooms.py

format: set-up-dev ## Put every file in the project's format
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench: set-up-dev ## Measure the optimizer against honest competitors, then the pages
	$(PYTHON) -m tests.bench
	$(PYTHON) -m tests.bench.pages
	$(PYTHON) -m tests.bench.slow_line

lock: set-up-dev ## Write the exact versions anew from the .in files
	for name in requirements requirements-dev tools/uv; do \
	  .venv/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	    --exclude-newer $(LOCK_DATE) $(LOCK_ARGS) $$name.in -o $$name.txt || exit 1; \
	done
	tools/setup.sh dev
	$(PYTHON) tools/licences.py

clean: ## Remove the environment, the caches and what was built
	rm -rf .venv .venv.lock build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up:
	@tools/setup.sh runtime

set-up-dev:
	@tools/setup.sh dev
