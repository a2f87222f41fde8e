# What is missing is installed once; a stamp in .venv remembers it, so that the next run starts at once.

PYTHON ?= $(shell python3.11 --version >/dev/null 2>&1 && echo python3.11 || echo python3)
ARGS   ?=
BENCH  ?= clips
UV     := $(or $(shell uv --version >/dev/null 2>&1 && command -v uv),.uv/bin/uv)

unexport PYTHONDONTWRITEBYTECODE # where it is set, every start would compile the libraries again

# The local install is the platform's own line, with the gradio of the card.
SDK      := $(shell sed -n 's/^sdk_version: *//p' README.md)
PLATFORM := -r requirements.txt "gradio[oauth,mcp]==$(SDK)" "uvicorn>=0.14.0" "websockets>=10.4" spaces==0.51.3
APP      := .venv/app-gradio-$(SDK)
TEST     := .venv/test-gradio-$(SDK)
INSTALL   = $(UV) pip install --python .venv/bin/python

# The card asks for Python 3.12: where it is not there, check-space takes another.
SPACE_PYTHON = $(shell for python in python3.12 $(HOME)/.pyenv/versions/3.12*/bin/python $(PYTHON); do \
	$$python --version >/dev/null 2>&1 && echo $$python && break; done)

APP_PACKAGES  := $(shell cat packages.txt)
TEST_PACKAGES := $(APP_PACKAGES) sox libsox-fmt-all chromium asterisk-core-sounds-ru asterisk-core-sounds-ru-wav \
	asterisk-moh-opsound-wav

COMPILER      := g++ python3-dev # of meeteval, which comes as source; a Space's image has both

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help app test lint bench check-space deploy image demo-adapter

help: ## what each command does
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile

app: $(APP) ## install what is missing and start the page (ARGS="--share" asks for a public link)
	@$(call debian,$(APP_PACKAGES))
	.venv/bin/python app.py $(ARGS)

# Three at a time on two cores: the tests of the page wait more than they compute.
test: $(TEST) ## install what is missing and run the tests (ARGS="-k name" runs some of them)
	@$(call debian,$(TEST_PACKAGES))
	.venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(TEST) ## check the code's rules and its layout
	.venv/bin/ruff check
	.venv/bin/ruff format --check

bench: $(TEST) ## measure us against the peers (BENCH=corpus: another script of bench/)
	@$(call debian,$(APP_PACKAGES))
	.venv/bin/python bench/$(BENCH).py $(ARGS)

check-space: | $(UV) ## make an environment as the platform does, and serve the page in it on a CPU, with a GPU and on ZeroGPU
	@$(call debian,$(APP_PACKAGES))
	$(UV) venv --quiet --clear --seed --python $(SPACE_PYTHON) .space
	$(UV) pip install --python .space/bin/python $(PLATFORM)
	$(UV) pip install --python .space/bin/python --no-deps --require-hashes -r requirements-offline.txt
	.space/bin/python -m tests.kit.space

deploy: $(APP) ## put Allô on a Space: SPACE=owner/name [HARDWARE=t4-small] [PRIVATE=1] [DRY=1 lists what would be sent]
	.venv/bin/python -m trainer.hub.deploy "$(SPACE)" $(if $(HARDWARE),--hardware $(HARDWARE)) $(if $(PRIVATE),--private) $(if $(DRY),--dry)

image: ## build a Docker image, allo, for a server of your own (see Dockerfile)
	docker build --tag allo .

demo-adapter: $(APP) ## train an adapter on the telephone prompts: ten minutes, then its report, in runs/demo
	@$(call debian,$(APP_PACKAGES))
	.venv/bin/python -m trainer train --corpus phone-prompts --preset quick --output runs/demo $(ARGS)

$(APP): Makefile requirements.txt requirements-offline.txt | .venv/bin/python
	@$(call debian,$(COMPILER))
	$(INSTALL) $(PLATFORM)
	$(INSTALL) --no-deps --require-hashes -r requirements-offline.txt
	@touch $@

$(TEST): $(APP) requirements-dev.txt requirements-openvino.txt
	$(INSTALL) $(PLATFORM) -r requirements-dev.txt -r requirements-openvino.txt
	@touch $@

.venv/bin/python: | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: add PYTHON=...")'
	$(UV) venv --quiet --seed --allow-existing --python $(PYTHON) .venv

.uv/bin/uv:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv); }
	$(PYTHON) -m venv --clear .uv
	.uv/bin/python -m pip install --quiet uv==0.13.9

# $(call debian,PACKAGES): installs the missing ones where it may, else says what is missing, and goes on.
define debian
missing=$$(for package in $(1); do \
	dpkg -s $$package 2>/dev/null | grep -q '^Status: .* ok installed' || printf ' %s' $$package; done); \
if [ -n "$$missing" ]; then \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get -qq update; \
		DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends install $$missing && missing=; fi; \
	[ -z "$$missing" ] || echo "Missing Debian packages:$$missing (sudo apt-get install$$missing)" >&2; \
fi
endef
