# SPDX-License-Identifier: Apache-2.0
"""Drivers of the card: what xocl, xclmgmt and the runtime above them do, in Python."""
