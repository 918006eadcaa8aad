# SPDX-License-Identifier: Apache-2.0
"""xclbins from compute units and from image.toml: slots, sections, metadata, and what is refused."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pydriver.xclbin import Axlf, SectionKind, parse
from pydriver.xclbin.kinds import IpControl
from pydriver.xocl.kds.units import units_of
from tests.models.config_engine import ConfigEngine
from tools.bitgen import unpack
from tools.image import ComputeUnit, Image, place, read_image
from tools.kernels import load
from tools.mkxclbin import DEMO, main, make_xclbin

XCLBINS = DEMO.parent


def slots_of(axlf: Axlf, card: int = 128) -> list[int]:
    """Kernel types that the image's bitstream puts into the slots of a card."""
    bit = axlf.bitstream()
    assert bit is not None
    engine = ConfigEngine(num_slots=card)
    for word in unpack(bit.data):
        engine.word(word)
    assert engine.done and engine.kernels is not None
    return engine.kernels


def test_every_image_is_consistent() -> None:
    """IP_LAYOUT, metadata, bitstream and interrupt ids of the project's images say the same."""
    folders = sorted(path.parent for path in XCLBINS.glob("*/image.toml"))
    assert {folder.name for folder in folders} >= {"demo", "mixed", "routes", "probes128"}
    for folder in folders:
        axlf = parse(make_xclbin(folder))
        kernels = {kernel.name: load(XCLBINS.parent / "kernels" / kernel.name) for kernel in axlf.kernels()}
        expected = [0] * 128
        bases = {f"{k.name}:{i.name}": i.base for k in axlf.kernels() for i in k.instances}
        order = sorted(ip.base for ip in axlf.ip_layout())
        for ip in axlf.ip_layout():
            slot, rest = divmod(ip.base - 0x1800000, 0x10000)
            kernel = kernels[ip.kernel_name]
            assert rest == 0 and ip.interrupt_id == order.index(ip.base) and bases[ip.name] == ip.base
            assert ip.control == kernel.protocol.ip_control
            assert ip.interrupt_enabled == kernel.interrupt
            expected[slot] = kernel.type_id
        assert slots_of(axlf) == expected, folder.name


def test_probes_on_the_fly() -> None:
    for count in (1, 4, 91, 92, 128):
        axlf = parse(make_xclbin([ComputeUnit("probe")] * count))
        names = [ip.name for ip in axlf.ip_layout()]
        assert names == [f"probe:probe_{n}" for n in range(1, count + 1)]
        assert slots_of(axlf) == [6] * count + [0] * (128 - count)
        assert axlf.section(SectionKind.CONNECTIVITY) is not None


def test_kernels_that_need_a_full_slot_take_the_first() -> None:
    units = [ComputeUnit("probe"), ComputeUnit("vadd"), ComputeUnit("probe", slot=1), ComputeUnit("route")]
    assert [unit.slot for unit in place(Image(units))] == [3, 0, 1, 2]
    assert [unit.name for unit in place(Image(units))] == ["probe_1", "vadd_1", "probe_2", "route_1"]


def test_memory_of_each_argument() -> None:
    memory = {"a": ["bank0", "bank1"], "out": "PLRAM[0]"}
    axlf = parse(make_xclbin([ComputeUnit("probe"), ComputeUnit("vadd", "adder", memory=memory)]))
    found = [(c.arg_index, c.ip_index, c.mem_index) for c in axlf.connectivity()]
    assert found == [(0, 1, 0), (0, 1, 1), (1, 1, 0), (2, 1, 2)]


def test_descriptors_are_in_plram() -> None:
    """Argument 4 is the one that the adapter adds to vadd's, which leads to the descriptors."""
    elsewhere = {"a": "bank1", "nextDescriptorAddr": "bank1"}
    units = [
        ComputeUnit("vadd_fa"),
        ComputeUnit("vadd_fa", memory="bank1"),
        ComputeUnit("vadd_fa", memory={"a": "bank1"}),
        ComputeUnit("vadd_fa", memory=elsewhere),
    ]
    axlf = parse(make_xclbin(units))
    assert [c.mem_index for c in axlf.connectivity() if c.arg_index == 0] == [0, 1, 1, 1]
    assert [c.mem_index for c in axlf.connectivity() if c.arg_index == 4] == [2, 2, 2, 1]
    assert axlf.mem_topology()[2].tag == "PLRAM[0]"
    assert axlf.kernels()[0].args[4].name == "nextDescriptorAddr"


def test_metadata_says_what_the_kernel_can() -> None:
    axlf = parse(make_xclbin(XCLBINS / "mixed"))
    kernels = {kernel.name: kernel for kernel in axlf.kernels()}
    route = kernels["route"]
    assert route.attributes["mailbox"] == "inout"
    assert route.attributes["countedAutoRestart"] == "1"
    assert route.attributes["swReset"] == "true"
    assert kernels["probe_chain"].attributes["hwControlProtocol"] == "ap_ctrl_chain"
    assert "mailbox" not in kernels["vadd"].attributes and "swReset" not in kernels["vadd"].attributes
    table = route.args[-1]
    assert (table.name, table.offset, table.size, table.address_qualifier) == ("table", 0x400, 1024, 0)
    assert [port.name for port in kernels["probe"].ports] == ["S_AXI_CONTROL"]
    assert {ip.kernel_name: ip.control for ip in axlf.ip_layout()}["fir"] == IpControl.AP_CTRL_CHAIN


