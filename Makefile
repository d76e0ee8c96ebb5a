# Every command a person needs. The environment is .venv in this folder, made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES_OF_BUILD := pyproject.toml CMakeLists.txt $(wildcard constraints/*.txt) \
	$(wildcard cpp/include/topolens/*.hpp cpp/simd/*.cpp cpp/bindings/*)

.PHONY: help setup demo oracles test test-slow test-full sanitize check bench bench-capture format clean

help:
	@echo "make demo       train small networks on handwritten digits, study them, write a report"
	@echo "make test       what every change must pass"
	@echo "make test-full  with sanitizers, outside oracles and the browser"
	@echo "make check      format, lint, types, import rules"
	@echo "make bench      speed against the peers (make bench-capture: of taking activations)"
	@echo "make setup      the environment all of these use (made on first use)"

setup: $(VENV)/.ready

$(VENV)/.ready: $(SOURCES_OF_BUILD)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints/pinned.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints/pinned.txt --editable '.[torch,dev]'
	touch $@

demo: setup
	$(BIN)/topolens run studies/digits.toml --out runs/digits

test: setup
	$(BIN)/python -m pytest -m "not full and not browser"

# torchvision and timm lie apart: the models of one have operators that need a torch of its own,
# and transformers would find it.
oracles: build/oracles/.ready

build/oracles/.ready: constraints/oracles.txt | setup
	$(BIN)/python -m pip install --quiet --upgrade --no-deps --target build/oracles -r constraints/oracles.txt
	touch $@

# Measures of others that bring much along; tests add the folder to the path where they need it.
oracles: build/oracles-measures/.ready

build/oracles-measures/.ready: constraints/oracles-measures.txt | setup
	$(BIN)/python -m pip install --quiet --upgrade --no-deps --target build/oracles-measures -r constraints/oracles-measures.txt
	touch $@

# Oracles from outside and the page in a real browser; what `make test` leaves out.
test-slow: setup oracles
	$(BIN)/python -m pytest -m "full or browser"

test-full: test test-slow sanitize

SANITIZERS := address,undefined thread
sanitize: setup
	for kind in $(SANITIZERS); do \
	  $(BIN)/cmake -S . -B build/sanitize-$$kind -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja \
	    -DTOPOLENS_PYTHON=OFF -DTOPOLENS_TESTS=ON -DTOPOLENS_WERROR=ON -DTOPOLENS_SANITIZE=$$kind \
	    -DCMAKE_BUILD_TYPE=RelWithDebInfo && \
	  $(BIN)/cmake --build build/sanitize-$$kind && \
	  $(BIN)/ctest --test-dir build/sanitize-$$kind --output-on-failure || exit 1; \
	done

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python benchmarks/persistence.py
	$(BIN)/python benchmarks/clouds.py
	$(BIN)/python benchmarks/dimension.py
	$(BIN)/python benchmarks/curves.py --quick
	$(BIN)/python benchmarks/divergence.py --quick
	$(BIN)/python benchmarks/similarity.py --quick
	$(BIN)/python benchmarks/diagrams.py --quick
	$(BIN)/python benchmarks/store.py --quick

bench-capture: setup
	$(BIN)/python benchmarks/capture.py

clean:
	rm -rf build runs .pytest_cache .mypy_cache .ruff_cache
