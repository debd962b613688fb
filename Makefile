# Everything that is done with Phano by hand. `make` alone lists it.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run stop fresh test lint format bench messages lock env dev

BIN := .venv/bin
ROOMS := phano accounts portfolio integrations diagnostics
# Settings that need no server and no secret.
LINT := PHANO_LINT=1
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.12 pyproject.toml

help: ## This list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: env ## Start Phano on http://localhost:8000; PORT=8001 make run for another port
	@$(BIN)/python -m phano.launch run

stop: ## Stop what `make run` started, from another terminal
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m phano.launch stop; else echo "Nothing runs here."; fi

fresh: env ## Remove the data of this checkout, after asking
	@$(BIN)/python -m phano.launch fresh

test: dev ## Run every test; ARGS="tests/embedded -k secret" for some
	@$(BIN)/python bootstrap/run_tests.py $(ARGS)

lint: dev ## Check style, types, imports between rooms, templates, migrations, French
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(LINT) $(BIN)/mypy manage.py bootstrap $(ROOMS)
	$(LINT) $(BIN)/lint-imports
	$(BIN)/djade --check --target-version 6.1 $$(find templates $(ROOMS) -name '*.html')
	$(LINT) $(BIN)/python manage.py check --fail-level WARNING
	$(LINT) $(BIN)/python manage.py makemigrations --check --dry-run
	$(LINT) $(BIN)/python -m tools.messages check

format: dev ## Write code and templates in the agreed form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 6.1 $$(find templates $(ROOMS) -name '*.html')

bench: env ## Measure import, night and screens against their floors
	@$(BIN)/python -m benchmarks $(ARGS)

messages: dev ## Bring the French catalogues up to the texts of the code
	@PHANO_LINT=1 $(BIN)/python -m tools.messages update

lock: ## Write requirements/*.txt anew from pyproject.toml; needs uv and a network
	$(COMPILE) --extra embedded --output-file requirements/run.txt
	$(COMPILE) --extra embedded --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/run.txt --output-file requirements/production.txt

env: ## Make .venv with what Phano needs to run
	@python=$$(sh bootstrap/find_python.sh) && exec "$$python" bootstrap/environment.py run

dev: ## Make .venv with what the tests and checks need as well
	@python=$$(sh bootstrap/find_python.sh) && exec "$$python" bootstrap/environment.py dev
