# The front door: every target installs the packages that it needs (Debian 12, as root), builds, and runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := build/release/bin

.PHONY: help build demo shell test fast check asan tsan fuzz tidy format format-check bench install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## both programs, in build/release/bin
	@tools/install build
	@tools/build release -DNSR_TESTS=OFF -DNSR_BENCH=OFF -- ns-registerd ns-register

demo: build ## the main job on real namespaces, each command echoed before its output
	@tools/install demo
	@demo/run.sh $(BIN)

shell: build ## a shell in a scratch host with a running daemon; all is gone when it ends
	@tools/install demo
	@demo/shell.sh $(BIN)

test: ## one release build, every test
	@tools/install build test
	@tools/build release -DNSR_TESTS=ON -DNSR_BENCH=OFF
	@tools/test build/release

fast: ## the tests that need neither root nor the kernel's help
	@tools/install build test
	@tools/build release -DNSR_TESTS=ON -DNSR_BENCH=OFF -- fast_tests
	@tools/test build/release -L 'unit|contract|scenario|lint'

check: ## what developers need on top: sanitizers, fuzzing, clang-tidy, formatting
	@tools/install build test check
	@$(MAKE) --no-print-directory format-check tidy fuzz asan

asan tsan: ## the fast tests under a sanitizer
	@tools/build $@ -DNSR_TESTS=ON -- fast_tests
	@tools/test build/$@ -L 'unit|contract|scenario'

fuzz: ## every fuzz target for FUZZ_SECONDS (10)
	@tools/install build check
	@tools/fuzz $(or $(FUZZ_SECONDS),10)

tidy: ## clang-tidy 19
	@tools/install build test check
	@tools/tidy

format: ## formats every source
	@tools/install check
	@tools/format

format-check: ## whether every source is formatted
	@tools/install check
	@tools/format --check

bench: ## queries/s, latency and CPU beside a bare reflector, NSD, Knot and dnsmasq; attach latency
	@tools/install build test bench
	@tools/build release -DNSR_TESTS=ON -DNSR_BENCH=ON -- ns-registerd ns-register nsr_bench
	@bench/run.sh $(BIN)

install: build ## the programs into PREFIX (/usr/local)
	install -D -m 755 -t $(DESTDIR)$(or $(PREFIX),/usr/local)/sbin $(BIN)/ns-registerd
	install -D -m 755 -t $(DESTDIR)$(or $(PREFIX),/usr/local)/bin $(BIN)/ns-register

clean: ## removes build/
	rm -rf build
