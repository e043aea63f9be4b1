"""Finds every version that is bound to one of the project's names, in all files of a checkout.

Two passes: the first reads the files that name the project and learns which variables and placeholders stand for its
versions; the second reads what these hold, in whatever file. Only files with something of interest are decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.drift.catalogue import Catalogue, Name
from release_actions.drift.mappings import Block
from release_actions.drift.reference import Form, Reference, Text
from release_actions.drift.strangers import Stray, read_conflicts, read_strangers
from release_actions.drift.text_references import Patterns, read_commands, read_images, read_links, read_tables
from release_actions.drift.variables import Bindings, bind_variables, read_assignments
from release_actions.drift.yaml_references import blocks_of, read_placeholders, read_yaml

Reader = Callable[[tuple[bytes, ...]], Iterable[Text]]
"""Gives the text files that hold one of some words."""

STRAY = (b"<<<<<<< ", b":latest")
"""What is of interest without one of the project's names."""


@dataclass(frozen=True)
class Scan:
    """What the files hold: references in the order of files and places, and what is not about the project's names.

    `files` has the text of each file with a reference, so that no second reading can differ from the first.
    """

    references: tuple[Reference, ...]
    strays: tuple[Stray, ...]
    files: dict[str, Text]


def scan_repository(read: Reader, catalogue: Catalogue) -> Scan:
    """Every reference in the files that `read` gives."""
    patterns = Patterns.of(catalogue)
    references: list[Reference] = []
    strays: list[Stray] = []
    files: dict[str, Text] = {}
    blocks: dict[str, tuple[Block, ...]] = {}
    for text in read(_list_markers(catalogue)):
        strays += (*read_conflicts(text), *read_strangers(text, patterns))
        blocks[text.path] = blocks_of(text)
        files[text.path] = text
        references += (
            *read_images(text, patterns),
            *read_links(text, patterns),
            *read_commands(text, catalogue, patterns),
            *read_tables(text, catalogue),
        )
    placeholders = {
        placeholder.text: placeholder.name
        for path in sorted(blocks)
        for placeholder in read_placeholders(blocks[path], catalogue)
    }
    for path, text in files.items():
        references += read_yaml(text, blocks[path], catalogue, placeholders)
    bindings = bind_variables(references, catalogue)
    references += _scan_again(read, catalogue, bindings, placeholders, files)
    kept = tuple(_keep_first(references))
    return Scan(kept, tuple(strays), {path: files[path] for path in {reference.place.file for reference in kept}})


def _scan_again(
    read: Reader,
    catalogue: Catalogue,
    bindings: Bindings,
    placeholders: Mapping[str, Name],
    files: dict[str, Text],
) -> Iterator[Reference]:
    """What variables and placeholders hold, in the files that name nothing else of the project too."""
    words = sorted(
        {*bindings.everywhere, *(name for names in bindings.in_file.values() for name in names), *placeholders}
    )
    if not words:
        return
    seen = set(files)
    for text in read(tuple(word.encode() for word in words)):
        yield from read_assignments(text, bindings.of(text.path))
        if text.path not in seen:
            files[text.path] = text
            yield from read_yaml(text, blocks_of(text), catalogue, placeholders)


def _list_markers(catalogue: Catalogue) -> tuple[bytes, ...]:
    """What a file must hold to be decoded at all: the last part of a name, which every form of it contains."""
    return (*sorted({name.basename.encode() for name in catalogue.names}, key=len), *STRAY)


PRECEDENCE = {form: place for place, form in enumerate(Form)}


def _keep_first(references: Iterable[Reference]) -> Iterator[Reference]:
    """Each place once, in order. Two readers may see one token; the form that knows most about it counts."""
    ordered = sorted(
        references,
        key=lambda one: (one.place.file, one.start, -len(one.name.text), PRECEDENCE[one.form]),
    )
    last: tuple[str, int] | None = None
    for reference in ordered:
        at = (reference.place.file, reference.start)
        if at != last:
            yield reference
        last = at
