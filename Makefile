# Every command of this project. Needs Python >= 3.11 and make; the rest is installed into .venv at the first use.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PY := .venv/bin/python
STAMP := .venv/stamp
# Another stack than the main one, e.g. that of a kept demo: make doctor NAME=demo
NAMED = $(if $(NAME),--name $(NAME))
MIGRATIONS := $(wildcard shared/db/migrations/0*.sql services/*/migrations/0*.sql)

# The caller's own PYTHONPATH or virtual environment must not reach into ours; and hundreds of processes of the tests
# would each compile all that they import where nothing compiled may be kept.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z%-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(STAMP): requirements/development.txt scripts/bootstrap
	@scripts/bootstrap

.PHONY: install
install: $(STAMP) ## Make .venv from the lock; all other targets do so by themselves

.PHONY: demo
demo: $(STAMP) ## Run the main job on real parts and print what happened
	@$(PY) -m deploy.demo

.PHONY: test
test: check ## All checks and all tests, on a real PostgreSQL and Kafka; START=2028-02-29T00:02+08:00 as if it were then
	@$(PY) -m deploy.local.jars
	@start="$(if $(HARD_DAY),$$($(PY) -m tests.hard_days),$(START))" && CLOCK_START="$$start" $(PY) -m pytest -n 2 $(ARGS)

.PHONY: check
check: lint ## Lint, format, types, import contracts, migrations; seconds
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/squawk $(MIGRATIONS)

.PHONY: lint
lint: $(STAMP) ## Lint and format alone
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet

.PHONY: up
up: $(STAMP) ## Start the local stack and leave it running; START=2028-02-29T00:02+08:00 chooses a new stack's time
	@$(PY) -m deploy.local up $(NAMED) $(if $(START),--start $(START))

.PHONY: down
down: $(STAMP) ## Stop the local stack; WIPE=1 removes its data too
	@$(PY) -m deploy.local down $(NAMED) $(if $(WIPE),--wipe)

.PHONY: status
status: $(STAMP) ## Say whether the local stack runs, and where
	@$(PY) -m deploy.local status $(NAMED)

.PHONY: logs
logs: $(STAMP) ## The last lines of the logs; PROCESS=payout-worker for one, FOLLOW=1 to wait for more
	@$(PY) -m deploy.local logs $(NAMED) $(PROCESS) $(if $(FOLLOW),--follow)

.PHONY: doctor
doctor: $(STAMP) ## Say what is missing or unhealthy, and what to do about it
	@$(PY) -m deploy.local doctor $(NAMED)

.PHONY: verify
verify: $(STAMP) ## Check the invariants on the running stack
	@$(PY) -m deploy.local verify $(NAMED)

.PHONY: token
token: $(STAMP) ## Print an access token: make token CLIENT=telecom-east
	@$(PY) -m deploy.local token $(NAMED) $(or $(CLIENT),$(error name a client of deploy/local/clients.json: make token CLIENT=telecom-east))

.PHONY: run
run: $(STAMP) ## A command of a service on the local stack: make run SERVICE=enrollment ARGS="explain-product account-theft"
	@$(PY) -m deploy.local run $(NAMED) $(or $(SERVICE),$(error name a service: make run SERVICE=enrollment ARGS=--help)) -- $(ARGS)

.PHONY: train
train: $(STAMP) ## Train a model on the local stack and print what it is worth; ROWS=20000 simulated past claims, or FILE=past.ndjson
	@$(PY) -m deploy.demo.training $(NAMED) $(if $(ROWS),--rows $(ROWS)) $(if $(FILE),--file $(FILE))

.PHONY: trace
trace: $(STAMP) ## Show everything that happened to a claim: make trace CLAIM=0190163d-...
	@$(PY) -m deploy.local run $(NAMED) fraud_detection -- trace $(or $(CLAIM),$(error name a claim: make trace CLAIM=its id))

.PHONY: clock
clock: $(STAMP) ## Show the sandbox's time; ADVANCE=3d moves it forward
	@$(PY) -m deploy.local clock $(NAMED) $(if $(ADVANCE),--advance $(ADVANCE))

.PHONY: openapi
openapi: $(STAMP) ## Write docs/api/*.json anew from the code
	@mkdir -p docs/api
	@for service in enrollment fraud_detection payout; do \
		$(PY) -m services.$$service openapi >docs/api/$$service.json.new && \
		mv docs/api/$$service.json.new docs/api/$$service.json || exit 1; \
	done

.PHONY: schemas
schemas: $(STAMP) ## Write the events' JSON Schemas anew from the code
	@$(PY) -m deploy.schemas

.PHONY: bench-%
bench-%: $(STAMP) ## Run a benchmark of tests/load: make bench-latency, make bench-enroll-one BEFORE=../before
	@$(PY) -m tests.load.$(subst -,_,$*)

.PHONY: proof-%
proof-%: $(STAMP) ## Run a proof of tests/faults: make proof-guards
	@$(PY) -m tests.faults.$(subst -,_,$*)

.PHONY: lock
lock: $(STAMP) ## Resolve all versions anew: requirements/*.txt and Kafka's jars
	@scripts/lock

.PHONY: sbom
sbom: $(STAMP) ## Write what each image is made of to build/sbom, as CycloneDX
	@$(PY) -m deploy.supply_chain sbom

.PHONY: audit
audit: $(STAMP) ## Ask what vulnerabilities are known of all that is locked; says so where it could not look
	@$(PY) -m deploy.supply_chain audit

.PHONY: clean
clean: ## Stop the local stacks, remove what was built and installed; downloads outside the checkout stay
	@if [ -x $(PY) ]; then for stack in .local/*/; do \
		[ ! -f "$$stack/stack.json" ] || $(PY) -m deploy.local down --name "$$(basename "$$stack")"; \
	done; fi
	@rm -rf .venv .local build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
