"""A certificate log and a Rekor of the test's own, for verifiers that believe nothing that no log has.

An SCT is that of RFC 6962, section 3.2, inside the certificate; a log entry has the canonical body of Rekor's type
`dsse`, an inclusion proof in a tree of one leaf, and a checkpoint that the log's key has signed
(C2SP, tlog-checkpoint and signed-note).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
HOST = "rekor.tests.example"
ORIGIN = f"{HOST} - 1"
"""The log of a checkpoint. The number of its tree tells verifiers that it is of Rekor's first form."""


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


@dataclass(frozen=True)
class Log:
    """The key of a log, which stands for all of it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> bytes:
        """The key in DER."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.DER, form)

    @property
    def id(self) -> bytes:
        """The digest of the key, by which entries name the log."""
        return hashlib.sha256(self.public).digest()

    def sign(self, data: bytes) -> bytes:
        """A signature in DER."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def trusted(self, since: str) -> dict[str, Any]:
        """What a trusted root says of it."""
        key = {"rawBytes": encode(self.public), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": since}}
        return {
            "baseUrl": f"https://{HOST}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": key,
            "logId": {"keyId": encode(self.id)},
        }

    def promise(self, certificate: x509.Certificate, issuer: x509.Certificate) -> x509.UnrecognizedExtension:
        """The extension with an SCT for a certificate that has none yet."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        issuer_key = issuer.public_key().public_bytes(serialization.Encoding.DER, form)
        moment = struct.pack(">Q", int(now().timestamp() * 1000))
        body = certificate.tbs_certificate_bytes
        signed = b"\x00\x00" + moment + b"\x00\x01" + hashlib.sha256(issuer_key).digest()
        signature = self.sign(signed + len(body).to_bytes(3, "big") + body + b"\x00\x00")
        sct = b"\x00" + self.id + moment + b"\x00\x00\x04\x03" + struct.pack(">H", len(signature)) + signature
        listed = struct.pack(">H", len(sct)) + sct
        listed = struct.pack(">H", len(listed)) + listed
        return x509.UnrecognizedExtension(SCT_LIST, b"\x04" + der_length(len(listed)) + listed)

    def enter(self, certificate: x509.Certificate, envelope: Mapping[str, Any]) -> dict[str, Any]:
        """The entry of an envelope, as the only one of the log."""
        verifier = encode(certificate.public_bytes(serialization.Encoding.PEM))
        payload = base64.b64decode(envelope["payload"])
        body = canonical(
            {
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(canonical(envelope)).hexdigest()},
                    "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                    "signatures": [{"signature": one["sig"], "verifier": verifier} for one in envelope["signatures"]],
                },
            }
        )
        moment = int(now().timestamp())
        promised = {"body": encode(body), "integratedTime": moment, "logID": self.id.hex(), "logIndex": 0}
        root = hashlib.sha256(b"\x00" + body).digest()
        return {
            "logIndex": "0",
            "logId": {"keyId": encode(self.id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(moment),
            "inclusionPromise": {"signedEntryTimestamp": encode(self.sign(canonical(promised)))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": encode(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": self.check(root)},
            },
            "canonicalizedBody": encode(body),
        }

    def check(self, root: bytes) -> str:
        """The checkpoint of a tree of one leaf."""
        note = f"{ORIGIN}\n1\n{encode(root)}\n"
        return f"{note}\n\u2014 {HOST} {encode(self.id[:4] + self.sign(note.encode()))}\n"


def der_length(length: int) -> bytes:
    """A length in DER, up to 65,535."""
    if length < 0x80:
        return bytes([length])
    return bytes([0x81, length]) if length < 0x100 else b"\x82" + struct.pack(">H", length)
