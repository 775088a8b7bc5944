# What can be done with this template: `make` lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
# where scripts/setup.sh puts uv on a machine that has none
export PATH := $(CURDIR)/build/uv/bin:$(PATH)
PYTHON_OF_VENV := .venv/bin/python

.PHONY: help setup demo test test-all lint format locks golden docs reference bench bench-runs growth pictures release clean

help: ## list the targets (what you see now)
	@awk 'BEGIN { FS = ":.*## " } \
		/^[a-z][a-z-]*:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## make .venv with all that is used here (installs uv if there is none)
	@./scripts/setup.sh

demo: setup ## from the template to the answers, in build/demo; SF=0.1 for more data
	@$(PYTHON_OF_VENV) scripts/demo.py

test: setup ## the whole test suite; ARGS="-k word" picks tests
	@$(PYTHON_OF_VENV) -m pytest -n auto --dist loadscope --durations=15 $(ARGS)

# YAML: what breaks or hides something; its looks are left to whoever writes it
YAML_RULES := {extends: relaxed, rules: {line-length: disable, indentation: {spaces: consistent, \
	indent-sequences: whatever}, key-duplicates: enable, empty-lines: {max: 2}}}
# the files of this repository, those not yet committed included
FILES = git ls-files -z --cached --others --exclude-standard --deduplicate --

test-all: setup ## the test suite with what takes minutes more, before a release
	@TEST_ALL=1 $(PYTHON_OF_VENV) -m pytest -n auto --dist loadscope --durations=15 $(ARGS)

lint: setup ## check Python, shell and YAML of the template and its tools
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { echo "make format would change files." >&2; exit 1; }
	@$(FILES) '*.sh' .ci/run | xargs -0 .venv/bin/shellcheck
	@$(FILES) '*.yml' '*.yaml' | xargs -0 .venv/bin/yamllint --strict -d '$(YAML_RULES)'
	@echo "No complaints."

format: setup ## correct what can be corrected in Python
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .

locks: setup ## resolve all requirement locks; UPGRADE=1 for the newest versions
	@$(PYTHON_OF_VENV) scripts/make_locks.py $(if $(filter-out 0,$(UPGRADE)),--upgrade)

golden: setup ## write the SQL of engines that do not run here, for a review
	@$(PYTHON_OF_VENV) scripts/golden_sql.py

reference: setup ## write docs/reference again, from the questions and rendered projects
	@$(PYTHON_OF_VENV) scripts/reference_pages.py

docs: reference ## build the documentation as a site in build/site; broken links fail
	@$(PYTHON_OF_VENV) scripts/docs_site.py

bench: setup ## measure copy, install, data, build and answers; takes minutes
	@$(PYTHON_OF_VENV) scripts/bench.py $(ARGS)

bench-runs: setup ## measure a production run by each orchestrator; takes minutes
	@$(PYTHON_OF_VENV) scripts/bench_orchestration.py $(ARGS)

pictures: setup ## make the pictures of README and docs from real runs (needs chromium)
	@$(PYTHON_OF_VENV) scripts/pictures.py

growth: setup ## measure full and incremental runs at several scales, docs/scale.md
	@$(PYTHON_OF_VENV) scripts/growth.py $(ARGS)

release: setup lint ## check, commit, tag and record a version: VERSION=1.2.0
	@$(PYTHON_OF_VENV) scripts/release.py "$(VERSION)"

clean: ## remove build/ and caches; .venv stays
	@rm -rf build .cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
