"""Reads from a checkout what lies between two commits: all that git knows, without any request.

Pull requests are known by what commit messages say of them, accounts by addresses that GitHub gives its users. Labels,
and who is an app without saying so, git does not know. A checkout without the whole history is an error. This module
must never change anything.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

from release_actions.errors import InputError
from release_actions.git import checkout
from release_actions.notes.model import Author
from release_actions.notes.span import HistoryCommit, HistorySpan, pulls_by_message

NO_REPLY = re.compile(r"(?:[0-9]+\+)?([A-Za-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com", re.IGNORECASE)
"""The address that GitHub gives to who keeps theirs private, and to apps."""

PLAIN = ("--no-show-signature", "--encoding=UTF-8")
"""Against settings that would put other text into the output."""

FORMAT = "%H%x1f%P%x1f%an%x1f%ae%x1f%ct%x1f%B%x00"


def span(folder: Path, base: str, head: str) -> HistorySpan:
    """What lies between two commits; all that `head` has when `base` is empty. Raises `InputError`."""
    ahead = commits(folder, base, head)
    behind = commits(folder, head, base) if base else ()
    return HistorySpan(ahead, behind, pulls_by_message(ahead))


def commits(folder: Path, base: str, head: str) -> tuple[HistoryCommit, ...]:
    """Commits that `head` has and `base` has not, parents before children. Raises `InputError`."""
    names = [head, *([f"^{base}"] if base else [])]
    text = checkout.git(folder, "log", *PLAIN, "--topo-order", "--reverse", f"--format={FORMAT}", *names, "--")
    return tuple(_commit(record.lstrip("\n")) for record in text.split("\0") if record.strip())


def authors_of(folder: Path, commit: str) -> frozenset[str]:
    """Keys of everybody who wrote a commit or one before it. Raises `InputError`."""
    text = checkout.git(folder, "log", *PLAIN, "--format=%an%x1f%ae", commit, "--")
    return frozenset(author_of(*line.split("\x1f")).key for line in set(text.splitlines()) if "\x1f" in line)


def author_of(name: str, email: str) -> Author:
    """An author by what a commit says. The login is only known from an address that GitHub gave."""
    found = NO_REPLY.fullmatch(email.strip())
    login = found[1] if found else ""
    return Author(login, name, bot=login.endswith("[bot]") or name.endswith("[bot]"))


def _commit(record: str) -> HistoryCommit:
    parts = record.split("\x1f", 5)
    if len(parts) != 6 or not parts[4].isdigit():  # noqa: PLR2004  # the fields of FORMAT
        message = "The history of the checkout could not be read."
        raise InputError(message, hint="Check that git log works in it.")
    sha, parents, name, email, date, message = parts
    moment = datetime.fromtimestamp(int(date), timezone.utc)
    return HistoryCommit(sha, message.strip(), tuple(parents.split()), author_of(name, email), moment)
