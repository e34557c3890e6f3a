# Everything that a newcomer or a developer types. Each target sets up what it needs by itself.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

ARGS ?=
VENV := .venv
RUN := $(VENV)/bin/python
CHECKSUM = $(firstword $(shell cksum < $(1)))
RUNTIME := $(VENV)/runtime-$(call CHECKSUM,requirements.txt).stamp
TOOLS := $(VENV)/tools-$(call CHECKSUM,requirements-dev.txt).stamp
YARDSTICKS := $(VENV)/bench-$(call CHECKSUM,requirements-bench.txt).stamp
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
CSS_SOURCES := $(shell find static/src templates web -type f 2>/dev/null | grep -v __pycache__)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
LOCK := $(VENV)/bin/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11.2

.PHONY: help demo test check dev bench soak lock css messages chromium stripe-cli

help:  ## Say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "  make %-9s %s\n", $$1, $$2 }'
	@echo '  ARGS="..." passes words on: make test ARGS="-k ledger", make demo ARGS=--once'

demo: $(RUNTIME) css messages  ## Bring up a living marketplace with made-up people, then the site
	@exec $(RUN) manage.py demo $(ARGS)

test: $(TOOLS) css messages chromium stripe-cli  ## Run the whole test suite on PostgreSQL and Valkey
	@exec $(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q $(ARGS)

check: $(TOOLS) css messages  ## Lint, types, floors, templates, dependencies, migrations, deploy settings
	@exec sh scripts/check $(ARGS)

dev: $(TOOLS) css messages  ## Serve the site with reload, a worker, the scheduler and the css build
	@exec $(RUN) manage.py dev $(ARGS)

bench: $(TOOLS) $(YARDSTICKS)  ## Measure the engine and its bookings, and write docs/performance.md
	@exec $(RUN) -m bench $(ARGS)

soak: $(TOOLS) css messages  ## Try the property tests and drills on thousands of fresh examples
	@PARI_EXAMPLES=soak exec $(RUN) -m pytest -n 2 -q -m "hypothesis or soak" $(ARGS)

lock: $(TOOLS)  ## Compile requirements*.in into pinned files with hashes
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-bench.in -o requirements-bench.txt

css: static/dist/app.css  ## Build the style sheet

messages: $(CATALOGUES)  ## Compile the translations

static/dist/app.css: $(CSS_SOURCES) $(RUNTIME)
	@echo "Building the style sheet ..."
	@$(VENV)/bin/tailwindcss --input static/src/app.css --output $@ --minify >$(VENV)/css.log 2>&1 \
		|| { cat $(VENV)/css.log >&2; exit 1; }
	@touch $@

%.mo: %.po $(RUNTIME)
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@

$(RUNTIME): requirements.txt
	@sh scripts/virtual-environment $(VENV)
	@echo "Installing packages (once, a minute or two) ..."
	@$(INSTALL) --requirement requirements.txt
	@rm -f $(VENV)/runtime-*.stamp && touch $@

$(TOOLS): $(RUNTIME) requirements-dev.txt
	@echo "Installing tools for tests and checks (once, a minute or two) ..."
	@$(INSTALL) --requirement requirements-dev.txt
	@rm -f $(VENV)/tools-*.stamp && touch $@

$(YARDSTICKS): $(TOOLS) requirements-bench.txt
	@echo "Installing solvers to compare with (once, a minute) ..."
	@$(INSTALL) --requirement requirements-bench.txt
	@rm -f $(VENV)/bench-*.stamp && touch $@

chromium:
	@sh scripts/chromium

stripe-cli:
	@sh scripts/stripe-cli $(VENV)/stripe-cli
