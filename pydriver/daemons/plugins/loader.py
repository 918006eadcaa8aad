# SPDX-License-Identifier: Apache-2.0
"""Finding a plugin by its specification and starting it.

A specification is a path of a C plugin (it ends in `.so` or has a slash), `package.module:Class` or
`package.module` with a function `plugin(context)`. Source: software mailbox contract §6.
"""

from __future__ import annotations

import errno
import importlib
from typing import TypeVar

from pydriver.errors import fail

from .api import MpdPlugin, MsdPlugin, PluginContext
from .cabi import CMpdPlugin, CMsdPlugin

_P = TypeVar("_P", MpdPlugin, MsdPlugin)


def load(spec: str, context: PluginContext) -> MpdPlugin | None:
    """The started MPD plugin; None when a plugin is to be ignored, with a line to the log that says why.

    To be ignored: a C plugin that is not there or lacks `init` or `fini`, and any plugin whose `init`
    fails. Raises EINVAL for a specification that names no plugin.
    """
    return _start(CMpdPlugin(spec) if _is_path(spec) else _python(spec, context, MpdPlugin), spec, context)


def load_msd(spec: str, context: PluginContext) -> MsdPlugin | None:
    """The same for MSD."""
    return _start(CMsdPlugin(spec) if _is_path(spec) else _python(spec, context, MsdPlugin), spec, context)


def _is_path(spec: str) -> bool:
    return "/" in spec or spec.endswith(".so")


def _start(plugin: _P, spec: str, context: PluginContext) -> _P | None:
    try:
        plugin.init(context)
    except OSError as error:
        context.log(f"plugin {spec} is ignored: {error.strerror or error}")
        return None
    context.log(f"plugin {spec} is in use")
    return plugin


def _python(spec: str, context: PluginContext, base: type[_P]) -> _P:
    name, _, attribute = spec.partition(":")
    try:
        module = importlib.import_module(name)
        factory = getattr(module, attribute or "plugin")
    except (ImportError, AttributeError, ValueError) as error:
        raise fail(errno.EINVAL, f"{spec!r} is no plugin: {error}") from None
    plugin = factory() if attribute else factory(context)
    if not isinstance(plugin, base):
        raise fail(errno.EINVAL, f"{spec!r} is no {base.__name__} but a {type(plugin).__name__}")
    return plugin
