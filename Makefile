# SPDX-License-Identifier: Apache-2.0
# Everything is set up on first use by scripts/bootstrap.py; see README.md.

SIM      ?= verilator
SCENARIO ?= hello
HOST     ?= fast
WAVES    ?= 0
ERT      ?=
KERNEL   ?=
SEED     ?= 1
SEEDS    ?= 10
PYTHON   ?= python3
PY       := .venv/bin/python

export SEED ERT

.PHONY: help sim test waves lint regs bench regress mutation fuzz setup setup-interop clean

help:
	@echo 'make sim        run an xclbin through PCIe on RTL  (SIM=icarus|verilator SCENARIO=$(SCENARIO) HOST=fast|conformance WAVES=1 SEED=n'
	@echo '                ERT=v20|v30|amd|amd-v30 chooses the scheduler firmware, KERNEL=examples/saxpy runs a kernel of yours)'
	@echo 'make test       every test, on both simulators     (SIM=... for one of them, ARGS="-k name" for some)'
	@echo 'make waves      make sim WAVES=1, then GTKWave with a prepared view'
	@echo 'make bench      BAR, download, command and mailbox rates, paths side by side  (SIM=... for one)'
	@echo 'make regress    the random tests with SEEDS=n seeds'
	@echo 'make mutation   break the RTL and the drivers on purpose; every break must be found'
	@echo 'make fuzz       fuzz the xclbin reader'
	@echo 'make lint       ruff, mypy, verilator -Wall, generated files fresh'
	@echo 'make regs       generate RTL, Python and documentation from hdl/regs/*.rdl'

setup:
	@$(PYTHON) scripts/bootstrap.py

setup-interop:
	@$(PYTHON) scripts/bootstrap.py --interop

sim: setup
	@$(PY) -m scenarios.run --sim $(SIM) --scenario $(SCENARIO) --host $(HOST) --seed $(SEED) $(if $(KERNEL),--kernel $(KERNEL)) $(if $(filter-out 0,$(WAVES)),--waves)

waves: setup
	@$(PY) -m scenarios.run --sim $(SIM) --scenario $(SCENARIO) --host $(HOST) --seed $(SEED) $(if $(KERNEL),--kernel $(KERNEL)) --waves --open

test: setup-interop
	@$(PY) -m pytest -n auto --dist worksteal --junit-xml build/junit.xml $(ARGS)

lint: setup
	@$(PY) -m tools.lint

regs: setup
	@$(PY) -m tools.regs

bench: setup
	@$(PY) -m bench.bar $(if $(filter-out file,$(origin SIM)),--sim $(SIM))
	@$(PY) -m bench.ert $(if $(filter-out file,$(origin SIM)),--sim $(SIM))
	@$(PY) -m bench.mailbox $(if $(filter-out file,$(origin SIM)),--sim $(SIM))

regress: setup
	@$(PY) -m tools.regress --seeds $(SEEDS)

mutation: setup
	@$(PY) -m pytest tests/mutation -m mutation $(ARGS)

fuzz: setup
	@$(PY) -m tests.fuzz.xclbin --seconds 60

clean:
	rm -rf build
