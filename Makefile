# muster. `make` or `make help` lists the targets.

SHELL       := /bin/sh
GO          ?= go
CACHE       ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/muster-build
TOOLS       := $(CACHE)/tools
FUZZTIME    ?= 20s
BENCHTIME   ?= 1x
BENCHCOUNT  ?= 5

GOLANGCI    := golangci-lint@v2.15.0
GOFUMPT     := gofumpt@v0.11.0
GOVULNCHECK := govulncheck@v1.8.0
GITLEAKS    := gitleaks@v8.30.1
MULTITOOL   := @microsoft/sarif-multitool@5.7.0

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS     := -s -w -X github.com/muster-nhi/muster/internal/cli.version=$(VERSION)

export CGO_ENABLED = 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/muster, static and stripped
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/muster ./cmd/muster

.PHONY: test
test: ## run the tests; needs Go and git, reaches loopback only
	$(GO) test ./...

# Comparisons on one goroutine, histories made up at random of which fixed ones are
# left, and the same scan over and over with one request refused each time. All of
# them run in `make test`.
RACE_SKIP := ^(TestSameAsGitleaks|TestSameOnAnyRules|TestSameOnJumbles|TestVersions|TestVersionsAtBorders|TestGrownRandomHistories|TestRescanOfRandomHistories|TestBomb|TestNoSecretLeaks)$$|^TestConformance$$/^denied_requests$$

.PHONY: race
race: ## run the tests under the race detector, but for those that take minutes there and run what others run; needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -timeout 30m -skip '$(RACE_SKIP)' ./...

.PHONY: lint
lint: $(TOOLS)/$(GOLANGCI) $(TOOLS)/$(GOFUMPT) ## vet, gofumpt and the linters of .golangci.yml, with the e2e tests too
	$(GO) vet -tags e2e ./...
	@out=$$($(TOOLS)/$(GOFUMPT) -l $$(git ls-files '*.go')); \
	  if [ -n "$$out" ]; then echo "not formatted by gofumpt:"; echo "$$out"; exit 1; fi
	$(TOOLS)/$(GOLANGCI) run ./...
	$(GO) mod verify
	$(GO) mod tidy -diff

.PHONY: vuln
vuln: $(TOOLS)/$(GOVULNCHECK) ## look for known vulnerabilities in what is reached; asks vuln.go.dev
	$(TOOLS)/$(GOVULNCHECK) ./...

.PHONY: fuzz
fuzz: ## fuzz every target for FUZZTIME (20s) each, or for so many inputs (300x)
	@.ci/fuzz $(FUZZTIME)

.PHONY: bench
bench: $(TOOLS)/$(GITLEAKS) ## run the benchmarks of docs/benchmarks.md beside their peers
	MUSTER_GITLEAKS=$(TOOLS)/$(GITLEAKS) $(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -count $(BENCHCOUNT) -timeout 60m ./internal/bench/

.PHONY: bench-kubernetes
bench-kubernetes: ## read an estate of 46,500 objects of a Kubernetes API server, beside a bare client
	kubernetes=$$(.ci/kubernetes $(CACHE)/kubernetes) && \
	MUSTER_KUBERNETES=$$kubernetes $(GO) test -tags e2e -run '^$$' -bench Kubernetes -benchtime 1x -timeout 60m ./internal/e2e/kubernetes/

.PHONY: bench-aws
bench-aws: ## scan 1,000 users, 2,000 roles and 500 secrets of moto: requests, seconds, memory
	aws=$$(.ci/aws $(CACHE)/aws) && \
	MUSTER_AWS=$$aws $(GO) test -tags e2e -run '^$$' -bench AWS -benchtime 1x -timeout 60m ./internal/e2e/aws/

.PHONY: bench-gcp
bench-gcp: ## scan 2,000 projects with 20,000 accounts and 40,000 keys of Google Cloud, at the pace that its quotas allow: some minutes
	$(GO) test -tags e2e -run '^$$' -bench GCP -benchtime 1x -timeout 60m -v ./internal/e2e/gcp/

.PHONY: bench-azure
bench-azure: ## scan 20,000 applications, 30,000 service principals and 100,000 role assignments: requests, seconds, memory
	$(GO) test -tags e2e -run '^$$' -bench Azure -benchtime 1x -timeout 60m ./internal/e2e/azure/

.PHONY: bench-repo
bench-repo: ## scan histories beside git, gitleaks, betterleaks and trufflehog; REPO="/a.git:/b.git" names them
	peers=$${MUSTER_PEERS:-$$(.ci/peers $(CACHE)/peers)} && \
	MUSTER_PEERS=$$peers MUSTER_BENCH_REPOS='$(REPO)' $(GO) test -run '^$$' -bench Peers -benchtime 1x -timeout 24h ./internal/bench/

.PHONY: docs
docs: ## write the pages that are made from the program: docs/rules, docs/records.schema.json, docs/cli.md
	$(GO) run ./cmd/muster rules docs --dir docs/rules
	$(GO) run ./cmd/muster help records > docs/records.schema.json

.PHONY: docs-check
docs-check: ## fail if a page is not what `make docs` would write
	$(GO) run ./cmd/muster rules docs --dir docs/rules --check
	@$(GO) run ./cmd/muster help records | diff -u docs/records.schema.json - \
	  || { echo "docs/records.schema.json is stale: run make docs"; exit 1; }

.PHONY: e2e
e2e: $(TOOLS)/$(GITLEAKS) $(CACHE)/npm/multitool ## test against real peers: gitleaks, packages from the registries, Chromium, the SARIF validator, Python, a Kubernetes API server, moto for AWS
	kubernetes=$$(.ci/kubernetes $(CACHE)/kubernetes) && \
	aws=$$(.ci/aws $(CACHE)/aws) && \
	MUSTER_KUBERNETES=$$kubernetes \
	MUSTER_AWS=$$aws \
	MUSTER_GITLEAKS=$(TOOLS)/$(GITLEAKS) \
	MUSTER_SARIF_MULTITOOL=$$(cat $(CACHE)/npm/multitool) \
	MUSTER_CHROMIUM=$${MUSTER_CHROMIUM:-$$(command -v chromium || command -v chromium-browser || command -v google-chrome)} \
	$(GO) test -tags e2e -count=1 -timeout 30m -run 'E2E' ./...

.PHONY: check
check: test lint docs-check race e2e ## everything the gate runs but the fuzzing

.PHONY: release
release: ## build the release binaries and their checksums into dist/
	@.ci/release '$(VERSION)' '$(LDFLAGS)'

.PHONY: clean
clean: ## remove what was built here (the cache of tools stays)
	rm -rf bin dist

# Tools are installed once per version, outside the tree.
$(TOOLS)/$(GOLANGCI):
	@.ci/tool $@ github.com/golangci/golangci-lint/v2/cmd/$(GOLANGCI)
$(TOOLS)/$(GOFUMPT):
	@.ci/tool $@ mvdan.cc/$(GOFUMPT)
$(TOOLS)/$(GOVULNCHECK):
	@.ci/tool $@ golang.org/x/vuln/cmd/$(GOVULNCHECK)
$(TOOLS)/$(GITLEAKS):
	@.ci/tool $@ github.com/zricethezav/gitleaks/v8@v8.30.1
$(CACHE)/npm/multitool:
	@.ci/multitool $(CACHE)/npm '$(MULTITOOL)'
