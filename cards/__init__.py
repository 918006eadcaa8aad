# SPDX-License-Identifier: Apache-2.0
"""The cards that plug into the simulated host: what the hardware is, and who runs its processors."""
