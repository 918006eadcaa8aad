# SPDX-License-Identifier: Apache-2.0
"""Packet layouts, validity rules and register addresses against the C header of libxrt-dev (`xrt/ert.h`)."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from pydriver import ert
from pydriver.ert import Feature, Header, Opcode, State, Type
from pydriver.regs import ert_csr, mb_bus, mb_intc
from tb.runner import BUILD
from tests.interop.native import unavailable

SOURCE = Path(__file__).with_name("ert_layout.c")
INCLUDE = Path("/usr/include/xrt")


@pytest.fixture(scope="module")
def program() -> Path:
    if not (INCLUDE / "ert.h").exists():
        unavailable("the Debian package libxrt-dev with xrt/ert.h is not installed")
    compiler = shutil.which("gcc")
    if compiler is None:
        unavailable("no C compiler to look at xrt/ert.h with")
    digest = hashlib.sha256(SOURCE.read_bytes() + (INCLUDE / "ert.h").read_bytes()).hexdigest()[:12]
    target = BUILD / "interop" / f"ert_layout-{digest}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(".part")
        command = [compiler, "-std=gnu11", f"-I{INCLUDE}", "-o", str(scratch), str(SOURCE)]
        subprocess.run(command, check=True, timeout=60)
        scratch.rename(target)
    return target


@pytest.fixture(scope="module")
def header(program: Path) -> dict[str, int]:
    """Every fact of the header by name."""
    out = subprocess.run([program], check=True, capture_output=True, text=True, timeout=10).stdout
    return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in out.splitlines())}


def judge(program: Path, packets: list[bytes]) -> list[tuple[bool, int, int]]:
    """(valid, size with time stamps, offset of the time stamps) of each packet, as the C code sees it."""
    arguments = [packet.hex() for packet in packets]
    out = subprocess.run([program, *arguments], check=True, capture_output=True, text=True, timeout=30).stdout
    rows = [line.split() for line in out.splitlines()]
    assert len(rows) == len(packets)
    return [(bool(int(valid)), int(size), int(offset)) for valid, size, offset in rows]


def test_header_fields(header: dict[str, int]) -> None:
    for name in ("state", "custom", "count", "opcode", "type"):
        base = {"state": 0, "custom": 0, "count": 0, "opcode": 0, "type": 0}
        mask = header[f"mask.ert_packet.{name}"]
        full = base | {name: mask >> (mask & -mask).bit_length() - 1}
        assert Header(**full).pack() == mask, name
        assert Header.unpack(mask) == Header(**full), name
    start = Header.start(0, 0, extra_cu_masks=3).with_state(0).pack() & 0x0FFFFFFF
    assert start == header["mask.ert_start_kernel_cmd.extra_cu_masks"]
    start = Header.start(0, 0, stat_enabled=True).with_state(0).pack() & 0x0FFFFFFF
    assert start == header["mask.ert_start_kernel_cmd.stat_enabled"]
    assert Header.unpack(header["mask.ert_init_kernel_cmd.update_rtp"]).update_rtp


@pytest.mark.parametrize("feature", list(Feature))
def test_features(header: dict[str, int], feature: Feature) -> None:
    assert feature.name is not None
    assert header[f"mask.ert_configure_cmd.{feature.name.lower()}"] == feature


def test_enumerations(header: dict[str, int]) -> None:
    for state in State:
        assert header[f"ERT_CMD_STATE_{state.name}"] == state
    for opcode in Opcode:
        assert header[f"ERT_{opcode.name}"] == opcode
    for kind in Type:
        assert header[f"ERT_{kind.name}"] == kind
    assert header["ERT_CMD_STATE_MAX"] == ert.STATE_MAX
    assert header["ERT_EXIT_CMD"] == ert.EXIT_COMMAND == int.from_bytes(ert.exit_(), "little")
    assert header["ERT_EXIT_CMD_OP | ERT_EXIT_ACK"] == ert.EXIT_ACKNOWLEDGED
    assert header["sizeof.cu_cmd_state_timestamps"] == 8 * ert.STATE_MAX


def at(packet: bytes, offset: int) -> int:
    """The word at a byte offset."""
    return int.from_bytes(packet[offset : offset + 4], "little")


def test_packet_layouts(header: dict[str, int]) -> None:
    start = ert.start_kernel(0xAA, [0, 0, 0, 0, 0xBB], (1, 2))
    assert at(start, header["offsetof.ert_start_kernel_cmd.cu_mask"]) == 0xAA
    assert at(start, header["offsetof.ert_start_kernel_cmd.data"] + 4 * (2 + 4)) == 0xBB

    init = ert.init_kernel(0xAA, [0, 0, 0, 0, 0xBB], run_timeout_us=11, reset_timeout_us=22)
    assert at(init, header["offsetof.ert_init_kernel_cmd.cu_run_timeout"]) == 11
    assert at(init, header["offsetof.ert_init_kernel_cmd.cu_reset_timeout"]) == 22
    assert at(init, header["offsetof.ert_init_kernel_cmd.cu_mask"]) == 0xAA
    assert at(init, header["offsetof.ert_init_kernel_cmd.data"] + 16) == 0xBB

    configure = ert.configure(0x800, [0x1800000, 0x1810000], Feature.ERT, cu_shift=17)
    for name, value in (("slot_size", 0x800), ("num_cus", 2), ("cu_shift", 17), ("cu_base_addr", 0x1800000)):
        assert at(configure, header[f"offsetof.ert_configure_cmd.{name}"]) == value
    assert at(configure, header["offsetof.ert_configure_cmd.data"] + 4) == 0x1810000

    images = ert.configure_sk([(0, 1, "one"), (1, 2, "two")])
    second = header["offsetof.ert_configure_sk_cmd.image"] + header["sizeof.config_sk_image"]
    assert at(images, header["offsetof.ert_configure_sk_cmd.num_image"]) == 2
    assert (at(images, second), at(images, second + 4)) == (1, 2)
    assert images[second + 8 : second + 11] == b"two"

    copy = ert.start_copybo(0x1_0000_0040, 0x2_0000_0080, 0x100, 7, 9)
    assert len(copy) == header["sizeof.ert_start_copybo_cmd"]
    fields = {"src_addr_lo": 0x40, "src_bo_hdl": 7, "dst_addr_lo": 0x80, "dst_bo_hdl": 9, "size": 0x100}
    for name, value in fields.items():
        assert at(copy, header[f"offsetof.ert_start_copybo_cmd.{name}"]) == value
    assert at(copy, header["offsetof.ert_start_copybo_cmd.src_addr_lo"] + 4) == 1

    assert len(ert.abort(5)) == header["sizeof.ert_abort_cmd"]
    assert at(ert.abort(5), header["offsetof.ert_abort_cmd.exec_bo_handle"]) == 5
    assert len(ert.mb_validate()) == header["sizeof.ert_validate_cmd"]
    assert len(ert.access_test_c()) == header["sizeof.ert_access_valid_cmd"]


def test_register_addresses(header: dict[str, int]) -> None:
    assert header["ERT_CQ_BASE_ADDR"] == mb_bus.ERT_CQ.base
    assert header["ERT_CQ_SIZE"] == mb_bus.ERT_CQ.size
    assert header["ERT_CSR_ADDR"] == mb_bus.ERT_CSR.base
    assert header["ERT_INTC_ADDR"] == mb_bus.INTC.base
    names = {
        "ERT_STATUS_REGISTER_ADDR0": ert_csr.STATUS0,
        "ERT_STATUS_REGISTER_ADDR3": ert_csr.STATUS3,
        "ERT_CU_DMA_ENABLE_ADDR": ert_csr.CU_DMA_ENABLE,
        "ERT_CU_DMA_REGISTER_ADDR0": ert_csr.CU_DMA0,
        "ERT_CU_DMA_REGISTER_ADDR3": ert_csr.CU_DMA3,
        "ERT_CQ_SLOT_SIZE_ADDR": ert_csr.CQ_SLOT_SIZE,
        "ERT_CU_OFFSET_ADDR": ert_csr.CU_OFFSET,
        "ERT_CQ_NUMBER_OF_SLOTS_ADDR": ert_csr.CQ_NUM_SLOTS,
        "ERT_CU_BASE_ADDRESS_ADDR": ert_csr.CU_BASE,
        "ERT_CQ_BASE_ADDRESS_ADDR": ert_csr.CQ_BASE,
        "ERT_CU_ISR_HANDLER_ENABLE_ADDR": ert_csr.CU_ISR_ENABLE,
        "ERT_CU_STATUS_REGISTER_ADDR0": ert_csr.CU_STATUS0,
        "ERT_CU_STATUS_REGISTER_ADDR3": ert_csr.CU_STATUS3,
        "ERT_CQ_STATUS_ENABLE_ADDR": ert_csr.CQ_STATUS_ENABLE,
        "ERT_CQ_STATUS_REGISTER_ADDR0": ert_csr.CQ_STATUS0,
        "ERT_CQ_STATUS_REGISTER_ADDR3": ert_csr.CQ_STATUS3,
        "ERT_NUMBER_OF_CU_ADDR": ert_csr.NUM_CUS,
        "ERT_HOST_INTERRUPT_ENABLE_ADDR": ert_csr.HOST_INTERRUPT_ENABLE,
        "ERT_CUDMA_STATE": ert_csr.CUDMA_STATE,
        "ERT_CUISR_STATE": ert_csr.CUISR_STATE,
        "ERT_CUISR_LUT_ADDR": ert_csr.CUISR_LUT[0],
    }
    for name, register in names.items():
        assert header[name] == mb_bus.ERT_CSR.base + register.offset, name
    for name in ("IPR", "IER", "IAR", "MER"):
        register = getattr(mb_intc, name)
        assert header[f"ERT_INTC_{name}_ADDR"] == mb_bus.INTC.base + register.offset


def test_validity_rules(program: Path) -> None:
    """Every opcode with counts around its limits, extra masks and inner counts: the C code is the judge."""
    packets = []
    for opcode in range(32):
        for count in [*range(20), 24, 31]:
            for extra in range(4):
                for inner in (0, 1, 2, 9):
                    word = Header(opcode, Type.CU, count, State.NEW, extra << 6).pack()
                    packets.append(ert.to_bytes([word, inner, inner, *[0] * 40]))
    for start in range(0, len(packets), 500):
        chunk = packets[start : start + 500]
        for packet, (valid, _, _) in zip(chunk, judge(program, chunk), strict=True):
            assert accepted(packet) == valid, Header.unpack(at(packet, 0))


def accepted(packet: bytes) -> bool:
    try:
        ert.validate(packet)
    except OSError:
        return False
    return True


def test_time_stamps(program: Path) -> None:
    rng = random.Random(1)
    packets = []
    for opcode in range(18):
        for _ in range(20):
            stat = rng.random() < 0.7
            word = Header(opcode, Type.CU, rng.randrange(100), State.NEW, int(stat)).pack()
            packets.append(ert.to_bytes([word]))
    for packet, (_, size, offset) in zip(packets, judge(program, packets), strict=True):
        header = Header.unpack(at(packet, 0))
        assert ert.size_with_timestamps(header) == size
        assert ert.timestamps_offset(header) == offset
