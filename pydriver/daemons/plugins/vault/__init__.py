# SPDX-License-Identifier: Apache-2.0
"""The vendor's database of real images: what exists, who may load it where, and who tried.

`store.Vault` is the database, `schema` its file, `attempts` the audit trail, `cli` the command line:
``python -m pydriver.daemons.plugins.vault DB ...`` or ``cardloop-vault DB ...``.
"""

from __future__ import annotations

from .attempts import Attempt, AuditRecord, Verdict
from .cli import main
from .store import Grant, Image, Vault

__all__ = ["Attempt", "AuditRecord", "Grant", "Image", "Vault", "Verdict", "main"]
