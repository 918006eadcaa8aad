# SPDX-License-Identifier: Apache-2.0
"""The embedded scheduler as the driver uses it: configuration, slots, special commands, late answers.

Source: XRT ERT contract §4, §4.1 and §7.
"""

from __future__ import annotations

import errno

import pytest

from pydriver import ert
from pydriver.ert import Feature, Header, State, Type, to_bytes, to_words
from pydriver.regs import ert_csr
from pydriver.xocl import Client, KdsFlags, Xocl
from pydriver.xocl import client as client_module
from pydriver.xocl.cu import ComputeUnit
from pydriver.xocl.kds.configure import BoardTraits, ErtSwitches, configuration
from pydriver.xocl.quirks import Quirk
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, quirks, send, state
from tests.unit.rig import SECOND, raises

CQ = 64 << 10
CUDMA = BoardTraits()


def units(count: int = 3, size: int = 0x38, **fields: bool | int) -> list[ComputeUnit]:
    return [
        ComputeUnit(
            i, f"k:k_{i}", 0x1800000 + 0x10000 * i, int(fields.get("control", 0)), i, size, interrupt=True
        )
        for i in range(count)
    ]


@pytest.fixture
def short_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing waits 5 ms instead of 5 s: the firmware looks at a hung unit all the time."""
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", client_module.CLOSE_STEP_NS // 1000)


async def opened(rig: KdsRig, user: Xocl, *indices: int) -> Client:
    client = user.open()
    for index in indices or (0,):
        await client.open_context(rig.uuid, index)
    return client


@pytest.mark.parametrize(
    ("flags", "traits", "size", "slots", "longest"),
    [
        (KdsFlags(), CUDMA, 0x38, 32, 512),
        (KdsFlags(), BoardTraits(cudma_off=True), 0x38, 128, 512),
        (KdsFlags(dataflow=True), CUDMA, 448, 128, 512),
        (KdsFlags(cu_dma=False), CUDMA, 452, 127, 516),
        (KdsFlags(), CUDMA, 3000, 21, 3064),
        (KdsFlags(), CUDMA, 9000, 16, 4096),
    ],
)
def test_slots_of_a_configuration(
    flags: KdsFlags, traits: BoardTraits, size: int, slots: int, longest: int
) -> None:
    chosen = configuration(units(size=size), flags, traits, ErtSwitches(), CQ)
    assert (CQ // chosen.slot_size, chosen.max_packet) == (slots, longest)
    assert to_words(chosen.packet)[1] == chosen.slot_size


def test_words_of_a_configuration() -> None:
    def features(flags: KdsFlags, traits: BoardTraits = CUDMA, cus: list[ComputeUnit] | None = None) -> int:
        packet = configuration(cus or units(), flags, traits, ErtSwitches(), CQ).packet
        return to_words(packet)[5]

    dsa = int(Feature.DSA52)
    assert features(KdsFlags()) == 0x105 | dsa
    assert features(KdsFlags(dataflow=True)) == 0x145 | dsa
    assert features(KdsFlags(), BoardTraits(dsa52=False)) == 0x105
    assert features(KdsFlags(), BoardTraits(cudma_off=True)) == 0x101 | dsa
    assert features(KdsFlags(), BoardTraits(kdma=0x1B0000)) == 0x125 | dsa
    assert features(KdsFlags(cu_isr=True)) == 0x10D | dsa
    deaf = units()
    deaf[1].interrupt = False
    assert features(KdsFlags(cu_isr=True), cus=deaf) == 0x105 | dsa, "every unit needs an interrupt"
    words = to_words(
        configuration(units(2, control=1), KdsFlags(), CUDMA, ErtSwitches(True, True, True), CQ).packet
    )
    assert words[2:5] == [2, 16, 0x1800000] and words[5] >> 9 & 7 == 7
    assert words[6:] == [0x1800000, 0x1810000], "the protocol is masked out"
    with raises(errno.EINVAL, "whole words"):
        configuration(units(size=0x3FE), KdsFlags(), CUDMA, ErtSwitches(), CQ)
    with raises(errno.EINVAL, "version 4"):
        configuration(units(), KdsFlags(), BoardTraits(ert_major=4), ErtSwitches(), CQ)


@pytest.mark.parametrize("polling", [False, True])
def test_one_reader_of_the_status_registers(polling: bool) -> None:
    """The application's polling flag and the driver's option both switch; the other reader is off then."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(KdsFlags(polling=polling))
        assert user.ert.polling is polling
        enabled = rig.card.user_irqs.enable & 0xF
        assert enabled == (0 if polling else 0xF)
        client = await opened(rig, user, 0, 1, 2)
        handles = [send(client, probe_packet(0b111, token=n, delay=n % 7)) for n in range(60)]
        for handle in handles:
            assert await ended(user, client, handle) == State.COMPLETED
        assert bool(rig.said("user.irq", "ERT interrupt")) is not polling
        assert not rig.said("user.ert", "nothing is in it")
        await client.close()
        await user.read_axlf(rig.image, KdsFlags(polling=not polling), force=True)
        again = await opened(rig, user)
        assert await ended(user, again, send(again, probe_packet(1))) == State.COMPLETED

    rig.run(main(), 60)


