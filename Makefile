# Bare `make` lists the targets. Everything runs in .venv, made on first use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := server tests benchmarks docs migrations docker wsgi.py gunicorn.conf.py

.DEFAULT_GOAL := help
.PHONY: help run flask demo-live client client-types client-check screenshots test lint types unit format migrate bench docs secrets load lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Start everything on http://127.0.0.1:5000 (PORT=... for another port); Ctrl-C stops it
	@$(BIN)/python -m server.local

flask: $(VENV)/.installed ## A command on the data of `make run` while that is stopped: ARGS="restore FILE --replace"
	@$(BIN)/python -m server.local flask $(ARGS)

demo-live: $(VENV)/.installed-dev ## `make run` on a local exchange: live prices without internet (SPEED=... times as fast)
	@$(BIN)/python -m tests.exchange.demo $(if $(SPEED),--speed $(SPEED))

client: $(VENV)/.installed ## Build the dashboard if it is older than its sources (`make run` does so too)
	@$(BIN)/python -m server.local.dashboard

test: lint types client-check unit ## Everything that must pass: lint, types, unit, integration and browser tests

load: $(VENV)/.installed-dev ## Sockets, REST, trainings and a rolling restart behind nginx (ARGS=--quick for a short run)
	$(BIN)/python -m benchmarks.load $(ARGS)

lint: $(VENV)/.installed-dev ## Check style and formatting
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: $(VENV)/.installed-dev ## Check types
	$(BIN)/mypy

client-check: $(VENV)/.installed-dev client ## Check the dashboard: style, types, unit tests
	@$(BIN)/python -m server.local.dashboard run --silent check

client-types: $(VENV)/.installed-dev ## Make the dashboard's types anew from the server's documents
	$(BIN)/python -m docs.client_types
	@$(BIN)/python -m server.local.dashboard run --silent generate

screenshots: $(VENV)/.installed-dev client ## Take the pictures in docs/screenshots anew
	UPDATE_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/dashboard

unit: $(VENV)/.installed-dev ## Run the tests alone; ARGS="-k rooms" selects
	$(BIN)/python -m pytest -n 2 --dist loadscope $(ARGS)

format: $(VENV)/.installed-dev ## Put the sources into the agreed format
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

migrate: $(VENV)/.installed ## Bring the database up to date (that of `make run`, or DATABASE_URL)
	$(BIN)/flask --app wsgi db upgrade

bench: $(VENV)/.installed-dev ## Measure speed and memory, side by side with the alternatives
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed-dev ## Make the README's configuration table and the Grafana dashboards anew
	$(BIN)/python -m docs.reference
	$(BIN)/python -m docs.dashboards

secrets: ## Make the passwords and the .env that `docker compose up` needs
	@sh docker/make-secrets.sh

lock: $(VENV)/.installed-dev ## Pin requirements anew from requirements*.in (UPGRADE=--upgrade takes newer ones)
	$(BIN)/uv pip compile $(UPGRADE) $(LOCK_OPTIONS) requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) -c requirements-dev.txt requirements.in -o requirements.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) -c requirements-dev.txt requirements-web.in -o requirements-web.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) requirements-client.in -o requirements-client.txt

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --no-header --no-annotate

clean: ## Remove .venv and caches; the data in .local stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find server tests benchmarks migrations -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps keep a second start short: pip runs only when the requirements changed.
$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing the requirements (some minutes the first time) ..."
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing the requirements and the tools for tests (some minutes the first time) ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $(VENV)/.installed $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) is not one of them" \
	    "($$($(PYTHON) --version 2>&1)). Name one that is: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "The virtual environment could not be made. If venv is missing, on Debian and Ubuntu: apt install python3-venv"; \
	  rm -rf $(VENV); exit 1; }
