# Pygmy: one command each. `make run` and `make test` install what they need on Debian 12.

CONFIG ?= config.json
SWIFT ?= swift
SEED ?=
SEEDS ?= 10000
MINUTES ?= 60

# With Swift's libraries in the programs, where the toolchain has them for that: a front end takes 3 MB
# less, and the programs need no toolchain to run.
STATIC := $(if $(wildcard $(dir $(realpath $(shell command -v $(SWIFT))))../lib/swift_static), \
	--static-swift-stdlib)
RELEASE = $(SWIFT) build -c release $(STATIC)

.PHONY: run build install deb manual images test test-packages lint format simulate torture bench
.PHONY: bench-check nginx clean dependencies

run: dependencies
	$(RELEASE)
	exec .build/release/pygmy up --config $(CONFIG)

build: dependencies
	$(RELEASE)

# Under $(DESTDIR)$(PREFIX), from what `make build` has built.
install:
	DESTDIR="$(DESTDIR)" PREFIX="$(or $(PREFIX),/usr/local)" scripts/install

# With Swift's libraries in the programs: a package that needs nothing but Debian.
deb:
	scripts/install-dependencies deb
	$(SWIFT) build -c release --static-swift-stdlib
	scripts/make-deb

# The images of docker/ without a container engine; `docker compose build` does the same with one.
images:
	scripts/install-dependencies images
	$(SWIFT) build -c release --static-swift-stdlib
	scripts/build-images

# Manual pages and completion scripts, from the programs' own words.
manual:
	$(SWIFT) build
	scripts/make-manual .build/debug .

test:
	scripts/install-dependencies test
	scripts/run-tests

# The package in a Debian of its own, the images, and the units: minutes, and as root.
test-packages:
	scripts/install-dependencies packages
	scripts/test-packages

lint:
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift
	@! LC_ALL=C.UTF-8 grep -rnP '^.{101,}$$' Sources --include='*.swift'

format:
	$(SWIFT) format --in-place --parallel --recursive Sources Tests Package.swift

simulate:
	$(RELEASE) --product simulator
	.build/release/simulator $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

# Kills, pauses and cuts from a seed, under load; half on one machine, half on hosts of their own.
torture:
	scripts/install-dependencies test
	$(SWIFT) build --build-tests
	PYGMY_TORTURE_MINUTES=$(MINUTES) PYGMY_TORTURE_SEED=$(SEED) \
		$(SWIFT) test --skip-build --filter TortureTests

bench:
	scripts/install-dependencies bench
	$(RELEASE)
	Benchmarks/run

# Fails where a hot path needs over 5 % more instructions than Benchmarks/instructions.csv says.
bench-check:
	scripts/install-dependencies bench
	$(RELEASE)
	Benchmarks/check

# The checked-in nginx configuration is the one of the default config.json.
nginx:
	$(SWIFT) run pygmy nginx --config config.json --output nginx

dependencies:
	scripts/install-dependencies run

clean:
	rm -rf .build run log
