# SPDX-License-Identifier: Apache-2.0
"""What MPD answers when a plugin, and not MSD, handles the requests of a user function.

Each request has an answer of a fixed length; a hook that is absent or fails puts a negative errno into
its first four bytes and leaves the rest zero. A request that is too short, asks for more than any driver
does or holds an image with an impossible length is answered with the number alone, before any hook
sees it. Source: software mailbox contract §6.1 and §8, XRT mailbox contract §5.1.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from pydriver.errors import fail, result_code
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import (
    AXLF_SIZEOF,
    HEADER_SIZEOF,
    BoardInfo,
    ConnResp,
    DnaData,
    Group,
    IcapData,
    MigEcc,
    Opcode,
    P2pBarAddr,
    RequestMessage,
    SensorData,
    SubdevData,
    SubdevPeer,
    pack_int,
    unpack_request,
)
from pydriver.mailbox.wire import Wire

from .api import FreqScaling, MpdPlugin

RESPONSE = 1
"""Frame flag of an answer."""

INT_BYTES = 4
MIG_ENTRIES = 64
"""Memory controllers a card may have (XOCL_SUBDEV_MAX_INST)."""

SUBDEV_BYTES = SubdevData.SIZE + 512 * 1024
"""The most a user function asks for at once in PEER_DATA(SUBDEV)."""

_LENGTH_AT = 304
"""Offset of the image's length in its header."""

Log = Callable[[str], None]
_Hook = Callable[[], bytes]


def answer(plugin: MpdPlugin, index: int, request_frame: Frame, log: Log | None = None) -> Frame:
    """The response frame to a request of user function `index`: never raises for what the frame holds.

    A hook that raises anything but `OSError` is a broken one: EIO, and a line to `log` which has the
    exception's type and not its text.
    """
    try:
        length, hook = _plan(plugin, index, request_frame.payload)
    except OSError as error:
        payload = pack_int(result_code(error))
    else:
        payload = _run(length, hook, log)
    return Frame(flags=RESPONSE, id=request_frame.id, payload=payload)


def _run(length: int, hook: _Hook, log: Log | None) -> bytes:
    try:
        data = hook()
        if len(data) > length:
            raise fail(errno.EIO, f"the plugin answered {len(data)} bytes where {length} are asked")
    except OSError as error:
        data = pack_int(result_code(error))
    except Exception as error:
        if log is not None:
            log(f"a plugin hook broke: {type(error).__name__}")
        data = pack_int(-errno.EIO)
    return data[:length].ljust(length, b"\0")


def _plan(plugin: MpdPlugin, index: int, message: bytes) -> tuple[int, _Hook]:
    """The length of the answer and who makes it. Raises `OSError` for a malformed request."""
    request = unpack_request(message)
    if request is None:
        raise fail(errno.EINVAL, f"a request has {HEADER_SIZEOF} bytes at least, this one {len(message)}")
    match request.opcode:
        case Opcode.LOAD_XCLBIN:
            image = _image(request)
            return INT_BYTES, lambda: pack_int(plugin.load_xclbin(index, image))
        case Opcode.PEER_DATA:
            return _peer_data(plugin, index, SubdevPeer.unpack(_payload(request, SubdevPeer.SIZE)))
        case Opcode.USER_PROBE:
            return ConnResp.SIZE, lambda: _packed(plugin.user_probe(index))
        case Opcode.HOT_RESET:
            return INT_BYTES, lambda: pack_int(plugin.hot_reset(index))
        case Opcode.RECLOCK:
            freqs = FreqScaling.unpack(_payload(request, FreqScaling.SIZE))
            return INT_BYTES, lambda: pack_int(plugin.reclock2(index, freqs))
        case Opcode.PROGRAM_SHELL:
            return INT_BYTES, lambda: pack_int(plugin.program_shell(index))
        case Opcode.READ_P2P_BAR_ADDR:
            addr = P2pBarAddr.unpack(_payload(request, P2pBarAddr.SIZE))
            return INT_BYTES, lambda: pack_int(plugin.read_p2p_bar_addr(index, addr))
        case _:
            return INT_BYTES, lambda: pack_int(0)


def _peer_data(plugin: MpdPlugin, index: int, peer: SubdevPeer) -> tuple[int, _Hook]:
    match peer.kind:
        case Group.ICAP:
            return IcapData.SIZE, lambda: _packed(plugin.get_icap_data(index))
        case Group.SENSOR:
            return SensorData.SIZE, lambda: _packed(plugin.get_sensor_data(index))
        case Group.BDINFO:
            return BoardInfo.SIZE, lambda: _packed(plugin.get_board_info(index))
        case Group.MIG_ECC:
            size = _bounded(peer.entries, 1, MIG_ENTRIES, "memory controllers") * MigEcc.SIZE
            return size, lambda: plugin.get_mig_data(index, size)
        case Group.FIREWALL:
            return MigEcc.SIZE, lambda: _packed(plugin.get_firewall_data(index))
        case Group.DNA:
            return DnaData.SIZE, lambda: _packed(plugin.get_dna_data(index))
        case Group.SUBDEV:
            size = _bounded(peer.size, INT_BYTES, SUBDEV_BYTES, "bytes")
            return size, lambda: plugin.get_subdev_data(index, size)
        case _:
            raise fail(errno.ENOTSUP, f"there is no peer data of kind {peer.kind}")


def _packed(data: Wire) -> bytes:
    return data.pack()


def _payload(request: RequestMessage, size: int) -> bytes:
    if request.length < size:
        raise fail(errno.EINVAL, f"the request's payload has {request.length} bytes instead of {size}")
    return request.payload[:size]


def _bounded(count: int, least: int, most: int, what: str) -> int:
    """An answer has room for an errno, and it does not grow as the asker likes."""
    if not least <= count <= most:
        raise fail(errno.EINVAL, f"the request asks for {count} {what}, {least} to {most} can be asked for")
    return count


def _image(request: RequestMessage) -> bytes:
    if request.length < AXLF_SIZEOF:
        raise fail(errno.EINVAL, f"the request's image has {request.length} bytes, a header {AXLF_SIZEOF}")
    length = int.from_bytes(request.payload[_LENGTH_AT : _LENGTH_AT + 8], "little")
    if not AXLF_SIZEOF <= length <= request.length:
        raise fail(errno.EINVAL, f"the image says {length} bytes, {request.length} were sent")
    return request.payload[:length]
