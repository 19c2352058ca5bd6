PYTHON ?= python3
BIN := .venv/bin
ifeq ($(origin JSON), undefined)
JSON := .benchmarks/$(shell date +%Y%m%dT%H%M%S)-$(shell git describe --always --dirty).json
endif
ONLY ?=

# some images forbid Python to keep compiled modules; then every start takes three times as long
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install develop run course course-page test slow attacks cluster long course-toy browser lint bench asv clean

install: .venv/installed

develop: .venv/developed

# without --no-compile, pip compiles every file of every package, also the many that nobody imports
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable .
	touch $@

.venv/developed: .venv/installed
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	touch $@

run: install
	$(BIN)/benchbench run quick
	$(BIN)/benchbench report quick

COURSE := $(filter-out %-full,$(basename $(notdir $(wildcard benchbench/studies/course/*.toml))))

# a study of records that are not here has one beside it with simulated patients
course: install
	for study in $(COURSE); do \
		$(BIN)/benchbench run course/$$study && $(BIN)/benchbench report course/$$study && continue; \
		test -f benchbench/studies/course/$$study-synthetic.toml || exit 1; \
		echo "course/$$study did not run; course/$$study-synthetic does, with simulated patients"; \
	done

course-page: install
	$(BIN)/python -c 'from pathlib import Path; from benchbench.report.course import written; \
		page = Path("docs/course.md"); page.write_text(written(page.read_text(), Path("results")))'

# a worker runs whole files, so that the fixtures of a file are made once
test: develop
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/benchmarks

# attacks, long and course-toy in one go
slow: develop
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "attacks or long or course"
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/benchmarks

attacks: develop
	$(BIN)/python -m pytest -n 2 --dist loadfile -m attacks

cluster: develop
	$(BIN)/python -m pytest -n 2 --dist worksteal -m cluster tests/run/test_cluster.py

long: develop
	$(BIN)/python -m pytest -n 2 --dist loadfile -m long
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/benchmarks

course-toy: develop
	$(BIN)/python -m pytest -n 2 --dist worksteal -m course tests/course

browser: develop
	$(BIN)/python -m pytest -m browser tests/report/browser

bench: develop
	mkdir -p "$$(dirname "$(JSON)")"
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-group-by=param:length \
		--benchmark-columns=median,iqr,min,max,rounds --benchmark-json="$(JSON)" $(ONLY)

asv: export HOME := $(CURDIR)/.asv/home
asv: develop
	mkdir -p "$$HOME"
	$(BIN)/asv machine --yes --machine smoke
	$(BIN)/asv run --machine smoke --python=same --quick --dry-run --show-stderr --bench "(?:time_update|time_data)\((?:'(?:gru|noisy_sine)', )?100(?:, 'cpu')?\)" --bench import --bench overhead
	rm -r results/asv/smoke

lint: develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv .asv .benchmarks results/records/quick results/report/quick
