# Every command a person needs. `make demo` and `make test` work from a clean
# clone on a bare Debian 12 with Go: they install what is missing and say so.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED := 1

WEB := gateway/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/i18n $(WEB)/*.mjs $(WEB)/*.json -type f 2>/dev/null)

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: demo
demo: build ## put a session with a host and three guests on air, and say where to look
	bin/regie demo

.PHONY: run
run: build regie.yml ## run the appliance alone, on regie.yml
	bin/regie serve -c regie.yml

regie.yml: | build
	bin/regie config init -o regie.yml

.PHONY: build
build: setup web ## build bin/regie
	@mkdir -p bin
	go build -o bin/ ./cmd/...

.PHONY: setup
setup: ## install what the build needs
	@deploy/setup.sh build

.PHONY: web
web: $(WEB)/dist/manifest.json ## build the pages

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json | setup
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(WEB)/dist/manifest.json: $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES)
	cd $(WEB) && npm run --silent build

INTEROP := gateway/e2e/interop

# Clients that nobody here wrote, which the tests publish and watch with.
$(INTEROP)/node_modules/.package-lock.json: $(INTEROP)/package.json $(INTEROP)/package-lock.json | setup
	cd $(INTEROP) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: test
test: build $(INTEROP)/node_modules/.package-lock.json ## run every test
	@deploy/setup.sh test
	@deploy/test.sh

.PHONY: screens
screens: build ## take pictures of the pages in both themes and on a phone, to look at
	@deploy/setup.sh test
	@mkdir -p screens
	REGIE_SCREENS=$(CURDIR)/screens go test -count=1 -run 'TestOfficeInABrowser|TestEventInABrowser|TestModerationInABrowser|TestShopInABrowser|TestInABrowser/the_stage_is_accessible|TestFrenchFits' ./gateway/web
	@echo "look into screens/"

.PHONY: test-image
test-image: ## build the container image and run it for real
	deploy/test-image.sh

.PHONY: bench
bench: build ## measure; prints the table of deploy/BENCH.md
	@deploy/setup.sh test
	bin/regie-load bench

.PHONY: clean
clean: ## remove what was built
	rm -rf bin $(WEB)/dist/assets $(WEB)/dist/manifest.json $(WEB)/node_modules $(INTEROP)/node_modules
