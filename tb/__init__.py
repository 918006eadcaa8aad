# SPDX-License-Identifier: Apache-2.0
"""The simulated platform: simulator runs, hosts on the PCIe pins, and the card plugged into them."""
