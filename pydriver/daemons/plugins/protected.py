# SPDX-License-Identifier: Apache-2.0
"""The plugin of a vendor who keeps his bitstreams: the user side has fakes, the vault the real images.

MPD hands over a fake; the real image of the same uuid goes from the vault to the management function's node,
without MSD. The user side gets a number back and nothing else. What it can be:

- 0: loaded. EBUSY, ETIMEDOUT ...: what the management driver said of the real image.
- EPERM: the image has a bitstream of its own, and `allow_full` is not set.
- EINVAL: it is no image. ENOENT: nobody stored a real one for it.
- EACCES: this tenant may not load it on this card now.
- EKEYREJECTED: the stored image was changed, or has another uuid.
- EIO, EBUSY, EACCES, ENOENT: the vault is damaged, held by others, open to others, or not there.
- ENODEV: there is no management function.

Source: software mailbox contract §6.3.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

from pydriver.errors import fail
from pydriver.mailbox.messages import IcapData
from pydriver.xclbin import Axlf, parse
from pydriver.xclbin.strip import secrets

from .api import MpdPlugin, PluginContext, absent
from .card import download, loaded_uuid, management_function
from .vault.attempts import Attempt, Subject
from .vault.store import Vault, md5_of

UNKNOWN_CARD = "unknown"


class ProtectedPlugin(MpdPlugin):
    """Options: `vault` (file), `tenant` (whose user functions these are), `allow_full` (0 or 1), `mgmt_root`,
    `card`.
    """

    def init(self, context: PluginContext) -> None:
        """Raises EINVAL without `vault` or `tenant`, and whatever opening the vault gives."""
        self._context = context
        for option in ("vault", "tenant"):
            if not context.options.get(option):
                raise fail(errno.EINVAL, f"it needs the option {option}")
        allow_full = context.options.get("allow_full", "0")
        if allow_full not in ("0", "1"):
            raise fail(errno.EINVAL, f"allow_full is 0 or 1, not {allow_full!r}")
        self._allow_full = allow_full == "1"
        self._tenant = context.options["tenant"]
        self._vault = Vault(Path(context.options["vault"]))
        self._vault.owners()

    def get_remote_msd_fd(self, index: int) -> int:
        return -1

    def get_icap_data(self, index: int) -> IcapData:
        """The uuid of what is loaded, when the management driver says; otherwise the hook is absent."""
        uuid = loaded_uuid(management_function(self._context, index))
        return absent("get_icap_data") if uuid is None else IcapData(uuid=uuid)

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        fake: Axlf | None = None
        with suppress(OSError):
            fake = parse(axlf)
        subject = Subject(
            self._tenant, self._card(index), "" if fake is None else fake.uuid.hex(), md5_of(axlf)
        )
        try:
            with self._vault.attempt(subject, self._context.log) as attempt:
                self._load(attempt, subject, index, axlf, fake)
        except OSError as error:
            self._context.log(f"{_sentence(subject)}: {errno.errorcode.get(error.errno or 0, 'EIO')}")
            raise
        self._context.log(f"{_sentence(subject)}: loaded")
        return 0

    def _load(self, attempt: Attempt, subject: Subject, index: int, axlf: bytes, fake: Axlf | None) -> None:
        if fake is None:
            raise fail(errno.EINVAL, "what was sent is no image")
        if secrets(fake):
            if not self._allow_full:
                raise fail(errno.EPERM, "images with a bitstream are not taken from the user side")
            attempt.authorised("full image of the user")
            real = axlf
        else:
            image = self._vault.find(subject.md5)
            self._vault.authorise(image, self._tenant, subject.card)
            attempt.authorised(f"image of {image.owner}")
            real = self._vault.fetch(image)
            if parse(real).uuid != fake.uuid:
                raise fail(errno.EKEYREJECTED, f"the stored image for {subject.md5} has another uuid")
        download(self._context, management_function(self._context, index), real)
        attempt.loaded()

    def _card(self, index: int) -> str:
        """Grants are for the address of the management function; the audit trail needs a name in any case."""
        try:
            return management_function(self._context, index).bdf
        except OSError:
            return UNKNOWN_CARD


def _sentence(subject: Subject) -> str:
    return f"{subject.tenant} on {subject.card}: image {subject.uuid or 'without header'} ({subject.md5})"


def plugin(context: PluginContext) -> ProtectedPlugin:
    """For `--plugin pydriver.daemons.plugins.protected`."""
    return ProtectedPlugin()
