# The project's verbs. None needs anything but make and a Python from 3.12 to 3.14.

PYTHON := .venv/bin/python
MANAGE := $(PYTHON) manage.py
COMPILE = $(PYTHON) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.12 \
	--generate-hashes --no-emit-index-url --no-header $(ARGS)
BABEL = $(PYTHON) -m babel.messages.frontend --quiet
POT = $${TMPDIR:-/tmp}/sahel-django.pot
TEXTS = --no-location --omit-header --keyword=gettext_lazy --keyword=pgettext_lazy:1c,2
# Values come from make's own command line: on some machines NAME is in the environment.
given = "$(if $(findstring command,$(origin $1)),$$$1)"

.PHONY: help run load editor verify dump backup restore archive generated bench bench-servers bench-verify bench-desk \
	bench-import bench-export drill-failover drill-sqlite drill-backup drill-processes drill-smuggling \
	drill-migration drill-fuzz drill-observatory drill-scanners drill-caches drill-deployment drills screenshots weight test lint lock sbom messages venv \
	venv-dev database
.SILENT:

help:  ## list the verbs (this)
	awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

run: venv  ## serve the timeline at http://127.0.0.1:8000 (PORT=8001 for another port)
	exec $(PYTHON) bin/serve.py

load: database  ## load the fixtures again: what they hold is set back to what they say
	$(MANAGE) load

editor: database  ## make an editor's account, or give it a new password (NAME=amina ROLE=contributor)
	$(MANAGE) editor $(call given,NAME) $(if $(findstring command,$(origin ROLE)),--role "$$ROLE")

verify: database  ## check every quotation against its source's text (TEXT=path/to/article.txt: one source)
	$(MANAGE) load --once
	$(MANAGE) verify $(if $(findstring command,$(origin TEXT)),-- $(call given,TEXT))

dump: database  ## write all that is public as files for anyone to keep (FOLDER=path KEEP=14)
	$(MANAGE) dump $(if $(findstring command,$(origin KEEP)),--keep "$$KEEP") -- $(call given,FOLDER)

backup: database  ## write the whole database into a file that can be put back (FOLDER=path KEEP=30)
	$(MANAGE) backup $(if $(findstring command,$(origin KEEP)),--keep "$$KEEP") -- $(call given,FOLDER)

restore: venv  ## put a backup into the empty place that DATABASE_URL names (FILE=path)
	$(MANAGE) restore -- $(call given,FILE)

archive: database  ## write the whole site as files and as a zip: var/archive/ (SITE=https://example.org)
	$(MANAGE) collectstatic --noinput --verbosity 0
	$(MANAGE) archive $(if $(findstring command,$(origin SITE)),--site "$$SITE")

generated: database  ## add generated events, to see how it bears them (N=100000)
	$(PYTHON) -m benchmarks.generate $(call given,N)

bench: venv  ## measure it on both databases and against Datasette (SIZES="30 1000" for these alone)
	exec $(PYTHON) -m benchmarks.bench $(call given,SIZES)

bench-servers: venv  ## compare the servers that could serve it: benchmarks/SERVERS.md
	exec $(PYTHON) -m benchmarks.servers

bench-verify: venv  ## hold 100,000 quotations against 10,000 sources, and time it
	exec $(PYTHON) -m benchmarks.verify

bench-import: venv  ## try and import a spreadsheet of 5,000 rows, and time it
	exec $(PYTHON) -m benchmarks.imports

bench-export: venv  ## take generated events away in each format: time and memory (N=1000000 FORMATS=csv)
	exec $(PYTHON) -m benchmarks.exports $(call given,N) $(call given,FORMATS)

bench-desk: venv  ## measure the admin's lists and forms: benchmarks/DESK.md (SIZES="10000" for that alone)
	exec $(PYTHON) -m benchmarks.desk $(call given,SIZES)

drill-failover: venv  ## kill a primary and a standby under readers and editors (N=3000 reads and saves)
	exec $(PYTHON) -m drills.failover $(call given,N)

drill-sqlite: venv  ## many at once, kill -9 and a full disk on SQLite (N=60 seconds)
	exec $(PYTHON) -m drills.sqlite $(call given,N)

drill-backup: venv  ## back up and restore generated events on both databases (N=30000)
	exec $(PYTHON) -m drills.backup $(call given,N)

drill-processes: venv  ## kill and restart instances behind nginx, under load (N=600 seconds)
	exec $(PYTHON) -m drills.processes $(call given,N)

