# Everything runs inside .venv, which is made from pinned requirements when it is missing or they changed.
# Needs Python 3.11, make and a package registry.

PYTHON ?= python3.11
PY := .venv/bin/python
DEV := .venv/.dev-installed
BENCH := .venv/.bench-installed
RAY := .venv/.ray-installed
BROWSER := .venv/.browser-installed
SITE := .venv/.docs-installed

.PHONY: help demo test check docs format bench matrix clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    retarget the embedded clips onto the Unitree G1: ./demo_output"
	@echo "make test    lint, types and tests"
	@echo "make check   lint and types only"
	@echo "make docs    build the site of the documents: build/site"
	@echo "make format  format the code and apply the linter's safe fixes"
	@echo "make bench   measure speed and quality on ../shared/clips: benchmarks/RESULTS.md"
	@echo "make matrix  load and try every model of a robot in ../shared/robots"
	@echo "make clean   remove .venv, caches and the demo's output"

demo: $(DEV)
	@$(PY) -m retarget demo --output-dir demo_output

test: check $(RAY) $(BROWSER)
	@$(PY) -m pytest

check: $(DEV)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

docs: $(SITE)
	@$(PY) tools/build_docs.py

format: $(DEV)
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: $(BENCH)
	@$(PY) benchmarks/bench.py
	@$(PY) benchmarks/scale.py
	@$(PY) benchmarks/seams.py
	@$(PY) benchmarks/quality.py
	@$(PY) benchmarks/physics.py
	@$(PY) benchmarks/stress.py
	@$(PY) benchmarks/formats.py
	@$(PY) benchmarks/same_takes.py
	@$(PY) benchmarks/body_models.py
	@$(PY) benchmarks/format_memory.py
	@$(PY) benchmarks/subjects.py
	@$(PY) benchmarks/scenes.py
	@$(PY) benchmarks/scene_streams.py
	@$(PY) benchmarks/variants.py
	@$(PY) benchmarks/front.py
	@$(PY) benchmarks/cold_starts.py
	@$(PY) benchmarks/workers.py
	@$(PY) benchmarks/batch_scaling.py
	@$(PY) benchmarks/exports.py
	@$(PY) benchmarks/report.py
	@$(PY) benchmarks/robot_to_robot.py
	@$(PY) benchmarks/evaluation.py
	@$(PY) benchmarks/garbage.py
	@$(PY) benchmarks/viewer.py
	@$(PY) benchmarks/newcomer.py
	@$(PY) benchmarks/tools_beside.py

matrix: $(BENCH)
	@$(PY) benchmarks/matrix.py --solve --causes

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis demo_output build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamps are younger than what they were made from, so a second call installs nothing.
$(DEV): requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; install Python 3.11 or say: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "installing into .venv (once) ..."
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(RAY): $(DEV) requirements/ray.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/ray.txt
	@touch $@

$(BROWSER): $(DEV) requirements/browser.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/browser.txt
	@touch $@

$(SITE): $(DEV) requirements/docs.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/docs.txt
	@touch $@

$(BENCH): $(DEV) requirements/bench.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/bench.txt
	@touch $@
