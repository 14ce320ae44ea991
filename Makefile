# Every target sets up what it needs by itself and does nothing twice. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Programs of the environment come first: a Node from there stands in where the machine has none.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PY := .venv/bin/python
ARGS ?=
SECONDS_TOTAL ?= 300
SEED ?=
STAGES ?= unit integration e2e
RUN := .venv/.run-ready
DEV := .venv/.dev-ready
MODULES := web/node_modules/.ready
PAGE := web/dist/.built
PACKAGES := $(wildcard */__init__.py)
PAGE_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/lib/*' -not -path 'web/test*' -not -path 'web/e2e/*' 2>/dev/null)
PIP := $(PY) -m pip --disable-pip-version-check install
SELF := $(PIP) --quiet --no-deps --no-index --no-build-isolation --editable .

.PHONY: help install install-dev up test test-unit test-integration test-e2e coverage-pure check lint types imports spelling \
	generated house web-check fix chaos bench docs generate lock web java node chromium peers postgres promtool recipes clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(RUN) java web  ## everything that a running system needs, into .venv and web/

up: install  ## start Kafka, a worker, an edge and the page; ARGS="--data DIR --port N"
	@exec .venv/bin/anabranch up $(ARGS)

test: install-dev  ## all tests: unit, integration, end to end
	@$(PY) tools/stages.py $(STAGES)

test-unit: $(DEV) $(MODULES)  ## pure code, laws and the client: seconds
	@$(PY) tools/stages.py unit

test-integration: install-dev  ## real RocksDB, sockets and broker
	@$(PY) tools/stages.py integration

test-e2e: install-dev  ## broker, worker, edge and browser together; README's commands
	@$(PY) tools/stages.py e2e

coverage-pure: $(DEV)  ## every branch of the pure code is reached by its own tests
	@$(PY) tools/stages.py coverage

check: $(DEV) $(MODULES)  ## format, lint, types, dependency rule, spelling, generated files, house rules
	@$(MAKE) --no-print-directory --keep-going lint types imports spelling generated house web-check && echo "check: all clean"

fix: $(DEV) $(MODULES) generate  ## format and mend what can be mended
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format --quiet .
	@cd web && npm run --silent format

chaos: install-dev  ## kill, cut and freeze parts for a time and recount; SECONDS_TOTAL=600 SEED=1
	@exec $(PY) -m tests.chaos.rounds --seconds $(SECONDS_TOTAL) $(if $(SEED),--seed $(SEED))

bench: install-dev peers  ## measure beside the peers: all, or ARGS="pipeline latency"
	@exec .venv/bin/anabranch bench $(or $(ARGS),--all)

docs: $(DEV)  ## write the generated reference pages, then check all links
	@$(PY) -m tools.reference
	@$(PY) -m pytest -q tests/docs/test_links.py

lock:  ## resolve the versions again; locks hold hashes and no addresses
	@tools/setup.sh venv && tools/setup.sh lock

web: $(PAGE)  ## build the page

clean:  ## remove what was built; the data in .anabranch stays
	rm -rf build web/dist web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* *.egg-info
	rm -f .venv/.*-ready
	rm -rf .venv-bench

# --- parts of check

lint: $(DEV)
	@echo "· ruff" && { .venv/bin/ruff format --check --quiet .; code=$$?; .venv/bin/ruff check --quiet --no-cache . && exit $$code; }

types: $(DEV)
	@echo "· mypy" && .venv/bin/mypy --no-error-summary

imports: $(DEV)
	@echo "· import-linter" && { out=$$(.venv/bin/lint-imports --no-logo 2>&1) || { echo "$$out"; exit 1; }; }

spelling: $(DEV)
	@echo "· codespell" && git ls-files -z --cached --others --exclude-standard | xargs -0 .venv/bin/codespell

generated: $(DEV) $(MODULES)
	@echo "· generated files" && $(PY) -m schemas.bundle --check && $(PY) -m tools.reference --check && $(PY) -m tools.manifests --check && $(PY) -m tools.dashboards --check && $(PY) -m benchmarks.harness.readme --check

house: $(DEV)
	@echo "· house rules" && $(PY) -m pytest -q --tb=short -vv --no-header tests/unit/test_house.py

web-check: $(MODULES)
	@echo "· web" && cd web && npm run --silent check

generate: $(DEV) $(MODULES)  ## write the schema bundle, the TypeScript types, the reference pages, manifests, dashboards
	@$(PY) -m schemas.bundle && $(PY) -m tools.reference && $(PY) -m tools.manifests && $(PY) -m tools.dashboards

# --- set-up: a stamp per step, so the next start is quick

.venv/.made:
	@tools/setup.sh venv && touch $@

$(RUN): .venv/.made requirements-build.lock requirements.lock pyproject.toml $(PACKAGES)
	@echo "==> Python packages"
	@$(PIP) --require-hashes --no-deps -r requirements-build.lock -r requirements.lock | tools/setup.sh progress
	@$(SELF) && touch $@

$(DEV): .venv/.made requirements-build.lock requirements-dev.lock pyproject.toml $(PACKAGES)
	@echo "==> Python packages, with those for tests and checks"
	@$(PIP) --require-hashes --no-deps -r requirements-build.lock -r requirements-dev.lock | tools/setup.sh progress
	@$(SELF) && touch $@

install-dev: $(DEV) java web chromium postgres promtool recipes

java: .venv/.made
	@tools/setup.sh java

node: .venv/.made
	@tools/setup.sh node

peers: .venv/.made
	@tools/setup.sh peers

chromium:
	@tools/setup.sh chromium

postgres:
	@tools/setup.sh postgres

redis:
	@tools/setup.sh redis

promtool: .venv/.made
	@tools/setup.sh promtool

recipes: $(MODULES)
	@tools/setup.sh recipes

$(MODULES): .venv/.made web/package-lock.json
	@tools/setup.sh node
	@echo "==> npm packages"
	@cd web && npm ci --no-audit --no-fund && touch ../$@

$(PAGE): $(MODULES) $(PAGE_SOURCES)
	@echo "==> page"
	@cd web && npm run --silent build && touch dist/.built
