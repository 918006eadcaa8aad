# SPDX-License-Identifier: Apache-2.0
"""Firmware of the processors on the card, acting only through their bus and interrupt line."""
