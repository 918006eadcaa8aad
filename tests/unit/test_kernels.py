# SPDX-License-Identifier: Apache-2.0
"""Kernel descriptions: what is read, what is refused and how, and what is generated from them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pydriver.regs import cu_reduce, cu_route, cu_vadd
from tb import sources
from tools import regs
from tools.kernels import DescriptionError, Direction, Kind, Protocol, load, load_all, mux, registers
from tools.kernels.generate import mux_files, project_files, read_folder
from tools.kernels.modules import Port, read
from tools.kernels.own import prepare

KERNELS = sources.ROOT / "kernels"
SAXPY = sources.ROOT / "examples" / "saxpy"
HEAD = 'name = "thing"\ntitle = "Thing"\ntype = 200\n'
BUFFER = '[[argument]]\nname = "data"\nkind = "buffer"\noffset = 0x10\n'


def described(folder: Path, text: str) -> Path:
    (folder / "kernel.toml").write_text(text)
    return folder


def refusal(folder: Path, text: str) -> str:
    """The sentence that refuses the description; it begins with the file."""
    with pytest.raises(DescriptionError) as caught:
        load(described(folder, text))
    file, _, sentence = str(caught.value).partition(": ")
    assert file == str(folder / "kernel.toml")
    return sentence


def test_defaults(tmp_path: Path) -> None:
    kernel = load(described(tmp_path, HEAD))
    assert (kernel.module, kernel.protocol, kernel.mailbox) == ("krnl_thing", Protocol.HS, "none")
    assert not (kernel.memory or kernel.sw_reset or kernel.counted_auto_restart)
    assert kernel.light and kernel.interrupt and kernel.arguments == ()
    kernel = load(described(tmp_path, HEAD + BUFFER + '[[argument]]\nname = "n"\noffset = 0x1C\n'))
    assert kernel.memory and not kernel.light
    data, count = kernel.arguments
    assert (data.kind, data.size, data.type) == (Kind.BUFFER, 8, "uint*")
    assert (count.kind, count.direction, count.size, count.type) == (Kind.SCALAR, Direction.IN, 4, "uint")
    assert not load(described(tmp_path, HEAD + 'protocol = "none"\n')).interrupt


def test_a_fast_adapter_adds_an_argument(tmp_path: Path) -> None:
    """The last one, whose connection tells the driver where descriptors are (XRT's xocl_kds.c)."""
    kernel = load(described(tmp_path, HEAD + 'protocol = "fa"\n' + BUFFER))
    added = kernel.arguments[-1]
    assert (added.index, added.name, added.kind) == (1, "nextDescriptorAddr", Kind.BUFFER)
    assert (added.offset, added.size) == (0x1C, 8)
    alone = load(described(tmp_path, HEAD + 'protocol = "fa"\n'))
    assert alone.memory and [each.offset for each in alone.arguments] == [0x10]


def argument(text: str) -> str:
    return f'{HEAD}[[argument]]\nname = "x"\n{text}\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "not valid TOML"),
        ('title = "T"\ntype = 1', "name: is missing"),
        ('name = "Big"\ntitle = "T"\ntype = 1', "name: 'Big' must be lower case"),
        ('name = "x"\ntype = 1', "title: is missing"),
        ('name = "x"\ntitle = "T"', "type: is missing"),
        ('name = "x"\ntitle = "T"\ntype = 0', "type: 0 is outside 1..255"),
        ('name = "x"\ntitle = "T"\ntype = "one"', "type: must be a number, not 'one'"),
        (HEAD + "colour = 1", "colour: unknown key; there are: argument, counted_auto_restart, doc"),
        (HEAD + 'protocol = "quick"', "protocol: 'quick' is none of hs, chain, none, fa"),
        (HEAD + 'mailbox = "both"', "mailbox: 'both' is none of none, in, out, inout"),
        (HEAD + 'sw_reset = "yes"', "sw_reset: must be true or false, not 'yes'"),
        (HEAD + 'module = "two words"', "module: 'two words' is no name of a module"),
        (HEAD + "argument = 3", "argument: write each argument as an [[argument]] table"),
        (HEAD + "parameters = 3", "parameters: must be a table of numbers"),
        (HEAD + '[parameters]\nWIDTH = "8"', "parameters: WIDTH: must be a number, not '8'"),
        (HEAD + 'protocol = "none"\nmailbox = "in"', "protocol: protocol 'none' has no mailbox"),
        (HEAD + 'protocol = "none"\ninterrupt = true', "interrupt: a kernel without control protocol"),
        (
            HEAD + 'protocol = "fa"\nmemory = false',
            "memory: a fast adapter reads its descriptors from memory",
        ),
        (HEAD + "memory = true\nlight = true", "light: a kernel with a memory port"),
        (HEAD + "memory = false\n" + BUFFER, "argument data: kind: a buffer needs memory = true"),
        (HEAD + BUFFER + 'direction = "out"', "argument data: direction: the address"),
        (HEAD + BUFFER + "size = 4", "argument data: size: a buffer is a 64-bit address"),
        (argument("offset = 0x10\nwidth = 3"), "argument 1: width: unknown key"),
        (argument(""), "argument x: offset: is missing"),
        (argument("offset = 0x0C"), "argument x: offset: 0xc is below 0x10, the control words"),
        (argument("offset = 0x12"), "argument x: offset: 0x12 is not at a word"),
        (
            argument("offset = -4").replace("type", 'protocol = "none"\ntype'),
            "argument x: offset: -4 is below 0",
        ),
        (
            argument("offset = 0x10").replace('"x"', '"gie"'),
            "argument gie: name: its register GIE has a name that a",
        ),
        (
            argument("offset = 0x10").replace('"x"', '"size"'),
            "argument size: name: its register SIZE has a name",
        ),
        (
            HEAD + BUFFER + '[[argument]]\nname = "data_hi"\noffset = 0x20',
            "argument data_hi: name: its register DATA_HI has a name that argument data uses",
        ),
        (HEAD.replace("thing", "kernels"), "name: 'kernels' is a name that the region uses"),
        (HEAD + "[parameters]\nADDR_W = 12", "parameters: ADDR_W: the slot sets it"),
        (argument("offset = 0x10\nsize = 6"), "argument x: size: 6 bytes are no whole number of words"),
        (argument("offset = 0x10\nwords = 2"), "argument x: words: only an array has words"),
        (argument('offset = 0x10\nkind = "array"'), "argument x: words: is missing"),
        (
            argument('offset = 0x10\nkind = "array"\nwords = 2\nsize = 8'),
            "argument x: size: an array has words",
        ),
        (argument('offset = 0xFFF8\nkind = "array"\nwords = 3'), "argument x: offset: it ends at 0x10004"),
        (argument("offset = 0x10") + '[[argument]]\nname = "x"\noffset = 0x20', "argument x: two arguments"),
        (
            HEAD + BUFFER + '[[argument]]\nname = "n"\noffset = 0x14',
            "argument n: offset: 0x14 lies inside argument data, which ends at 0x18",
        ),
    ],
)
def test_wrong_descriptions_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal(tmp_path, text).startswith(sentence)


