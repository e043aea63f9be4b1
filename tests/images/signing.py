"""A Sigstore of the test's own: a certificate authority, a timestamp authority, and bundles that they vouch for.

What a run on GitHub gets from Fulcio and a timestamp authority is made here with keys that only the test's own trusted
root knows, so that the real gh can verify it offline. Certificates have Fulcio's extensions (sigstore/fulcio,
docs/oid-info.md), bundles are of the form 0.3 (sigstore/protobuf-specs), timestamps are RFC 3161.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.images.transparency import Log, encode

PROGRAMS = [pytest.param(name, marks=pytest.mark.tools(name)) for name in ("gh", "cosign")]
"""The programs that verify, for tests of both."""

FULCIO = "1.3.6.1.4.1.57264.1."
CLAIMS = {
    "issuer": 8,
    "buildSignerURI": 9,
    "buildSignerDigest": 10,
    "runnerEnvironment": 11,
    "sourceRepositoryURI": 12,
    "sourceRepositoryDigest": 13,
    "sourceRepositoryRef": 14,
    "sourceRepositoryOwnerURI": 16,
    "buildConfigURI": 18,
    "buildTrigger": 20,
    "runInvocationURI": 21,
}
REPOSITORY = 5
OLD_CLAIMS = {
    "issuer": 1,
    "buildTrigger": 2,
    "sourceRepositoryDigest": 3,
    "sourceRepositoryURI": REPOSITORY,
    "sourceRepositoryRef": 6,
}
"""The first form of some claims, bytes as they are, which Fulcio still writes besides and cosign compares."""
NOW = datetime.now(timezone.utc).replace(microsecond=0)
TSA = """\
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
certs = {folder}/ca.pem
ess_cert_id_chain = no
"""


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def text(value: str) -> bytes:
    """A UTF8String in DER, up to 255 bytes."""
    raw = value.encode()
    return b"\x0c" + (bytes([len(raw)]) if len(raw) < 128 else bytes([0x81, len(raw)])) + raw


def name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: float
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    # Not the time of the import: a job's certificate is short-lived, and the tests may run long after that.
    now = datetime.now(timezone.utc).replace(microsecond=0)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
    return builder.not_valid_after(now + timedelta(days=days))


@dataclass(frozen=True)
class Authority:
    """Who vouches for the certificates and the time of a test. `folder` holds what openssl needs."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    tsa: x509.Certificate
    certificate_log: Log | None = None
    entry_log: Log | None = None
    """The logs of certificates and of attestations. Without them it is like GitHub's own for private repositories."""

    @classmethod
    def begin(cls, folder: Path, *, logged: bool = False) -> Authority:
        """Make the keys and certificates, and with `logged` the logs."""
        folder.mkdir(parents=True)
        key, tsa_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        usage = {
            "digital_signature": False,
            "content_commitment": False,
            "key_encipherment": False,
            "data_encipherment": False,
            "key_agreement": False,
            "encipher_only": False,
            "decipher_only": False,
        }
        root = (
            begin(name("root"), name("root"), key.public_key(), 10)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        tsa = (
            begin(name("time"), name("root"), tsa_key.public_key(), 5)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .add_extension(
                x509.KeyUsage(key_cert_sign=False, crl_sign=False, **{**usage, "digital_signature": True}),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        (folder / "ca.pem").write_bytes(root.public_bytes(pem))
        (folder / "tsa.pem").write_bytes(tsa.public_bytes(pem))
        (folder / "tsa.key").write_bytes(
            tsa_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        (folder / "serial").write_text("01\n")
        (folder / "tsa.conf").write_text(TSA.format(folder=folder))
        return cls(folder, key, root, tsa, *((Log(), Log()) if logged else ()))

    def certify(self, key: ec.EllipticCurvePublicKey, claims: Mapping[str, str]) -> x509.Certificate:
        """A certificate as Fulcio gives it to a job of a workflow."""
        builder = begin(x509.Name([]), name("root"), key, 0.01)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        identity = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(claims["buildSignerURI"])])
        builder = builder.add_extension(identity, critical=True)
        for claim, number in CLAIMS.items():
            if claim in claims:
                oid = x509.ObjectIdentifier(f"{FULCIO}{number}")
                builder = builder.add_extension(x509.UnrecognizedExtension(oid, text(claims[claim])), critical=False)
        for claim, number in OLD_CLAIMS.items():
            value = claims[claim].removeprefix("https://github.com/") if number == REPOSITORY else claims[claim]
            oid = x509.ObjectIdentifier(f"{FULCIO}{number}")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, value.encode()), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        if self.certificate_log is None:
            return certificate
        promise = self.certificate_log.promise(certificate, self.certificate)
        return builder.add_extension(promise, critical=False).sign(self.key, hashes.SHA256())

    def stamp(self, data: bytes) -> bytes:
        """A timestamp of some bytes."""
        (self.folder / "data").write_bytes(data)
        query = ["openssl", "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query"]
        reply = ["openssl", "ts", "-reply", "-config", "tsa.conf", "-section", "tsa_config", "-queryfile", "query"]
        for command in (query, [*reply, "-out", "reply"]):
            subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()

    def attest(self, manifest: bytes, package: str, claims: Mapping[str, str], predicate: str) -> dict[str, Any]:
        """The bundle of an attestation about a manifest."""
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": package, "digest": {"sha256": hashlib.sha256(manifest).hexdigest()}}],
            "predicateType": predicate,
            "predicate": {"buildDefinition": {}, "runDetails": {}},
        }
        payload, kind = json.dumps(statement).encode(), "application/vnd.in-toto+json"
        key = ec.generate_private_key(ec.SECP256R1())
        encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        signature = key.sign(encoded, ec.ECDSA(hashes.SHA256()))
        certificate = self.certify(key.public_key(), claims)
        envelope = {"payload": encode(payload), "payloadType": kind, "signatures": [{"sig": encode(signature)}]}
        stamps = [{"signedTimestamp": encode(self.stamp(signature))}]
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": encode(der(certificate))},
                **({"tlogEntries": [self.entry_log.enter(certificate, envelope)]} if self.entry_log else {}),
                "timestampVerificationData": {"rfc3161Timestamps": stamps},
            },
            "dsseEnvelope": envelope,
        }

    @property
    def trusted_root(self) -> dict[str, Any]:
        """Who is to be trusted, in the form that gh reads."""
        valid = {"start": (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}

        def authority(*chain: x509.Certificate) -> dict[str, Any]:
            certificates = [{"rawBytes": encode(der(one))} for one in chain]
            subject = {"organization": "Tests", "commonName": "root"}
            return {"subject": subject, "uri": "", "certChain": {"certificates": certificates}, "validFor": valid}

        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.entry_log.trusted(valid["start"])] if self.entry_log else [],
            "certificateAuthorities": [authority(self.certificate)],
            "ctlogs": [self.certificate_log.trusted(valid["start"])] if self.certificate_log else [],
            "timestampAuthorities": [authority(self.tsa, self.certificate)],
        }
