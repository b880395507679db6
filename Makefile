# Start here: `make demo` shows the loop, `make test` runs the tests. Both install what they need.
.PHONY: demo test device board deb page backends bare-metal aarch64 haswell test-processors instructions miri sanitize fuzz model card bench-peers bench-training clean-demo

demo:
	scripts/demo.sh

test:
	scripts/test.sh

# Builds only the microscope's program: target/release/blastscope.
device:
	scripts/setup.sh
	cargo build --locked --release -p blastscope

# Tests the device in a virtual single-board computer: BLASTSCOPE_SBC=DIR make board; scripts/board.sh says what DIR holds.
board:
	scripts/board.sh

# Builds the device's Debian package in target/debian: make deb, or ARCH=arm64 make deb for a Raspberry Pi.
deb:
	scripts/deb.sh

# Tests the page in Chromium; screenshots go to PICTURES: make page PICTURES=/tmp/page
page:
	scripts/page.sh $(PICTURES)

# Compiles and lints the GPU and ndarray back ends, which `make test` leaves out.
backends:
	scripts/backends.sh

# Proves that the shared crate needs no operating system.
bare-metal:
	scripts/bare-metal.sh

# Runs the shared crate's tests on emulated processors of Raspberry Pi 4 and 5.
aarch64:
	scripts/aarch64.sh

# Runs them on an emulated processor that has AVX2 alone.
haswell:
	scripts/haswell.sh

# Runs the tests that depend on a processor's arithmetic on other, emulated processors, with three seeds each.
test-processors:
	scripts/processors.sh

# Counts the instructions of a frame on the Raspberry Pis' processors.
instructions:
	scripts/instructions.sh

# Runs the kernels' tests under Miri, and with AddressSanitizer.
miri:
	scripts/miri.sh
sanitize:
	scripts/sanitize.sh

# Fuzzes everything that reads outside data: make fuzz SECONDS=60, for each target.
fuzz:
	scripts/fuzz.sh $(SECONDS)

# Retrains the networks that see cells, one large and two small, and makes the shipped jury of them and models/paper.bsm: make model
# DATA=all_pbs. Uses a GPU if it finds one; on two cores it takes three quarters of an hour. Before that, `crossval --out runs/sittings`
# by session may be run once: the slide's pooling is taken from it if it is there.
model:
	cargo build --locked --release -p blastscope-program
	target/release/blastscope-host train --data "$(DATA)" --out runs/cells-large --recipe robust --arch allcnn --epochs 24
	target/release/blastscope-host quantize --run runs/cells-large --out runs/cells-large.bsm --name cells-large
	set -e; for seed in 1 2; do \
		target/release/blastscope-host train --data "$(DATA)" --out runs/cells-small-$$seed --recipe robust --seed $$seed --split-seed 1; \
		target/release/blastscope-host quantize --run runs/cells-small-$$seed --out runs/cells-small-$$seed.bsm \
			--name cells-small-$$seed --fine-tune 100; \
	done
	target/release/blastscope-host jury --models runs/cells-large.bsm runs/cells-small-1.bsm runs/cells-small-2.bsm models/paper.bsm \
		--quorum 3 --malignancy-only 2,3 $$(test -f runs/sittings/results.json && echo --sittings runs/sittings/results.json) \
		--data "$(DATA)" --out models/blastscope.bsm
	scripts/card.sh

# Measures a shipped model and writes its card: make card DATA=all_pbs UNFAMILIAR="other_laboratory holidays"
card:
	scripts/card.sh

# Compares the device with other int8 engines: make bench-peers PEERS=DIR; scripts/bench-peers.sh says what DIR holds.
bench-peers:
	scripts/bench-peers.sh

# Compares training speed with PyTorch: make bench-training PYTHON=torch/bin/python3; scripts/bench-training.sh lists the options.
bench-training:
	scripts/bench-training.sh

clean-demo:
	rm -rf demo
