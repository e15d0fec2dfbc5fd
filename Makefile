# Everything that a fresh machine needs to work on Linnaeus, or only to see it work.
# The first target that is asked for makes .venv; PYTHON names the interpreter to make it with.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.ready-docs
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test test-slow check bench docs clean

help:
	@echo "make demo       train on hand-written digits, report, predict: one minute"
	@echo "make test       the tests, without the slow ones"
	@echo "make test-slow  the slow ones"
	@echo "make check      ruff, mypy and the layers of imports"
	@echo "make bench      measure what benchmarks/RESULTS.md claims"
	@echo "make docs       build the documentation into site/"
	@echo "make clean      remove what these made, .venv included; runs/ stays"

demo: $(READY)
	$(BIN)/python examples/demo.py

# Each process computes on one thread: threads of several would wait for each other after every
# layer, which takes longer than the computing. A file is one process's, which makes its fixtures once.
# Files come as they are listed: by their number of tests, the longest, which have few, would come
# last, and one process would wait for another at the end.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --maxprocesses 4 \
		--dist loadfile --no-loadscope-reorder

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python benchmarks/_all.py

docs: $(DOCS_READY)
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) site dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Linnaeus needs Python 3.11 or newer, and $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV), once. This downloads PyTorch and takes a few minutes."
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) -e ".[dev]"
	@touch $@

$(DOCS_READY): $(READY)
	$(PIP_INSTALL) -e ".[dev,docs]"
	@touch $@
