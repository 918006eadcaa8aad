# SPDX-License-Identifier: Apache-2.0
"""Faults of the two drivers and of the xclbin reader."""

from tests.mutation.mutant import Mutant

_UNIT = "tests/unit/"

MUTANTS = (
    Mutant(
        "xclbin section may end past the file",
        "pydriver/xclbin/container.py",
        "if offset + size > end:",
        "if offset > end:",
        _UNIT + "test_xclbin_container.py::test_section_past_the_end",
    ),
    Mutant(
        "xclbin section one byte too long",
        "pydriver/xclbin/container.py",
        "if offset + size > end:",
        "if offset + size > end + 1:",
        _UNIT + "test_xclbin_container.py::test_section_extents_to_the_byte",
    ),
    Mutant(
        "gate opened although programming failed",
        "pydriver/xclmgmt/download.py",
        "        await self._icap.program(section)\n        await self._gate.free()",
        "        await self._gate.free()\n        await self._icap.program(section)",
        _UNIT + "test_drivers.py::test_gate_stays_closed_after_failed_programming",
    ),
    Mutant(
        "every user function shares the memory",
        "pydriver/xclmgmt/server.py",
        "if not self._driver.connection & ConnFlags.PEER_SAME_DOMAIN:",
        "if not self._driver.connection & ConnFlags.PEER_READY:",
        _UNIT + "test_mgmt_requests.py::test_an_image_by_address",
    ),
    Mutant(
        "memory controllers at a stride of their own",
        "pydriver/xclmgmt/peer_groups.py",
        "out[index * size : index * size + len(entry)]",
        "out[index * 64 : index * 64 + len(entry)]",
        _UNIT + "test_mgmt_groups.py::test_memory_controllers_at_the_stride_of_the_asker",
    ),
    Mutant(
        "reset before its answer has been read",
        "pydriver/xclmgmt/reset.py",
        "await self._driver.mailbox.drained(DRAIN_NS)",
        "pass",
        _UNIT + "test_mgmt_reset.py::test_a_requested_reset",
    ),
    Mutant(
        "piece of the tree says that it is the last",
        "pydriver/xclmgmt/shell.py",
        "offset + len(blob) < len(self.user_tree)",
        "False",
        _UNIT + "test_mgmt_shell.py::test_the_tree_in_pieces",
    ),
    Mutant(
        "design stays in the user driver",
        "pydriver/xocl/loader.py",
        "axlf.clock_topology(), without_design(axlf)",
        "axlf.clock_topology(), axlf",
        _UNIT + "test_user_download.py::test_nothing_of_the_design_stays_in_the_driver",
    ),
    Mutant(
        "short answer leaves an old UUID",
        "pydriver/xocl/peer_data.py",
        " if len(answer) >= _UUID_END else NULL_UUID",
        "",
        _UNIT + "test_user_peer_data.py::test_the_loaded_uuid_is_never_an_old_one",
    ),
)
