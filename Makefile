# The two commands: `make demo` shows polybot at work, `make test` proves it. Both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO ?=

.PHONY: demo test test-live hour lint types docs bench lock clean

demo: .venv/runtime
	$(BIN)/polybot demo $(DEMO)

test: .venv/dev
	$(BIN)/pytest -n auto --dist loadfile

test-live: .venv/dev
	POLYBOT_LIVE_TESTS=1 $(BIN)/pytest tests/live -m live

# An hour of every fault on the bot, one at a time: half an hour of real time.
hour: .venv/dev
	$(BIN)/python tests/campaign/hour.py

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: .venv/dev
	$(BIN)/mypy
	$(BIN)/mypy tests bench --exclude 'conftest\.py$$'
	for file in tests/*/conftest.py; do $(BIN)/mypy $$file || exit 1; done

docs: .venv/dev
	$(BIN)/pytest -n auto tests/docs

bench: .venv/dev
	$(BIN)/python -m bench

.venv/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"polybot needs Python 3.11 to 3.13; {sys.executable} is {v[0]}.{v[1]}. Type: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime: .venv/python requirements.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Only after a change of pyproject.toml; needs uv.
LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --quiet pyproject.toml --group build
lock:
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build src/*.egg-info
