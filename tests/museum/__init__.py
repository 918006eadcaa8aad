# SPDX-License-Identifier: Apache-2.0
"""Defects that real drivers had, from public threads of XRT.

Each test runs the same check twice: on the code as it is, which passes, and on a variant with the old
behaviour, which the check must catch.
"""