# --- special commands ---------------------------------------------------------------------------------------


def unknown_to_firmware() -> bytes:
    """A special command that the first firmware generation does not know."""
    return ert.clk_calib()


@pytest.mark.parametrize("quirky", [False, True])
def test_a_special_command_that_nobody_answers(quirky: bool) -> None:
    """It holds slot 0, and with it what others ask and the next image's configuration, for 3 s or longer."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.SPECIAL_FOR_EVER) if quirky else quirks())
        rig.card.set_firmware(False)  # nobody is there any more
        client, other = await opened(rig, user), await opened(rig, user)
        handle = send(client, unknown_to_firmware())
        asked = send(other, ert.cu_stat())
        await rig.clock.sleep_ns(SECOND * 29 // 10)
        assert state(user, handle) == State.NEW
        await rig.clock.sleep_ns(SECOND * 2 // 10)
        assert state(user, handle) == (State.NEW if quirky else State.TIMEOUT)
        await rig.clock.sleep_ns(3 * SECOND)
        assert state(user, asked) == (State.NEW if quirky else State.TIMEOUT)
        await client.close()
        await rig.clock.sleep_ns(SECOND // 10)
        assert user.ert.submitted == quirky, "the slot is the next one's at last"

    rig.run(main())


def test_the_type_of_a_question_is_the_drivers() -> None:
    """The firmware takes type CU for a start of unit word 1, of whichever client it is."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user, 1)
        evil = to_bytes([Header(6, Type.CU, 12).pack(), 0, *[0] * 11])
        assert await ended(user, client, send(client, evil)) == State.COMPLETED
        assert rig.card.units[0].runs == 0

    rig.run(main())


@pytest.mark.parametrize("quirky", [False, True])
def test_soft_kernels_of_an_image_without_any(quirky: bool) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.SOFT_KERNEL_WITHOUT_UNITS) if quirky else quirks())
        client = await opened(rig, user)
        packet = to_bytes([Header(9, Type.CU, 2).pack(), 1, 0])
        if quirky:
            handle = send(client, packet)
            await rig.clock.sleep_ns(MS)
            assert user.ert.submitted == 1
            await client.close()
            assert user.ert.idle, handle
        else:
            with raises(errno.EINVAL, "PS kernel"):
                send(client, packet)

    rig.run(main())


