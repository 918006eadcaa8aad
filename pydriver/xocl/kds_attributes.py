# SPDX-License-Identifier: Apache-2.0
"""Attributes of the scheduler and of its embedded half.

Names and formats are the real driver's (`userpf/xocl_sysfs.c`, `subdev/ert_user.c`); XRT KDS contract §5, ERT
contract §7. What the firmware never answered shows as 0.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.sysfs import Attribute, Store, parse_flag, parse_u64

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl

U32_MAX = (1 << 32) - 1
SWITCH_MAX = 2
"""The real driver takes 0 to 2 for its switches; anything but 0 is on."""


def kds_attributes(driver: Xocl) -> dict[str, Attribute]:
    """`kds_*` and `ert_disable`."""

    def nobody_lives() -> None:
        count = sum(client.has_context for client in driver.clients)
        if count:
            raise fail(errno.EBUSY, f"{count} clients have contexts")

    def free_to_choose() -> None:
        if driver.kds.state.bad:
            raise fail(errno.ENODEV, "the scheduler is in a bad state")
        nobody_lives()

    def store_echo(text: str) -> None:
        nobody_lives()
        driver.kds.set_echo(parse_flag(text))

    async def store_disable(text: str) -> None:
        await driver.kds.modes.choose_scheduler(parse_flag(text), free_to_choose)

    async def store_interrupt(text: str) -> None:
        if text in ("cu", "ert"):
            has_scheduler = driver.rom.has_scheduler
            await driver.kds.modes.choose_interrupt(text == "cu", has_scheduler, free_to_choose)
        else:
            free_to_choose()

    def store_interval(text: str) -> None:
        value = parse_u64(text)
        if value > U32_MAX:
            raise fail(errno.EINVAL, f"{value} is no 32-bit number")
        for host in (driver.host_cus, driver.kdma_cus):
            host.options = replace(host.options, poll_interval_us=value)

    def text(show: Callable[[], object], store: Store | None = None) -> Attribute:
        return Attribute("", lambda: str(show()), store)

    attributes = {
        "kds_mode": text(lambda: 1),
        "kds_echo": text(lambda: int(driver.kds.echo), store_echo),
        "kds_numcdmas": text(lambda: int(driver.kds.kdma is not None)),
        "kds_interrupt": text(lambda: "cu" if driver.kds.modes.interrupt else "ert", store_interrupt),
        "kds_interval": text(lambda: driver.host_cus.options.poll_interval_us, store_interval),
        "kds_stat": text(lambda: driver.kds.stat()),  # noqa: PLW0108 - the probe makes another Kds
        "kds_custat_raw": text(lambda: driver.kds.custat()),  # noqa: PLW0108 - the probe makes another Kds
        "kds_scustat_raw": text(lambda: driver.kds.scustat()),  # noqa: PLW0108 - the probe makes another Kds
        "ert_disable": text(lambda: int(driver.kds.state.ert_disable), store_disable),
    }
    return {name: replace(attribute, name=name) for name, attribute in attributes.items()}


def ert_attributes(driver: Xocl) -> dict[str, Attribute]:
    """Those of the embedded scheduler's device, names relative to it."""

    def switch(name: str) -> Attribute:
        def store(text: str) -> None:
            value = parse_u64(text)
            if value > SWITCH_MAX:
                raise fail(errno.EINVAL, f"{name} is 0 or 1")
            setattr(driver.kds.modes.switches, name.removeprefix("ert_"), bool(value))

        return Attribute(name, None, store, doc="at the next configuration")

    async def asleep() -> str:
        if driver.gpio is None:
            return str(-errno.ENODEV)
        return str(int(await driver.gpio.asleep()))

    async def store_sleep(text: str) -> None:
        value = parse_u64(text)
        if value > SWITCH_MAX:
            raise fail(errno.EINVAL, "mb_sleep is 0 or 1")
        if value:
            await driver.power.sleep()
        elif driver.gpio is not None:
            await driver.gpio.wake(True)

    def stat() -> str:
        return driver.ert.counts.text(cu.index for cu in driver.kds.cus)

    def answer(name: str) -> Attribute:
        return Attribute(name, lambda: str(getattr(driver.ert.answers, name)))

    counts = ("cq_read_cnt", "cq_write_cnt", "cu_read_cnt", "cu_write_cnt")
    names = ("clock_timestamp", *counts, "data_integrity")
    return {
        **{name: answer(name) for name in names},
        **{name: switch(name) for name in ("ert_dmsg", "ert_echo", "ert_intr")},
        "stat": Attribute("stat", stat),
        "snap_shot": Attribute("snap_shot", driver.ert.snap_shot),
        "mb_sleep": Attribute("mb_sleep", asleep, store_sleep),
    }
