# SPDX-License-Identifier: Apache-2.0
"""The sysfs attributes of both sides of a mailbox."""

from __future__ import annotations

import errno

import pytest

from pydriver.mailbox import Mailbox, Opcode
from pydriver.mailbox.attributes import mailbox_attributes
from pydriver.mailbox.messages import pack_request
from pydriver.mailbox.packets import Flags, split
from pydriver.sysfs import AttributeTree
from tests.unit.mailbox_pair import ECHO, SECOND, Pair, raises

MS = SECOND // 1000


def tree(mailbox: Mailbox, connection: int = 0) -> AttributeTree:
    return AttributeTree(mailbox_attributes(mailbox, lambda: connection, "mailbox.u.256/"))


def names(mailbox: Mailbox, connection: int = 0) -> AttributeTree:
    return tree(mailbox, connection).subtree("mailbox.u.256")


def test_names_and_modes() -> None:
    pair = Pair()
    attributes = names(pair.user)
    modes = {path: attributes.attribute(path).mode for path in attributes.paths()}
    assert modes == {
        "mailbox": 0o644,
        "mailbox_ctl": 0o644,
        "mailbox_pkt": 0o644,
        "connection": 0o444,
        "intr_mode": 0o200,
        "recv_metrics": 0o444,
        "msg_send": 0o644,
        "msg_send_body": 0o200,
        "msg_recv_body": 0o444,
        "raw_pkt_send": 0o200,
    }
    pair.clock.close()


