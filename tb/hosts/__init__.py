# SPDX-License-Identifier: Apache-2.0
"""The two hosts on the PCIe pins: `conformance` (cocotbext-pcie) and `fast` (SystemVerilog transactor)."""
