# Everything that `make server` and `make test` need is set up on the way, the first time and every time:
# a Python >= 3.12, Poetry 2 in a private environment where there is none, and what poetry.lock names.

ARGS ?=

VENV := .venv
INSTALLED := $(VENV)/.installed
TASK := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" task

.PHONY: server test lint typecheck format coverage install clean

server: $(INSTALLED)
	@$(TASK) server $(ARGS)

test: $(INSTALLED)
	@$(TASK) test $(ARGS)

lint typecheck format coverage: $(INSTALLED)
	@$(TASK) $@

install: $(INSTALLED)

$(INSTALLED): pyproject.toml poetry.lock .ci/setup
	sh .ci/setup
	@touch $@

clean:
	rm -rf .venv .poetry