# --- giving up ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short_close")
@pytest.mark.parametrize("quirky", [False, True])
def test_an_aborted_command_and_those_behind_it(quirky: bool) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.STICKY_BAD_COMMAND) if quirky else quirks())
        leaving, staying = await opened(rig, user), await opened(rig, user)
        rig.card.units[0].hang = True
        slots = user.ert.num_slots - 1
        out = [send(leaving, probe_packet(1)) for _ in range(slots)]
        first = send(staying, probe_packet(1, token=1))
        mine = send(leaving, probe_packet(1))
        behind = send(staying, probe_packet(1, token=2))
        await rig.clock.sleep_ns(2 * MS)
        assert user.ert.submitted == slots
        states: list[State] = []
        closing = rig.clock.spawn(leaving.close_context(rig.uuid, 0))
        await closing.join()
        states = [state(user, handle) for handle in (out[0], out[-1], mine, behind)]
        assert states == [State.TIMEOUT, State.TIMEOUT, State.ABORT, State.ABORT if quirky else State.NEW]
        rig.card.units[0].hang = False
        assert await ended(user, staying, first) == State.COMPLETED
        if not quirky:
            assert await ended(user, staying, behind) == State.COMPLETED

    rig.run(main(), 60)


@pytest.mark.usefixtures("short_close")
@pytest.mark.parametrize("quirky", [False, True])
def test_a_late_answer_and_the_slots_next_command(quirky: bool) -> None:
    """The real driver takes the late answer for the newer command's, which has not even begun."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.REUSED_SLOTS) if quirky else quirks())
        leaving, staying = await opened(rig, user, 0), await opened(rig, user, 1)
        rig.card.units[0].hang = rig.card.units[1].hang = True
        send(leaving, probe_packet(1))
        await rig.clock.sleep_ns(MS)
        await leaving.close()
        newer = send(staying, probe_packet(2))
        await rig.clock.sleep_ns(MS)
        rig.card.units[0].hang = False
        await rig.clock.sleep_ns(MS)
        assert rig.said("user.ert", "slot 2 <-") is not quirky
        if not quirky:
            assert state(user, newer) == State.NEW and rig.said("user.ert", "slot 1 completed late")
            rig.card.units[1].hang = False
            assert await ended(user, staying, newer) == State.COMPLETED
            assert await ended(user, staying, send(staying, probe_packet(2))) == State.COMPLETED
            assert rig.said("user.ert", "slot 1 <- START_CU for CU 1")

    rig.run(main(), 60)


def test_a_configuration_that_nobody_answers() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        rig.card.set_firmware(False)
        begin = rig.clock.now_ns()
        await user.read_axlf(rig.image, force=True)
        assert 3 * SECOND <= rig.clock.now_ns() - begin < 5 * SECOND
        assert not user.kds.state.ert_on and user.ert.idle
        client = await opened(rig, user)
        assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED

    rig.run(main())


def test_the_header_is_written_last_and_then_the_bell() -> None:
    rig = KdsRig()
    order: list[int] = []

    async def main() -> None:
        user = await rig.ready()
        write = rig.card.cq.host_write

        def spy(offset: int, value: int, **more: object) -> None:
            order.append(offset)
            write(offset, value, **more)  # type: ignore[arg-type]

        rig.card.cq.host_write = spy  # type: ignore[assignment, method-assign]
        client = await opened(rig, user)
        assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED
        assert sorted(order) == list(range(order[-1], order[-1] + 4 * len(order), 4))
        assert order[-1] == user.ert.slot_size

    rig.run(main())


def test_the_bell_is_rung_whatever_the_mode() -> None:
    rig = KdsRig()
    rung: list[int] = []

    async def main() -> None:
        user = await rig.ready()
        port = rig.card.csr_cycle

        def spy(access: object) -> object:
            write = getattr(access, "host_write", None)
            if write is not None and ert_csr.CQ_STATUS0.offset <= write[0] <= ert_csr.CQ_STATUS3.offset:
                rung.append(write[1])
            return port(access)  # type: ignore[arg-type]

        rig.card.csr_cycle = spy  # type: ignore[assignment, method-assign]
        client = await opened(rig, user)
        assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED
        assert rung == [2]

    rig.run(main())
