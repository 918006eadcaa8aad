# SPDX-License-Identifier: Apache-2.0
"""The attribute tree."""

from __future__ import annotations

import errno

import pytest

from pydriver.platform.virtual import VirtualClock
from pydriver.sysfs import Attribute, AttributeTree, parse_flag, parse_u64
from tests.unit.mailbox_pair import raises


class Values:
    """Something with a value."""

    def __init__(self) -> None:
        self.value = 7
        self.raw: list[str] = []
        self.clock = VirtualClock()

    def store(self, text: str) -> None:
        self.value = parse_u64(text)

    async def show_later(self) -> str:
        await self.clock.sleep_ns(5)
        return str(self.value)

    async def store_later(self, text: str) -> None:
        await self.clock.sleep_ns(5)
        self.value = parse_u64(text)


def tree(values: Values) -> AttributeTree:
    return AttributeTree(
        {
            "vendor": Attribute("vendor", lambda: "0x10ee"),
            "mailbox.m.8/connection": Attribute("connection", lambda: "many\nlines\n"),
            "mailbox.m.8/value": Attribute("value", values.show_later, values.store),
            "mailbox.m.8/later": Attribute("later", None, values.store_later),
            "icap.m.8/empty": Attribute("empty", lambda: ""),
            "icap.m.8/raw": Attribute("raw", lambda: "\x80\n\n", values.raw.append, "", True),
        }
    )


def test_reading_and_writing() -> None:
    values = Values()
    attributes = tree(values)

    async def main() -> None:
        assert await attributes.read("vendor") == "0x10ee\n"
        assert await attributes.read("mailbox.m.8/connection") == "many\nlines\n"
        assert await attributes.read("icap.m.8/empty") == ""
        assert await attributes.read("mailbox.m.8/value") == "7\n"
        await attributes.write("mailbox.m.8/value", "0x10\n")
        assert await attributes.read("mailbox.m.8/value") == "16\n"
        await attributes.write("mailbox.m.8/later", "12")
        assert values.value == 12
        await attributes.write("icap.m.8/raw", "\xff\n")
        assert values.raw == ["\xff\n"]
        assert await attributes.read("icap.m.8/raw") == "\x80\n\n"

    values.clock.run(main())


def test_errors() -> None:
    values = Values()
    attributes = tree(values)

    async def main() -> None:
        with raises(errno.ENOENT):
            await attributes.read("mailbox.m.8")
        with raises(errno.ENOENT):
            await attributes.write("nothing", "1")
        with raises(errno.EACCES):
            await attributes.read("mailbox.m.8/later")
        with raises(errno.EACCES):
            await attributes.write("vendor", "1")
        with raises(errno.EINVAL):
            await attributes.write("mailbox.m.8/value", "seven")
        assert values.value == 7
        with raises(errno.ENOENT):
            attributes.changed("nothing")

    values.clock.run(main())


def test_paths_modes_and_subtrees() -> None:
    attributes = tree(Values())
    assert attributes.paths() == sorted(attributes.paths())
    assert len(attributes.paths()) == 6
    modes = {path: attributes.attribute(path).mode for path in attributes.paths()}
    assert modes["vendor"] == 0o444
    assert modes["mailbox.m.8/value"] == 0o644
    assert modes["mailbox.m.8/later"] == 0o200
    assert attributes.subtree("mailbox.m.8").paths() == ["connection", "later", "value"]
    assert attributes.subtree("mailbox.m.8/").paths() == ["connection", "later", "value"]
    with raises(errno.ENOENT):
        attributes.subtree("mailbox.m")


def test_changes_are_told_with_the_whole_path() -> None:
    values = Values()
    attributes = tree(values)
    told: list[str] = []
    attributes.on_change.append(told.append)

    async def main() -> None:
        await attributes.write("mailbox.m.8/value", "1")
        with raises(errno.EINVAL):
            await attributes.write("mailbox.m.8/value", "-1")
        attributes.changed("vendor")
        await attributes.subtree("mailbox.m.8").write("later", "3")

    values.clock.run(main())
    assert told == ["mailbox.m.8/value", "vendor", "mailbox.m.8/later"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("262", 262), ("0x106", 262), ("0X1f", 31), ("0xffffffffffffffff", 2**64 - 1), (" 7 ", 7)],
)
def test_numbers(text: str, value: int) -> None:
    assert parse_u64(text) == value


@pytest.mark.parametrize("text", ["", "-1", "1_0", "0x", "ten", "0x10000000000000000", "1.5", "1 2"])
def test_what_is_no_number(text: str) -> None:
    with raises(errno.EINVAL):
        parse_u64(text)


def test_flags() -> None:
    assert (parse_flag("0"), parse_flag("1")) == (False, True)
    for text in ("2", "on", ""):
        with raises(errno.EINVAL):
            parse_flag(text)
