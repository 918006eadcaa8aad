# SPDX-License-Identifier: Apache-2.0
"""Which scheduler runs, and what sysfs says and changes (XRT KDS contract §3, §5 to §7; ERT contract §7)."""

from __future__ import annotations

import errno

import pytest

from firmware_model import images
from pydriver import ert
from pydriver.ert import State
from pydriver.regs import cfg_gpio
from pydriver.xclmgmt import MgmtOptions
from pydriver.xocl import Client, KdsFlags, UserOptions, Xocl
from pydriver.xocl import client as client_module
from pydriver.xocl.options import KdsOptions
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, send, state
from tests.unit.rig import SECOND, raises

HOST = KdsFlags(ert=False)
ROUTED = cfg_gpio.CONTROL.CU_TO_HOST.mask


async def opened(rig: KdsRig, user: Xocl, *indices: int) -> Client:
    client = user.open()
    for index in indices or (0,):
        await client.open_context(rig.uuid, index)
    return client


async def works(rig: KdsRig, user: Xocl) -> None:
    client = await opened(rig, user)
    assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED
    await client.close()


@pytest.mark.parametrize("why", ["option", "flag", "shell", "firmware"])
def test_reasons_for_host_scheduling(why: str) -> None:
    rig = KdsRig()

    async def main() -> None:
        if why == "shell":
            rig.card.set_rom(features=0x1_0005)
        await rig.mgmt(MgmtOptions() if why == "firmware" else MgmtOptions(sched_image=images.build()))
        user = await rig.user(UserOptions(kds=KdsOptions(ert=why != "option")))
        await user.read_axlf(rig.image, HOST if why == "flag" else None)
        assert not user.kds.state.ert_on
        assert await user.attributes.read("ert_disable") == "1\n"
        await works(rig, user)
        await user.attributes.write("ert_disable", "0")
        assert await user.attributes.read("ert_disable") == "1\n", "there is none that works"
        await works(rig, user)

    rig.run(main())


def test_the_administrator_disables_the_embedded_scheduler() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        write, read = user.attributes.write, user.attributes.read
        client = await opened(rig, user)
        with raises(errno.EBUSY):
            await write("ert_disable", "1")
        await client.close()
        with raises(errno.EINVAL):
            await write("ert_disable", "2")
        await write("ert_disable", "1")
        await works(rig, user)
        slots = sum(
            text.startswith("slot") and "START" in text for _, who, text in rig.events if who == "user.ert"
        )
        assert slots == 0
        await user.read_axlf(rig.image, force=True)
        assert await read("ert_disable") == "1\n", "an image does not change it any more"
        await write("ert_disable", "0")
        await works(rig, user)
        assert rig.said("user.ert", "START_CU")
        user.kds.state.bad = True
        for name in ("ert_disable", "kds_interrupt"):
            with raises(errno.ENODEV):
                await write(name, "0")

    rig.run(main())


def test_the_bad_state_lasts_until_a_reset() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        user.kds.state.bad = True
        user.kds.forget_image()
        with raises(errno.EDEADLK):
            await user.read_axlf(rig.image, force=True)
        user.kds.reset()
        await user.read_axlf(rig.image, force=True)
        await works(rig, user)

    rig.run(main())


