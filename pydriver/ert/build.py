# SPDX-License-Identifier: Apache-2.0
"""Builders of ERT packets (XRT ERT contract §1.1). Each returns the packet's bytes, header in state NEW."""

from __future__ import annotations

from collections.abc import Sequence

from pydriver.ert.packet import (
    EXIT_COMMAND,
    Feature,
    Header,
    Opcode,
    Type,
    size_with_timestamps,
    to_bytes,
    to_words,
)


def start_kernel(
    cu_mask: int, regmap: Sequence[int], extra_masks: Sequence[int] = (), *, stat_enabled: bool = False
) -> bytes:
    """START_CU. `regmap`: register words from CU offset 0x0 on, so arguments start at index 4.

    `extra_masks`: mask words for CUs 32 and up. Time stamps are appended, zeroed, when `stat_enabled`.
    """
    return _start(Opcode.START_CU, cu_mask, extra_masks, regmap, stat_enabled)


def start_key_val(
    cu_mask: int,
    pairs: Sequence[tuple[int, int]],
    extra_masks: Sequence[int] = (),
    *,
    stat_enabled: bool = False,
) -> bytes:
    """START_KEY_VAL. `pairs`: (byte offset in the CU, value)."""
    return _start(Opcode.START_KEY_VAL, cu_mask, extra_masks, _flat(pairs), stat_enabled)


def exec_write(
    cu_mask: int,
    pairs: Sequence[tuple[int, int]],
    extra_masks: Sequence[int] = (),
    *,
    stat_enabled: bool = False,
) -> bytes:
    """EXEC_WRITE: six reserved words, then the pairs (byte offset in the CU, value)."""
    return _start(Opcode.EXEC_WRITE, cu_mask, extra_masks, [0] * 6 + _flat(pairs), stat_enabled)


def start_fa(cu_mask: int, descriptor: Sequence[int], extra_masks: Sequence[int] = ()) -> bytes:
    """START_FA. `descriptor`: words of the fast adapter's descriptor."""
    return _start(Opcode.START_FA, cu_mask, extra_masks, descriptor, False)


def init_kernel(
    cu_mask: int,
    regmap: Sequence[int],
    extra_masks: Sequence[int] = (),
    *,
    run_timeout_us: int = 0,
    reset_timeout_us: int = 0,
    update_rtp: bool = False,
) -> bytes:
    """INIT_CU. The time-outs are in microseconds, 0 is none."""
    payload = [run_timeout_us, reset_timeout_us, *[0] * 6, cu_mask, *extra_masks, *regmap]
    return _packet(Header.start(Opcode.INIT_CU, len(payload), len(extra_masks), update_rtp), payload)


def start_copybo(src: int, dst: int, size: int, src_handle: int, dst_handle: int) -> bytes:
    """START_COPYBO, 80 bytes. `src`, `dst`: byte offsets in the buffers; `size` in bytes."""
    payload = [0] * 8
    payload += [*_low_high(src), src_handle, *_low_high(dst), dst_handle, *_low_high(size)]
    header = Header(Opcode.START_COPYBO, Type.DEFAULT, len(payload), custom=3 << 6)
    # The C structure ends with an aligned pointer for the driver's own use.
    return _packet(header, payload) + bytes(12)


def configure(
    slot_size: int,
    cu_addresses: Sequence[int],
    features: Feature | int,
    *,
    cu_base: int | None = None,
    cu_shift: int = 16,
) -> bytes:
    """CONFIGURE. `slot_size` in bytes; `cu_addresses` as the firmware's bus sees them, in CU index order.

    `cu_base` defaults to the lowest address.
    """
    base = min(cu_addresses, default=0) if cu_base is None else cu_base
    payload = [slot_size, len(cu_addresses), cu_shift, base, int(features), *cu_addresses]
    return _packet(Header(Opcode.CONFIGURE, Type.CTRL, len(payload)), payload)


def configure_sk(images: Sequence[tuple[int, int, str]]) -> bytes:
    """SK_CONFIG. `images`: (first CU index, number of CUs, name of at most 19 characters)."""
    payload = [len(images)]
    for start, count, name in images:
        payload += [start, count, *to_words(name.encode().ljust(20, b"\0"))]
    return _packet(Header(Opcode.SK_CONFIG, Type.CTRL, len(payload)), payload)


def exit_() -> bytes:
    """EXIT, one word: 0x01800001."""
    return to_bytes([EXIT_COMMAND])


def abort(exec_bo_handle: int) -> bytes:
    """ABORT of the command in a buffer: 16 bytes, the 64-bit handle at offset 8."""
    return _packet(Header(Opcode.ABORT, Type.CTRL, 3), [0, *_low_high(exec_bo_handle)])


def abort_slot(slot: int) -> bytes:
    """ABORT in the firmware's own form: the slot index lies in header bits [22:15]."""
    if not 0 <= slot < 128:
        raise ValueError(f"slot {slot} is not in 0..127")
    return to_bytes([Header(Opcode.ABORT, Type.CTRL, slot << 3).pack()])


def cu_stat() -> bytes:
    """CU_STAT, one word; the reply overwrites the slot (see `pydriver.ert.reply`)."""
    return to_bytes([Header(Opcode.CU_STAT, Type.CTRL).pack()])


def clk_calib() -> bytes:
    """CLK_CALIB; the firmware answers with a time stamp."""
    return _packet(Header(Opcode.CLK_CALIB, Type.CTRL, 5), [0] * 5)


def mb_validate() -> bytes:
    """MB_VALIDATE, 24 bytes; the reply holds access times in cycles."""
    return _packet(Header(Opcode.MB_VALIDATE, Type.CTRL, 5), [0] * 5)


def access_test_c() -> bytes:
    """ACCESS_TEST_C, 32 bytes."""
    return _packet(Header(Opcode.ACCESS_TEST_C, Type.CTRL, 7), [0] * 7)


def slot_words(packet: bytes, cu_index: int | None = None) -> list[int]:
    """Words the host writes to a command queue slot for a packet (XRT ERT contract §4).

    For the start commands word 1 becomes the CU index the driver chose; EXEC_WRITE loses its six reserved
    words. Word 0 must be written last. Raises ValueError when a start command comes without a CU index.
    """
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    words = to_words(packet[: 4 + 4 * header.count])
    if header.type == Type.CU and header.opcode in (Opcode.START_CU, Opcode.EXEC_WRITE, Opcode.START_KEY_VAL):
        if cu_index is None:
            raise ValueError("a start command needs the index of the CU chosen for it")
        masks = 1 + header.extra_cu_masks
        if header.opcode == Opcode.EXEC_WRITE:
            del words[1 + masks : 1 + masks + 6]
            words[0] = Header(
                header.opcode, header.type, header.count - 6, header.state, header.custom
            ).pack()
        words[1] = cu_index
    return words


def _start(
    opcode: Opcode, cu_mask: int, extra_masks: Sequence[int], data: Sequence[int], stat_enabled: bool
) -> bytes:
    payload = [cu_mask, *extra_masks, *data]
    header = Header.start(opcode, len(payload), len(extra_masks), stat_enabled)
    return _packet(header, payload)


def _packet(header: Header, payload: Sequence[int]) -> bytes:
    data = to_bytes([header.pack(), *payload])
    return data.ljust(size_with_timestamps(header), b"\0")


def _flat(pairs: Sequence[tuple[int, int]]) -> list[int]:
    return [word for pair in pairs for word in pair]


def _low_high(value: int) -> tuple[int, int]:
    return value & 0xFFFFFFFF, value >> 32
