# SPDX-License-Identifier: Apache-2.0
"""Faults of the daemons, their plugins, the vault and the tool that makes fakes."""

from tests.mutation.mutant import Mutant

_UNIT = "tests/unit/"

MUTANTS = (
    Mutant(
        "MSD listens on every address",
        "pydriver/daemons/handshake.py",
        "sock.bind((address, port))",
        'sock.bind(("", port))',
        _UNIT + "test_daemons_msd.py::test_publishes_where_it_listens_and_takes_it_back",
    ),
    Mutant(
        "identity in the order of the machine",
        "pydriver/daemons/handshake.py",
        'ID = struct.Struct("!I")',
        'ID = struct.Struct("<I")',
        _UNIT + "test_daemons_mpd.py::test_says_the_id_in_network_order_and_passes_frames_unchanged",
    ),
    Mutant(
        "any identity but none is accepted",
        "pydriver/daemons/handshake.py",
        "if said != self._ident:",
        "if said == 0:",
        _UNIT + "test_daemons_msd.py::test_wrong_short_and_slow_ids_are_refused_and_delay_nobody",
    ),
    Mutant(
        "image may be longer than its message by one",
        "pydriver/daemons/msd_function.py",
        "if length > room:",
        "if length > room + 1:",
        _UNIT + "test_daemons_msd.py::test_a_lie_about_the_length_costs_the_link",
    ),
    Mutant(
        "MSD hides the error of the driver",
        "pydriver/daemons/msd_function.py",
        "code = result_code(error)",
        "code = -1",
        _UNIT + "test_daemons_msd.py::test_the_drivers_error_is_the_response",
    ),
    Mutant(
        "firewall data in another layout",
        "pydriver/daemons/plugins/local.py",
        "return MigEcc.SIZE, lambda: _packed(plugin.get_firewall_data(index))",
        "return 104, lambda: _packed(plugin.get_firewall_data(index))",
        _UNIT + "test_plugins_local.py::test_hook_answers",
    ),
    Mutant(
        "image is given out to everybody",
        "pydriver/daemons/plugins/protected.py",
        "            self._vault.authorise(image, self._tenant, subject.card)\n",
        "",
        _UNIT + "test_plugins_protected.py::test_refusal",
    ),
    Mutant(
        "another image under the name of a fake",
        "pydriver/daemons/plugins/protected.py",
        "if parse(real).uuid != fake.uuid:",
        "if False:",
        _UNIT + "test_plugins_protected.py::test_refusal",
    ),
    Mutant(
        "revoked grants hold",
        "pydriver/daemons/plugins/vault/store.py",
        "AND revoked IS NULL AND valid_from",
        "AND valid_from",
        _UNIT + "test_plugins_vault.py::test_revocation_withdrawal_and_blocking_end_it",
    ),
    Mutant(
        "changed image is given out",
        "pydriver/daemons/plugins/vault/store.py",
        "if hashlib.sha256(data).hexdigest() != image.sha256:",
        "if False:",
        _UNIT + "test_plugins_vault.py::test_changed_image_is_not_given_out",
    ),
    Mutant(
        "fake keeps the bytes between sections",
        "pydriver/xclbin/strip.py",
        "        gaps=(),\n",
        "",
        _UNIT + "test_strip.py::test_padding_behind_the_last_section_is_not_taken_over",
    ),
)
