"""Puts notes on a draft release: creates it, updates it if it differs, changes nothing if it is right.

It is never published here, a published release is never touched, and no tag is made or moved: the tag has to be there,
since publishing a draft without one makes it. A text that a person has edited is only
replaced on request; a digest at its end shows whether one has.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from release_actions.components import manifest
from release_actions.config.source import read_text
from release_actions.errors import InputError, PolicyError, RemoteError
from release_actions.github import repository as github_repository
from release_actions.github.assets import Assets
from release_actions.github.releases import Asset, Release, Releases
from release_actions.http.client import Http
from release_actions.notes import body
from release_actions.notes.attached_files import read_attached_files
from release_actions.notes.fitting import count_characters
from release_actions.notes.notes_files import NotesFiles, read_manifest
from release_actions.runner import markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.versions.floating import is_newest
from release_actions.versions.version import Version, parse_known

PAUSE_SECONDS = (2.0, 4.0, 8.0)
"""Seconds to wait before reading again what a request without a clear answer did: GitHub's lists lag a little."""

MARK = re.compile(r"\n*<!-- notes: sha256 ([0-9a-f]{64}) -->\s*$")


@dataclass(frozen=True)
class DraftContent:
    """What the draft has to be. `files`: name -> content."""

    body: str
    prerelease: bool
    latest: bool
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class DraftOutcome:
    """The draft as it is now, and what was done, a sentence each."""

    release: Release
    steps: tuple[str, ...]


def add_mark(text: str) -> str:
    """A text with its digest at the end, as a comment that readers do not see."""
    plain = text.rstrip("\n")
    return f"{plain}\n\n<!-- notes: sha256 {compute_digest(plain)} -->\n"


def is_edited(text: str) -> bool:
    """Whether a draft's text is by hand: it has no digest, or one of another text."""
    if not text.strip():
        return False
    mark = MARK.search(text)
    return mark is None or mark[1] != compute_digest(text[: mark.start()])


def compute_digest(text: str) -> str:
    """Of a text, however its lines end: GitHub's editor changes the ends of all lines."""
    return hashlib.sha256("\n".join(text.rstrip().splitlines()).encode()).hexdigest()


def build_content(
    version: Version, tags: Iterable[str], skip: Iterable[str], files: NotesFiles, context: Context
) -> DraftContent:
    """What the draft of a release has to be. Raises `InputError` for notes that no release takes."""
    text = read_text(context.path(files.notes), name=files.notes, hint="Run mode: generate before, or name the file.")
    if not text.strip():
        message = f"{files.notes} is empty."
        raise InputError(message, hint="Run mode: generate before, or name another file.")
    whole = add_mark(text)
    if count_characters(whole) > body.RELEASE_BODY_CHARACTERS:
        size, limit = count_characters(text), body.RELEASE_BODY_CHARACTERS
        message = f"{files.notes} has {size} characters, and GitHub takes {limit} with a release."
        raise InputError(message, hint="Shorten it, or let mode: generate put the rest into a file.")
    attached: dict[str, bytes] = {}
    if read_manifest(files.manifest, version, context):
        attached[manifest.FILE] = context.path(files.manifest).read_bytes()
    overflow = files.overflow.rpartition("/")[2]
    if f"/releases/download/{quote(version.tag, safe='')}/{quote(overflow)}" in text:
        told = f"{files.notes} says that the rest is in {overflow}. Run mode: generate before."
        attached[overflow] = read_text(context.path(files.overflow), name=files.overflow, hint=told).encode()
    others = read_attached_files(files.assets, files.checksums, context.workspace)
    taken = sorted(set(attached) & set(others))
    if taken:
        message = f"Input 'assets' matches {taken[0]}, which this action attaches itself."
        raise InputError(message, hint="Leave it out of the globs.")
    attached |= others
    latest = is_newest(version, parse_known(tags, version.prefix), tuple(skip))
    return DraftContent(whole, not version.is_stable, latest, attached)


def publish(
    version: Version, files: NotesFiles, skip: Iterable[str], context: Context, token: str, http: Http, *, replace: bool
) -> tuple[DraftOutcome, DraftContent]:
    """Make or change the draft, and prove it. Raises `PolicyError` where it must not be touched, and `RemoteError`."""
    repository = context.repository
    tags = [tag.name for tag in github_repository.list_tags(http, context.api_url, repository, token=token)]
    if version.tag not in tags:
        message = f"{repository} has no git tag {version.tag}, and publishing the draft would make it from a branch."
        raise InputError(message, hint="Push the tag first.")
    want = build_content(version, tags, skip, files, context)
    releases = Releases(http, context.api_url, repository, token=token)
    assets = Assets(http, context.api_url, repository, token=token)
    steps = []
    draft = find_draft(version.tag, releases.all(), want, replace=replace)
    if draft is None:
        draft = create_draft(version.tag, releases, want, replace=replace)
        steps.append(f"The draft release of {version.tag} was created.")
    elif not is_same_text(draft.body, want.body) or draft.prerelease != want.prerelease:
        draft = releases.change(draft, want.body, prerelease=want.prerelease, make_latest=want.latest)
        steps.append(f"The draft release of {version.tag} was updated.")
    for name, content in want.files.items():
        steps += put_file(name, content, draft, releases, assets)
    return DraftOutcome(check_draft(releases.read(draft), want), tuple(steps)), want


