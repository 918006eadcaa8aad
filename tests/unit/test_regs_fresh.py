# SPDX-License-Identifier: Apache-2.0
"""Registers: the generated files are fresh, agree with the contracts, and the tool refuses what is wrong."""

import re
import shutil
from pathlib import Path

import pytest

from pydriver.regs import (
    RegBlock,
    axi_gate,
    calib_gpio,
    device_mem,
    ert_csr,
    feature_rom,
    find_window,
    hwicap,
    mailbox,
    mb_bus,
    mb_reset_gpio,
    mgmt_bar,
    user_bar,
    user_mem_bar,
)
from pydriver.regs.types import Field
from tools import regs
from tools.kernels.generate import project_files

# Typed from the contracts, not from the descriptions.
OFFSETS = {
    mailbox: {
        "WRDATA": 0x00, "RDDATA": 0x08, "STATUS": 0x10, "ERROR": 0x14, "SIT": 0x18, "RIT": 0x1C, "IS": 0x20,
        "IE": 0x24, "IP": 0x28, "CTRL": 0x2C,
    },
    hwicap: {
        "GIER": 0x1C, "ISR": 0x20, "IER": 0x28, "WF": 0x100, "RF": 0x104, "SZ": 0x108, "CR": 0x10C,
        "SR": 0x110, "WFV": 0x114, "RFO": 0x118, "ASR": 0x11C,
    },
    axi_gate: {"WR": 0x0, "RD": 0x8},
    calib_gpio: {"DATA": 0x0},
    mb_reset_gpio: {"DATA": 0x0},
    feature_rom: {
        "MAGIC": 0, "VERSION": 4, "VIVADO_BUILD": 8, "IP_BUILD": 12, "TIME_LO": 16, "TIME_HI": 20, "PART": 24,
        "VBNV": 88, "DDR": 152, "DR_BASE_LO": 160, "FEATURES_LO": 168, "UUID": 176, "HBM": 192,
        "CDMA_BASE": 196,
    },
    ert_csr: {
        "STATUS0": 0x00, "STATUS1": 0x04, "STATUS2": 0x08, "STATUS3": 0x0C, "CU_DMA_ENABLE": 0x18,
        "CQ_SLOT_SIZE": 0x2C, "CU_OFFSET": 0x30, "CQ_NUM_SLOTS": 0x34, "CU_BASE": 0x38, "CQ_BASE": 0x3C,
        "CU_ISR_ENABLE": 0x40, "CU_STATUS0": 0x44, "CQ_STATUS_ENABLE": 0x54, "CQ_STATUS0": 0x58,
        "CQ_STATUS3": 0x64, "NUM_CUS": 0x68, "HOST_INTERRUPT_ENABLE": 0x100, "CUDMA_STATE": 0x318,
        "CUISR_STATE": 0x328, "CUISR_LUT": 0x400,
    },
}  # fmt: skip

WINDOWS = {
    mgmt_bar: {
        "HWICAP": 0x020000, "AXI_GATE": 0x030000, "CALIB_GPIO": 0x032000, "FEATURE_ROM": 0x0B0000,
        "MB_RESET_GPIO": 0x131000, "CMC_IMAGE": 0x140000, "SCHED_IMAGE": 0x160000, "ERT_CSR": 0x180000,
        "ERT_CQ": 0x190000, "MAILBOX": 0x210000,
    },
    user_bar: {
        "FEATURE_ROM": 0x0B0000, "ERT_CSR": 0x180000, "ERT_CQ": 0x190000, "MAILBOX": 0x200000,
        "CU0": 0x1800000, "CU3": 0x1830000,
    },
    mb_bus: {
        "SCHED_IMAGE": 0x0, "ERT_CSR": 0x180000, "ERT_CQ": 0x190000, "CU0": 0x1800000, "INTC": 0x41200000,
    },
    user_mem_bar: {"DDR0": 0x0, "DDR1": 0x4000000, "PLRAM": 0x8000000},
    device_mem: {"PLRAM": 0x30_0000_0000, "DDR0": 0x40_0000_0000, "DDR1": 0x50_0000_0000},
}  # fmt: skip

TOY = """
`include "udp.rdl"
addrmap toy {
  name = "Toy";
  default regwidth = 32;
  reg { field { sw = rw; hw = r; reset = 5; } LOW[3:0]; field { sw = r; onread = rclr; reset = 0; } HIGH[31:16]; } A @ 0x0;
  reg { keyhole; field { sw = w; } VALUE[31:0]; } PORT @ 0x4;
  regfile { reg { field { sw = rw; onwrite = wot; reset = 0; } BIT[0:0]; } X; reg { side_effect; field { sw = rw; pulse; } GO[1:0]; } Y; }
    UNIT[3] @ 0x20 += 0x10;
};
"""  # noqa: E501


