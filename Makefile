# The one door. `make help` lists what is behind it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
UV := .uv/bin/uv
export UV_PYTHON_PREFERENCE := system
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help setup setup-dev demo dev test chaos fuzz lint format bench docs lock histories clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## Install Assay into .venv

setup-dev: $(VENV)/.installed-dev ## Install Assay and its development tools into .venv

demo: setup ## Capture, judge and show traces (ARGS=--exit ends afterwards)
	@$(VENV)/bin/assay demo $(ARGS)

dev: setup ## Run everything on this machine
	@$(VENV)/bin/assay dev

test: setup-dev ## Run the whole test suite
	@$(VENV)/bin/pytest -n 2 --dist worksteal $(ARGS)

chaos: setup-dev ## Outages and backlogs of whole engines, too long for every run of the suite
	@$(VENV)/bin/pytest -m long $(ARGS)

fuzz: setup-dev ## Ask the running API whatever its description allows, and more (ARGS="--examples 200")
	@$(VENV)/bin/python -m tests.fuzz.run $(ARGS)

lint: setup-dev ## Style, types, layers
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache

format: setup-dev ## Put the source into the house style
	@$(VENV)/bin/ruff check --fix . && $(VENV)/bin/ruff format .

bench: setup ## Measure (ARGS=NAME for one)
	@$(VENV)/bin/assay bench $(ARGS)

histories: setup-dev ## Record workflow histories anew (only when a workflow changed on purpose)
	@$(VENV)/bin/python -m tests.histories.record

docs: setup-dev ## Write the generated pages of the documentation
	@$(VENV)/bin/python -m tests.architecture.generate

lock: $(UV) ## Renew the hash-pinned requirements*.lock files
	@$(UV) pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-annotate --no-header --upgrade -q -o requirements.lock
	@$(UV) pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-annotate --no-header -q -c requirements.lock --group dev -o requirements-dev.lock

clean: ## Remove the environments and caches
	@rm -rf $(VENV) .uv .mypy_cache .ruff_cache .hypothesis dist

$(UV): requirements-uv.lock
	@$(PYTHON) -m pip install -q --disable-pip-version-check --upgrade --target .uv --require-hashes -r $<
	@touch $@

$(VENV)/bin/python: | $(UV)
	@$(UV) venv -q --python 3.12 $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python $(UV)
	@$(UV) pip install -q --python $(VENV)/bin/python --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(VENV)/bin/python --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@$(UV) pip install -q --python $(VENV)/bin/python --require-hashes -r requirements-dev.lock
	@touch $@
