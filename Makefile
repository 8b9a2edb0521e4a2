# Reglament. `make run` tries it, `make test` and `make lint` check it.
#
# PORT=8080   another port for `make run`
# DEBUG=1     errors with tracebacks
# PYTHON=…    another Python than python3

PYTHON ?= python3
# -I: neither the current folder nor the user's packages may shadow the standard library.
BOOTSTRAP = $(PYTHON) -I config/bootstrap.py
PY = .venv/bin/python
TESTS ?= tests
export PORT HOST DEBUG

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev test test-fast test-browser lint format bench clauses \
	screenshots messages requirements services-stop clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

run: setup ## everything on this machine: database, web, worker, beat, demo
	@exec $(PY) -m config.run

setup: ## .venv and node_modules
	@$(BOOTSTRAP)

setup-dev: ## the same with the tools for tests and checks
	@$(BOOTSTRAP) --dev

test: setup-dev ## all tests, on real PostgreSQL and Valkey and in a real browser
	$(PY) -m pytest -q -n 2 -m "not browser" $(TESTS)
	$(PY) -m pytest -q -n 2 -m browser $(TESTS) || [ $$? -eq 5 ]

test-fast: setup-dev ## without the browser
	$(PY) -m pytest -q -n 2 -m "not browser" $(TESTS)

test-browser: setup-dev ## only the browser
	$(PY) -m pytest -q -n 2 -m browser $(TESTS)

lint: setup-dev ## style, types, imports, migrations, deployment settings, translations
	@$(PY) -m config.lint

format: setup-dev ## rewrites the code in the one style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: setup-dev ## speed of the pages beside the floor; SCALE=10 for a million deals, 0.1 to try it out
	$(PY) -m bench

clauses: setup-dev ## clause by clause: its rule, its tests, or that they are missing
	@SECRET_KEY="$${SECRET_KEY:-reads-files-only}" $(PY) manage.py clauses --fail-under pipelines/playbooks/proved.txt

screenshots: setup-dev ## pictures of the pages for the documentation
	$(PY) -m tests.screenshots

messages: setup-dev ## brings locale/*.po up to the code and compiles them
	$(PY) -m config.messages extract
	$(PY) -m config.messages compile

requirements: setup-dev ## compiles requirements*.in into pinned files with hashes
	$(PY) -m config.requirements

services-stop: ## stops PostgreSQL and Valkey where a killed run left them
	@$(PY) -m config.services stop

clean: ## removes what set-up made; the data under var/ stays
	rm -rf .venv node_modules .mypy_cache .ruff_cache .import_linter_cache var/static var/static.sha256