def name_of(module: object) -> str:
    return module.__name__.rsplit(".", 1)[-1]  # type: ignore[attr-defined]


def test_generated_files_are_fresh() -> None:
    from_kernels, kernel_errors = project_files(regs.ROOT)
    blocks, errors = regs.load(regs.ROOT / regs.RDL_DIR)
    assert not kernel_errors + errors, "\n".join(kernel_errors + errors)
    files = {**from_kernels, **regs.render(blocks)}
    assert regs.stale(regs.ROOT, files) == [], "run python -m tools.regs"


@pytest.mark.parametrize("module", OFFSETS, ids=name_of)
def test_offsets_are_the_contracts(module) -> None:
    registers = {}
    for register in module.REGISTERS:
        registers[register.name] = register.offset
        registers.setdefault(re.sub(r"\d+$", "", register.name), register.offset)
    for name, offset in OFFSETS[module].items():
        assert registers[name] == offset, name


@pytest.mark.parametrize("module", WINDOWS, ids=name_of)
def test_windows_are_the_contracts(module) -> None:
    windows = {w.name: w.base for w in module.WINDOWS}
    for name, base in WINDOWS[module].items():
        assert windows[name] == base, name


def test_sizes_and_bits_are_the_contracts() -> None:
    assert feature_rom.SIZE == 216
    assert mailbox.SIZE == 0x30
    assert mgmt_bar.ERT_CQ.size == 64 << 10
    assert mgmt_bar.SCHED_IMAGE.size == mgmt_bar.CMC_IMAGE.size == mb_bus.SCHED_IMAGE.size == 128 << 10
    assert [w.size for w in user_bar.CU] == [64 << 10] * 128
    assert device_mem.DDR0.size == 16 << 20
    assert device_mem.PLRAM.size == 128 << 10
    status = mailbox.STATUS
    assert [status.EMPTY.mask, status.FULL.mask, status.STA.mask, status.RTA.mask] == [1, 2, 4, 8]
    assert status.reset == 5
    assert feature_rom.MAGIC.reset == 0x786E6C78
    assert dict(axi_gate.WR.STATE.values) == {"ISOLATED": 0, "RELEASING": 2, "OPEN": 3}
    assert hwicap.GIER.GIE.lsb == 31


@pytest.mark.parametrize("module", [*OFFSETS, *WINDOWS], ids=name_of)
def test_systemverilog_and_python_agree(module) -> None:
    name = name_of(module)
    sv_dir = regs.ROOT / regs.SV_DIR
    path = next(p for p in (sv_dir / f"{name}_regs_pkg.sv", sv_dir / f"{name}_pkg.sv") if p.exists())
    found = re.findall(r"localparam \[\d+:0\] (\w+) = \d+'h([0-9A-F]+);", path.read_text())
    constants = {key: int(value, 16) for key, value in found}
    for register in getattr(module, "REGISTERS", ()):
        if f"{register.name}_OFFSET" in constants:
            assert constants[f"{register.name}_OFFSET"] == register.offset
        if f"{register.name}_RESET" in constants:
            assert constants[f"{register.name}_RESET"] == register.reset
            for field in register.fields:
                assert constants[f"{register.name}_{field.name}_LSB"] == field.lsb
                assert constants[f"{register.name}_{field.name}_WIDTH"] == field.width
    for window in getattr(module, "WINDOWS", ()):
        if f"{window.name}_BASE" in constants:
            assert constants[f"{window.name}_BASE"] == window.base
            assert constants[f"{window.name}_SIZE"] == window.size


def test_fields_pack_and_refuse() -> None:
    field = Field("MODE", 4, 3, "rw")
    assert field.mask == 0x70
    assert field.put(5) == 0x50
    assert field.get(0xFFFFFF5F) == 5
    with pytest.raises(ValueError, match="MODE"):
        field.put(8)
    with pytest.raises(AttributeError, match="NOTHING"):
        _ = mailbox.STATUS.NOTHING
    assert mailbox.STATUS.describe(0x3) == "0x00000003 EMPTY=1 FULL=1 STA=0 RTA=0"
    assert axi_gate.WR.describe(3) == "0x00000003 STATE=OPEN"