# --- texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
def test_texts(flags: KdsFlags | None) -> None:
    rig = KdsRig(units=2)

    async def main() -> None:
        user = await rig.ready(flags, poll_interval_us=7)
        read, write = user.attributes.read, user.attributes.write
        client = await opened(rig, user, 1)
        await client.open_context(rig.uuid, 0, exclusive=True)
        await ended(user, client, send(client, probe_packet(2)))
        names = [cu.name for cu in user.kds.cus]
        status = 0x4 if flags is None else user.kds.cus[1].status
        assert (await read("kds_custat_raw")).splitlines() == [
            f"0,0,{names[0]},0x1800000,0x4,0",
            f"0,1,{names[1]},0x1810000,{status:#x},1",
        ]
        assert await read("kds_scustat_raw") == ""
        assert (await read("kds_stat")).splitlines() == [
            "CU to host interrupt capability: 1",
            "Interrupt mode: ert",
            "Number of CUs: 2",
            "  CU[0] usage(0) shared(0) refcnt(0) intr(disable)",
            "  CU[1] usage(1) shared(1) refcnt(1) intr(disable)",
        ]
        for name, text in {
            "kds_mode": "1",
            "kds_numcdmas": "1",
            "kds_interrupt": "ert",
            "kds_interval": "7",
        }.items():
            assert await read(name) == text + "\n"
        await write("kds_interval", "9")
        assert user.host_cus.options.poll_interval_us == 9
        device = f"ert_user.u.{user.options.address.number}/"
        assert await read(device + "stat") == ("0 0\n1 0\n" if flags is None else "0 0\n0 0\n")
        assert await read(device + "snap_shot") == "pq:0 pq_ctrl:0,  rq:0, rq_ctrl:0, sq:0 cq:0\n"
        for name in ("clock_timestamp", "cq_read_cnt", "cu_write_cnt", "data_integrity", "mb_sleep"):
            assert await read(device + name) == "0\n"
        for name in ("ert_dmsg", "ert_echo", "ert_intr"):
            await write(device + name, "1")
            with raises(errno.EINVAL):
                await write(device + name, "3")
            with raises(errno.EACCES):
                await read(device + name)
        assert user.kds.modes.switches.dmsg and user.kds.modes.switches.intr and user.kds.modes.switches.echo

    rig.run(main())


@pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
def test_echo(flags: KdsFlags | None) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(flags)
        write = user.attributes.write
        client = await opened(rig, user)
        with raises(errno.EBUSY):
            await write("kds_echo", "1")
        await client.close()
        with raises(errno.EINVAL):
            await write("kds_echo", "2")
        await write("kds_echo", "1")
        await works(rig, user)
        assert rig.runs(0) == 0
        await user.read_axlf(rig.image, flags, force=True)
        await write("kds_echo", "0")
        await works(rig, user)
        assert rig.runs(0) == 1

    rig.run(main())


# --- interrupts of the units --------------------------------------------------------------------------------


def test_host_scheduling_by_interrupts() -> None:
    rig = KdsRig(units=5)

    async def main() -> None:
        user = await rig.ready(HOST, interrupt=True)
        assert rig.card.cfg_gpio.control & ROUTED
        client = await opened(rig, user, *range(5))
        handles = [send(client, probe_packet(31, token=n)) for n in range(40)]
        for handle in handles:
            assert await ended(user, client, handle) == State.COMPLETED
        assert sorted(t for i in range(5) for t in rig.probe(i).tokens) == list(range(40))
        assert rig.said("user.irq", "CU interrupt 0")
        assert "intr(enable)" in await user.attributes.read("kds_stat")
        await client.close()
        await user.read_axlf(rig.image, KdsFlags(), force=True)
        assert user.kds.state.ert_on and not rig.card.cfg_gpio.control & ROUTED
        await works(rig, user)

    rig.run(main())


def test_the_administrator_chooses_the_interrupts() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        write = user.attributes.write
        client = await opened(rig, user)
        with raises(errno.EBUSY):
            await write("kds_interrupt", "cu")
        await client.close()
        await write("kds_interrupt", "nonsense")
        assert user.kds.state.ert_on
        await write("kds_interrupt", "cu")
        assert not user.kds.state.ert_on and user.kds.state.cu_interrupt
        assert rig.said("user.ert", "the scheduler sleeps")
        await works(rig, user)
        assert rig.said("user.irq", "CU interrupt 0")
        await write("kds_interrupt", "ert")
        assert not rig.card.cfg_gpio.control & ROUTED
        await works(rig, user)

    rig.run(main())


