# What can be made here. `make test` is all that CI needs.
.DEFAULT_GOAL := help
KAFKA := tests/kafka/kafka.sh
SCHEMATHESIS := tests/schemathesis/schemathesis.sh
BROWSER := tests/browser/browser.sh
CHART := tests/chart/chart.sh
IMAGE := tests/image/image.sh
CLUSTER := tests/cluster/cluster.sh
# What is measured is what users run.
RELEASE := $(abspath $(or $(CARGO_TARGET_DIR),target)/release/usher)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: kafka ## every test, with the real Kafka; installs what that needs
	$(SCHEMATHESIS) fetch
	$(BROWSER) fetch
	$(CHART) fetch
	cargo test --locked
	$(CHART) test
	$(IMAGE) pack "$${CARGO_TARGET_DIR:-target}/debug/usher"

.PHONY: image
image: ## build the image from the Dockerfile with buildah, as root, hold its size, and run it with podman; compiles for long
	$(IMAGE) build

.PHONY: kafka
kafka: ## fetch the Kafka that tests start
	$(KAFKA) fetch

.PHONY: cluster
cluster: ## the chart on a real API server of Kubernetes, with etcd and kwok; compiles those with Go, for long, the first time
	$(CLUSTER) test

.PHONY: chart
chart: ## the Helm chart: valid, refusing what can't work, up to date, its configuration checked by usher
	cargo build --locked
	$(CHART) test

.PHONY: chart-write
chart-write: ## make the files anew that are made of the chart
	$(CHART) write

.PHONY: deploy-check
deploy-check: ## the files in deploy/ and the pages for operators, held against the program
	cargo test --locked --test it -- deploy::

.PHONY: log-of-before
log-of-before: ## at a release: write the log anew that later versions have to go on with
	USHER_LOG_OF_BEFORE=1 cargo test --locked --test it -- compatibility::the_story_of_the_log_can_be_told_again

.PHONY: crash
crash: kafka ## the long form of the crash tests: ROUNDS of kill -9 on each log
	USHER_TEST_ROUNDS=$${ROUNDS:-100} cargo test --locked --test it -- crash --nocapture

.PHONY: disk-full
disk-full: ## fill a small disk under usher FILLS times, as root: what was accepted is done once
	USHER_TEST_FILLS=$${FILLS:-50} cargo test --locked --test it -- crash::full_disk --nocapture --test-threads 1

.PHONY: browser
browser: ## the pages of the console in chromium, with and without script
	cargo test --locked --test it -- console:: --nocapture

.PHONY: screenshots
screenshots: ## take the pictures of docs/console.md anew
	USHER_TEST_PICTURES=docs/pictures cargo test --locked --test it -- console::pictures

.PHONY: schemathesis
schemathesis: ## the long form of the test of the API against its OpenAPI document: EXAMPLES for each operation
	USHER_TEST_EXAMPLES=$${EXAMPLES:-200} cargo test --locked --test it -- schemathesis --nocapture

.PHONY: chaos
chaos: kafka ## COURSES of faults at random on each log, USHER_TEST_CHAOS_MINUTES (10) each, of USHER_TEST_PROCESSES (3 and 1 in turn), then the verdict
	USHER_TEST_CHAOS_MINUTES=$${USHER_TEST_CHAOS_MINUTES:-10} USHER_TEST_COURSES=$${COURSES:-1} \
		cargo test --locked --test it -- chaos:: --nocapture --test-threads 1

.PHONY: rollout
rollout: kafka ## rolling updates of three processes on Kafka under 50 webhooks a second: nothing refused, lost, done twice or moved
	cargo build --release --locked
	USHER_TEST_BIN="$(RELEASE)" USHER_TEST_ROLLOUTS=$${ROLLOUTS:-2} USHER_TEST_WEBHOOKS_A_SECOND=$${RATE:-50} USHER_TEST_LONGEST_REST=$${REST:-3} \
		cargo test --locked --test it -- rollout:: --nocapture --test-threads 1

.PHONY: restore
restore: kafka ## a process with an empty volume, USERS users and DECISIONS decisions in the log: time until ready and memory
	cargo build --release --locked
	USHER_TEST_BIN="$(RELEASE)" USHER_TEST_USERS=$${USERS:-1000000} USHER_TEST_DECISIONS=$${DECISIONS:-300000} \
		cargo test --locked --test it -- restore:: --nocapture --test-threads 1

.PHONY: scale
scale: kafka ## three processes against one on Kafka, each with its own way to the product, AT_A_TIME requests of MILLIS: at least RATIO times as much
	cargo build --release --locked
	USHER_TEST_BIN="$(RELEASE)" USHER_TEST_EVENTS=$${EVENTS:-1500} USHER_TEST_LEAST_RATIO=$${RATIO:-2.5} \
		USHER_TEST_REQUESTS_AT_A_TIME=$${AT_A_TIME:-8} USHER_TEST_REQUEST_MILLIS=$${MILLIS:-200} \
		cargo test --locked --test it -- scale:: --nocapture

.PHONY: scale-cpu
scale-cpu: kafka ## three processes against one on Kafka, each with CPU percent of a core, as root: at least RATIO times as much
	cargo build --release --locked
	USHER_TEST_BIN="$(RELEASE)" USHER_TEST_EVENTS=$${EVENTS:-4000} USHER_TEST_CPU_PERCENT=$${CPU:-15} USHER_TEST_LEAST_RATIO=$${RATIO:-1.3} \
		cargo test --locked --test it -- scale:: --nocapture

.PHONY: pacing
pacing: ## runs of USERS users against products with real limits: how fast, how seldom refused, kill -9
	USHER_TEST_USERS=$${USERS:-10000} cargo test --locked --test it -- pacing:: --nocapture --test-threads 1

.PHONY: fuzz
fuzz: ## INPUTS mutated requests at the webhook port: no panic, no 5xx, memory flat
	USHER_TEST_INPUTS=$${INPUTS:-1000000} cargo test --locked --test it -- hostile::fuzz --nocapture

.PHONY: bench
bench: kafka ## throughput, latency and the speed of the rules as ratios, kept in target/bench
	cargo bench --locked --bench rules
	cargo bench --locked --bench allocations
	cargo bench --locked --bench webhooks
	cargo bench --locked --bench sweep
	cargo bench --locked --bench views
	cargo bench --locked --bench console

.PHONY: bench-console
bench-console: ## each page of the console with USERS users, ROUNDS events of each, SCHEMES schemes: first byte and weight, against their goals
	cargo bench --locked --bench console -- --users $${USERS:-100000} --rounds $${ROUNDS:-5} --schemes $${SCHEMES:-200}

.PHONY: bench-short
bench-short: kafka ## one round of webhooks; fails if a ratio has fallen by more than a third against benches/webhooks/baseline.json
	cargo bench --locked --bench webhooks -- --rounds 1 --seconds 2 --only embedded,kafka,embedded-with-engine --no-half --no-end-to-end \
		--against benches/webhooks/baseline.json

.PHONY: lint
lint: ## format, clippy, dependency policy
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	command -v cargo-deny >/dev/null || cargo install cargo-deny --locked
	cargo deny check bans licenses sources

.PHONY: demo
demo: ## the main job on a simulated Atlassian
	cargo run --release -- demo
