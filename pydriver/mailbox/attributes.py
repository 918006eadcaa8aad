# SPDX-License-Identifier: Apache-2.0
"""The sysfs attributes of a mailbox, the same on both functions.

Source: XRT mailbox contract §8. The binary attributes of the test mode (`raw_pkt_send`, `msg_send_body`,
`msg_recv_body`) carry one byte per character.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from pydriver.errors import fail
from pydriver.mailbox.channel import TEST_MESSAGE_BYTES, Mailbox
from pydriver.mailbox.messages import (
    OPCODE_MAX,
    ClockFreqscaling,
    Conn,
    ConnResp,
    Opcode,
    P2pBarAddr,
    PeerState,
    SubdevPeer,
)
from pydriver.mailbox.packets import BODY_PAYLOAD, PACKET_WORDS
from pydriver.mailbox.port import Port
from pydriver.regs import Register
from pydriver.regs import mailbox as registers
from pydriver.sysfs import Attribute, parse_flag, parse_u64

INT_BYTES = 4
PEER_DATA_BYTES = 8192
RAW_RETRIES = 6
RAW_RETRY_NS = 10_000
_NOT_SHOWN = (registers.WRDATA, registers.RDDATA)

# Opcode: (bytes of the body that are sent, None for all; bytes of the response, 0 for a notification).
_TEST_SHAPES: dict[Opcode, tuple[int | None, int]] = {
    Opcode.TEST_READY: (0, 0),
    Opcode.FIREWALL: (0, 0),
    Opcode.CHG_SHELL: (0, 0),
    Opcode.MGMT_STATE: (PeerState.SIZE, 0),
    Opcode.TEST_READ: (0, TEST_MESSAGE_BYTES),
    Opcode.LOAD_XCLBIN_KADDR: (8, INT_BYTES),
    Opcode.LOAD_XCLBIN: (None, INT_BYTES),
    Opcode.RECLOCK: (ClockFreqscaling.SIZE, INT_BYTES),
    Opcode.PEER_DATA: (SubdevPeer.SIZE, PEER_DATA_BYTES),
    Opcode.USER_PROBE: (Conn.SIZE, ConnResp.SIZE),
    Opcode.PROGRAM_SHELL: (0, INT_BYTES),
    Opcode.HOT_RESET: (0, INT_BYTES),
    Opcode.READ_P2P_BAR_ADDR: (P2pBarAddr.SIZE, INT_BYTES),
}


def mailbox_attributes(
    mailbox: Mailbox, connection: Callable[[], int], prefix: str = ""
) -> dict[str, Attribute]:
    """Path, which begins with `prefix` (such as ``mailbox.m.256/``), to attribute.

    `connection` gives the flags of the connection to the peer.
    """
    debug = _Debug(mailbox)
    test = _TestMode(mailbox)
    attributes = [
        Attribute(
            "mailbox", debug.show_message, debug.store_message, "string for and of the peer (TEST_READ)"
        ),
        Attribute("mailbox_ctl", debug.show_registers, debug.poke, "registers; write offset:value"),
        Attribute("mailbox_pkt", debug.show_packet, debug.store_packet, "TEST packet of and for the peer"),
        Attribute("connection", lambda: f"{connection():#x}", None, "flags of the connection"),
        Attribute("intr_mode", None, debug.set_interrupt_mode, "1 interrupts, 0 polling"),
        Attribute("recv_metrics", debug.show_metrics, None, "bytes and requests that came in"),
        Attribute("msg_send", test.show_status, test.send, "send a request in test mode"),
        Attribute("msg_send_body", None, test.store_body, "payload of the next request", True),
        Attribute("msg_recv_body", test.show_body, None, "response to the last request", True),
        Attribute("raw_pkt_send", None, test.send_raw, "words for the FIFO as they are", True),
    ]
    return {prefix + attribute.name: attribute for attribute in attributes}


class _Debug:
    """What works at any time."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def show_message(self) -> str:
        return await self._mailbox.fetch_test_message()

    async def store_message(self, text: str) -> None:
        try:
            await self._mailbox.offer_test_message(text)
        except OSError as error:
            # The string is stored; that the peer could not be told is no error of the write.
            if error.errno == errno.EINVAL:
                raise

    async def show_registers(self) -> str:
        port = self._mailbox.port
        return "" if port is None else "".join([await _line(port, item) for item in registers.REGISTERS])

    async def poke(self, text: str) -> None:
        port = self._mailbox.port
        if port is None:
            return
        offset, colon, value = text.partition(":")
        at = parse_u64(offset)
        found = [item for item in registers.REGISTERS if item.offset == at]
        if not colon or at % 4 or at >= registers.SIZE:
            raise fail(errno.EINVAL, f"{text!r} is not an offset, a colon and a value")
        if found:
            await port.regs.write(found[0], parse_u64(value) & 0xFFFF_FFFF)

    def show_packet(self) -> str:
        return self._mailbox.take_test_payload().decode("latin-1")

    async def store_packet(self, text: str) -> None:
        data = text.encode("latin-1", "replace")
        if len(data) > BODY_PAYLOAD:
            raise fail(errno.EINVAL, f"a TEST packet holds {BODY_PAYLOAD} bytes, not {len(data)}")
        await self._mailbox.send_test_packet(data)

    async def set_interrupt_mode(self, text: str) -> None:
        await self._mailbox.set_interrupt_mode(parse_flag(text))

    def show_metrics(self) -> str:
        metrics = self._mailbox.metrics
        counts = [f"req[{op}] received: {metrics.requests.get(op, 0)}\n" for op in range(OPCODE_MAX)]
        return f"raw bytes received: {metrics.raw_bytes}\n" + "".join(counts)


