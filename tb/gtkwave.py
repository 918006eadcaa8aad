# SPDX-License-Identifier: Apache-2.0
"""A GTKWave save file beside an FST: the signals people look for first, grouped and named."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pywellen

PS_PER_NS = 1000
# Room for waves in a window of the size below, in pixels.
WAVE_PIXELS = 950
# GTKWave's zoom is the logarithm of the time in a frame of that many pixels.
FRAME_PIXELS = 200
# Group, end of the scope path, signals in it.
GROUPS: tuple[tuple[str, str, str], ...] = (
    ("PCIe requests (CQ)", "card", "s_axis_cq_tvalid s_axis_cq_tready s_axis_cq_tlast s_axis_cq_tdata"),
    ("PCIe completions (CC)", "card", "m_axis_cc_tvalid m_axis_cc_tready m_axis_cc_tlast m_axis_cc_tdata"),
    (
        "MSI-X",
        "card",
        "cfg_interrupt_msix_int cfg_interrupt_msix_data cfg_interrupt_msi_function_number",
    ),
    (
        "Management registers",
        "card",
        "mgmt_awvalid mgmt_awaddr mgmt_wdata mgmt_arvalid mgmt_araddr mgmt_rvalid mgmt_rdata",
    ),
    (
        "User registers",
        "card",
        "user_awvalid user_awaddr user_wdata user_arvalid user_araddr user_rvalid user_rdata",
    ),
    ("Region", "card", "gate_open region_rst cfg_loading cfg_valid cfg_slot_kernel cu_irq"),
    (
        "Scheduler",
        "card",
        "mb_run mb_irq ert_host_irq s_axil_mb_awvalid s_axil_mb_awaddr s_axil_mb_wdata "
        "s_axil_mb_arvalid s_axil_mb_araddr s_axil_mb_rdata",
    ),
    ("Mailbox", "card", "mailbox_mgmt_irq mailbox_user_irq"),
    (
        "Device memory",
        "card",
        "mem_awvalid mem_awaddr mem_wvalid mem_wdata mem_arvalid mem_araddr mem_rvalid mem_rdata",
    ),
)


def signal_names(wave: Path) -> set[str]:
    """Full names (dotted) of all signals in the dump, vectors with their range as GTKWave wants them."""
    names = set()
    for variable in pywellen.Waveform(str(wave)).all_vars():
        width = variable.bitwidth or 1
        names.add(variable.full_name + (f"[{width - 1}:0]" if width > 1 else ""))
    return names


def save_file(names: Iterable[str], wave: Path, length_ns: float) -> str:
    """The text of the save file, zoomed to the whole run; groups that are not in the dump are left out."""
    known = sorted(names)
    zoom = -math.log2(max(length_ns * PS_PER_NS / WAVE_PIXELS, 1) * FRAME_PIXELS)
    lines = [f'[dumpfile] "{wave.name}"', "[timestart] 0", "[size] 1500 900", "[pos] -1 -1"]
    lines += [f"*{zoom:.6f} 0" + " -1" * 26, "[sst_width] 180", "[signals_width] 270"]
    for title, scope, signals in GROUPS:
        found = []
        for signal in signals.split():
            ends = (f".{scope}.{signal}", f"{scope}.{signal}")
            found += [name for name in known if name.split("[")[0].strip().endswith(ends)][:1]
        if found:
            lines += ["@800200", f"-{title}", "@22", *found, "@1000200", f"-{title}"]
    return "\n".join(lines) + "\n"


def write_save_file(wave: Path, length_ns: float) -> Path:
    """Write <wave>.gtkw for a run of that length and return its path."""
    path = wave.with_suffix(".gtkw")
    path.write_text(save_file(signal_names(wave), wave, length_ns))
    return path
