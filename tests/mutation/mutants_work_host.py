# SPDX-License-Identifier: Apache-2.0
"""Faults of host scheduling, of the scheduler's firmware and of the API above them."""

from tests.mutation.mutant import Mutant

_UNIT = "tests/unit/"

MUTANTS = (
    Mutant(
        "chain ready while the start bit stands",
        "pydriver/xocl/cu/hls.py",
        "ready = int(used > 0 and not control & START)",
        "ready = int(used > 0)",
        _UNIT + "test_cu_hls.py::test_chain_is_ready_before_it_is_done",
    ),
    Mutant(
        "acknowledge toggles bits that were not set",
        "pydriver/xocl/cu/hls.py",
        "await self._write(ISR, status)",
        "await self._write(ISR, INTERRUPTS)",
        _UNIT + "test_cu_hls.py::test_a_spurious_interrupt_makes_none",
    ),
    Mutant(
        "counter of the fast adapter must not wrap",
        "pydriver/xocl/cu/fast_adapter.py",
        "(count - self._count) & WORD_MASK",
        "count - self._count",
        _UNIT + "test_cu_fast_adapter.py::test_many_tasks[counter wraps-polling]",
    ),
    Mutant(
        "a hung run of a closed client is given one tick",
        "pydriver/xocl/cu/queue.py",
        "TTL_TICKS * self._tick_ns",
        "self._tick_ns",
        _UNIT + "test_cu_queue.py::test_a_hung_run_of_a_closed_client_is_reset_after_ten_ticks",
    ),
    Mutant(
        "interrupts of a lent unit are the driver's",
        "pydriver/xocl/cu/host.py",
        " and not unit.lent",
        "",
        _UNIT + "test_cu_host.py::test_lending_an_interrupt",
    ),
    Mutant(
        "blanking handler looks only at enabled sources",
        "pydriver/subdev/intc.py",
        "cu_intc.ISR.offset)",
        "cu_intc.IPR.offset)",
        _UNIT + "test_intc.py::test_handler_with_blanking_in_cu_mode",
    ),
    Mutant(
        "extra unit masks counted in bytes",
        "pydriver/xocl/kds/selection.py",
        "WORD_BYTES = 4",
        "WORD_BYTES = 1",
        _UNIT + "test_kds_packets.py::test_all_128_units_can_be_used",
    ),
    Mutant(
        "slot of a late answer given away",
        "pydriver/xocl/ert_slots.py",
        "if self._keep_back:",
        "if False:",
        _UNIT + "test_kds_ert.py::test_a_late_answer_and_the_slots_next_command",
    ),
    Mutant(
        "embedded scheduler stopped under its commands",
        "pydriver/xocl/kds/modes.py",
        "        await self._drain()\n",
        "",
        _UNIT + "test_kds_modes.py::test_a_user_managed_unit_takes_the_embedded_scheduler_away",
    ),
    Mutant(
        "a dead client keeps the image locked",
        "pydriver/xocl/client.py",
        "            self._virtual = 0\n            self._unlock()\n",
        "            self._virtual = 0\n",
        _UNIT + "test_kds_processes.py::test_dies_while_it_polls",
    ),
    Mutant(
        "arguments written over a waiting set",
        "pydriver/xrt/mailbox_port.py",
        "while self._busy and self._running():",
        "while False and self._running():",
        _UNIT + "test_xrt_mailbox.py::test_set_arg_waits_until_the_last_set_is_taken",
    ),
    Mutant(
        "a mailbox unit is shared",
        "pydriver/xrt/kernel.py",
        "            mode = AccessMode.EXCLUSIVE\n",
        "            pass\n",
        _UNIT + "test_xrt_mailbox.py::test_units_with_a_mailbox_or_a_counter_are_opened_exclusively",
    ),
    Mutant(
        "copy engine used for one word too many",
        "firmware_model/ert/v20.py",
        "< CU_DMA_MAX_WORDS",
        "<= CU_DMA_MAX_WORDS",
        _UNIT + "test_ert_firmware.py::test_the_copy_engine_is_told_the_unit[False]",
    ),
    Mutant(
        "a slot without command is never looked at again",
        "firmware_model/ert/scheduler.py",
        "_look.difference_update(wanted)",
        "_look.clear()",
        _UNIT + "test_ert_firmware.py::test_a_slot_the_host_gave_up_is_found_again",
    ),
    Mutant(
        "firmware does not sleep",
        "firmware_model/ert/v30.py",
        "        await self.core.wait_awake()\n",
        "",
        _UNIT + "test_ert_firmware.py::test_v30_sleeps_after_exit_until_it_is_woken",
    ),
)
