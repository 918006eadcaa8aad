# SPDX-License-Identifier: Apache-2.0
"""Blocks that both physical functions have; each driver makes its own objects of them."""
