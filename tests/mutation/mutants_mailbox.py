# SPDX-License-Identifier: Apache-2.0
"""Faults of the mailbox's two channels, of its device files and of the time around them."""

from tests.mutation.mutant import Mutant

_UNIT = "tests/unit/"
_SWITCHED = _UNIT + "test_mailbox_switched.py::"

MUTANTS = (
    Mutant(
        "software message waits a minute for a daemon",
        "pydriver/mailbox/options.py",
        "SOFTWARE_TX_TTL_S = 6",
        "SOFTWARE_TX_TTL_S = 60",
        _SWITCHED + "test_without_a_daemon_the_message_sits_in_the_slot_for_six_seconds[interrupt]",
    ),
    Mutant(
        "message passes an unread software message",
        "pydriver/mailbox/transmit.py",
        "return not current.in_slot and (",
        "return (",
        _UNIT + "test_mailbox_switched.py::test_nothing_passes_an_unread_software_message",
    ),
    Mutant(
        "time runs on while a daemon works on a request",
        "pydriver/mailbox/channel.py",
        "at_work = self.software.readable or self._replies.at_daemon",
        "at_work = self.software.readable",
        _UNIT + "test_mailbox_switched.py::test_time_is_held_only_while_a_daemon_has_something_to_do",
    ),
    Mutant(
        "user probe can be disabled",
        "pydriver/mailbox/channel.py",
        "mask & ~(1 << Opcode.USER_PROBE)",
        "mask",
        _UNIT + "test_mailbox_channel.py::test_masks_disable_and_switch_opcodes",
    ),
    Mutant(
        "frame handed to a buffer that is too small",
        "pydriver/mailbox/software.py",
        "if size < frame.size:",
        "if size < frame.size - 32:",
        _UNIT + "test_mailbox_frames.py::test_read_waits_tells_the_size_and_takes_the_whole",
    ),
    Mutant(
        "listener queue without a bound in bytes",
        "pydriver/mailbox/inbox.py",
        " or self._bytes + size >= LISTENER_BYTES",
        "",
        _UNIT + "test_mailbox_faults.py::test_listener_queue_is_bounded_in_bytes",
    ),
    Mutant(
        "frame without the bytes behind its payload",
        "pydriver/mailbox/frames.py",
        "pad = bytes(FRAME_HEADER - PAYLOAD_AT)",
        'pad = b""',
        _UNIT + "test_mailbox_frames.py::test_layout_of_a_frame",
    ),
    Mutant(
        "device file stays readable",
        "pydriver/devices/readiness.py",
        "os.read(self._read_end, 1)",
        "pass",
        _UNIT + "test_devices.py::test_a_file_is_readable_exactly_while_a_message_waits",
    ),
    Mutant(
        "time stands still while work is done",
        "pydriver/platform/outside.py",
        "self._holds > 0 and self._works == 0",
        "self._holds > 0",
        _UNIT + "test_outside.py::test_holds_and_work_nest",
    ),
)
