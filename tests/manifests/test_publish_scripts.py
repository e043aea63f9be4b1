"""Scripts of publish.yml that decide what is published, run as they are there, on what another job may have changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.images.signing import Authority
from tests.images.test_provenance_verified import CLAIMS

from release_actions.images.provenance import PREDICATE

WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "publish.yml"
JOBS = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
REPOSITORY, TAG, COMMIT = "llm-d/release-actions", "v1.0.0", "0" * 40
WHEEL = "release_actions-1.0.0-py3-none-any.whl"
HASH, GET, VERIFY = (
    "Hand their digests on",
    "Add what has the digest that was attested",
    "Verify that this workflow built them from the commit of this tag",
)


def run(job: str, step: str, folder: Path, gh: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a step with a program in the place of gh."""
    (script,) = (one["run"] for one in JOBS[job]["steps"] if one.get("name") == step)
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "gh").write_text(f"#!/bin/sh\n{gh}\n", encoding="utf-8")
    (programs / "gh").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder.parent), **variables}
    command = ["bash", "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The folder that the jobs hand on by an artifact."""
    folder = tmp_path / "job" / "dist"
    folder.mkdir(parents=True)
    for name in (WHEEL, "release_actions-1.0.0.tar.gz", "release-actions-v1.0.0.tar.gz"):
        (folder / name).write_text(f"built: {name}", encoding="utf-8")
    return folder


def add_files(built: Path, sums: str) -> tuple[int, list[str]]:
    """The exit code, and what gh is asked for."""
    asked = built.parents[1] / "asked"
    ended = run("files", GET, built.parent, f'echo "$@" >"{asked}"', SUMS=sums, TAG=TAG)
    return ended.returncode, asked.read_text(encoding="utf-8").split() if asked.is_file() else []


def hash_files(built: Path) -> str:
    """The sums as the job that builds hands them on."""
    output = built.parents[1] / "output"
    assert run("build", HASH, built.parent, "exit 1", GITHUB_OUTPUT=str(output)).returncode == 0
    return output.read_text(encoding="utf-8").removeprefix("sums<<END OF SUMS\n").removesuffix("\nEND OF SUMS\n")


@pytest.mark.tools("sha256sum")
def test_every_file_is_handed_on_by_its_digest_and_added_to_the_draft(built: Path) -> None:
    sums = hash_files(built)

    code, asked = add_files(built, sums)

    files = sorted(built.iterdir())
    assert sorted(sums.splitlines()) == sorted(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in files
    )
    assert code == 0
    assert sorted(asked) == sorted(["release", "upload", TAG, *(file.name for file in files), "--clobber"])


@pytest.mark.tools("sha256sum")
def test_a_file_that_another_job_replaced_is_not_added(built: Path) -> None:
    sums = hash_files(built)
    (built / WHEEL).write_text("planted", encoding="utf-8")

    code, asked = add_files(built, sums)

    assert code != 0
    assert asked == []


@pytest.mark.tools("sha256sum")
def test_a_file_that_another_job_added_stays_where_it_is(built: Path) -> None:
    sums = hash_files(built)
    (built / "evil-1.0.0-py3-none-any.whl").write_text("planted", encoding="utf-8")

    code, asked = add_files(built, sums)

    assert code == 0
    assert "evil-1.0.0-py3-none-any.whl" not in asked


@pytest.mark.tools("sha256sum")
@pytest.mark.parametrize("sums", ["", "nonsense"])
def test_nothing_is_added_without_digests(built: Path, sums: str) -> None:
    code, asked = add_files(built, sums)

    assert code != 0
    assert asked == []


RIGHT = {
    **CLAIMS,
    "buildSignerURI": f"https://github.com/{REPOSITORY}/.github/workflows/publish.yml@refs/tags/{TAG}",
    "buildSignerDigest": COMMIT,
    "sourceRepositoryURI": f"https://github.com/{REPOSITORY}",
    "sourceRepositoryOwnerURI": "https://github.com/llm-d",
    "sourceRepositoryDigest": COMMIT,
    "sourceRepositoryRef": f"refs/tags/{TAG}",
}
OTHER = "f" * 40


def verify(tmp_path: Path, claims: dict[str, str], *, predicate: str = PREDICATE, attested: bytes = b"a wheel") -> int:
    """The exit code of the check before the upload, by the real gh with an authority of the test's own."""
    folder = tmp_path / "job" / "dist"
    folder.mkdir(parents=True)
    (folder / WHEEL).write_bytes(b"a wheel")
    authority = Authority.begin(tmp_path / "authority")
    files: dict[str, Any] = {
        "bundle": authority.attest(attested, WHEEL, claims, predicate),
        "root": authority.trusted_root,
    }
    for name, content in files.items():
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(content) + "\n", encoding="utf-8")
    real = f'PATH="{os.environ["PATH"]}" exec gh "$@" --bundle "{tmp_path}/bundle.jsonl"'
    return run(
        "pypi",
        VERIFY,
        folder.parent,
        f'{real} --custom-trusted-root "{tmp_path}/root.jsonl"',
        GH_TOKEN="none",
        HTTPS_PROXY="http://127.0.0.1:9",
        GITHUB_REPOSITORY=REPOSITORY,
        GITHUB_SHA=COMMIT,
        TAG=TAG,
    ).returncode


@pytest.mark.tools("gh", "openssl")
def test_what_this_workflow_built_from_this_commit_is_uploaded(tmp_path: Path) -> None:
    assert verify(tmp_path, RIGHT) == 0


@pytest.mark.tools("gh", "openssl")
@pytest.mark.parametrize(
    "claim",
    [
        {"sourceRepositoryDigest": OTHER},  # a tag that was moved after its draft was made
        {"sourceRepositoryRef": "refs/heads/main"},
        {"sourceRepositoryURI": "https://github.com/llm-d/fork"},
        {"buildSignerURI": f"https://github.com/{REPOSITORY}/.github/workflows/ci.yml@refs/tags/{TAG}"},
        {"buildSignerDigest": OTHER},
        {"runnerEnvironment": "self-hosted"},
    ],
    ids=lambda claim: next(iter(claim)),
)
def test_what_anything_else_built_is_not_uploaded(tmp_path: Path, claim: dict[str, str]) -> None:
    assert verify(tmp_path, {**RIGHT, **claim}) != 0


@pytest.mark.tools("gh", "openssl")
def test_what_is_attested_for_another_reason_is_not_uploaded(tmp_path: Path) -> None:
    assert verify(tmp_path, RIGHT, predicate="https://example.com/test-result/v1") != 0


@pytest.mark.tools("gh", "openssl")
def test_bytes_that_were_not_attested_are_not_uploaded(tmp_path: Path) -> None:
    assert verify(tmp_path, RIGHT, attested=b"another wheel") != 0
