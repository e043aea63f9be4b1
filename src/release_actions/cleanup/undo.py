"""The undo file: what a clean-up may have deleted, so that it can be brought back within GitHub's 30 days.

Written before the first deletion, with all that is planned, and again at the end with what really went: it is right
even when the run is killed. What earlier runs wrote into the same file stays in it. It must never replace a file that
is something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from release_actions.errors import InputError
from release_actions.registry.names import DIGEST, REPOSITORY, TAG, Digest
from release_actions.runner.files import write_workspace_file

FORM = "ghcr-cleanup-undo-1"

HINT = "Name the undo file of {of}, or a path where there is no file yet."


@dataclass(frozen=True)
class Entry:
    """A version that can be brought back: its id, its digest, and the tags that it had.

    `stays`: only the tags were taken off it.
    """

    id: int
    digest: Digest
    tags: tuple[str, ...]
    stays: bool = False


def read(path: Path) -> dict[str, list[Entry]]:
    """Full name of a package -> its entries, in the order they were deleted. Raises `InputError`."""
    document = load(path, FORM, "a clean-up")
    try:
        return {path_of(name): [entry_of(item) for item in items] for name, items in document["packages"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise make_format_error(path, "a clean-up") from None


def write(path: Path, packages: Mapping[str, Iterable[Entry]]) -> None:
    """Write a whole undo file. Raises `InputError`."""
    save(path, {"form": FORM, "packages": make_rows(packages)})


def load(path: Path, form: str, of: str) -> dict[str, Any]:
    """The document of an undo file of this form, which `of` wrote. Raises `InputError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"The undo file {path} could not be read: {error.strerror}."
        raise InputError(message, hint=HINT.format(of=of)) from None
    except (ValueError, RecursionError):
        raise make_format_error(path, of) from None
    if not isinstance(document, dict) or document.get("form") != form:
        raise make_format_error(path, of)
    return document


def make_format_error(path: Path, of: str) -> InputError:
    """The error for a file that is something else."""
    return InputError(f"{path} is not the undo file of {of}.", hint=HINT.format(of=of))


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document, whole or not at all. Raises `InputError`."""
    text = json.dumps(document, indent=1) + "\n"
    write_workspace_file(path, f"The undo file {path}", text, hint="Set undo-file to a path that can be written.")


def make_rows(packages: Mapping[str, Iterable[Entry]]) -> dict[str, list[dict[str, Any]]]:
    """Entries as the file has them."""
    return {
        name: [
            {"id": entry.id, "digest": entry.digest, "tags": list(entry.tags)}
            | ({"stays": True} if entry.stays else {})
            for entry in entries
        ]
        for name, entries in packages.items()
    }


def join_entries(before: Mapping[str, Iterable[Entry]], now: Mapping[str, Iterable[Entry]]) -> dict[str, list[Entry]]:
    """Both together, each version once, the later ones last. Tags that were taken off one that stays add up."""
    merged: dict[str, dict[tuple[int, bool], Entry]] = {}
    for part in (before, now):
        for name, entries in part.items():
            known = merged.setdefault(name, {})
            for entry in entries:
                key = entry.id, entry.stays
                taken = known[key].tags if entry.stays and key in known else ()
                known[key] = replace(entry, tags=tuple(dict.fromkeys((*taken, *entry.tags))))
    return {name: list(entries.values()) for name, entries in merged.items()}


def entry_of(item: Any) -> Entry:
    """An entry as the file has it. Raises `ValueError`, `KeyError` or `TypeError` for something else."""
    entry = Entry(item["id"], item["digest"], tuple(item["tags"]), item.get("stays", False) is True)
    if type(entry.id) is not int or not DIGEST.fullmatch(entry.digest):
        raise ValueError
    if not all(TAG.fullmatch(tag) for tag in entry.tags):
        raise ValueError
    return entry


def path_of(name: str) -> str:
    """The full name of a package as the file has it. Raises `ValueError` or `TypeError` for something else."""
    if "/" not in name or not REPOSITORY.fullmatch(name):
        raise ValueError
    return name
