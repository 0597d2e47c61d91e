# make help lists the targets.
#
# `make server` and `make test` install everything they need: a Python >= 3.12, Poetry 2 in a private environment if it is
# missing, and the packages of poetry.lock.

ARGS ?=

VENV := .venv
INSTALLED := $(VENV)/.installed
BROWSER_INSTALLED := $(VENV)/.browser-installed
TASK := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" task

.DEFAULT_GOAL := server
.PHONY: help server demo test test-browser test-cases lint typecheck format coverage bench install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

server: $(INSTALLED) ## start the mock server; pass flags in ARGS="--port 9100"
	@$(TASK) server $(ARGS)

demo: $(INSTALLED) ## start the mock server and three stations that charge now and then
	@$(VENV)/bin/python -m mock_csms.simulator.demo $(ARGS)

test: $(INSTALLED) ## run the tests; pass arguments for pytest in ARGS
	@$(TASK) test $(ARGS)

test-browser: $(BROWSER_INSTALLED) ## run the tests of the page in Chromium; CHROMIUM=PATH names one
	@$(TASK) test-browser $(ARGS)

test-cases: $(INSTALLED) ## test the certification cases on the station in the box and on its mutants
	@$(TASK) test-cases $(ARGS)

lint: $(INSTALLED) ## check format and style
	@$(TASK) lint

typecheck: $(INSTALLED) ## check the types with mypy --strict
	@$(TASK) typecheck

format: $(INSTALLED) ## format the code and apply automatic fixes
	@$(TASK) format

coverage: $(INSTALLED) ## run the tests and show which lines they do not reach
	@$(TASK) coverage

bench: $(INSTALLED) ## compare this server with others; ARGS=--quick takes three minutes
	@$(TASK) bench $(ARGS)

install: $(INSTALLED) ## install the environment into .venv

$(INSTALLED): pyproject.toml poetry.lock .ci/setup
	sh .ci/setup
	@touch $@

$(BROWSER_INSTALLED): $(INSTALLED)
	sh .ci/setup --with browser
	@touch $@

clean: ## remove .venv and .poetry
	rm -rf .venv .poetry
