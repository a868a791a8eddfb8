# Each command in one line: `make help`. The work is done in deploy/up.
PYTHON ?= python3
RUN = $(PYTHON) -m deploy.up

# Values given on the command line, such as DRYDOCK_PORT=8080, reach the commands through the environment.
export

.DEFAULT_GOAL := help
.PHONY: help up down reset status logs demo test coverage check lock bench prepare

help: ## list every command
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## install what is missing and run Drydock; safe to run again
	@$(RUN) up

down: ## stop Drydock; its data stay
	@$(RUN) down

reset: ## stop Drydock and remove all its data, after asking (YES=1: without)
	@$(RUN) reset $(if $(YES),--yes)

status: ## what runs, and how each part is
	@$(RUN) status

logs: ## follow the logs (NAME=web for one program)
	@$(RUN) logs $(NAME)

demo: ## drive the running site through its API: a quiz, Dockerfiles right and wrong, docker commands
	@.venv/bin/python -m deploy.demo

test: ## set up what is needed and run every test (ARGS="tests/labs -x" for some)
	@$(RUN) test $(ARGS)

coverage: ## run every test and show what they cover (htmlcov/index.html); fails if that is too little of graders
	@$(RUN) coverage $(ARGS)

check: ## lint, types, imports, migrations, deployment settings, templates, compose file
	@$(RUN) check $(ONLY)

lock: ## pin the requirements anew, by version and hash
	@$(RUN) lock

bench: ## measure Drydock beside its baselines, in one run
	@.venv/bin/python -m benchmarks $(ARGS)

prepare: ## install and build what tests and checks need, and run nothing
	@$(RUN) prepare
