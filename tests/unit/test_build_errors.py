# SPDX-License-Identifier: Apache-2.0
"""What is shown of a simulator's output when something did not compile."""

from __future__ import annotations

from tb.runner import EXCERPT, excerpt

WARNING = "hdl/a.sv:220: warning: System task ($error) cannot be synthesized in an always_ff process."


def test_warnings_do_not_hide_the_error() -> None:
    """Icarus says what is wrong first, then as much as it can about what is not."""
    error = "mine.sv:215: error: Could not find variable ``lift''"
    text = excerpt("\n".join([*[WARNING] * 5, error, *[WARNING] * 50, "4 error(s) during elaboration."]))
    assert text.splitlines() == [error, "4 error(s) during elaboration."]


def test_the_first_errors_are_shown() -> None:
    lines = [f"mine.sv:{line}: syntax error" for line in range(100)]
    assert excerpt("\n".join([WARNING, *lines])).splitlines() == lines[:EXCERPT]


def test_the_end_is_shown_when_nothing_says_error() -> None:
    lines = [f"line {line}" for line in range(100)]
    assert excerpt("\n".join(lines)).splitlines() == lines[-EXCERPT:]
    assert excerpt("") == ""
