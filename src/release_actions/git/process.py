"""Starts git: one place for its environment, its time limit and the words for a git that is missing or hangs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from release_actions.errors import ActionError

SECONDS = 60
"""How long git may take where nothing is said of it."""

OWN_NAME, OWN_EMAIL = "release-actions", "release-actions@users.noreply.github.com"
"""The committer of every commit that is made here, by which a branch is known that another one has pushed to."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PASSWORD = re.compile(r"://[^/@\s]*@")
COMPLAINTS = ("remote:", "fatal:", "error:", "!")
"""What the lines that matter begin with, the most telling first: what a server refused is the cause of the rest."""

COMPLAINT_CHARACTERS = 300


@dataclass(frozen=True)
class GitResult:
    """How git ended. `complaint`: the line of its errors that says what is wrong."""

    code: int
    printed: bytes
    complaint: str

    @property
    def text(self) -> str:
        """What git printed. Bytes that are no UTF-8 come back by the error handler `surrogateescape`."""
        return self.printed.decode("utf-8", "surrogateescape")


def start_git(
    arguments: Sequence[str],
    failure: str,
    hint: str,
    *,
    environ: Mapping[str, str] | None = None,
    given: bytes = b"",
    seconds: int = SECONDS,
) -> GitResult:
    """Run git to its end, whatever its exit code is, with `given` as its input.

    `failure` is the sentence's first half if git does not run at all ("The tags could not be read"), and `hint` goes
    with it. `environ` replaces the environment of the run. Raises `ActionError` when git is missing or takes too long.
    """
    import subprocess  # only where git is asked: it costs every start some milliseconds

    fixed = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        command = ["git", *arguments]
        ended = subprocess.run(  # noqa: S603  # a list and no shell; callers give fixed words and checked names
            command,
            env={**(os.environ if environ is None else environ), **fixed},
            input=given,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError:
        message = f"{failure}: git is not installed here."
        raise ActionError(message, hint=hint) from None
    except OSError as error:
        message = f"{failure}: git could not be started ({error.strerror or type(error).__name__})."
        raise ActionError(message, hint=hint) from None
    except subprocess.TimeoutExpired:
        message = f"{failure}: git did not end within {seconds} seconds."
        raise ActionError(message, hint="Run this step again, or run git there by hand to see why.") from None
    return GitResult(ended.returncode, ended.stdout, shorten_complaint(ended.stderr.decode("utf-8", "replace")))


def shorten_complaint(errors: str) -> str:
    """The line of git's complaint that says what is wrong, without a password that an address may hold."""
    lines = [line for line in errors.splitlines() if line.strip()]
    marked = (line for mark in COMPLAINTS for line in lines if line.startswith(mark))
    words = CONTROL.sub(" ", PASSWORD.sub("://", next(marked, lines[0] if lines else "no reason given")))
    return words.removeprefix("fatal:").removeprefix("error:").strip()[:COMPLAINT_CHARACTERS]
