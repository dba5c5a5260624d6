# Everything a newcomer and a developer run. Needs Python 3.11 or later and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.up-to-date
PORT ?= 8000
DATA ?= data

.PHONY: help env demo test mutations soak lint types imports lock bench bench-full rivals ci clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP) ## build the environment, so that .venv/bin/ringside runs

$(STAMP): requirements/runtime.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Ringside needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: env ## a simulated sales floor on http://127.0.0.1:$(PORT); KAFKA=1 runs it through Kafka
	@$(BIN)/ringside demo --port $(PORT) --data-dir $(DATA) $(if $(KAFKA),--kafka)

test: env ## the whole suite, on a real PostgreSQL, Kafka and browser
	$(BIN)/python -m pytest -n 2 --dist loadfile

mutations: env ## break each rule of the product once, and see a test fail
	$(BIN)/python -m tests.mutations

soak: env ## faults for a long time: hundreds of kills under load
	$(BIN)/python -m pytest -m soak

lint: env ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env ## types, strictly
	$(BIN)/mypy

imports: env ## imports point one way
	$(BIN)/lint-imports

lock: ## lock the requirements anew, with hashes (needs uv)
	cd requirements && for what in build runtime parquet dev bench; do \
	  uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --upgrade $$what.in -o $$what.txt || exit 1; done

bench: env ## events a second, boards, answers, freshness, the start: the short form
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.corrections
	$(BIN)/python -m bench.boards
	$(BIN)/python -m bench.http
	$(BIN)/python -m bench.freshness
	$(BIN)/python -m bench.start

bench-full: env ## the same at the size of the goals: three years, 20,000 events/s, a minute of each
	$(BIN)/python -m bench.ingest --events 400000
	$(BIN)/python -m bench.ingest --events 400000 --batch 20000
	$(BIN)/python -m bench.ingest --events 200000 --batch 20000 --load mixed
	$(BIN)/python -m bench.ingest --events 400000 --consumers 2
	$(BIN)/python -m bench.corrections
	$(BIN)/python -m bench.boards --full
	$(BIN)/python -m bench.http --days 400 --rate 20000 --seconds 60
	$(BIN)/python -m bench.freshness --full
	$(BIN)/python -m bench.costs
	$(BIN)/python -m bench.history
	$(BIN)/python -m bench.growth --svg bench/growth.svg
	$(BIN)/python -m bench.start

rivals: env requirements/bench.txt ## Ringside beside other ways to the same figures, from one topic
	@test -x .venv-rivals/bin/python || $(PYTHON) -m venv .venv-rivals
	.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	$(BIN)/python -m bench.rivals

ci: ## what must pass before anything lands
	bash .ci/run

clean: ## remove the environment (the data stays)
	rm -rf .venv
