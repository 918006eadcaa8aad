# SPDX-License-Identifier: Apache-2.0
"""The kernels of a slot and the multiplexer in front of them, as SystemVerilog.

Two modules: `ulp_kernels_full` has every kernel, `ulp_kernels_light` those described as light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tools.kernels.description import Description, Protocol
from tools.kernels.modules import AXI_IN, AXI_OUT, AXI_WIDTHS, AXIL_IN, AXIL_OUT, AXIL_WIDTHS, Module

NAMES = {True: "ulp_kernels_full", False: "ulp_kernels_light"}
_MASKED = ("ready", "valid")
_HEADER = """\
// SPDX-License-Identifier: Apache-2.0
// Generated from kernels/ by tools/kernels; edit the kernel.toml files.
// {text}
//
// `clk` runs when the slot has work; of several kernels only the configured one gets it. `rst` also while one
// comes or goes.
`default_nettype none
`timescale 1ns / 1ps

module {name} #(
    parameter integer ADDR_W   = 16,
{id_w}    /* verilator lint_off UNUSEDPARAM */
    parameter integer PROTOCOL = 0  // of kernels described as hs: 0, or 1 AP_CTRL_CHAIN
    /* verilator lint_on UNUSEDPARAM */
) (
    input  wire              clk,
    input  wire              rst,
    input  wire [7:0]        kernel,

"""
_ID_W = "    parameter integer ID_W     = 1,\n"
_TEXT = {
    True: "Every kernel of the region, the configured one connected.",
    False: "The kernels of slots without a memory port, the configured one connected.",
}


def render(kernels: Sequence[Description], modules: Mapping[str, Module], full: bool) -> str:
    """The module with all `kernels` (`full`) or the light ones; `modules` by module name."""
    own = [kernel for kernel in kernels if full or kernel.light]
    memory = [kernel for kernel in own if kernel.memory]
    lines = [_HEADER.format(name=NAMES[full], text=_TEXT[full], id_w=_ID_W if full else "").rstrip("\n"), ""]
    lines += _ports(full)
    if own:
        lines += ["", f"  localparam integer KERNELS = {len(own)};"]
        lines += _selection(own)
        lines += _wires("s_axil", AXIL_OUT, AXIL_WIDTHS, "KERNELS")
        lines += _outputs("s_axil", AXIL_OUT, "which")
        if memory:
            lines += ["", f"  localparam integer MEMORY_KERNELS = {len(memory)};", ""]
            lines += _memory_selection(own, memory)
            lines += _wires("m_axi", AXI_OUT, AXI_WIDTHS, "MEMORY_KERNELS")
            lines += _outputs("m_axi", AXI_OUT, "port")
        for index, kernel in enumerate(own):
            port = memory.index(kernel) if kernel.memory else None
            lines += _instance(index, port, kernel, modules[kernel.module], gated=len(own) > 1)
    else:
        lines += [f"  assign s_axil_{name} = 0;" for name in AXIL_OUT]
        lines += ["  assign irq = 1'b0;", "  assign active = 1'b0;"]
    if full and not memory:
        lines += [f"  assign m_axi_{name} = 0;" for name in AXI_OUT]
    lines += ["", "endmodule", "", "`default_nettype wire", ""]
    return "\n".join(lines)


def _range(width: str) -> str:
    if not width:
        return ""
    return f"[{int(width) - 1}:0] " if width.isdigit() else f"[{width}-1:0] "


def _ports(full: bool) -> Iterator[str]:
    for name in (*AXIL_IN, *AXIL_OUT):
        way = "input " if name in AXIL_IN else "output"
        yield f"    {way} wire {_range(AXIL_WIDTHS.get(name, ''))}s_axil_{name},"
    if full:
        for name in (*AXI_IN, *AXI_OUT):
            way = "input " if name in AXI_IN else "output"
            yield f"    {way} wire {_range(AXI_WIDTHS.get(name, ''))}m_axi_{name},"
    yield "    output wire irq,"
    yield "    output wire active"
    yield ");"


def _selection(own: Sequence[Description]) -> Iterator[str]:
    yield "  localparam integer SEL_W = KERNELS > 1 ? $clog2(KERNELS) : 1;"
    yield ""
    for kernel in own:
        yield f"  localparam [7:0] {kernel.name.upper()} = 8'd{kernel.type_id};"
    names = ", ".join(f"kernel == {kernel.name.upper()}" for kernel in reversed(own))
    yield ""
    yield f"  wire [KERNELS-1:0] selected = {{{names}}};"
    yield "  reg  [SEL_W-1:0]   which;"
    yield "  wire               hit = selected != {KERNELS{1'b0}};"
    yield "  wire               live = hit && !rst;"
    yield "  wire [KERNELS-1:0] k_irq;"
    yield "  wire [KERNELS-1:0] k_active;"
    yield ""
    yield "  always_comb begin"
    yield "    case (kernel)"
    for index, kernel in enumerate(own[1:], 1):
        yield f"      {kernel.name.upper()}: which = SEL_W'({index});"
    yield "      default: which = {SEL_W{1'b0}};"
    yield "    endcase"
    yield "  end"
    yield ""
    yield "  assign irq = live && k_irq[which];"
    yield "  assign active = hit && k_active[which];"


def _memory_selection(own: Sequence[Description], memory: Sequence[Description]) -> Iterator[str]:
    yield "  localparam integer PORT_W = MEMORY_KERNELS > 1 ? $clog2(MEMORY_KERNELS) : 1;"
    yield ""
    picks = ", ".join(f"selected[{own.index(kernel)}]" for kernel in reversed(memory))
    yield f"  wire [MEMORY_KERNELS-1:0] has_port = {{{picks}}};"
    yield "  wire                      port_live = has_port != {MEMORY_KERNELS{1'b0}} && !rst;"
    yield "  reg  [PORT_W-1:0]         port;"
    yield ""
    yield "  always_comb begin"
    yield "    case (kernel)"
    for index, kernel in enumerate(memory[1:], 1):
        yield f"      {kernel.name.upper()}: port = PORT_W'({index});"
    yield "      default: port = {PORT_W{1'b0}};"
    yield "    endcase"
    yield "  end"


def _wires(prefix: str, names: Sequence[str], widths: Mapping[str, str], count: str) -> Iterator[str]:
    """One net per kernel and output: a vector of single bits, an array of the wider ones."""
    short = "k" if prefix == "s_axil" else "m"
    yield ""
    for name in names:
        if width := widths.get(name, ""):
            yield f"  wire {_range(width)}{short}_{name} [0:{count}-1];"
        else:
            yield f"  wire [{count}-1:0] {short}_{name};"


def _outputs(prefix: str, names: Sequence[str], index: str) -> Iterator[str]:
    short, live = ("k", "live") if prefix == "s_axil" else ("m", "port_live")
    yield ""
    for name in names:
        mask = f"{live} && " if name.endswith(_MASKED) else ""
        yield f"  assign {prefix}_{name} = {mask}{short}_{name}[{index}];"


def _instance(
    index: int, port: int | None, kernel: Description, module: Module, gated: bool
) -> Iterator[str]:
    """A kernel; `gated`: it has the slot's clock only when it is the configured one of several."""
    clock = f"{kernel.name}_clk" if gated else "clk"
    parameters = {"ADDR_W": "ADDR_W"}
    if kernel.memory:
        parameters["ID_W"] = "ID_W"
    if "PROTOCOL" in module.parameters and kernel.protocol is not Protocol.FAST_ADAPTER:
        number = kernel.protocol.ip_control
        parameters["PROTOCOL"] = str(number) if number else "PROTOCOL"
    parameters |= {name: str(value) for name, value in kernel.parameters.items()}
    yield ""
    if gated:
        yield f"  wire {clock};"
        yield ""
        yield f"  clk_gate {kernel.name}_gate ("
        yield "      .clk(clk),"
        yield f"      .en(selected[{index}]),"
        yield f"      .gclk({clock})"
        yield "  );"
        yield ""
    yield f"  {kernel.module} #("
    yield ",\n".join(f"      .{name}({value})" for name, value in parameters.items())
    yield f"  ) {kernel.name}_kernel ("
    yield f"      .clk({clock}),"
    yield "      .rst(rst),"
    for name in AXIL_IN:
        gate = f" && selected[{index}]" if name in ("awvalid", "wvalid", "arvalid") else ""
        if name in ("awaddr", "wdata", "wstrb", "araddr"):
            none = f"{{{AXIL_WIDTHS[name]}{{1'b0}}}}"
            yield f"      .s_axil_{name}(selected[{index}] ? s_axil_{name} : {none}),"
        else:
            yield f"      .s_axil_{name}(s_axil_{name}{gate}),"
    for name in AXIL_OUT:
        yield f"      .s_axil_{name}(k_{name}[{index}]),"
    if port is not None:
        for name in AXI_IN:
            gate = f" && selected[{index}]" if name.endswith(_MASKED) else ""
            yield f"      .m_axi_{name}(m_axi_{name}{gate}),"
        for name in AXI_OUT:
            yield f"      .m_axi_{name}(m_{name}[{port}]),"
    yield f"      .irq(k_irq[{index}]),"
    yield f"      .active(k_active[{index}])"
    yield "  );"
