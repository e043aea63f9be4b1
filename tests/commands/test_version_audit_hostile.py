"""version-audit on a tree that somebody else has filled: no name, link or byte hides a version or breaks the patch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.commands.test_version_audit import CUDA, Audit, audit, branch, checkout, git, propose, simulator, world

from release_actions.drift.tracked_files import show_name
from release_actions.errors import ExitCode
from release_actions.simulator.repositories import Repository

__all__ = ["audit", "branch", "checkout", "simulator", "world"]

OLD, NEW = f"image: {CUDA}:v0.4.0".encode(), f"image: {CUDA}:v0.5.0".encode()

NAMES = {
    "a quote": b'say "hi".yaml',
    "a backslash": b"back\\slash.yaml",
    "a tab": b"tab\there.yaml",
    "a line end": b"two\nlines.yaml",
    "no UTF-8": b"latin-\xe9.yaml",
    "UTF-8": "größe.yaml".encode(),
    "an option": b"-rf.yaml",
    "a command": b"::error::gone.yaml",
    "a table": b"a|b`c.yaml",
    "blanks": b" blank .yaml",
    "a header of a diff": b"b/x\n--- a/deploy/a.yaml",
}


def write(checkout: Path, name: bytes, content: bytes) -> Path:
    path = Path(os.fsdecode(os.fsencode(checkout) + b"/" + name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    git(checkout, "add", "--all")
    return path


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_git_applies_the_patch_to_a_file_of_any_name(audit: Audit, checkout: Path, name: bytes) -> None:
    path = write(checkout, name, OLD + b"\r\n# \xff\r\n")

    code, _ = audit(mode="patch", patch_file="a.patch")
    git(checkout, "apply", "a.patch")

    assert code == ExitCode.PASS
    assert path.read_bytes() == NEW + b"\r\n# \xff\r\n"
    assert audit(mode="enforce")[0] == ExitCode.PASS


def test_a_link_is_not_followed(audit: Audit, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_bytes(OLD)
    (checkout / "link.yaml").symlink_to(outside)
    (checkout / "folder").symlink_to(outside.parent)
    git(checkout, "add", "--all")

    _, report = audit(mode="patch", patch_file="a.patch")
    git(checkout, "apply", "a.patch")

    assert [finding["place"]["file"] for finding in report["findings"]] == ["deploy/a.yaml"]
    assert outside.read_bytes() == OLD


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_what_became_a_link_is_not_followed(
    audit: Audit, checkout: Path, tmp_path_factory: pytest.TempPathFactory, *, folder: bool
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.yaml"
    outside.write_bytes(OLD)
    (checkout / "deploy/a.yaml").unlink()
    if folder:
        (checkout / "deploy").rmdir()
        (checkout / "deploy").symlink_to(outside.parent)
    else:
        (checkout / "deploy/a.yaml").symlink_to(outside)

    _, report = audit()

    assert report["findings"] == []


def test_expectations_do_not_lead_out_of_the_checkout(
    audit: Audit, checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_bytes(OLD)
    path = os.path.relpath(outside, checkout)
    write(
        checkout,
        b"dependencies.yaml",
        f"dependencies: [{{name: a, version: '1', refPaths: [{{path: {path}, match: image}}]}}]\n".encode(),
    )

    _, report = audit()

    assert [finding["rule"] for finding in report["findings"]] == ["dependency-missing", "stale"]


@pytest.mark.parametrize(
    "content",
    [b"\0" + OLD, OLD + b"\n" + b"x" * (2 * 1024 * 1024)],
    ids=["no text", "data"],
)
def test_what_is_no_text_of_people_is_not_read(audit: Audit, checkout: Path, content: bytes) -> None:
    write(checkout, b"data.yaml", content)

    assert [finding["place"]["file"] for finding in audit()[1]["findings"]] == ["deploy/a.yaml"]


@pytest.mark.parametrize(
    "line",
    ["image: {}:" + "v0." * 60_000, "{{" * 60_000, "a: " * 60_000, "| " * 60_000, "git clone " * 20_000, " " * 200_000],
    ids=["version", "braces", "keys", "cells", "commands", "blanks"],
)
def test_a_hostile_line_costs_no_minute(audit: Audit, checkout: Path, line: str) -> None:
    write(checkout, b"long.md", f"{CUDA}:v0.4.0\n{line.replace('{}', CUDA)}\n".encode())
    write(checkout, b"long.yaml", f"image: {CUDA}:v0.4.0\n{line.replace('{}', CUDA)}\n".encode())

    started = os.times().user
    audit()

    assert os.times().user - started < 20


def test_a_name_that_is_no_text_is_not_proposed(audit: Audit, checkout: Path, request: pytest.FixtureRequest) -> None:
    write(checkout, NAMES["no UTF-8"], OLD)
    repository: Repository = request.getfixturevalue("branch")

    assert propose(audit) == ExitCode.BAD_INPUT
    assert repository.pulls == {}


def test_no_two_files_have_one_name() -> None:
    names = [os.fsdecode(name) for name in (b"a\xe9", b'"a\\351"', b'"', b"a", "ä".encode())]

    assert [show_name(name) for name in names] == ['"a\\351"', '"\\042a\\134351\\042"', '"\\042"', "a", "ä"]
