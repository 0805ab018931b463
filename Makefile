# Innkeeper. `make help` lists the targets; each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Tests wait for wires and processes more than they compute: three for two cores. With four, two ran out of time once in three.
WORKERS = $(shell $(PYTHON) -c 'import os; print(max(2, (os.cpu_count() or 2) * 3 // 2))')
SYSTEM_PACKAGES := mosquitto chromium fonts-noto-cjk postgresql systemd strace

.DEFAULT_GOAL := help
.PHONY: help demo setup develop check gates format test bench lock wheel screenshots reference system-packages

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

demo: setup ## a whole simulated hotel on this machine: http://127.0.0.1:8080
	$(BIN)/innkeeper demo $(ARGS)

setup: $(VENV)/.runtime ## build .venv/ with .venv/bin/innkeeper

develop: $(VENV)/.develop ## the same with the tools for tests and checks

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Innkeeper needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.develop: requirements-dev.lock $(VENV)/.runtime
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

check: gates test ## everything that must hold: format, lint, types, import contracts, dead links, tests

gates: develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: develop ## format and mend what a tool can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: develop ## all tests; ends by naming each real part that was absent
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

bench: setup ## measure, each figure beside its raw baseline in the same run (ARGS=--json for a program)
	$(BIN)/innkeeper bench all $(ARGS)

lock: develop ## renew the lock files within the ranges of pyproject.toml
	$(PIP) uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

wheel: develop ## build dist/*.whl
	$(PIP) build
	$(BIN)/python -m build --no-isolation --wheel

reference: setup ## docs/configuration.md and the JSON schemas, made from the settings
	$(BIN)/python docs/reference.py

screenshots: develop ## docs/images/, from a running demo
	$(BIN)/python docs/screenshots.py

system-packages: ## the real parts that tests and a real hotel use (Debian)
	apt-get update -qq
	apt-get install -y --no-install-recommends $(SYSTEM_PACKAGES)
