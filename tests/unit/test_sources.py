# SPDX-License-Identifier: Apache-2.0
"""The file list of a top holds what it instantiates, and nothing it does not."""

import pytest

from tb import sources


def test_every_module_is_in_a_file_of_its_name():
    for name, path in sources.index().items():
        assert f"module {name}" in path.read_text() or f"package {name}" in path.read_text(), path


def test_packages_come_first_and_users_last():
    for top in ("hw_mailbox",):
        files = [path.stem for path in sources.resolve(top)]
        assert files[-1] == top
        packages = [name.endswith("_pkg") for name in files]
        assert packages == sorted(packages, reverse=True)


def test_unknown_top_is_refused():
    with pytest.raises(KeyError, match="no_such_module"):
        sources.resolve("no_such_module")


def test_a_leaf_needs_only_itself():
    assert [path.stem for path in sources.resolve("clk_gate")] == ["clk_gate"]
