# SPDX-License-Identifier: Apache-2.0
"""What the exhibits share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pydriver.mailbox import Mailbox
from tests.unit import mailbox_pair
from tests.unit.mailbox_pair import Pair


def caught(match: str) -> Any:
    """The check fails, with a sentence that matches: for the variant with the old behaviour."""
    return pytest.raises(AssertionError, match=match)


def meet(
    main: Callable[[Pair], Awaitable[None]],
    side: type[Mailbox] = Mailbox,
    interrupt: bool = True,
    **options: Any,
) -> None:
    """Run `main` on two mailboxes of class `side`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailbox_pair, "Mailbox", side)
        pair = Pair(interrupt, **options)
    pair.run(main)


async def result_of(work: Awaitable[object]) -> int:
    """0, or the errno that ended it."""
    try:
        await work
    except OSError as error:
        return error.errno
    return 0