drill-smuggling: venv  ## send what two servers may read in two ways, also through nginx, and old TLS
	exec $(PYTHON) -m drills.smuggling

drill-caches: venv  ## try to have nginx's cache show readers what somebody else asked for
	exec $(PYTHON) -m drills.caches

drill-migration: venv  ## migrate PostgreSQL under readers, serve it with the code of before (N=500 reads)
	exec $(PYTHON) -m drills.migration $(call given,N)

drill-deployment: venv  ## run the operating guide on an empty Debian 13 that it makes (root, debootstrap, systemd-nspawn)
	exec $(PYTHON) -m drills.deployment

drills: drill-failover drill-sqlite drill-backup drill-processes drill-smuggling drill-caches drill-migration drill-fuzz  ## all that want PostgreSQL and nginx alone: docs/trust.md has what came of it

screenshots: venv-dev  ## take pictures of all pages, to look at: var/screenshots/
	exec $(PYTHON) -m benchmarks.screenshots

weight: venv-dev  ## weigh all pages on a slow phone: benchmarks/WEIGHT.md (LIGHTHOUSE=path/to/lighthouse)
	exec $(PYTHON) -m benchmarks.weight

drill-fuzz: venv-dev  ## ask 20,000 things that nobody would ask, on each database (N=2000)
	exec $(PYTHON) -m drills.fuzz $(call given,N)

drill-scanners: venv  ## have wapiti and sqlmap look for a way in (SECONDS=400 each, WAPITI=its program)
	exec $(PYTHON) -m drills.scanners $(call given,SECONDS)

drill-observatory: venv  ## have the MDN HTTP Observatory judge the site (OBSERVATORY=its folder; root, nginx)
	exec $(PYTHON) -m drills.observatory

test: venv-dev  ## run all tests on SQLite, PostgreSQL and in Chromium, where found (ARGS="-k filters")
	exec $(PYTHON) -m tests $(ARGS)

LINTS := lint-ruff lint-format lint-types lint-templates lint-migrations lint-deployment lint-messages
.PHONY: $(LINTS)

lint: venv-dev  ## check style, types, templates, migrations and production settings
	$(MAKE) --no-print-directory --keep-going $(LINTS)

lock: venv-dev  ## compile requirements*.txt from pyproject.toml (ARGS=--upgrade for newer versions)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --output-file requirements-dev.txt

sbom: venv  ## print what production is made of (CycloneDX): packages, scripts, fonts, hashes
	exec $(PYTHON) bin/sbom.py

messages: venv-dev  ## collect the texts to translate, compile the translations and the editors' guide
	$(PYTHON) bin/guide.py
	$(BABEL) extract --mapping-file=pyproject.toml $(TEXTS) --sort-output --output-file=$(POT) .
	$(BABEL) update --domain=django --input-file=$(POT) --output-dir=sahel/locale \
	    --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date
	$(BABEL) compile --domain=django --directory=sahel/locale

# What the verbs above are made of -----------------------------------------------------------------

venv:
	bin/venv requirements.txt

venv-dev:
	bin/venv requirements-dev.txt

database: venv
	$(MANAGE) migrate --verbosity 0

# Settings of production, with data in a folder of its own; each check opens with its name.
CHECK = env -u DEBUG DATABASE_URL=sqlite://:memory: DATA_DIR="$${TMPDIR:-/tmp}" HTTPS=1 \
	ALLOWED_HOSTS=example.org \
	SECRET_KEY="$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')" $(PYTHON)

lint-ruff:
	echo 'Lint: ruff'
	$(PYTHON) -m ruff check --quiet
lint-format:
	echo 'Lint: ruff format'
	$(PYTHON) -m ruff format --check --quiet
lint-types:
	echo 'Lint: mypy'
	$(CHECK) -m mypy manage.py sahel
lint-templates:
	echo 'Lint: djlint'
	$(PYTHON) -m djlint templates --lint --quiet
lint-migrations:
	echo 'Lint: migrations'
	$(CHECK) manage.py makemigrations --check --dry-run
lint-deployment:
	echo 'Lint: production settings'
	$(CHECK) manage.py check --deploy --fail-level WARNING
lint-messages:
	echo 'Lint: translations'
	for po in sahel/locale/*/LC_MESSAGES/*.po; do \
	    $(BABEL) compile --input-file="$$po" --output-file="$${TMPDIR:-/tmp}/sahel-django.mo" || exit 1; \
	    cmp "$${TMPDIR:-/tmp}/sahel-django.mo" "$${po%.po}.mo" || exit 1; \
	done
