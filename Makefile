# One front door for developers; `make` alone says what there is. The work is done by the scripts in tools/ and bench/.
PYTHON := /usr/bin/python3
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run build test test-tidb lint bench compare fuzz clean

help:
	@echo 'make run     build the release binary and start it on 127.0.0.1:7070, data in ./data (ARGS="--listen ..." adds flags)'
	@echo 'make build   build the release binary, build/release/quipu'
	@echo 'make test    everything that a change must pass: lint, tests, crash and power-loss runs, sanitizers, fuzzing'
	@echo '             (ARGS="--only unit,blackbox" picks stages, ARGS=--list names them)'
	@echo 'make test-tidb the store tidb on TiDB itself, built from its Go modules (Go 1.26; some minutes the first time)'
	@echo 'make lint    house rules, format, clang-tidy'
	@echo 'make bench   measure against Redis, webdis, DynamoDB Local and dynalite, all in one run (ARGS=--quick for a first look)'
	@echo 'make compare start every store that can be had here, and run quipu compare on all (ARGS="--duration 5")'
	@echo 'make fuzz    fuzz every parser and stored format (ARGS="--seconds 600")'
	@echo 'make clean   remove build/; ./data stays'
	@echo 'What is missing is installed first (Debian packages; tools/install_packages.sh has the lists).'

build:
	@tools/install_packages.sh build
	@test -e build/release/quipu || echo 'Building build/release/quipu (a few minutes the first time)'
	@tools/build.sh release quipu

run: build
	@exec build/release/quipu serve --dev $(ARGS)

test:
	@tools/install_packages.sh test lint fuzz
	@$(PYTHON) tools/test.py $(ARGS)

test-tidb: build
	@tools/install_packages.sh test
	@TEST_TIDB=1 $(PYTHON) -m pytest test/stores/test_tidb.py $(ARGS)

lint:
	@tools/install_packages.sh lint
	@$(PYTHON) tools/lint.py $(ARGS)

bench:
	@tools/install_packages.sh bench
	@tools/build.sh release quipu bench_programs
	@$(PYTHON) bench/run.py $(ARGS)

compare: build
	@tools/install_packages.sh test
	@$(PYTHON) tools/compare.py $(ARGS)

fuzz:
	@tools/install_packages.sh fuzz
	@$(PYTHON) tools/fuzz.py $(ARGS)

clean:
	@rm -rf build
