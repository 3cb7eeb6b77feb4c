# Two commands matter: `make run` and `make test`. Both need Python 3.11+, make and network access to the package registry.
PYTHON ?= python3
BIN := .venv/bin
RUN := .venv/.run
DEV := .venv/.dev

.DEFAULT_GOAL := help
.PHONY: help install run watch test coverage check docs matcher evaluate pins chaos pictures bench bench-quick clean \
	test-newer image-test scale-test

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(RUN) ## Create .venv with the pinned packages and the `footnote` command

run: $(RUN) ## Start the bot (without tokens: a page on this computer)
	@$(BIN)/footnote serve

watch: $(RUN) ## The same, and each change of the content counts as it is saved (http://127.0.0.1:8080/workbench)
	@$(BIN)/footnote serve --reload

test: $(DEV) ## Run the tests
	@$(BIN)/python -m pytest -n 3 --dist worksteal

coverage: $(DEV) ## Run the tests and show which lines and branches they reach (twice as long)
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered -n 2 --dist worksteal

check: $(DEV) ## Lint, types, content, and known vulnerabilities of the pinned packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/footnote check
	@$(BIN)/python -m tests.audit

docs: $(DEV) ## Write again what is generated: schemas, docs/content.md, docs/screens.md, docs/rules, docs/conversations
	@$(BIN)/footnote docs
	@$(BIN)/python -m tests.natural

matcher: $(RUN) ## Learn how people ask anew after a change of words (make install does it the first time)
	@$(BIN)/footnote train

chaos: $(DEV) ## Kill the bot at random moments under load, on every platform, mode and database
	@$(BIN)/python -m tests.chaos

test-newer: $(DEV) ## Run both README commands on Debian trixie's own Python (needs root and Debian's packages)
	@$(BIN)/python -m tests.deployment.newer

image-test: $(DEV) ## Build the image and try it: no root, read-only, drain, upgrade (needs root and Debian's packages)
	@$(BIN)/python -m tests.deployment.image

scale-test: $(DEV) ## Two replicas, PostgreSQL and nginx as docker-compose.yml wires them, killed under load (the same needs)
	@$(BIN)/python -m tests.deployment.scale

pictures: $(DEV) ## Take the pictures of the page in docs/pictures anew (needs Chromium)
	@$(BIN)/python -m tests.channels.web.pictures

evaluate: $(DEV) ## Measure how well questions are understood and write docs/matching.md (ten minutes)
	@$(BIN)/python -m tests.questions

bench: $(DEV) ## Measure side by side (under ten minutes) and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks

bench-quick: $(DEV) ## One small round of the same without peers, under a minute; prints only
	@$(BIN)/python -m benchmarks --quick

pins: ## For maintainers (needs uv): compile the pins, naming no package index
	uv pip compile pyproject.toml --universal -p 3.11 $(PINS) -o requirements/run.txt
	uv pip compile pyproject.toml --universal -p 3.11 --group dev $(PINS) -o requirements/dev.txt
	uv pip compile --universal -p 3.11 --group build $(PINS) -o requirements/build.txt
PINS := --no-emit-index-url --no-emit-find-links --no-header --quiet

clean: ## Remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Footnote needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUN): requirements/run.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "Installing pinned packages ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/build.txt -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/footnote train
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@
