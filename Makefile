# make demo    install, and run the main job from a dataset to an inbox
# make dev     install, and serve a kept demo that shows each change as it is saved
# make test-fast T=tests/web    some of the tests, those that failed first, until one fails
# make check   what is seen without running anything: style, types, imports, templates, scripts, known
#              vulnerabilities of what the lock names (where osv.dev is reached)
# make fix     mend what of it can be mended without thinking
# make test    install, and check and test everything
# make coverage    all tests, the lines that none of them ran, and the floor that holds
# make hooks   have `make check` run before each commit
# make posts   the code of each post in datasets/, in fresh environments (three minutes)
# make formats  all rows of the catalog by the loader of Croissant (two minutes)
# make test-days  the tests that know of days, at seven moments: in a year, on a Monday, as clocks change, ...
# make properties  each property on many times as many examples (ten minutes)
# make crash   kill -9 of the sender, 1,000 times, and what else may happen (three quarters of an hour)
# make crash-tasks    kill -9 of the workers of tasks, 50 times on each database (three minutes)
# make bench-send    the sender against Postfix's load generator
# make bench-wan     the same to a server that is 50 ms away
# make bench-ingest  a million rows read, beside DuckDB and frictionless
# make bench-ingest-live   300 MB read while readers browse, and the web process killed meanwhile
# make bench-web     public pages beside a bare Flask view; signing up and leaving under load (five minutes)
# make bench-scale   10 thousand, 100 thousand, a million recipients (half an hour)
# make fuzz    ten thousand hostile issues: is each message well-formed, and does it read back
# make fuzz-web    a hundred thousand requests of every route, field, header and upload (half an hour)
# make contact-sheet   the charts that real files get, to look at (two minutes)
# make lock    resolve the requirements again, with uv
# make wheel   into dist/, with a software bill of materials beside it
# make lean    the wheel alone in an empty environment: how large, how quick, what it refuses

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TESTERS ?= 5
DAYS ?= year monday friday new-year leap-day spring autumn
DAYS_TESTS ?= tests/curators/test_accounts.py tests/web/feeds/test_calendar_feed.py tests/web/admin/accounts/test_login.py \
	tests/web/admin/issues/test_issues.py tests/cli/issues/test_issues.py tests/functional/test_first_monday.py
EXAMPLES ?= 8
T ?= tests
# Tests write thousands of small files: into memory, where it has room for them.
IN_MEMORY := $(shell test "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 6000000 2>/dev/null && echo TMPDIR=/dev/shm)
PYTEST := $(IN_MEMORY) $(BIN)/python -m pytest -n $(TESTERS) --dist loadgroup
BIOME := $(BIN)/node node_modules/.bin/biome
UV ?= uv

.PHONY: demo dev install test test-fast test-days properties check fix coverage hooks posts formats crash crash-tasks fuzz fuzz-web bench-send bench-wan bench-web bench-scale bench-ingest bench-ingest-live contact-sheet lean wheel lock clean

demo: install
	$(BIN)/newsletter demo

dev: $(VENV)/.installed
	$(BIN)/python -m development

install: $(VENV)/.installed
test: $(VENV)/.installed-test check
	$(PYTEST)

test-fast: $(VENV)/.installed-test
	$(PYTEST) --failed-first --exitfirst $(T)

coverage: $(VENV)/.installed-test
	$(PYTEST) --cov=newsletter $(T)

# The one list of checks: a commit (.pre-commit-config.yaml), `make test` and so CI come here.
check: $(VENV)/.installed-test node_modules/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet templates/site templates/admin
	$(BIN)/djlint --quiet --extension mjml templates/email
	$(BIOME) lint --error-on-warnings
	$(BIN)/python -m development.advisories

fix: $(VENV)/.installed-test node_modules/.installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIOME) lint --write

hooks: $(VENV)/.installed-test
	$(BIN)/pre-commit install

test-days: $(VENV)/.installed-test
	$(IN_MEMORY) $(BIN)/python -m tests.days $(DAYS) -- -n $(TESTERS) --dist loadgroup $(DAYS_TESTS)

properties: $(VENV)/.installed-test
	NEWSLETTER_TESTS_EXAMPLES=$(EXAMPLES) $(IN_MEMORY) $(BIN)/python -m pytest -n $(TESTERS) -m hypothesis

# Here a post that cannot run for want of a program is a failure, too, as in the tests.
posts: $(VENV)/.installed-test datasets/nyc-flights/data/flights.parquet
	$(BIN)/newsletter post run --all datasets $(if $(NEWSLETTER_TESTS_MUST_RUN),--must-run)

datasets/nyc-flights/data/flights.parquet: | $(VENV)/.installed-test
	$(BIN)/python datasets/nyc-flights/prepare.py

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.mailing.fuzz

fuzz-web: $(VENV)/.installed-test
	NEWSLETTER_TESTS_REQUESTS=50000 $(BIN)/python -m pytest -n 2 -rP --show-capture=stdout tests/security/test_random_requests.py

formats: $(VENV)/.installed-test
	NEWSLETTER_TESTS_ALL_ROWS=1 $(BIN)/python -m pytest tests/datasets/test_formats.py

crash: $(VENV)/.installed-test
	NEWSLETTER_TESTS_LOCKED_FOR=60 $(BIN)/python -m pytest -n $(TESTERS) -m "long or not long" tests/crash
	$(BIN)/python -m tests.crash

crash-tasks: $(VENV)/.installed-test
	NEWSLETTER_TESTS_KILLS=50 $(BIN)/python -m pytest -n $(TESTERS) tests/crash/test_tasks.py

bench-send: $(VENV)/.installed-test
	$(BIN)/python benchmarks/send.py

bench-wan: $(VENV)/.installed-test
	$(BIN)/python benchmarks/wan.py

bench-web: $(VENV)/.installed-test
	PYTHONPATH=benchmarks $(BIN)/python -m benchmarks.web

bench-ingest: $(VENV)/.installed-test
	$(BIN)/python benchmarks/ingest.py

bench-ingest-live: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.ingest_live

bench-scale: $(VENV)/.installed-test
	$(BIN)/python benchmarks/scale.py

$(VENV)/.installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	touch $@

node_modules/.installed: $(VENV)/.installed-test package-lock.json
	$(BIN)/npm ci
	touch $@

wheel: $(VENV)/.installed-test
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python -m development.bill_of_materials dist

contact-sheet: $(VENV)/.installed-test datasets/nyc-flights/data/flights.parquet
	$(BIN)/python -m development.contact_sheet

lean: $(VENV)/.installed-test
	$(BIN)/python benchmarks/lean.py

# What an operator installs, without extras; and what the tests need, with all of them.
lock: COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-header --python-version 3.11 --group build
lock:
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) --group test --all-extras pyproject.toml \
		--constraint requirements.txt --output-file requirements-test.txt

clean:
	rm -rf $(VENV) demo dev node_modules