def test_windows_are_found_by_address() -> None:
    assert find_window(mgmt_bar.WINDOWS, 0x190004) == mgmt_bar.ERT_CQ
    assert find_window(mgmt_bar.WINDOWS, 0x1A0000) is None


def test_a_register_outside_its_window_is_refused() -> None:
    block = RegBlock(bar=None, window=mgmt_bar.MAILBOX)  # type: ignore[arg-type]
    assert block.address(mailbox.CTRL) == 0x21002C
    small = RegBlock(bar=None, window=type(mgmt_bar.MAILBOX)("SMALL", 0, 0x10))  # type: ignore[arg-type]
    with pytest.raises(IndexError, match="CTRL"):
        small.address(mailbox.CTRL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one description."""
    directory = tmp_path / regs.RDL_DIR
    directory.mkdir(parents=True)
    shutil.copy(regs.ROOT / regs.RDL_DIR / "udp.rdl", directory)
    (directory / "toy.rdl").write_text(TOY)
    return tmp_path


def test_generation_is_complete_and_repeatable(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert regs.main(["--root", str(project)]) == 0
    assert regs.main(["--root", str(project), "--check"]) == 0
    capsys.readouterr()
    assert regs.main(["--root", str(project)]) == 0
    assert capsys.readouterr().out == "", "the second run wrote something"
    sv = (project / regs.SV_DIR / "toy_regs_pkg.sv").read_text()
    assert "A_RESET = 32'h00000005;" in sv
    assert "UNIT_Y_OFFSET = 32'h00000024;" in sv
    assert "UNIT2_X_OFFSET = 32'h00000040;" in sv
    block: dict[str, object] = {}
    exec((project / regs.PY_DIR / "toy.py").read_text(), block)
    assert [r.name for r in block["REGISTERS"]][2:5] == ["UNIT0_X", "UNIT1_X", "UNIT2_X"]  # type: ignore[attr-defined]
    port, go = block["PORT"], block["UNIT_Y"][1]  # type: ignore[index]
    assert port.keyhole and not port.readable  # type: ignore[attr-defined]
    assert go.side_effect and go.GO.has("pulse")


def test_stale_and_orphaned_files_are_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    regs.main(["--root", str(project)])
    source = project / regs.RDL_DIR / "toy.rdl"
    source.write_text(TOY.replace("PORT @ 0x4", "PORT @ 0x8"))
    capsys.readouterr()
    assert regs.main(["--root", str(project), "--check"]) == 1
    out = capsys.readouterr().out
    assert "stale: pydriver/regs/toy.py" in out
    assert "stale: hdl/regs/gen/toy_regs_pkg.sv" in out
    source.unlink()
    keep = project / regs.DOC_DIR / "README.md"
    keep.write_text("by hand")
    assert regs.main(["--root", str(project)]) == 0
    assert not (project / regs.PY_DIR / "toy.py").exists()
    assert keep.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("keyhole; field { sw = w; } VALUE[31:0]", "regwidth = 16; field {} VALUE[15:0]"), "32 bits wide"),
        (("} A @", "} a @"), "upper case"),
        (("} A @", "} SIZE @"), "reserved"),
        (("PORT @ 0x4", "PORT[2][2] @ 0x4"), "arrays of arrays"),
        (("keyhole;", "keyhol;"), "not valid SystemRDL"),
        (("PORT @ 0x4", "PORT @ 0x0"), "not valid SystemRDL"),
    ],
)
def test_wrong_descriptions_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], message: str
) -> None:
    (project / regs.RDL_DIR / "toy.rdl").write_text(TOY.replace(*change))
    assert regs.main(["--root", str(project)]) == 2
    assert message in capsys.readouterr().err
    assert not (project / regs.PY_DIR / "toy.py").exists()


def test_a_window_must_hold_its_block(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        '`include "udp.rdl"\naddrmap bar { name = "Bar"; default memwidth = 32;\n'
        'external mem { block = "toy"; mementries = %d; } TOY @ 0x100; };'
    )
    (project / regs.RDL_DIR / "bar.rdl").write_text(text % 4)
    assert regs.main(["--root", str(project)]) == 2
    assert "bar.TOY: 0x10 bytes, but toy has 0x50" in capsys.readouterr().err
    (project / regs.RDL_DIR / "bar.rdl").write_text(text % 64)
    assert regs.main(["--root", str(project)]) == 0
    assert "TOY_MASK = 32'hFFFFFF00;" in (project / regs.SV_DIR / "bar_pkg.sv").read_text()
