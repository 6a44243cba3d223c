# Two commands on a fresh machine: `make demo` and `make test`. Everything is installed into .venv.
# A torch that is in .venv already is kept (README says how to take a GPU build); else a CPU one is installed first,
# since the one that pip finds by itself on Linux brings several GB of CUDA along.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH_INDEX := https://download.pytorch.org/whl/cpu
TORCH_FALLBACK := torch==2.13.0

CORPORA ?= lieder quartets
SONGS ?=
SCORES ?= openscore-lieder

# Hundreds of programs are started by the tests: compiled once, not by each.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo base-agent live-agent docs test test-slow lint types check clean

demo: $(VENV)/.demo
	$(BIN)/antiphon demo demo

# The agent inside the package. CORPORA: rendered scores, each in its own way (antiphon corpus build lieder --varied
# --soundfonts FluidR3_GM.sf2 --source SCORES -o lieder, and quartets); SONGS: only so many of them, to try it.
base-agent: $(VENV)/.demo
	$(BIN)/python -m antiphon.training.base_agent $(CORPORA) -o src/antiphon/base_agent $(if $(SONGS),--songs $(SONGS))

# The one beside it for playing live: the base agent, which learns on from rendered songs to hear in time. SCORES: the
# folder of all OpenScore Lieder, by which is known what the base agent has heard.
live-agent: $(VENV)/.demo
	$(BIN)/python -m antiphon.training.live_agent $(CORPORA) --scores $(SCORES) -o src/antiphon/live_agent

# The site, into out/site; a link that leads nowhere is an error.
docs: $(VENV)/.dev
	$(BIN)/mkdocs build

test: $(VENV)/.dev
	$(BIN)/python -m pytest

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow --timeout 900

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

check: test lint types

clean:
	rm -rf $(VENV) demo out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.torch:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing torch, CPU build, unless one is there"
	@$(BIN)/python -c "import torch" 2>/dev/null \
	  || $(PIP) --timeout 5 --retries 0 --index-url $(TORCH_INDEX) "torch>=2.6" 2>/dev/null \
	  || $(PIP) "$(TORCH_FALLBACK)"
	@touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml
	@echo "Installing Antiphon and what the demo needs"
	@$(PIP) --editable ".[scores]"
	@touch $@

$(VENV)/.dev: $(VENV)/.torch pyproject.toml
	@echo "Installing Antiphon and what its tests need"
	@$(PIP) --editable ".[scores,wav2vec2,codecs,stretch,dev]"
	@touch $@ $(VENV)/.demo
