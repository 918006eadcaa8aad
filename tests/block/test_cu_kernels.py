# SPDX-License-Identifier: Apache-2.0
"""Each kernel alone, with its control block, a memory and the protocol checkers."""

import pytest

from tb.runner import simulate


def run(sim: str, kernel: int, module: str, name: str, chain: int = 0) -> None:
    simulate(
        top="krnl_checked",
        test_module=f"tests.block.{module}",
        sim=sim,
        parameters={"KERNEL": kernel, "PROTOCOL": chain},
        env={"CHAIN": str(chain), "KERNEL": str(kernel)},
        name=f"kernel_{name}",
        timeout_s=400,
    )


@pytest.mark.parametrize("chain", [0, 1])
@pytest.mark.parametrize(("kernel", "name"), [(1, "vadd"), (2, "reduce")])
def test_cu_kernels(sim: str, kernel: int, name: str, chain: int) -> None:
    run(sim, kernel, "cu_kernels_tb", f"{name}_{'chain' if chain else 'hs'}", chain)


def test_kernel_route(sim: str) -> None:
    run(sim, 3, "kernel_route_tb", "route")


def test_kernel_fir(sim: str) -> None:
    run(sim, 4, "kernel_fir_tb", "fir")


def test_kernel_memcopy(sim: str) -> None:
    run(sim, 5, "kernel_memcopy_tb", "memcopy")


@pytest.mark.parametrize(("kernel", "name"), [(6, "hs"), (7, "chain"), (8, "none")])
def test_kernel_probe(sim: str, kernel: int, name: str) -> None:
    run(sim, kernel, "kernel_probe_tb", f"probe_{name}")


def test_kernel_probe_mailbox(sim: str) -> None:
    run(sim, 9, "kernel_probe_mailbox_tb", "probe_mailbox")


def test_ulp_slot(sim: str) -> None:
    simulate(top="ulp_slot_checked", test_module="tests.block.ulp_slot_tb", sim=sim, name="ulp_slot")
