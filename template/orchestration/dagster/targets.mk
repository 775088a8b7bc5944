# Dagster on this machine, on the local twin: included by the makefile.
##@ Dagster
.PHONY: dagster dagster-check dagster-ready
DAGSTER_FOLDER := $(CURDIR)/orchestration/dagster
dagster: dagster-ready ## Dagster on this machine, at 127.0.0.1:3000; Ctrl-C stops it
	@mkdir -p "$(DAGSTER_FOLDER)/.home" && cp "$(DAGSTER_FOLDER)/dagster.yaml" "$(DAGSTER_FOLDER)/.home/"
	@cd "$(DAGSTER_FOLDER)" && DAGSTER_HOME="$(DAGSTER_FOLDER)/.home" DBT_TARGET=local \
		.venv/bin/dagster dev --host 127.0.0.1 --port $${PORT:-3000} -f definitions.py

dagster-check: dagster-ready ## load Dagster's definitions and say what is wrong with them
	@cd "$(DAGSTER_FOLDER)" && PATH="$(DAGSTER_FOLDER)/.venv/bin:$$PATH" .venv/bin/dg check defs --no-check-yaml

dagster-ready: installed
	@scripts/environment.sh orchestration/dagster
	@DBT_TARGET=local $(DBT) --quiet parse
