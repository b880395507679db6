# What a person needs: `make demo` shows the loop, `make test` passes the tests. Both install what they need.
.PHONY: demo test device board deb page backends bare-metal aarch64 haswell test-processors instructions miri sanitize fuzz model card bench-peers bench-training clean-demo

demo:
	scripts/demo.sh

test:
	scripts/test.sh

# The program for the microscope alone: target/release/blastscope.
device:
	scripts/setup.sh
	cargo build --locked --release -p blastscope

# Tests the device in a virtual single-board computer: BLASTSCOPE_SBC=DIR make board; scripts/board.sh says what DIR holds.
board:
	scripts/board.sh

# Its Debian package, in target/debian: make deb, or ARCH=arm64 make deb for a Raspberry Pi.
deb:
	scripts/deb.sh

# Drives the page in Chromium; pictures of it go to PICTURES: make page PICTURES=/tmp/page
page:
	scripts/page.sh $(PICTURES)

# Compiles and lints the GPU and ndarray back ends, which `make test` leaves out.
backends:
	scripts/backends.sh

# Proves that the shared crate needs no operating system.
bare-metal:
	scripts/bare-metal.sh

# Runs the shared crate's tests as the processors of Raspberry Pi 4 and 5, under emulation.
aarch64:
	scripts/aarch64.sh

# Runs them as a processor with AVX2 alone, likewise.
haswell:
	scripts/haswell.sh

# Runs the tests that hang on arithmetic as other processors do it, under emulation, with three seeds each.
test-processors:
	scripts/processors.sh

# Counts the instructions of a frame on the first.
instructions:
	scripts/instructions.sh

# Runs the kernels' tests under Miri, and with AddressSanitizer.
miri:
	scripts/miri.sh
sanitize:
	scripts/sanitize.sh

# Feeds inputs that nobody thought of to everything that reads what comes from outside: make fuzz SECONDS=60, a target each.
fuzz:
	scripts/fuzz.sh $(SECONDS)

# Trains the shipped model anew and packs it: make model DATA=all_pbs; EPOCHS=30 for longer. The GPU is taken where there is one.
model:
	cargo build --locked --release -p blastscope-program
	target/release/blastscope-host train --data "$(DATA)" --out runs/allcnn --recipe robust --epochs $(or $(EPOCHS),16)
	target/release/blastscope-host quantize --run runs/allcnn --out models/allcnn.bsm
	scripts/card.sh

# Measures a shipped model and writes its card: make card DATA=all_pbs UNFAMILIAR="other_laboratory holidays"
card:
	scripts/card.sh

# Measures the device beside other int8 engines: make bench-peers PEERS=DIR; scripts/bench-peers.sh says what DIR holds.
bench-peers:
	scripts/bench-peers.sh

# Measures training beside PyTorch: make bench-training PYTHON=torch/bin/python3; scripts/bench-training.sh says what else.
bench-training:
	scripts/bench-training.sh

clean-demo:
	rm -rf demo
