# SPDX-License-Identifier: Apache-2.0
"""Plugins made for the real daemons: shared objects with the C interfaces of both daemons.

`init` fills a structure with hooks; a hook returns 0 when it has handled the request. Source:
`mpd_plugin.h`, `msd_plugin.h`, software mailbox contract §6.1 and §6.2.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import stat
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, byref, c_char, c_int, c_size_t, c_void_p
from typing import TYPE_CHECKING, Any, TypeVar

from pydriver.errors import fail
from pydriver.mailbox.frames import FRAME_HEADER, MAX_FRAME
from pydriver.mailbox.messages import (
    BoardInfo,
    ConnResp,
    DnaData,
    IcapData,
    MigEcc,
    P2pBarAddr,
    SensorData,
)
from pydriver.mailbox.wire import Wire

from .api import FreqScaling, MpdPlugin, MsdPlugin, PluginContext, absent

if TYPE_CHECKING:
    from pydriver.devices.client import DeviceFile

_W = TypeVar("_W", bound=Wire)

_OUT = POINTER(c_int)
_FD_HOOK = CFUNCTYPE(c_int, c_size_t, _OUT)
_NOTIFY_HOOK = CFUNCTYPE(c_int, c_size_t, c_int, ctypes.c_bool)
_INT_HOOK = CFUNCTYPE(c_int, c_size_t, _OUT)
_INT_HOOK_IN = CFUNCTYPE(c_int, c_size_t, c_void_p, _OUT)
_DATA_HOOK = CFUNCTYPE(c_int, c_size_t, c_void_p)
_BUFFER_HOOK = CFUNCTYPE(c_int, c_size_t, c_void_p, c_size_t)
_DONE = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
_RETRIEVE = CFUNCTYPE(
    c_int, c_void_p, c_size_t, POINTER(c_void_p), POINTER(c_size_t), POINTER(c_void_p), POINTER(c_void_p)
)
_INIT = CFUNCTYPE(c_int, c_void_p)
_FINI = CFUNCTYPE(None, c_void_p)


class MpdCallbacks(ctypes.Structure):
    """`struct mpd_plugin_callbacks`; its nested structures are written out."""

    _fields_ = [
        ("mpc_cookie", c_void_p),
        ("get_remote_msd_fd", c_void_p),
        ("mb_notify", c_void_p),
        ("hot_reset", c_void_p),
        ("load_xclbin", c_void_p),
        ("reclock2", c_void_p),
        ("get_icap_data", c_void_p),
        ("get_sensor_data", c_void_p),
        ("get_board_info", c_void_p),
        ("get_mig_data", c_void_p),
        ("get_firewall_data", c_void_p),
        ("get_dna_data", c_void_p),
        ("get_subdev_data", c_void_p),
        ("user_probe", c_void_p),
        ("program_shell", c_void_p),
        ("read_p2p_bar_addr", c_void_p),
    ]


class MsdCallbacks(ctypes.Structure):
    """`struct msd_plugin_callbacks`."""

    _fields_ = [("mpc_cookie", c_void_p), ("retrieve_xclbin", c_void_p)]


class _Library:
    """A shared object with `init` and `fini`, and the structure that `init` filled."""

    def __init__(self, path: str, callbacks: ctypes.Structure) -> None:
        self._path = path
        self._callbacks = callbacks
        self._fini: Callable[[int | None], None] | None = None

    def start(self) -> None:
        """Raises ENOENT when it cannot be opened, EINVAL without `init` or `fini` or when `init` fails."""
        try:
            library = ctypes.CDLL(self._path, mode=os.RTLD_LAZY | os.RTLD_GLOBAL)
        except OSError as error:
            raise fail(errno.ENOENT, f"it cannot be opened: {error}") from None
        init = _INIT(_address(library, "init"))
        fini = _FINI(_address(library, "fini"))
        result = init(ctypes.addressof(self._callbacks))
        if result:
            raise fail(errno.EINVAL, f"its init answered {result}")
        self._fini = fini

    def stop(self) -> None:
        if self._fini is not None:
            fini, self._fini = self._fini, None
            fini(getattr(self._callbacks, "mpc_cookie", None))

    def hook(self, name: str, prototype: Any) -> Any:
        """The C function, None when the plugin has not set it."""
        address = getattr(self._callbacks, name) if self._fini is not None else None
        return prototype(address) if address else None


class CMpdPlugin(MpdPlugin):
    """An MPD plugin of the C interface. Only the address of a hook says whether it is there."""

    def __init__(self, path: str) -> None:
        self._library = _Library(path, MpdCallbacks())

    def init(self, context: PluginContext) -> None:
        self._library.start()

    def fini(self) -> None:
        self._library.stop()

    def get_remote_msd_fd(self, index: int) -> int | None:
        hook = self._library.hook("get_remote_msd_fd", _FD_HOOK)
        if hook is None:
            return None
        fd = c_int(-1)
        _check("get_remote_msd_fd", hook(index, byref(fd)))
        return fd.value

    def mb_notify(self, index: int, mailbox: DeviceFile, online: bool) -> int:
        """The C hook writes frames to the descriptor it is given.

        The node of a real card is that descriptor. On a simulated machine it gets a socket, and what it
        wrote goes to the node when it returns.
        """
        hook = self._library.hook("mb_notify", _NOTIFY_HOOK)
        if hook is None:
            return 0
        if stat.S_ISCHR(os.fstat(mailbox.fileno()).st_mode):
            return int(hook(index, mailbox.fileno(), online))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.setblocking(False)
            result = int(hook(index, theirs.fileno(), online))
            theirs.shutdown(socket.SHUT_WR)
            for frame in _frames(b"".join(iter(lambda: ours.recv(1 << 16), b""))):
                mailbox.write(frame)
        return result

    def hot_reset(self, index: int) -> int:
        return self._int("hot_reset", index)

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        return self._int("load_xclbin", index, axlf)

    def reclock2(self, index: int, freqs: FreqScaling) -> int:
        return self._int("reclock2", index, freqs.pack())

    def get_icap_data(self, index: int) -> IcapData:
        return self._data("get_icap_data", index, IcapData)

    def get_sensor_data(self, index: int) -> SensorData:
        return self._data("get_sensor_data", index, SensorData)

    def get_board_info(self, index: int) -> BoardInfo:
        return self._data("get_board_info", index, BoardInfo)

    def get_mig_data(self, index: int, length: int) -> bytes:
        return self._buffer("get_mig_data", index, length)

    def get_firewall_data(self, index: int) -> MigEcc:
        return self._data("get_firewall_data", index, MigEcc)

    def get_dna_data(self, index: int) -> DnaData:
        return self._data("get_dna_data", index, DnaData)

    def get_subdev_data(self, index: int, length: int) -> bytes:
        return self._buffer("get_subdev_data", index, length)

    def user_probe(self, index: int) -> ConnResp:
        return self._data("user_probe", index, ConnResp)

    def program_shell(self, index: int) -> int:
        return self._int("program_shell", index)

    def read_p2p_bar_addr(self, index: int, addr: P2pBarAddr) -> int:
        return self._int("read_p2p_bar_addr", index, addr.pack())

    def _present(self, name: str, prototype: Any) -> Any:
        hook = self._library.hook(name, prototype)
        return absent(name) if hook is None else hook

    def _int(self, name: str, index: int, argument: bytes | None = None) -> int:
        """A hook that answers with a number. One that fails but set a negative number means that one."""
        response = c_int(0)
        if argument is None:
            result = self._present(name, _INT_HOOK)(index, byref(response))
        else:
            hook = self._present(name, _INT_HOOK_IN)
            copy = (c_char * len(argument)).from_buffer_copy(argument)
            result = hook(index, ctypes.addressof(copy), byref(response))
        if response.value >= 0:
            _check(name, result)
        return response.value

    def _data(self, name: str, index: int, kind: type[_W]) -> _W:
        hook = self._present(name, _DATA_HOOK)
        buffer = ctypes.create_string_buffer(kind.SIZE)
        _check(name, hook(index, ctypes.addressof(buffer)))
        return kind.unpack(buffer.raw)

    def _buffer(self, name: str, index: int, length: int) -> bytes:
        hook = self._present(name, _BUFFER_HOOK)
        buffer = ctypes.create_string_buffer(length)
        _check(name, hook(index, ctypes.addressof(buffer), length))
        return buffer.raw


class CMsdPlugin(MsdPlugin):
    """An MSD plugin of the C interface."""

    def __init__(self, path: str) -> None:
        self._library = _Library(path, MsdCallbacks())

    def init(self, context: PluginContext) -> None:
        self._library.start()

    def fini(self) -> None:
        self._library.stop()

    def retrieve_xclbin(self, orig: bytes) -> bytes:
        """The image is copied and then given back (the plugin's `done` callback), before any download.

        Raises the hook's error, EINVAL for an image that is not there or longer than a frame can be.
        """
        hook = self._library.hook("retrieve_xclbin", _RETRIEVE)
        if hook is None:
            return orig
        copy = (c_char * len(orig)).from_buffer_copy(orig)
        image, length, done, argument = c_void_p(), c_size_t(), c_void_p(), c_void_p()
        result = hook(
            ctypes.addressof(copy), len(orig), byref(image), byref(length), byref(done), byref(argument)
        )
        _check("retrieve_xclbin", result)
        try:
            if not image.value or not 0 < length.value <= MAX_FRAME:
                raise fail(errno.EINVAL, f"the plugin retrieved an image of {length.value} bytes")
            return ctypes.string_at(image.value, length.value)
        finally:
            if done.value:
                _DONE(done.value)(argument.value, image.value, length.value)


def _address(library: ctypes.CDLL, name: str) -> int:
    try:
        function = getattr(library, name)
    except AttributeError:
        raise fail(errno.EINVAL, f"it has no function {name}") from None
    return ctypes.cast(function, c_void_p).value or 0


def _check(name: str, result: int) -> None:
    """Raises what a hook returned: a negative errno, or EIO for a positive number, which has no meaning."""
    if result:
        raise fail(-result if result < 0 else errno.EIO, f"{name} of the plugin answered {result}")


def _frames(data: bytes) -> list[bytes]:
    """Back-to-back frames. Raises EINVAL for a part of one."""
    frames = []
    while data:
        end = FRAME_HEADER + int.from_bytes(data[:8], "little")
        if len(data) < end:
            raise fail(errno.EINVAL, f"the plugin wrote {len(data)} bytes of a message of {end}")
        frames.append(data[:end])
        data = data[end:]
    return frames