@pytest.mark.parametrize(
    ("extra", "first"),
    [("", 0x10), ("counted_auto_restart = true", 0x14), ('mailbox = "in"', 0x1C), ('mailbox = "out"', 0x1C)],
)
def test_arguments_follow_the_control_words(tmp_path: Path, extra: str, first: int) -> None:
    text = f'{HEAD}{extra}\n[[argument]]\nname = "x"\noffset = '
    assert load(described(tmp_path, f"{text}{first}")).first_argument == first
    assert refusal(tmp_path, f"{text}{first - 4}").startswith("argument x: offset")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"kernel\.toml: No such file"):
        load(tmp_path)
    with pytest.raises(DescriptionError, match=r"there is no kernel\.toml in it"):
        load_all([tmp_path])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('name = "vadd"\ntitle = "T"\ntype = 200', "name: 'vadd' is in use by .*vadd"),
        ('name = "mine"\ntitle = "T"\ntype = 2', "type: 2 is in use by .*reduce"),
    ],
)
def test_names_and_types_are_unique(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(DescriptionError, match=match):
        load_all([KERNELS, described(tmp_path, text)])
    with pytest.raises(DescriptionError, match=match):
        prepare(tmp_path)


def test_registers_are_the_contracts() -> None:
    """Offsets typed from the contract (xrt cu §7), not from the descriptions."""
    offsets = {r.name: r.offset for r in cu_vadd.REGISTERS}
    assert offsets["A_LO"] == 0x10 and offsets["B_HI"] == 0x20 and offsets["N"] == 0x34
    assert {r.name: r.offset for r in cu_reduce.REGISTERS}["N"] == 0x28
    control = {r.name: r.offset for r in cu_route.REGISTERS}
    assert [control[n] for n in ("AUTO_RESTART_COUNTER", "INPUT_CTRL", "OUTPUT_CTRL")] == [0x10, 0x14, 0x18]
    assert cu_route.TABLE[255].offset == 0x400 + 4 * 255
    assert not cu_route.PACKETS.writable


def test_register_text(tmp_path: Path) -> None:
    wide = '[[argument]]\nname = "w"\noffset = 0x18\nsize = 8\ndirection = "out"\ndoc = "a \\"b\\""\n'
    text = registers.render(load(described(tmp_path, HEAD + BUFFER + wide)))
    assert "cu_argument_word DATA_HI @ 0x14;" in text
    assert "RESERVED" not in text, "the next argument is there, and a result has none"
    assert 'cu_result_word W_LO @ 0x18;\n  W_LO->desc = "a \\"b\\"";' in text
    last = BUFFER.replace("0x10", "0xFFF8")
    assert "RESERVED" not in registers.render(load(described(tmp_path, HEAD + last))), "outside the window"
    plain = registers.render(load(described(tmp_path, HEAD + 'protocol = "none"\n')))
    assert "CTRL" not in plain


def test_mux_has_what_the_descriptions_say() -> None:
    kernels, errors = read_folder(KERNELS)
    assert errors == []
    files, errors = mux_files(kernels, sources.index())
    assert errors == []
    texts = {path.stem: text for path, text in files.items()}
    full, light = texts[mux.NAMES[True]], texts[mux.NAMES[False]]
    for kernel in kernels:
        assert f"localparam [7:0] {kernel.name.upper()} = 8'd{kernel.type_id};" in full
        assert f"{kernel.name}_kernel (" in full
        assert (f"{kernel.name}_kernel (" in light) == kernel.light
    assert "m_axi" not in light


def project(folder: Path) -> Path:
    """A project with one kernel and its module."""
    for path in (
        "hdl/regs/udp.rdl",
        "hdl/regs/cu_ctrl.rdl",
        "hdl/cu/krnl_vadd.sv",
        "kernels/vadd/kernel.toml",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sources.ROOT / path, folder / path)
    return folder


def test_everything_is_made_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`make regs` writes description, package, module, page and multiplexer; --check names what is stale."""
    root = project(tmp_path)
    assert regs.main(["--root", str(root)]) == 0
    assert (root / "hdl/regs/gen/cu_vadd_regs_pkg.sv").read_text() == (
        sources.ROOT / "hdl/regs/gen/cu_vadd_regs_pkg.sv"
    ).read_text()
    assert regs.main(["--root", str(root), "--check"]) == 0
    toml = root / "kernels/vadd/kernel.toml"
    toml.write_text(
        toml.read_text().replace("offset = 0x34", "offset = 0x38").replace("type = 1", "type = 9")
    )
    capsys.readouterr()
    assert regs.main(["--root", str(root), "--check"]) == 1
    out = capsys.readouterr().out
    assert "stale: hdl/regs/cu_vadd.rdl" in out and "stale: hdl/ulp/gen/ulp_kernels_full.sv" in out
    assert regs.main(["--root", str(root)]) == 0
    assert "N_OFFSET = 32'h00000038;" in (root / "hdl/regs/gen/cu_vadd_regs_pkg.sv").read_text()
    assert "VADD = 8'd9;" in (root / "hdl/ulp/gen/ulp_kernels_full.sv").read_text()
    shutil.rmtree(root / "kernels/vadd")
    assert regs.main(["--root", str(root)]) == 0
    assert not (root / "hdl/regs/cu_vadd.rdl").exists() and not (root / "pydriver/regs/cu_vadd.py").exists()


def test_a_wrong_kernel_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path)
    (root / "kernels/bad").mkdir()
    described(root / "kernels/bad", HEAD + "colour = 1")
    (root / "kernels/lost").mkdir()
    described(root / "kernels/lost", 'name = "lost"\ntitle = "T"\ntype = 3')
    assert regs.main(["--root", str(root)]) == 2
    err = capsys.readouterr().err
    assert "bad/kernel.toml: colour: unknown key" in err
    assert "lost/kernel.toml: module: there is no file krnl_lost.sv" in err
    files, errors = project_files(root)
    assert len(errors) == 2 and "vadd_kernel" in (root / "hdl/ulp/gen/ulp_kernels_full.sv").read_text()
    assert all((root / path).exists() for path in files)


HEADERS = [
    "module m #(parameter A = 1, B = $clog2(A)) (input wire clk, rst, output reg [7:0] q, input [A-1:0] x);",
    """module m import a_pkg::*; #(
  parameter integer A = (1 == 2) ? 3 : 4,  // one, two
  parameter integer B = 2
) (
  input wire clk, input rst,
  (* keep *) output logic [ 7 : 0 ] q,  // input wire no
`ifdef X
  input wire [A - 1:0] x
`endif
);""",
]


@pytest.mark.parametrize("header", HEADERS)
def test_ports_of_a_module(tmp_path: Path, header: str) -> None:
    """However the list is written; a port without a direction has that of the one before."""
    (tmp_path / "m.sv").write_text(header)
    module = read(tmp_path / "m.sv")
    one = Port("input")
    assert module.ports == {"clk": one, "rst": one, "q": Port("output", "7:0"), "x": Port("input", "A-1:0")}
    assert module.parameters == {"A", "B"}
    assert [module.ports[name].bits for name in ("clk", "q", "x")] == [1, 8, None]


def test_ports_without_directions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.sv").write_text("module m (clk); input clk; endmodule")
    with pytest.raises(DescriptionError, match="does not say input or output"):
        read(tmp_path / "m.sv")


# A kernel in a folder of its own


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "saxpy"
    shutil.copytree(SAXPY, folder)
    return folder


def changed(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def test_own_kernel(own: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sources.index().values()}
    prepared = prepare(own)
    assert prepared == prepare(own), "the same content, the same place"
    files = {path.stem: path for path in sources.resolve("tb_fast", prepared.sources)}
    assert files["krnl_saxpy"].parent == own
    assert files["ulp_kernels_full"].is_relative_to(sources.ROOT / "build")
    assert "X_LO_OFFSET = 32'h00000010;" in files["cu_saxpy_regs_pkg"].read_text()
    assert "vadd_kernel" in files["ulp_kernels_full"].read_text(), "beside the built-in ones"
    assert {path: path.stat().st_mtime_ns for path in sources.index().values()} == before


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("kernel.toml", "type = 128", "type = 1"), "type: 1 is in use by"),
        (("kernel.toml", "type = 128", "kind = 128"), "kind: unknown key"),
        (
            ("kernel.toml", "offset = 0x1C", "offset = 0x14"),
            "argument y: offset: 0x14 lies inside argument x",
        ),
        (("kernel.toml", "type = 128", 'type = 128\nmodule = "gone"'), "module: there is no file gone.sv"),
        (("kernel.toml", "type = 128", "type = 128\n[parameters]\nW = 1"), "has no parameter W"),
        (("krnl_saxpy.sv", "m_axi_rready", "m_axi_ready"), "krnl_saxpy has no port m_axi_rready"),
        (("krnl_saxpy.sv", "input  wire                      rst,", ""), "krnl_saxpy has no port rst"),
        (
            ("krnl_saxpy.sv", "input  wire                      rst,", "input wire rst, input wire extra,"),
            "nothing drives or reads the port extra",
        ),
        (
            ("krnl_saxpy.sv", "output wire                      m_axi_rready", "input wire m_axi_rready"),
            "the port m_axi_rready is input, it must be output",
        ),
        (
            (
                "krnl_saxpy.sv",
                "output wire [255:0]              m_axi_wdata",
                "output wire [127:0] m_axi_wdata",
            ),
            "the port m_axi_wdata has 128 bits, it must have 256",
        ),
        (
            ("krnl_saxpy.sv", "input  wire [31:0]               s_axil_wdata", "input wire s_axil_wdata"),
            "the port s_axil_wdata has 1 bits, it must have 32",
        ),
        (
            ("krnl_saxpy.sv", "cu_saxpy_regs_pkg::A_OFFSET", "cu_saxpy_regs_pkg::B_OFFSET"),
            r":72: there is no B_OFFSET in cu_saxpy_regs_pkg; it has CTRL_OFFSET, .*, A_OFFSET, N_OFF",
        ),
        (
            ("krnl_saxpy.sv", "cu_saxpy_regs_pkg::A_OFFSET", "cu_axpy_regs_pkg::A_OFFSET"),
            "saxpy.sv:72: there is no package cu_axpy_regs_pkg; this kernel's registers are in cu_saxpy_regs",
        ),
        (("krnl_saxpy.sv", "module krnl_saxpy", "module other"), "there is no module krnl_saxpy with"),
    ],
)
def test_wrong_own_kernels_are_refused(own: Path, change: tuple[str, str, str], match: str) -> None:
    changed(own, *change)
    with pytest.raises(DescriptionError, match=match):
        prepare(own)


def test_a_memory_port_that_is_not_described(own: Path) -> None:
    (own / "kernel.toml").write_text('name = "saxpy"\ntitle = "T"\ntype = 128\n')
    with pytest.raises(DescriptionError, match=r"m_axi_araddr.*; memory = false in its description"):
        prepare(own)


def test_a_module_of_the_project_is_not_replaced(own: Path) -> None:
    shutil.copy(own / "krnl_saxpy.sv", own / "krnl_vadd.sv")
    with pytest.raises(DescriptionError, match="two files for module krnl_vadd"):
        prepare(own)