async def _line(port: Port, register: Register) -> str:
    if register in _NOT_SHOWN:
        return ""
    # CTRL cannot be read.
    value = "--" if register is registers.CTRL else f"{await port.regs.read(register):#010x}"
    return f"{register.offset:02d} {register.name.lower():>10} = {value}\n"


class _TestMode:
    """Arbitrary messages, while the mailbox is in test mode; EACCES otherwise."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._opcode = 0
        self._status = 0
        self._body = b""
        self._response = b""

    def _check(self) -> None:
        if not self._mailbox.options.test_mode:
            raise fail(errno.EACCES, "the mailbox is not in test mode")

    def show_status(self) -> str:
        self._check()
        return f"opcode: {self._opcode}\nsent status: {self._status}\n"

    def store_body(self, text: str) -> None:
        self._check()
        self._body = text.encode("latin-1", "replace")

    def show_body(self) -> str:
        self._check()
        return self._response.decode("latin-1")

    async def send(self, text: str) -> None:
        """Send the opcode with the stored body; how it ended is in the attribute, not in the write."""
        self._check()
        opcode = parse_u64(text)
        if opcode >= OPCODE_MAX:
            raise fail(errno.EINVAL, f"there is no opcode {opcode}")
        self._opcode, self._response = opcode, b""
        body, self._body = self._body, b""
        try:
            self._response = await self._exchange(Opcode(opcode), body)
            self._status = 0
        except OSError as error:
            self._status = -(error.errno or errno.EIO)

    async def _exchange(self, opcode: Opcode, body: bytes) -> bytes:
        if opcode not in _TEST_SHAPES:
            raise fail(errno.EOPNOTSUPP, f"{opcode.name} cannot be sent from here")
        size, response = _TEST_SHAPES[opcode]
        if size != 0 and not body:
            raise fail(errno.EINVAL, f"{opcode.name} needs a body")
        payload = body if size is None else body[:size].ljust(size, b"\0")
        if not response:
            await self._mailbox.notify(opcode, payload, test=True)
            return b""
        return await self._mailbox.request(opcode, payload, max_response=response, test=True)

    async def send_raw(self, text: str) -> None:
        """Packets for the FIFO, past the queue, as a guest with access to the BAR could write them.

        When the FIFO is not empty after six looks the rest is given up.
        """
        self._check()
        port = self._mailbox.port
        if port is None:
            return
        data = text.encode("latin-1", "replace")
        packet_bytes = 4 * PACKET_WORDS
        for at in range(0, len(data), packet_bytes):
            part = data[at : at + packet_bytes].ljust(packet_bytes, b"\0")
            words = [int.from_bytes(part[word : word + 4], "little") for word in range(0, packet_bytes, 4)]
            if not await self._free(port):
                return
            await port.put_packet(tuple(words))

    async def _free(self, port: Port) -> bool:
        for _ in range(RAW_RETRIES):
            if await port.sendable():
                return True
            await self._mailbox.clock.sleep_ns(RAW_RETRY_NS)
        return False
