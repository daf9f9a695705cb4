# Two commands are all a newcomer needs: `make run` and `make test`. Both install what is missing.

export PATH := $(HOME)/.cargo/bin:$(HOME)/.local/bin:$(PATH)
STAMP := target/release/stamp

.PHONY: sbom reproducible soak peers instructions instructions-baseline picture cloud moto soak-shortly unit-moto-and-terraform cloud-soak-and-instructions deploy destroy site-files package run stamp test set-up build fmt lint docs deny terraform unit site arm fuzz miri bench large peers-splice clean

## Build the service and serve it at http://127.0.0.1:8080, with its data in ./data.
run:
	.ci/set-up run
	cargo build --release --locked --bin stampede
	$(NPM) run --silent build
	target/release/stampede

NPM := PATH="$(CURDIR)/.venv-node/bin:$$PATH" npm --prefix front-end

## Build the command and stamp every picture in fixtures/ into out/.
stamp: build
	$(STAMP) fixtures/pictures --stamp fixtures/stamps/logo.png --out out --overwrite
	@echo "The stamped pictures are in $(CURDIR)/out"

## Everything that CI runs.
test: set-up lint docs deny unit-moto-and-terraform site cloud-soak-and-instructions arm fuzz

set-up:
	.ci/set-up test

build:
	.ci/set-up build
	cargo build --release --locked --bin stamp

## The Lambdas as they are uploaded: target/package/NAME/bootstrap.zip. ARCH=aarch64 for Graviton. C that never unwinds
## needs no tables for it.
ARCH ?= x86_64
LAMBDAS := middleware stamper sweeper
package: export CFLAGS = -fno-asynchronous-unwind-tables
package:
	.ci/set-up package
	PATH="$(CURDIR)/.venv-lambda/bin:$$PATH" cargo lambda build --profile lambda --locked --output-format zip \
		--lambda-dir target/package --target $(ARCH)-unknown-linux-gnu.2.34 --bins \
		$(LAMBDAS:%=-p stampede-%)
	.venv-lambda/bin/python lambdas/pack.py $(LAMBDAS:%=target/package/%/bootstrap.zip)

## The whole system on AWS (terraform/README.md), or on an emulator of it on this machine: TARGET=local-aws.
TARGET ?= aws
deploy destroy:
	.ci/set-up deploy-$(TARGET)
	.venv-deploy/bin/python terraform/deploy/deploy.py $@ $(TARGET)

## The site as it is uploaded: front-end/dist.
site-files:
	$(NPM) run --silent build

## The picture of the cloud in ARCHITECTURE.md, from its text.
picture:
	.ci/set-up picture
	dot -Tsvg terraform/cloud.dot -o terraform/cloud.svg

fmt:
	cargo fmt --all

lint:
	cargo fmt --all --check
	.ci/unsafe --check
	cargo clippy --workspace --all-targets --features stamp-engine/s3 --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --features stamp-engine/s3 --no-deps --locked

## The list of known vulnerabilities is downloaded; the rest is checked without it where it cannot be.
deny:
	cargo deny --locked check bans licenses sources
	@cargo deny --locked check advisories || { \
		cargo deny --locked fetch db >/dev/null 2>&1 && exit 1; \
		echo "*** SKIPPED, NOT PASSED: the advisory database cannot be downloaded here ***"; }
	.ci/npm-audit front-end lambdas/adapters/live/tests/pusher

## The site's own tests, and the whole of it in a browser, with the service that `unit` has built.
site:
	$(NPM) run --silent lint
	$(NPM) run --silent test
	$(NPM) run --silent build
	STAMPEDE="$(CURDIR)/target/debug/stampede" $(NPM) run --silent e2e

## Terraform's files: their form, the modules' plans against a mock of AWS, and what an auditor would ask.
terraform:
	terraform fmt -check -recursive terraform
	terraform/tests/modules
	terraform/costs.py --check
	benches/cost.py --check
	.venv-checkov/bin/checkov -d terraform --config-file terraform/tests/checkov.yaml

## The whole system on an emulator of AWS, used and taken away again.
cloud:
	PROFILE=dev env -u MAKEFLAGS -u MFLAGS .venv-deploy/bin/python terraform/tests/local_aws.py

## RDS with its proxy, and CloudFront, on another emulator.
moto:
	.venv-deploy/bin/python terraform/tests/moto.py

