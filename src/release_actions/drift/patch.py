"""Writes a unified diff that puts the wanted versions in place of others, and changes no other byte.

Nothing is parsed and written again: only the characters of the token are replaced, so quotes, comments, alignment and
line ends stay as they are. `git apply` takes the result (git-apply documentation: file names with `a/` and `b/`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.drift.reference import Text

CONTEXT_LINES = 3
"""Unchanged lines around a change, as diff and git write them."""


@dataclass(frozen=True)
class Replacement:
    """Characters of a file that become others. Replacements never overlap and never contain a line end."""

    path: str
    start: int
    end: int
    token: str


def apply_replacements(text: Text, replacements: Iterable[Replacement]) -> str:
    """The content of a file with its replacements."""
    parts: list[str] = []
    position = 0
    for change in sorted(replacements, key=lambda change: change.start):
        if change.start < position:
            message = f"two replacements overlap in {change.path}"
            raise ValueError(message)
        parts += (text.content[position : change.start], change.token)
        position = change.end
    return "".join((*parts, text.content[position:]))


def write_files(files: Mapping[str, Text], replacements: Iterable[Replacement]) -> dict[str, bytes]:
    """Each file that changes, as it is afterwards."""
    by_file = group_by_file(replacements)
    after = {path: apply_replacements(files[path], by_file[path]) for path in sorted(by_file)}
    return {
        files[path].stored or path: content.encode("utf-8", "surrogateescape")
        for path, content in after.items()
        if content != files[path].content
    }


def group_by_file(replacements: Iterable[Replacement]) -> Mapping[str, list[Replacement]]:
    """File -> what changes in it."""
    by_file: defaultdict[str, list[Replacement]] = defaultdict(list)
    for change in replacements:
        by_file[change.path].append(change)
    return by_file


def write_patch(files: Mapping[str, Text], replacements: Iterable[Replacement]) -> bytes:
    """The diff of all files, in the order of their names; empty when nothing changes."""
    by_file = group_by_file(replacements)
    pieces = []
    for path in sorted(by_file):
        text = files[path]
        before = text.content.split("\n")
        after = apply_replacements(text, by_file[path]).split("\n")
        hunks = "".join(_write_hunks(before, after))
        if hunks:
            before_name, after_name = (_quote(f"{side}/{text.stored or path}") for side in "ab")
            pieces.append(f"diff --git {before_name} {after_name}\n--- {before_name}\n+++ {after_name}\n{hunks}")
    return "".join(pieces).encode("utf-8", "surrogateescape")


def _write_hunks(before: list[str], after: list[str]) -> Iterator[str]:
    """Hunks of two texts with the same number of lines. The last item is what follows the last line end."""
    changed = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    last = len(before) - 1 if before[-1] == "" else len(before)
    for first, final in _group(changed):
        begin, end = max(0, first - CONTEXT_LINES), min(last, final + CONTEXT_LINES + 1)
        yield f"@@ -{begin + 1},{end - begin} +{begin + 1},{end - begin} @@\n"
        index = begin
        while index < end:
            if before[index] == after[index]:
                yield _write_line(" ", before, index)
                index += 1
                continue
            # Lines that change together come as one block: all old ones, then all new ones.
            stop = index
            while stop < end and before[stop] != after[stop]:
                stop += 1
            yield from (_write_line("-", before, line) for line in range(index, stop))
            yield from (_write_line("+", after, line) for line in range(index, stop))
            index = stop


def _group(changed: list[int]) -> Iterator[tuple[int, int]]:
    """First and last changed line of each hunk: changes whose context would touch are one."""
    start = end = -1
    for index in changed:
        if start < 0:
            start = end = index
        elif index - end <= 2 * CONTEXT_LINES:
            end = index
        else:
            yield start, end
            start = end = index
    if start >= 0:
        yield start, end


def _write_line(sign: str, lines: list[str], index: int) -> str:
    is_unfinished = index == len(lines) - 1
    return f"{sign}{lines[index]}\n" + ("\\ No newline at end of file\n" if is_unfinished else "")


def _quote(path: str) -> str:
    """A file's name as git writes it: in quotes with escapes where it holds a quote, backslash or control character."""
    if not re.search(r'["\\\x00-\x1f\x7f]', path):
        return path
    escapes = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    quoted = "".join(escapes.get(character) or _octal(character) for character in path)
    return f'"{quoted}"'


def _octal(character: str) -> str:
    return f"\\{ord(character):03o}" if re.match(r"[\x00-\x1f\x7f]", character) else character
