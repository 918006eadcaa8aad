# SPDX-License-Identifier: Apache-2.0
"""Whole-card scenarios behind `make sim`: a host program, live progress, a summary and a timeline."""
