# SPDX-License-Identifier: Apache-2.0
"""Rates of the simulated card, always as ratios of runs made side by side."""
