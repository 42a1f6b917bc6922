# innogauge: `make run` and `make demo` start a server, `make test` decides whether a change is good.
# What a target needs is installed by apt when root, else named in one line (scripts/setup.sh).

.PHONY: help setup build run demo test bench conformance webforms soak
.DEFAULT_GOAL := help

INNOGAUGE := target/release/innogauge
LISTEN ?= 127.0.0.1:8080
SOAK_SECONDS ?= 300

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 14

setup:
	@scripts/setup.sh libssl-dev pkg-config gcc

build: setup ## build the program: target/release/innogauge
	cargo build --release --locked

run: build ## build, create the embedded database, load survey_defs, start the server
	@scripts/run.sh $(INNOGAUGE) $(LISTEN)

demo: build ## the same with synthetic answers of ten cities, scored
	@$(INNOGAUGE) demo --listen $(LISTEN)

test: ## formatting, lints, unit and integration tests on SQLite and a private PostgreSQL, a short failover
	@scripts/setup.sh libssl-dev pkg-config gcc postgresql haproxy openssl curl jdk python3-venv
	@scripts/with_pyxform.sh scripts/odk_validate.sh
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings
	scripts/with_pyxform.sh scripts/with_postgres.sh cargo test --locked
	scripts/failover.sh target/debug/innogauge 20
	scripts/with_postgres.sh scripts/grow.sh target/debug/innogauge

bench: ## the figures of benches/README.md, measured on this machine
	@scripts/setup.sh libssl-dev pkg-config gcc postgresql python3-venv
	scripts/with_numpy.sh scripts/with_pyxform.sh scripts/with_postgres.sh cargo bench --locked

conformance: build ## hold the server against its OpenAPI document as every role: 10,000 cases, none answered outside of it
	@scripts/setup.sh libssl-dev pkg-config gcc python3-venv curl
	scripts/schemathesis.sh $(INNOGAUGE)

webforms: build ## show every survey in the browser form component of ODK, fill it in and send it
	@scripts/setup.sh libssl-dev pkg-config gcc nodejs npm chromium
	scripts/web_forms.sh $(INNOGAUGE)

soak: build ## 500 simulated surveys for the coverage of intervals; 20,000 interviews against JavaRosa; under load, kill servers, kill the program 200 times on each database, lose a primary, grow: nothing acknowledged may be missing
	@scripts/setup.sh libssl-dev pkg-config gcc postgresql haproxy openssl curl jdk python3-venv
	@scripts/with_pyxform.sh scripts/odk_validate.sh
	cargo test --release --locked --test it long_coverage -- --ignored --nocapture
	INNOGAUGE_TEST_FILLINGS=20000 cargo test --locked --test it javarosa_decides
	INNOGAUGE_TEST_KILLS=200 scripts/with_postgres.sh cargo test --locked --test it kill_9 -- --nocapture
	scripts/failover.sh $(INNOGAUGE) $(SOAK_SECONDS)
	scripts/with_postgres.sh scripts/grow.sh $(INNOGAUGE)
	scripts/schemathesis.sh $(INNOGAUGE)
