# Everything that a new machine needs is done here; a second call finds it done.
# `make run` starts Primum with demo studies; `make test` runs every test.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run setup viewer test check format bench bench-quick faults probe-trials lock clean

# where the demo lives; `make run PRIMUM_HOME=/somewhere` puts it elsewhere
PRIMUM_HOME ?= $(CURDIR)/.demo
BIN := .venv/bin
# exact versions and hashes, ready-made wheels only: nothing downloaded is run in order to be installed
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps
LOCKED := $(INSTALL) --require-hashes --only-binary :all:
COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11

# what `make bench` measures, in this order, of what is in bench/; each knows --json and --quick
BENCHES := $(foreach one,ingest visible retrieve viewer query growth start slow,$(if $(wildcard bench/$(one).py),$(one)))
BENCH_query := --keep .bench/kept
BENCH_growth := --keep .bench/kept
# a line of its own for each: $(call MEASURED,benchmark,folder,options)
define MEASURED
$(BIN)/python -m bench.$(1) --json $(3) > $(2)/$(1).json

endef

# Say what can be made.
help:
	@awk '/^# /{said=substr($$0,3)} /^[a-z-]+:/{if(said) printf "  make %-12s %s\n",substr($$1,1,length($$1)-1),said} !/^#/{said=""}' Makefile

# Set up whatever is missing, then start Primum with demo studies on https://127.0.0.1:8443/.
run: setup
	exec $(BIN)/primum --home "$(PRIMUM_HOME)" up --demo

# Set up what `make run` needs: the locked dependencies, Primum itself, the viewer.
setup: .venv/primum.stamp viewer

# Put the reading viewer in place (quick when it is there).
viewer: .venv/node.stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" node viewer/prepare.mjs

# Set up what the tests need, Debian packages included, then run every test.
test: .venv/dev.stamp setup
	tools/debian-packages tests/packages.txt
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(TESTS)

# Lint, types, import contracts, documentation.
check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	tools/check-docs

# Put the code in the house's format.
format: .venv/dev.stamp
	$(BIN)/ruff check --fix . || true
	$(BIN)/ruff format .

# Measure everything beside Orthanc and DCMTK at full length (an hour and more) and put it into docs/performance.md.
bench: .venv/dev.stamp
	tools/debian-packages tests/packages.txt
	tools/debian-packages bench/packages.txt
	mkdir -p .bench/kept && rm -f .bench/*.json
	$(foreach one,$(BENCHES),$(call MEASURED,$(one),.bench,$(BENCH_$(one))))
	$(BIN)/python -m bench.publish .bench

# The same with less, in a few minutes; what it finds is in .bench/quick and says less.
bench-quick: .venv/dev.stamp
	tools/debian-packages tests/packages.txt
	tools/debian-packages bench/packages.txt
	mkdir -p .bench/quick && rm -rf .bench/quick/*
	$(foreach one,$(BENCHES),$(call MEASURED,$(one),.bench/quick,--quick))
	$(BIN)/python -m bench.publish .bench/quick --page .bench/quick/figures.md
	cat .bench/quick/figures.md

# Look for a moment at which something acknowledged could be lost (a quarter of an hour on two cores).
faults: .venv/dev.stamp
	tools/debian-packages tests/packages.txt
	$(BIN)/python -m tests.faults --rounds 10000 --jobs 2

# the networks that `make probe-trials` draws; `make probe-trials SEEDS=500..529` draws others
SEEDS ?= 0..199

# Probe networks of namespaces drawn from seeds, score what is found (root; some twenty minutes on two cores; SEEDS=A..B).
probe-trials: .venv/dev.stamp
	tools/debian-packages tests/packages.txt
	mkdir -p .bench
	$(BIN)/python -m tests.trials --seeds $(SEEDS) --empty --out .bench/probe-trials.json

# Choose the newest versions again and write them down with their hashes.
lock: .venv/dev.stamp
	$(COMPILE) --upgrade --extra demo pyproject.toml -o requirements/run.lock
	$(COMPILE) --upgrade --group build -o requirements/build.lock
	$(COMPILE) --upgrade --group node -o requirements/node.lock
	$(COMPILE) --upgrade --group test --group check -c requirements/run.lock -c requirements/build.lock -o requirements/dev.lock

# Remove what was set up; demo homes stay.
clean:
	rm -rf .venv .bench viewer/node_modules src/primum/doors/web/viewer .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/created.stamp:
	tools/make-venv .venv
	touch $@

.venv/run.stamp: .venv/created.stamp requirements/build.lock requirements/run.lock
	$(LOCKED) -r requirements/build.lock -r requirements/run.lock
	touch $@

.venv/dev.stamp: .venv/primum.stamp requirements/dev.lock
	$(LOCKED) -r requirements/dev.lock
	touch $@

.venv/primum.stamp: .venv/run.stamp pyproject.toml
	$(INSTALL) --no-build-isolation --editable .
	touch $@

.venv/node.stamp: .venv/created.stamp requirements/node.lock
	if ! tools/has-node; then echo "no Node 20 or later with npm here: installing it into .venv"; $(LOCKED) -r requirements/node.lock; fi
	touch $@
