# SPDX-License-Identifier: Apache-2.0
"""Command line tools that work on device files, of a simulated machine or a real one."""
