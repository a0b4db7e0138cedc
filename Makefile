# The one entry point. `make demo` and `make test` are the two commands of the README.
SWIFT ?= swift
SOURCES := Package.swift Sources Tests

.PHONY: build debug demo test bench soak fmt lint golden fuzz-smoke setup install install-compat clean

build: setup  ## release builds of xt2 and xt2d, with the Swift runtime inside
	$(SWIFT) build -c release --disable-local-rpath --product xt2d
	$(SWIFT) build -c release --disable-local-rpath --product xt2
	Scripts/self-contained .build/release/xt2 .build/release/xt2d

debug: setup
	$(SWIFT) build

demo: build  ## the story of the README, with real packets, in a private network namespace
	Scripts/demo .build/release

# Their programs are those of the release build.
test soak: export XT2_PROGRAMS = $(CURDIR)/.build/release
test: setup lint build  ## lint, then all tests; those that need the kernel run in private network namespaces
	$(SWIFT) build --build-tests
	Scripts/test

BENCH ?=
bench: build  ## xt2 beside nft, iptables and a floor in C, with ratios; BENCH='--sizes 1000 --only edit' for a part
	Benchmarks/run --markdown Benchmarks/results.md --json Benchmarks/results.json $(BENCH)

soak: build  ## the long runs: 1,000 kills, 5,000 random versions, a fault at each system call and each step of SQLite
	$(SWIFT) build --build-tests
	XT2_SOAK=1 XT2_TEST_MINUTES=240 Scripts/test --filter 'SystemTests|RuleStoreTests|InteropTests'

golden: setup  ## records again what the real nft sends; fails if anything is new
	Scripts/golden

fuzz-smoke:  ## a minute of libFuzzer on the wire decoders
	Fuzzing/run 60

fmt:
	$(SWIFT) format --in-place --recursive $(SOURCES)

lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)

setup:  ## installs by apt what is missing
	Scripts/setup

PREFIX ?= /usr/local
install: build  ## without debug information; the names of functions stay, for the backtrace of a crash
	install -D .build/release/xt2 $(DESTDIR)$(PREFIX)/bin/xt2
	install -D .build/release/xt2d $(DESTDIR)$(PREFIX)/sbin/xt2d
	strip --strip-debug $(DESTDIR)$(PREFIX)/bin/xt2 $(DESTDIR)$(PREFIX)/sbin/xt2d
	install -D -m 644 packaging/xt2d.conf $(DESTDIR)$(PREFIX)/share/xt2/xt2d.conf
	sed 's|@PREFIX@|$(PREFIX)|' packaging/xt2d.service \
	  | install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/systemd/system/xt2d.service

COMPAT := $(foreach name,iptables ip6tables arptables ebtables,$(name) $(name)-save $(name)-restore)
install-compat: install  ## the names of iptables' programs, as links to xt2
	for name in $(COMPAT); do ln -sf xt2 $(DESTDIR)$(PREFIX)/bin/$$name; done

clean:
	$(SWIFT) package clean
