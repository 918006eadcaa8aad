# SPDX-License-Identifier: Apache-2.0
"""The two mailbox daemons: MSD on the management side, MPD on the user side, and their plugins."""
