# SPDX-License-Identifier: Apache-2.0
"""A property of the card and the management driver: a hostile tenant changes and sees nothing of others."""

from tb.runner import simulate


def test_tenant(sim: str) -> None:
    simulate("tb_fast", "tests.system.tenant_tb", sim, name="tenant", timeout_s=300)