def test_a_kernel_without_protocol_has_no_interrupt() -> None:
    (ip,) = parse(make_xclbin([ComputeUnit("probe_none", slot=7)])).ip_layout()
    assert (ip.control, ip.interrupt_enabled, ip.interrupt_id) == (IpControl.AP_CTRL_NONE, False, 0)


def test_interrupt_ids_have_no_gap() -> None:
    """Units anywhere: the id is the index that drivers and firmware give the unit, not its slot."""
    axlf = parse(make_xclbin([ComputeUnit("probe", slot=slot) for slot in (5, 0, 9, 2)]))
    assert [ip.interrupt_id for ip in axlf.ip_layout()] == [2, 0, 3, 1]
    assert [cu.address for cu in units_of(axlf)] == [0x1800000 + 0x10000 * slot for slot in (0, 2, 5, 9)]


@pytest.mark.parametrize(
    ("units", "match"),
    [
        ([ComputeUnit("mul")], "there is no kernel mul; known: vadd, reduce"),
        ([ComputeUnit("probe", slot=128)], "slot 128 of probe is outside 0..127"),
        ([ComputeUnit("probe", slot=3), ComputeUnit("vadd", slot=3)], "two compute units are in slot 3"),
        ([ComputeUnit("probe", "x"), ComputeUnit("vadd", "x")], "two compute units are called x"),
        ([ComputeUnit("probe")] * 129, "129 compute units, there are 128 slots"),
        ([ComputeUnit("vadd", memory="bank7")], "there is no memory bank7; known: bank0, bank1"),
        ([ComputeUnit("vadd", memory={"n": "bank0"})], "n is no buffer of vadd"),
    ],
)
def test_wrong_units_are_refused(units: list[ComputeUnit], match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        make_xclbin(units)
    assert caught.value.errno == errno.EINVAL


UNIT = '[[compute_unit]]\nkernel = "vadd"\n'


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("x = [", "not valid TOML"),
        ("", "compute_unit: is missing"),
        (f'colour = "red"\n{UNIT}', "colour: unknown key; there are: compute_unit, design"),
        (f"{UNIT}kind = 1", "compute_unit: kind: unknown key"),
        ("[[compute_unit]]\nslot = 1", "compute_unit: kernel: is missing"),
        (f'{UNIT}slot = "one"', "compute_unit: slot: must be int, not 'one'"),
        (f"{UNIT}slot = true", "compute_unit: slot: must be int, not True"),
        (f"{UNIT}memory = 3", "compute_unit: memory: must be a tag"),
        (f"{UNIT}count = 2\nslot = 1", "several units cannot share"),
        (
            f'{UNIT}[[memory]]\ntag = "m"\ntype = "MEM_TAPE"\n',
            "memory: type: 'MEM_TAPE' is no type of memory",
        ),
        (f'mode = "QUICK"\n{UNIT}', "mode 'QUICK' is none of"),
        (f'version = "2.13"\n{UNIT}', "version '2.13' is not three numbers"),
        (f"{UNIT}count = 0", "compute_unit: count: 0 is outside 1..128"),
        (f"{UNIT}memory = {{ a = 3 }}", "compute_unit: memory: a: must be a tag or a list of tags, not 3"),
        (f'{UNIT}name = "a:b"', "the compute unit 'a:b' must be called by letters"),
        ("compute_unit = [1]", r"compute_unit: write each one as a \[\[compute_unit\]\] table"),
        (f"memory = [3]\n{UNIT}", r"memory: write each one as a \[\[memory\]\] table"),
        (f'kernels = ["nowhere"]\n{UNIT}', "nowhere: there is no kernel.toml"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "image.toml").write_text(text)
    with pytest.raises(OSError, match=match) as caught:
        make_xclbin(tmp_path)
    assert caught.value.errno == errno.EINVAL


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "out"), "--spec", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"mkxclbin: {tmp_path / 'image.toml'}: No such file or directory\n"


def test_image_file(tmp_path: Path) -> None:
    memory = '[[memory]]\ntag = "HBM[0]"\ntype = "MEM_HBM"\nbase = 0x1000\nsize_kb = 64\n'
    unit = f'{UNIT}memory = "HBM[0]"\ncount = 2\n'
    (tmp_path / "image.toml").write_text(f'design = "mine"\nfeature_rom_timestamp = 7\n{memory}{unit}')
    image = read_image(tmp_path / "image.toml")
    assert [unit.name for unit in place(image)] == ["vadd_1", "vadd_2"]
    axlf = parse(make_xclbin(tmp_path))
    assert axlf.feature_rom_timestamp == 7
    assert [(bank.tag, bank.base, bank.size_kb) for bank in axlf.mem_topology()] == [("HBM[0]", 0x1000, 64)]