## The latter two take minutes, much of them waiting: all at once.
unit-moto-and-terraform:
	$(MAKE) --no-print-directory -j3 unit moto terraform

unit:
	STAMPEDE_REQUIRE_S3=1 STAMPEDE_REQUIRE_PYTHON=1 STAMPEDE_REQUIRE_CHROMIUM=1 \
		env -u MAKEFLAGS -u MFLAGS cargo test --workspace --features stamp-engine/s3 --locked -- --skip soak::

## Two minutes of what `make soak` does in thirty.
soak-shortly:
	STAMPEDE_REQUIRE_S3=1 env -u MAKEFLAGS -u MFLAGS \
		cargo test --workspace --features stamp-engine/s3 --locked --test service -- soak::

## Minutes of which most are waiting; to the compiler and valgrind is given what the others leave.
cloud-soak-and-instructions:
	$(MAKE) --no-print-directory -j3 cloud soak-shortly instructions

## The kernels' and the splice path's tests on aarch64 (NEON), emulated, and compiled as what is counted is: nothing else
## of the engine runs.
arm: export CARGO_PROFILE_COUNTED_DEBUG_ASSERTIONS = true
arm: export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER = aarch64-linux-gnu-gcc
arm: export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER = qemu-aarch64-static -L /usr/aarch64-linux-gnu
arm:
	@.ci/set-up arm || echo "*** SKIPPED, NOT PASSED: the tests on aarch64 cannot be built here ***"
	@! .ci/set-up arm >/dev/null 2>&1 || cargo test -p stamp-engine --profile counted --no-default-features --lib --locked \
		--target aarch64-unknown-linux-gnu -- blend:: jpeg::

## A fixed number of inputs for each fuzz target, with AddressSanitizer; more with FUZZ_RUNS, and then
## faster with FUZZ_PROFILE=release.
FUZZ_RUNS ?= 1000
FUZZ_PROFILE ?= dev
fuzz:
	.ci/set-up fuzz
	FUZZ_PROFILE=$(FUZZ_PROFILE) .ci/fuzz $(FUZZ_RUNS)

## What each program is made of (CycloneDX): target/sbom.
sbom:
	.ci/set-up sbom
	.ci/sbom

## Whether two builds at different places are the same bits (ten minutes).
reproducible:
	.ci/set-up build
	.ci/reproducible

## Half an hour of mixed load and faults, whose figures go to target/soak.md, and 50 kills within a job of 500 pictures.
## Two minutes and 12 kills of the same are among the tests.
SOAK_MINUTES ?= 30
soak:
	.ci/set-up test
	STAMPEDE_REQUIRE_S3=1 STAMPEDE_SOAK=1 STAMPEDE_SOAK_MINUTES=$(SOAK_MINUTES) \
		STAMPEDE_SOAK_REPORT=$(CURDIR)/target/soak.md \
		cargo test --release --locked -p stampede-local --test service -- soak:: crash:: --nocapture --test-threads=1

## The tests of unsafe code under Miri (some minutes; not part of `make test`).
miri:
	.ci/set-up miri
	MIRIFLAGS=-Zmiri-disable-isolation RUSTFLAGS="-Ctarget-feature=+avx2" \
		cargo +nightly miri test -p stamp-engine --no-default-features --lib -- kernels_of_

## Every benchmark; needs the large pictures.
bench: large
	cargo bench --workspace

## The large pictures that the benchmarks use, made from the photographs.
large:
	.ci/set-up bench
	.venv/bin/python fixtures/make-variants --large

## Every tool of the field at every job, in one run: benches/RESULTS.md and its plots (twenty minutes).
peers: build large
	.ci/set-up peers
	.venv-peers/bin/python benches/peers/field/run.py
	.venv-peers/bin/python benches/peers/field/report.py
	benches/cost.py --write

## The instructions of the kernel, the walk, the copy and a splice, beside those that are committed.
instructions:
	.ci/set-up instructions
	env -u MAKEFLAGS -u MFLAGS nice benches/instructions/count.py

## Makes the counts of now those to compare with.
instructions-baseline:
	.ci/set-up instructions
	benches/instructions/count.py --write

## The splice path beside OpenCV and jpegtran, in one run.
peers-splice: build
	.ci/set-up peers
	.venv/bin/python fixtures/make-variants --large-huge
	.venv-peers/bin/python benches/peers/splice.py

clean:
	rm -rf target out
