PYTHON ?= python3
BIN := .venv/bin
ifeq ($(origin JSON), undefined)
JSON := .benchmarks/$(shell date +%Y%m%dT%H%M%S)-$(shell git describe --always --dirty).json
endif
ONLY ?=

.PHONY: install develop run test attacks long lint bench asv clean

install: .venv/installed

develop: .venv/developed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/developed: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

run: install
	$(BIN)/benchbench run quick
	$(BIN)/benchbench report quick

test: develop
	$(BIN)/python -m pytest -n 2 --dist worksteal

attacks: develop
	$(BIN)/python -m pytest -n 2 --dist worksteal -m attacks

long: develop
	$(BIN)/python -m pytest -n 2 --dist worksteal -m long

bench: develop
	mkdir -p "$$(dirname "$(JSON)")"
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-group-by=param:length \
		--benchmark-columns=median,iqr,min,max,rounds --benchmark-json="$(JSON)" $(ONLY)

asv: export HOME := $(CURDIR)/.asv/home
asv: develop
	mkdir -p "$$HOME"
	$(BIN)/asv machine --yes --machine smoke
	$(BIN)/asv run --machine smoke --python=same --quick --dry-run --show-stderr --bench "\((?:'(?:gru|noisy_sine)', )?100(?:, 'cpu')?\)" --bench report --bench import --bench overhead
	rm -r results/asv/smoke

lint: develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv .asv .benchmarks results/records/quick results/report/quick
