# SPDX-License-Identifier: Apache-2.0
"""Plugins of the daemons: `load(spec, context)`, then hooks, or `answer` for a whole request frame."""

from __future__ import annotations

from .api import FreqScaling, HookAbsent, MpdPlugin, MsdPlugin, PluginContext
from .loader import load, load_msd
from .local import answer

__all__ = [
    "FreqScaling",
    "HookAbsent",
    "MpdPlugin",
    "MsdPlugin",
    "PluginContext",
    "answer",
    "load",
    "load_msd",
]