def test_shell_without_interrupts_of_units() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST, interrupt=True, cu_interrupts=False)
        await works(rig, user)
        assert not user.kds.state.cu_interrupt
        client = user.open()
        await client.open_context(rig.uuid, 0, exclusive=True)
        with raises(errno.EOPNOTSUPP):
            await client.open_user_managed(rig.uuid, 0)
        await client.close()
        await user.attributes.write("kds_interrupt", "cu")
        assert await user.attributes.read("kds_interrupt") == "ert\n"
        number = user.options.address.number
        assert await user.attributes.read(f"ert_user.u.{number}/mb_sleep") == f"-{errno.ENODEV}\n"

    rig.run(main())


# --- a unit managed by its user -----------------------------------------------------------------------------


def test_a_user_managed_unit_takes_the_embedded_scheduler_away() -> None:
    """Nothing of the others is lost or run twice, and each unit keeps its order."""
    rig = KdsRig(units=3)

    async def main() -> None:
        user = await rig.ready()
        other, client = await opened(rig, user, 1, 2), user.open()
        with raises(errno.EINVAL):
            await client.open_user_managed(rig.uuid, 0)
        await client.open_context(rig.uuid, 0)
        with raises(errno.EINVAL, "exclusively"):
            await client.open_user_managed(rig.uuid, 0)
        await client.close_context(rig.uuid, 0)
        await client.open_context(rig.uuid, 0, exclusive=True)
        handles = [send(other, probe_packet(2, token=n, delay=2500)) for n in range(150)]
        opening = rig.clock.spawn(client.open_user_managed(rig.uuid, 0))
        await rig.clock.sleep_ns(MS // 20)
        handles += [send(other, probe_packet(2 + 4 * (n % 2), token=n)) for n in range(150, 160)]
        descriptor = await opening.join()
        assert not user.kds.state.ert_on and rig.card.cfg_gpio.control & ROUTED
        for handle in handles:
            assert await ended(user, other, handle) == State.COMPLETED
        tokens = rig.probe(1).tokens
        assert tokens == sorted(tokens)
        assert sorted(tokens + rig.probe(2).tokens) == list(range(160))
        with raises(errno.EBUSY):
            send(client, probe_packet(1))
        await user.bar.write32s([(0x1800004, 1), (0x1800008, 1), (0x1800014, 0), (0x1800000, 1)])
        await descriptor.write((1).to_bytes(4, "little"))
        assert await descriptor.read(4) == (1).to_bytes(4, "little")
        await client.close()
        assert not user.kds.cus[0].user_managed
        with raises(errno.EBADF):
            await descriptor.poll(0)

    rig.run(main(), 60)


def test_who_leaves_while_the_schedulers_change(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = KdsRig(units=2)

    async def main() -> None:
        user = await rig.ready()
        user.kds.modes._drain = _slow(rig)  # type: ignore[method-assign]
        client, leaving = user.open(), await opened(rig, user, 1)
        await client.open_context(rig.uuid, 0, exclusive=True)
        opening = rig.clock.spawn(client.open_user_managed(rig.uuid, 0))
        await rig.clock.sleep_ns(MS)
        handle = send(leaving, probe_packet(2))
        abort = send(leaving, ert.abort(handle))
        assert await ended(user, leaving, abort) == State.COMPLETED
        assert state(user, handle) == State.ABORT
        second = send(leaving, probe_packet(2))
        user.kds.request_abort(leaving)
        assert state(user, second) == State.ABORT
        third = send(leaving, probe_packet(2))
        monkeypatch.setattr(client_module, "CLOSE_STEP_NS", MS)
        await leaving.close_context(rig.uuid, 1)
        assert state(user, third) == State.ABORT
        await leaving.close()
        await opening.join()
        assert rig.runs(1) == 0

    rig.run(main(), 60)


def _slow(rig: KdsRig) -> object:
    async def drain() -> None:
        await rig.clock.sleep_ns(SECOND)

    return drain
