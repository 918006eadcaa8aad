# SPDX-License-Identifier: Apache-2.0
"""The register test plan (tests/block/regplan.py) on every AXI4-Lite register block."""

from dataclasses import dataclass

import pytest

from tb.runner import simulate

AXI_MASTER_INPUTS = (
    "awready", "wready", "bid", "bresp", "bvalid", "arready", "rid", "rdata", "rresp", "rlast", "rvalid",
)  # fmt: skip
MEMORY_PORT = ",".join(f"m_axi_{name}=0" for name in AXI_MASTER_INPUTS)
IRQ_INPUTS = ",".join(
    f"{name}=0"
    for name in (
        "usr_irq_req", "chnl_irq_req", "msix_enable", "msix_mask", "cfg_max_payload", "cfg_max_read_req",
        "msix_sent", "msix_fail",
    )
)  # fmt: skip
CSR_INPUTS = "s_axil_host=idle,cudma_idle=1,cuisr_idle=1,lut_index=0,cu_report=0,cu_report_unit=0"


@dataclass(frozen=True)
class Block:
    """A register port: module, description, prefix of the port, address width, other inputs at rest."""

    top: str
    regs: str
    prefix: str = "s_axil"
    address_bits: int = 12
    ties: str = ""

    @property
    def name(self) -> str:
        return f"{self.top}{self.prefix.removeprefix('s_axil')}"


BLOCKS = (
    Block("feature_rom", "feature_rom"),
    Block("axi_gate", "axi_gate"),
    Block("calib_gpio", "calib_gpio", ties="calib_done=1"),
    Block("mb_reset_gpio", "mb_reset_gpio"),
    Block("hw_mailbox", "mailbox", "s_axil_a", ties="s_axil_b=idle"),
    Block("hw_mailbox", "mailbox", "s_axil_b", ties="s_axil_a=idle"),
    Block("hwicap", "hwicap"),
    Block("ert_csr", "ert_csr", "s_axil_mb", ties=CSR_INPUTS),
    Block("mb_intc", "mb_intc", ties="intr=0"),
    Block("cu_intc", "cu_intc", ties="intr=0"),
    Block("cfg_gpio", "cfg_gpio", ties="mb_asleep=0"),
    Block("irq_bar", "irq_block", address_bits=16, ties=IRQ_INPUTS),
    Block("krnl_vadd", "cu_vadd", address_bits=16, ties=MEMORY_PORT),
    Block("krnl_reduce", "cu_reduce", address_bits=16, ties=MEMORY_PORT),
    Block("krnl_route", "cu_route", address_bits=16, ties=MEMORY_PORT),
    Block("krnl_fir", "cu_fir", address_bits=16, ties=MEMORY_PORT),
    Block("krnl_memcopy", "cu_memcopy", address_bits=16, ties=MEMORY_PORT),
    Block("krnl_probe", "cu_probe", address_bits=16),
    Block("krnl_probe_mailbox", "cu_probe_mailbox", address_bits=16),
)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_registers(sim: str, block: Block) -> None:
    simulate(
        top=block.top,
        test_module="tests.block.registers_tb",
        sim=sim,
        env={
            "BLOCK": block.regs,
            "PREFIX": block.prefix,
            "SPAN": str(1 << block.address_bits),
            "TIES": block.ties,
        },
        name=f"registers_{block.name}",
        timeout_s=300,
    )
