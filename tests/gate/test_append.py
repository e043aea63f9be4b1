"""Appending to a file on a branch, with git's own server side."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from release_actions.errors import ActionError, PartialError
from release_actions.git.append import Branch, Remote


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """An empty repository."""
    folder = tmp_path / "server.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def adding(line: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content if line in content else content + line


def write(server: Path, line: bytes, file: str = "v0.5.0.jsonl") -> None:
    with Branch(Remote(str(server)), "release-log", sleep=lambda _seconds: None) as branch:
        branch.change(file, adding(line), "Log a line")


def test_the_first_line_makes_the_branch_and_the_next_is_added_to_it(server: Path) -> None:
    write(server, b"one\n")
    write(server, b"two\n")

    assert git(server, "show", "release-log:v0.5.0.jsonl") == "one\ntwo"
    assert git(server, "rev-list", "--count", "release-log") == "2"


def test_other_files_of_the_branch_stay(server: Path) -> None:
    write(server, b"one\n")
    write(server, b"two\n", "router/v1.0.0.jsonl")

    assert git(server, "ls-tree", "-r", "--name-only", "release-log").split() == ["router/v1.0.0.jsonl", "v0.5.0.jsonl"]


def test_nothing_is_pushed_where_nothing_is_new(server: Path) -> None:
    write(server, b"one\n")
    before = git(server, "rev-parse", "release-log")

    write(server, b"one\n")

    assert git(server, "rev-parse", "release-log") == before


def test_writers_at_the_same_time_lose_nothing(server: Path) -> None:
    lines = [f"line {number}\n".encode() for number in range(4)]
    writers = [threading.Thread(target=write, args=(server, line)) for line in lines]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sorted(git(server, "show", "release-log:v0.5.0.jsonl").splitlines()) == [f"line {n}" for n in range(4)]


def test_what_another_writer_pushed_between_reading_and_writing_is_kept(server: Path) -> None:
    raced: list[str] = []

    def edit(content: bytes) -> bytes:
        if not raced:
            raced.append("once")
            write(server, b"the other\n")
        return content + b"mine\n"

    with Branch(Remote(str(server)), "release-log", sleep=lambda _seconds: None) as branch:
        branch.change("v0.5.0.jsonl", edit, "Log a line")

    assert git(server, "show", "release-log:v0.5.0.jsonl") == "the other\nmine"


def test_a_branch_that_others_keep_changing_ends_with_words(server: Path) -> None:
    count = iter(range(1000))

    def edit(content: bytes) -> bytes:
        write(server, f"other {next(count)}\n".encode())
        return content + b"mine\n"

    with (
        pytest.raises(PartialError, match="was changed by others each of the 8 times"),
        Branch(Remote(str(server)), "release-log", sleep=lambda _seconds: None) as branch,
    ):
        branch.change("v0.5.0.jsonl", edit, "Log a line")
    assert "mine" not in git(server, "show", "release-log:v0.5.0.jsonl")


def test_a_push_that_the_server_refuses_is_said_with_its_words_and_not_repeated(server: Path) -> None:
    write(server, b"one\n")
    hook = server / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho asked >>asked\necho 'protected by a rule' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    with pytest.raises(ActionError, match="git push failed for the branch release-log: remote: protected by a rule"):
        write(server, b"two\n")

    assert git(server, "show", "release-log:v0.5.0.jsonl") == "one"
    assert (server / "asked").read_text(encoding="utf-8").count("asked") == 1


def test_an_address_that_holds_a_password_is_not_repeated_in_the_error() -> None:
    with (
        pytest.raises(ActionError, match="git ls-remote failed for the branch release-log") as raised,
        Branch(Remote("https://ada:secret@127.0.0.1:9/acme/web"), "release-log") as branch,
    ):
        branch.read("v0.5.0.jsonl")

    assert "secret" not in str(raised.value)
