# SPDX-License-Identifier: Apache-2.0
"""Every proof of formal/ holds on the RTL as it is; the tool says no where it should."""

import pytest

from tb import sources
from tools import formal

PROOFS = formal.load(sources.ROOT)


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_proof(proof: formal.Proof) -> None:
    verdict = formal.prove(sources.ROOT, proof)
    assert not verdict.failed, str(verdict)


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert formal.main(["no_such_proof"]) == 2
    assert "no_such_proof" in capsys.readouterr().err
