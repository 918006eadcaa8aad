# SPDX-License-Identifier: Apache-2.0
"""Ways in for programs that were not written for this project."""
