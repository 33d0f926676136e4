# Thin: each target is one line over an npm script. Set-up happens by itself, whenever the lockfile changed.
.DEFAULT_GOAL := help
.PHONY: help session serve load-test-ui test check bench bench-load bench-profile clean

ARGS ?=
installed := node_modules/.package-lock.json
console := dist/console/report.html

session: $(console) ## Profile the embedded stack under load and write report.html (ARGS="--users 100")
	@npm run --silent session -- $(ARGS)

serve: $(installed) ## Run the gateway on 127.0.0.1:4444 with an embedded PostgreSQL
	@npm run --silent serve -- $(ARGS)

load-test-ui: $(console) ## Open the load test page on http://127.0.0.1:8089
	@npm run --silent load-test-ui -- $(ARGS)

test: $(console) ## Run every test
	@npm run --silent test -- $(ARGS)

check: $(console) ## Types, lint, format, structure and generated documents
	@npm run --silent check

bench: $(installed) ## Compare the gateway's CPU per call with the smallest proxy
	@npm run --silent bench -- $(ARGS)

bench-load: $(installed) ## Compare the load generator's CPU with autocannon, wrk and Locust
	@npm run --silent bench:load -- $(ARGS)

bench-profile: $(installed) ## Show what a busy program loses to being profiled
	@npm run --silent bench:profile -- $(ARGS)

clean: ## Remove what was built, installed and recorded
	@cat .gaugeway/postgres-location .gaugeway/*/postgres-location 2>/dev/null | grep -x '/var/lib/gaugeway/[0-9a-f]*' | xargs -r rm -rf
	@rm -rf dist node_modules .gaugeway runs

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(installed): package.json package-lock.json
	npm ci
	@touch $@

$(console): $(installed) $(shell find src/console src/lab src/shared -type f 2>/dev/null)
	@npm run --silent build:console
	@touch $@
