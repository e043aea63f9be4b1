"""Attestations that a repository's store holds. No HTTP in it.

No signature is verified: whoever may attest is believed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREDICATES = {"provenance": "https://slsa.dev/provenance/", "sbom": "https://spdx.dev/Document"}
"""Short name of a kind of predicate -> how its types begin."""


@dataclass(frozen=True)
class Attestation:
    """A Sigstore bundle about some digests. `initiator` is who stored it."""

    id: int
    subjects: frozenset[str]
    predicate: str
    initiator: str
    bundle: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, number: int, initiator: str, bundle: Mapping[str, Any]) -> Attestation:
        """From a bundle with an in-toto statement. Raises `ValueError`, `KeyError` or `TypeError` without one."""
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        subjects = frozenset(f"sha256:{subject['digest']['sha256']}" for subject in statement["subject"])
        return cls(number, subjects, str(statement["predicateType"]), initiator, bundle)

    def is_kind(self, kind: str) -> bool:
        """Whether its predicate is of a kind: a short name, a type, or empty for any."""
        return not kind or self.predicate == kind or self.predicate.startswith(PREDICATES.get(kind, "\n"))
