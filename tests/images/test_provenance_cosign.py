"""Who built an image, asked of cosign: what it is asked, and what is read besides, which it does not compare."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from release_actions.errors import InputError
from release_actions.images.provenance import ISSUER, PREDICATE, Source, Subject, Trust, Verification, VerifierMissing
from release_actions.images.provenance_cosign import read_bundles, require_cosign, verify

APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
COMMIT = "0" * 40
SIGNER = "llm-d/release-actions/.github/workflows/build-and-publish.yml"
SOURCE = Source("acme/app", COMMIT, "refs/tags/v0.6.0", SIGNER)
HEX = "a" * 64


def bundle(*subjects: Mapping[str, Any], predicate: str = PREDICATE) -> dict[str, Any]:
    named = list(subjects) or [{"name": APP, "digest": {"sha256": HEX}}]
    payload = base64.b64encode(json.dumps({"predicateType": predicate, "subject": named}).encode()).decode()
    return {"dsseEnvelope": {"payload": payload}}


class Cosign:
    """A cosign that answers as it is told, and remembers what it was asked."""

    def __init__(self, *codes: int, printed: str = "", errors: str = "Error: none of the identities matched\n") -> None:
        self.codes, self.printed, self.errors = list(codes), printed, errors
        self.asked: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(command))
        code = self.codes.pop(0) if self.codes else 0
        return subprocess.CompletedProcess(command, code, self.printed, self.errors if code else "Verified OK\n")


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return Subject(tmp_path / "manifest.json", APP, f"sha256:{HEX}")


def test_a_bundle_that_says_everything_proves_it(subject: Subject) -> None:
    cosign = Cosign()

    assert verify(subject, SOURCE, [bundle()], Trust(root=Path("root.json")), cosign) == Verification(verified=True)
    assert cosign.asked == [
        [
            *("cosign", "verify-blob-attestation", "--bundle", str(subject.manifest.with_name("bundle.json"))),
            *("--type", PREDICATE, "--certificate-oidc-issuer", ISSUER, "--certificate-identity-regexp"),
            r"^https://github\.com/llm\-d/release\-actions/\.github/workflows/build\-and\-publish\.yml@.+$",
            *("--certificate-github-workflow-repository", "acme/app"),
            *("--certificate-github-workflow-sha", COMMIT, "--certificate-github-workflow-ref", "refs/tags/v0.6.0"),
            *("--trusted-root", "root.json", str(subject.manifest)),
        ]
    ]


def test_one_of_several_bundles_is_enough_and_none_is_not(subject: Subject) -> None:
    assert verify(subject, SOURCE, [bundle(), bundle()], Trust(), Cosign(1, 0)).verified
    assert verify(subject, SOURCE, [], Trust(), Cosign()) == Verification(False, "there is no attestation")  # noqa: FBT003


def test_a_cosign_that_says_no_is_repeated_in_its_words(subject: Subject) -> None:
    verification = verify(subject, SOURCE, [bundle()], Trust(), Cosign(1))

    assert verification.words == "Error: none of the identities matched"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (bundle(predicate="https://spdx.dev/Document"), "it is of https://spdx.dev/Document"),
        (bundle({"name": WEB, "digest": {"sha256": HEX}}), f"it is about {WEB}"),
        (bundle({"name": WEB, "digest": {"sha256": HEX}}, {"name": APP}), f"it is about {APP}, {WEB}"),
        ({"dsseEnvelope": {"payload": "!"}}, "its statement cannot be read"),
        ({"messageSignature": {}}, "its statement cannot be read"),
    ],
)
def test_a_verified_bundle_about_something_else_proves_nothing(
    subject: Subject, said: dict[str, Any], words: str
) -> None:
    assert verify(subject, SOURCE, [said], Trust(), Cosign()).words == words


@pytest.mark.parametrize("version", ["v3.1.2", "v2.6.0", "devel", "", None])
def test_a_cosign_that_misses_what_is_there_is_not_asked(version: str | None) -> None:
    with pytest.raises(VerifierMissing):
        require_cosign(Cosign(printed="" if version is None else json.dumps({"gitVersion": version})))


@pytest.mark.parametrize("version", ["v3.1.3", "v3.2.0", "v4.0.0"])
def test_a_cosign_that_is_new_enough_is_asked(version: str) -> None:
    require_cosign(Cosign(printed=json.dumps({"gitVersion": version})))


def test_without_cosign_nothing_is_known(subject: Subject) -> None:
    def missing(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError(command[0])

    with pytest.raises(VerifierMissing):
        require_cosign(missing)
    with pytest.raises(VerifierMissing):
        verify(subject, SOURCE, [bundle()], Trust(), missing)


def test_bundles_are_read_one_a_line_or_as_one_document(tmp_path: Path) -> None:
    file = tmp_path / "bundles"
    file.write_text(json.dumps(bundle(), indent=2), encoding="utf-8")
    assert read_bundles(file) == [bundle()]
    file.write_text(json.dumps(bundle()) + "\n\n" + json.dumps(bundle()) + "\n", encoding="utf-8")
    assert read_bundles(file) == [bundle(), bundle()]
    file.write_text("{\n{", encoding="utf-8")
    with pytest.raises(InputError, match="holds no bundles"):
        read_bundles(file)