def find_draft(tag: str, every: Iterable[Release], want: DraftContent, *, replace: bool) -> Release | None:
    """The draft to change; None to make one. Raises `PolicyError` where there is none that may be touched."""
    drafts = [release for release in every if release.tag == tag]
    published = [release for release in drafts if not release.draft]
    if published:
        message = f"The release {tag} is published already ({published[0].url})."
        raise PolicyError(message, hint="Notes of a published release are edited by people. Nothing was changed.")
    if len(drafts) > 1:
        message = f"{tag} has {len(drafts)} drafts, and it is not clear which one is meant."
        raise PolicyError(
            message, hint=f"Delete all but one of them: {', '.join(duplicate.url for duplicate in drafts)}."
        )
    draft = drafts[0] if drafts else None
    if draft and not replace and is_edited(draft.body) and not is_same_text(draft.body, want.body):
        message = f"A person edited the draft of {tag} ({draft.url})."
        raise PolicyError(message, hint="Copy the edits into the file, or set replace-edits: true to lose them.")
    return draft


def is_same_text(first: str, second: str) -> bool:
    """Whether two texts are the same but for the ends of lines."""
    return first.rstrip().splitlines() == second.rstrip().splitlines()


def create_draft(tag: str, releases: Releases, want: DraftContent, *, replace: bool) -> Release:
    """Make the draft. After a request without a clear answer it is looked for. Raises `RemoteError`."""

    def create() -> Release:
        return releases.draft(tag, tag, want.body, prerelease=want.prerelease, make_latest=want.latest)

    for pause in PAUSE_SECONDS:
        try:
            return create()
        except RemoteError as error:
            if is_clear_answer(error):
                raise
        time.sleep(pause)
        if draft := find_draft(tag, releases.all(), want, replace=replace):
            return draft
    return create()


def put_file(name: str, content: bytes, release: Release, releases: Releases, assets: Assets) -> list[str]:
    """Make a file of a draft what it has to be. What was done, a sentence each. Raises `RemoteError`."""
    there = find_asset(release, name)
    if there and has_content(there, content, release, assets):
        return []
    done = [f"{name} was {'replaced' if there else 'added'}."]
    for pause in (*PAUSE_SECONDS, None):
        if there:
            # GitHub refuses a second file of a name, and keeps a part of one whose upload broke off.
            assets.remove(release, there)
        try:
            assets.add(release, name, content)
        except RemoteError as error:
            if pause is None or is_clear_answer(error):
                raise
        else:
            return done
        time.sleep(pause)
        there = find_asset(releases.read(release), name)
        if there and has_content(there, content, release, assets):
            return done
    return done


def find_asset(release: Release, name: str) -> Asset | None:
    """A file of a release by its name."""
    return next((asset for asset in release.assets if asset.name == name), None)


def is_clear_answer(error: RemoteError) -> bool:
    """Whether it is an answer that means no: nothing was done, and asking again would not help."""
    return HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR


def has_content(asset: Asset, content: bytes, release: Release, assets: Assets) -> bool:
    """Whether a file has this content already."""
    if not asset.whole:
        return False
    if asset.digest:
        return asset.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    return assets.content(release, asset) == content


def check_draft(release: Release, want: DraftContent) -> Release:
    """The draft, if it is what it has to be. Raises `RemoteError`."""
    missing = [name for name in want.files if name not in release.files]
    wrong = [
        *(["it is published"] if not release.draft else []),
        *(["its text differs"] if not is_same_text(release.body, want.body) else []),
        *(["its pre-release mark differs"] if release.prerelease != want.prerelease else []),
        *(f"{name} is missing" for name in missing),
    ]
    if wrong:
        message = f"The draft of {release.tag} is not what was asked for: {', '.join(wrong)}."
        raise RemoteError(message, hint="It may have been changed since it was read. Run it again.")
    return release


def make_report(done: DraftOutcome, want: DraftContent, files: NotesFiles) -> Report:
    """What was done, for people and for later steps."""
    release = done.release
    kind = "a pre-release" if want.prerelease else "a full release"
    badge = "the latest one" if want.latest else "not the latest one"
    verdict = f"The draft of {release.tag} is ready: {kind}, {badge}, with {', '.join(release.files) or 'no files'}."
    steps = done.steps or ("Nothing needed a change.",)
    summary = (
        f"## Draft of {markdown.plain(release.tag)}\n\n{markdown.plain(verdict)}\n\n"
        + "".join(f"* {markdown.plain(step)}\n" for step in steps)
        + f"\n[Check and publish it]({release.url})"
        + (".\n" if want.latest or want.prerelease else ", without the mark for the latest release.\n")
    )
    return Report(
        outputs={
            "file": files.notes,
            "body": want.body,
            "release-id": str(release.id),
            "release-url": release.url,
            "prerelease": want.prerelease,
            "make-latest": want.latest,
        },
        summary=summary,
        lines=(*steps, f"It is at {release.url}", verdict),
    )
