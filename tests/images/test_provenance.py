"""Who built an image: what gh is asked, and what of its answer is believed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from release_actions.images.provenance import (
    ISSUER,
    PREDICATE,
    Source,
    Subject,
    Trust,
    VerifierMissing,
    require_gh,
    verify,
)

APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
COMMIT, OTHER = "0" * 40, "f" * 40
SIGNER = "llm-d/release-actions/.github/workflows/build-and-publish.yml"
SOURCE = Source("acme/app", COMMIT, "refs/tags/v0.6.0", SIGNER)
SUBJECT = Subject(Path("manifest.json"), APP, f"sha256:{'a' * 64}")

CERTIFICATE = {
    "issuer": ISSUER,
    "subjectAlternativeName": f"https://github.com/{SIGNER}@refs/tags/v1",
    "buildSignerURI": f"https://github.com/{SIGNER}@refs/tags/v1",
    "sourceRepositoryURI": "https://github.com/acme/app",
    "sourceRepositoryDigest": COMMIT,
    "sourceRepositoryRef": "refs/tags/v0.6.0",
}
STATEMENT = {"predicateType": PREDICATE, "subject": [{"name": APP, "digest": {"sha256": "a" * 64}}]}


def answer(statement: dict[str, Any] | None = None, **certificate: str) -> dict[str, Any]:
    signature = {"certificate": {**CERTIFICATE, **certificate}}
    return {"verificationResult": {"statement": {**STATEMENT, **(statement or {})}, "signature": signature}}


class Gh:
    """A gh that answers as it is told, and remembers what it was asked."""

    def __init__(self, printed: str, code: int = 0, errors: str = "") -> None:
        self.printed, self.code, self.errors = printed, code, errors
        self.asked: list[str] = []

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked = list(command)
        return subprocess.CompletedProcess(command, self.code, self.printed, self.errors)


def test_an_attestation_that_says_everything_proves_it() -> None:
    gh = Gh(json.dumps([answer()]))

    assert verify(SUBJECT, SOURCE, Trust(), gh).verified
    assert gh.asked == [
        *("gh", "attestation", "verify", "manifest.json", "--format", "json", "--repo", "acme/app"),
        *("--signer-workflow", SIGNER, "--predicate-type", PREDICATE),
        *("--source-ref", "refs/tags/v0.6.0", "--source-digest", COMMIT),
    ]


def test_one_of_several_attestations_is_enough() -> None:
    gh = Gh(json.dumps([answer(sourceRepositoryRef="refs/heads/main"), answer()]))

    assert verify(SUBJECT, SOURCE, Trust(), gh).verified


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer(sourceRepositoryRef="refs/heads/main"), "it is from refs/heads/main"),
        (answer(sourceRepositoryDigest=OTHER), f"it is from commit {OTHER}"),
        (answer(sourceRepositoryURI="https://github.com/evil/app"), "it is from https://github.com/evil/app"),
        (answer(issuer="https://evil.example"), "its issuer is https://evil.example"),
        (answer(buildSignerURI=f"https://github.com/evil/{SIGNER}@v1"), "it is signed by https://github.com/evil/"),
        (answer(buildSignerURI=f"https://github.com/{SIGNER}x@v1"), "it is signed by "),
        (answer(subjectAlternativeName="https://github.com/acme/app/x.yml@v1"), "it is signed by "),
        (answer({"predicateType": "https://spdx.dev/Document"}), "it is of https://spdx.dev/Document"),
        (answer({"subject": [{"name": WEB, "digest": {"sha256": "a" * 64}}]}), f"it is about {WEB}"),
        # gh is content with any digest, so the name and the digest have to be one subject's.
        (
            answer({"subject": [{"name": WEB, "digest": {"sha256": "a" * 64}}, {"name": APP}]}),
            f"it is about {APP}, {WEB}",
        ),
    ],
)
def test_an_attestation_of_something_else_proves_nothing(said: dict[str, Any], words: str) -> None:
    # gh has said yes, as one does that is too old to know a flag.
    verification = verify(SUBJECT, SOURCE, Trust(), Gh(json.dumps([said])))

    assert not verification.verified
    assert verification.words.startswith(words)


@pytest.mark.parametrize("printed", ["", "[]", "{}", "[{}]", "null", '[{"verificationResult": null}]', "ok"])
def test_an_answer_that_cannot_be_read_is_not_a_yes(printed: str) -> None:
    assert not verify(SUBJECT, SOURCE, Trust(), Gh(printed)).verified


def test_a_gh_that_says_no_is_repeated_in_its_words() -> None:
    gh = Gh(json.dumps([answer()]), 1, "Loaded digest\nError: verifying with issuer failed\n\n")

    assert verify(SUBJECT, SOURCE, Trust(), gh).words == "Error: verifying with issuer failed"


def test_another_store_and_another_root_are_passed_on() -> None:
    gh = Gh(json.dumps([answer()]))

    verify(SUBJECT, SOURCE, Trust(Path("bundle.jsonl"), Path("root.jsonl")), gh)

    assert gh.asked[-4:] == ["--bundle", "bundle.jsonl", "--custom-trusted-root", "root.jsonl"]


@pytest.mark.parametrize("version", ["gh version 2.67.9 (2025-01-01)", "gh version 1.0.0", "", "2.70.0"])
def test_a_gh_that_verifies_less_is_not_asked(version: str) -> None:
    with pytest.raises(VerifierMissing):
        require_gh(Gh(version))


@pytest.mark.parametrize("version", ["gh version 2.68.0 (2025-02-01)", "gh version 2.83.0", "gh version 3.0.0"])
def test_a_gh_that_verifies_everything_is_asked(version: str) -> None:
    require_gh(Gh(version))


def test_without_gh_nothing_is_known() -> None:
    def missing(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError(command[0])

    with pytest.raises(VerifierMissing):
        require_gh(missing)
    with pytest.raises(VerifierMissing):
        verify(SUBJECT, SOURCE, Trust(), missing)
