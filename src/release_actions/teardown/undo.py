"""The undo file of a teardown: package versions, releases and git tags as they were, so that they can be brought back.

Written before the first deletion with all that is planned, and again at the end with what really went, so it is right
even when the run is killed. What earlier runs wrote into the same file stays in it. It must never replace a file that
is something else, nor be taken for one of another repository.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release_actions.cleanup import undo
from release_actions.cleanup.undo import Entry
from release_actions.cleanup.undo_record import make_entries
from release_actions.errors import InputError
from release_actions.github.releases import Asset, Release
from release_actions.registry.names import Tag
from release_actions.teardown.events import Done
from release_actions.teardown.model import Ref, RefChange
from release_actions.teardown.package import PackageTeardown
from release_actions.teardown.release_files import SavedFiles

FORM = "rc-teardown-undo-1"

OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""The id of a git object."""


@dataclass(frozen=True)
class Undo:
    """What may be gone, each list in the order of its deletion. `packages`: full name -> versions.

    `files`: id of a release -> name of a file -> its bytes, of releases whose files come back.
    """

    packages: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    refs: tuple[Ref, ...] = ()
    files: SavedFiles = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to bring back."""
        return not (any(self.packages.values()) or self.releases or self.refs)

    def joined(self, later: Undo) -> Undo:
        """Both together, each thing once, as the later one has it."""
        packages = undo.join_entries(self.packages, later.packages)
        return Undo(
            {path: tuple(entries) for path, entries in packages.items()},
            tuple({release.id: release for release in (*self.releases, *later.releases)}.values()),
            tuple({ref.tag: ref for ref in (*self.refs, *later.refs)}.values()),
            {**self.files, **later.files},
        )


@dataclass
class Record:
    """The undo file of one run, kept true while the run goes on."""

    path: Path
    repository: str
    before: Undo = field(default_factory=Undo)
    written: bool = False
    files: SavedFiles = field(default_factory=dict)

    def plan(
        self,
        images: Iterable[PackageTeardown],
        releases: Iterable[Release],
        refs: Iterable[RefChange],
        files: SavedFiles,
    ) -> None:
        """Write down all that may go. Raises `InputError`, also for a file that is something else."""
        planned = {
            image.path: tuple(make_entries((d.version for d in image.plan.deletions), image.contents))
            for image in images
            if image.plan
        }
        planned_undo = Undo(
            {path: gone for path, gone in planned.items() if gone}, tuple(releases), make_rows(refs), files
        )
        if not planned_undo.is_empty:
            self.before = read(self.path, self.repository) if self.path.exists() else Undo()
            write(self.path, self.repository, self.before.joined(planned_undo))
            self.written = True
            self.files = files

    def end(self, images: Iterable[PackageTeardown], done: Done) -> None:
        """Write down what went and is not back. Raises `InputError`."""
        if not self.written:
            return
        gone = {}
        for image in images:
            numbers = set(image.outcome.undo)
            versions = [v for v in (*image.outcome.deleted, *image.outcome.unsure) if v.id in numbers]
            gone[image.path] = tuple(make_entries(versions, image.contents))
        releases = list_gone_releases(done)
        files = {release.id: self.files[release.id] for release in releases if release.id in self.files}
        remaining = Undo(
            {path: entries_of_path for path, entries_of_path in gone.items() if entries_of_path},
            releases,
            list_gone_refs(done),
            files,
        )
        write(self.path, self.repository, self.before.joined(remaining))


def list_gone_releases(done: Done) -> tuple[Release, ...]:
    """The releases that were deleted, and one of which nobody knows."""
    return (*done.releases, *([done.pending] if isinstance(done.pending, Release) else []))


def list_gone_refs(done: Done) -> tuple[Ref, ...]:
    """The git tags that were deleted or moved, and one of which nobody knows."""
    return make_rows((*done.refs, *([done.pending] if isinstance(done.pending, RefChange) else [])))


def make_rows(changes: Iterable[RefChange]) -> tuple[Ref, ...]:
    """Changes of git tags as the undo file has them."""
    return tuple(Ref(change.tag, change.before, change.after) for change in changes)


def read(path: Path, repository: str) -> Undo:
    """The undo file of a repository "owner/name". Raises `InputError`."""
    document = undo.load(path, FORM, "a teardown")
    try:
        record = Undo(
            {str(name): tuple(map(undo.entry_of, entries)) for name, entries in document["packages"].items()},
            tuple(map(_read_release, document["releases"])),
            tuple(_read_ref(item) for item in document["git"]),
            {item["id"]: _read_contents(item) for item in document["releases"] if item.get("contents")},
        )
        of = str(document["repository"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise undo.make_format_error(path, "a teardown") from None
    if of.lower() != repository.lower():
        message = f"The undo file {path} is of {of}, and this run is about {repository}."
        raise InputError(message, hint=f"Pass --repository {of}, or name another file.")
    return record


def write(path: Path, repository: str, record: Undo) -> None:
    """Write a whole undo file. Raises `InputError`."""
    document = {
        "form": FORM,
        "repository": repository,
        "packages": undo.make_rows(record.packages),
        "releases": [
            release_row(release) | _make_contents_row(record.files.get(release.id)) for release in record.releases
        ],
        "git": [{"tag": ref.tag, "before": ref.before, "after": ref.after} for ref in record.refs],
    }
    undo.save(path, document)


def release_row(release: Release) -> dict[str, Any]:
    """A release as GitHub's API takes it, with its id and the names of the files that it had."""
    return {
        "id": release.id,
        "tag_name": release.tag,
        "name": release.name,
        "body": release.body,
        "target_commitish": release.target,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "files": list(release.files),
    }


def _make_contents_row(files: Mapping[str, bytes] | None) -> dict[str, Any]:
    if not files:
        return {}
    return {"contents": {name: base64.b64encode(content).decode() for name, content in files.items()}}


def _read_contents(item: Any) -> dict[str, bytes]:
    return {str(name): base64.b64decode(text, validate=True) for name, text in item["contents"].items()}


def _read_release(item: Any) -> Release:
    release = Release(
        item["id"],
        item["tag_name"],
        item["name"],
        item["body"],
        item["target_commitish"],
        item["draft"],
        item["prerelease"],
        assets=tuple(Asset(0, name) for name in item["files"]),
    )
    texts = (release.tag, release.name, release.body, release.target, *release.files)
    if type(release.id) is not int or not all(isinstance(text, str) for text in texts) or not release.tag:
        raise ValueError
    if not all(isinstance(flag, bool) for flag in (release.draft, release.prerelease)):
        raise TypeError
    return release


def _read_ref(item: Any) -> Ref:
    tag, before, after = item["tag"], item["before"], item["after"]
    # A tag that was deleted names nothing afterwards.
    if not isinstance(tag, str) or not tag or not OBJECT.fullmatch(before) or not OBJECT.fullmatch(after or before):
        raise ValueError
    return Ref(Tag(tag), before, after)