@pytest.mark.parametrize("switched", [False, True], ids=["hardware", "software"])
def test_test_messages_in_both_directions(switched: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        if switched:
            pair.switch(Opcode.TEST_READY, Opcode.TEST_READ)
            pair.courier()
        sides = [(pair.mgmt, pair.user), (pair.user, pair.mgmt)]
        for writer, reader in sides:
            text = f"from {writer.name} " + "x" * 100
            await names(writer).write("mailbox", text + "\n")
            assert await reader.test_ready.wait(SECOND)
            reader.test_ready.clear()
            assert await names(reader).read("mailbox") == text + "\n"
            with raises(errno.ETIME):
                await names(reader).read("mailbox")
        with raises(errno.EINVAL):
            await names(pair.user).write("mailbox", "y" * 129)
        assert not pair.served

    Pair().run(main)


def test_message_is_stored_though_the_peer_cannot_be_told() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.mgmt.channel_disable = 1 << Opcode.TEST_READY
        await names(pair.mgmt).write("mailbox", "quiet")
        assert not await pair.user.test_ready.wait(SECOND)
        assert await names(pair.user).read("mailbox") == "quiet\n"

    Pair().run(main)


def test_registers_are_shown_and_poked() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        attributes = names(pair.user)
        text = await attributes.read("mailbox_ctl")
        assert text.splitlines() == [
            "16     status = 0x00000005",
            "20      error = 0x00000000",
            "24        sit = 0x00000000",
            "28        rit = 0x0000000f",
            "32         is = 0x00000000",
            "36         ie = 0x00000003",
            "40         ip = 0x00000000",
            "44       ctrl = --",
        ]
        await attributes.write("mailbox_ctl", "28:7")
        assert pair.card.user_mailbox.rit == 7
        await attributes.write("mailbox_ctl", "0x1c:0xf\n")
        assert pair.card.user_mailbox.rit == 15
        for bad in ("28", "28:", ":7", "29:1", "48:1", "0x30:0", "x:1", "28:y"):
            with raises(errno.EINVAL):
                await attributes.write("mailbox_ctl", bad)
        assert pair.card.user_mailbox.rit == 15

    Pair().run(main)


def test_test_packets() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await names(pair.user).write("mailbox_pkt", "ping")
        await pair.clock.sleep_ns(MS)
        assert await names(pair.mgmt).read("mailbox_pkt") == "ping\n"
        assert await names(pair.mgmt).read("mailbox_pkt") == "", "it is read once"
        with raises(errno.EINVAL):
            await names(pair.user).write("mailbox_pkt", "z" * 57)

    Pair().run(main)


def test_connection_and_metrics() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        assert await names(pair.user, 3).read("connection") == "0x3\n"
        await pair.user.request(ECHO, b"12345678")
        lines = (await names(pair.mgmt).read("recv_metrics")).splitlines()
        assert lines[0] == "raw bytes received: 64"
        assert len(lines) == 18 and lines[11] == "req[10] received: 1" and lines[17] == "req[16] received: 0"
        # Opcodes that do not exist are not counted, so a peer cannot fill memory with counters.
        for opcode in (17, 1 << 31):
            await pair.user.notify(opcode)
        await pair.clock.sleep_ns(MS)
        assert set(pair.mgmt.metrics.requests) == {ECHO}

    Pair().run(main)


def test_interrupt_mode() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        attributes = names(pair.user)
        await attributes.write("intr_mode", "0")
        assert pair.card.user_mailbox.ie == 0 and not pair.user.interrupt_mode
        assert await pair.user.request(ECHO, b"polled", max_response=6) == b"polled"
        await attributes.write("intr_mode", "1")
        assert pair.card.user_mailbox.ie == 3
        assert await pair.user.request(ECHO, b"interrupt", max_response=9) == b"interrupt"
        for bad in ("2", "on", ""):
            with raises(errno.EINVAL):
                await attributes.write("intr_mode", bad)
        with raises(errno.EACCES):
            await attributes.read("intr_mode")

    Pair().run(main)


def test_test_attributes_need_the_test_mode() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        attributes = names(pair.user)
        for path in ("msg_send", "msg_recv_body"):
            with raises(errno.EACCES):
                await attributes.read(path)
        for path in ("msg_send", "msg_send_body", "raw_pkt_send"):
            with raises(errno.EACCES):
                await attributes.write(path, "10")

    Pair().run(main)


def test_messages_of_the_test_mode() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        attributes = names(pair.user)
        body = bytes(range(225, 256)) + b"\n"
        await attributes.write("msg_send_body", body.decode("latin-1"))
        await attributes.write("msg_send", str(int(ECHO)))
        assert await attributes.read("msg_send") == "opcode: 10\nsent status: 0\n"
        assert await attributes.read("msg_recv_body") == body.decode("latin-1")
        # Each body is for one message.
        await attributes.write("msg_send", str(int(ECHO)))
        assert await attributes.read("msg_send") == f"opcode: 10\nsent status: -{errno.EINVAL}\n"
        await attributes.write("msg_send", str(int(Opcode.LOCK_BITSTREAM)))
        assert f"-{errno.EOPNOTSUPP}" in await attributes.read("msg_send")
        await attributes.write("msg_send", str(int(Opcode.FIREWALL)))
        await pair.clock.sleep_ns(MS)
        assert pair.mgmt.metrics.requests[Opcode.FIREWALL] == 1
        pair.user.channel_disable = 1 << Opcode.FIREWALL
        await attributes.write("msg_send", str(int(Opcode.FIREWALL)))
        assert f"-{errno.EFAULT}" in await attributes.read("msg_send")
        with raises(errno.EINVAL):
            await attributes.write("msg_send", "17")
        with raises(errno.EACCES):
            await pair.user.request(ECHO)

    Pair(test_mode=True).run(main)


def test_raw_packets_go_past_the_queue() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        words = b"".join(
            word.to_bytes(4, "little")
            for packet in split(5, Flags.REQUEST, pack_request(ECHO, bytes(300)))
            for word in packet
        )
        await names(pair.user).write("raw_pkt_send", words.decode("latin-1"))
        await pair.clock.sleep_ns(MS)
        assert [request.msg_id for request in pair.served] == [5]
        await pair.mgmt.stop()
        before = pair.card.user.bars[0].writes
        await names(pair.user).write("raw_pkt_send", "\0" * 640)
        assert pair.card.user.bars[0].writes == before + 16, "the rest is given up when nobody reads"

    Pair(test_mode=True).run(main)


def test_mailbox_without_registers_shows_none() -> None:
    async def main(pair: Pair) -> None:
        await pair.user.start()
        attributes = names(pair.user)
        assert await attributes.read("mailbox_ctl") == ""
        await attributes.write("mailbox_ctl", "28:7")
        await attributes.write("intr_mode", "1")
        await attributes.write("raw_pkt_send", "x")
        assert not pair.user.interrupt_mode

    Pair(registers=False, test_mode=True).run(main)
