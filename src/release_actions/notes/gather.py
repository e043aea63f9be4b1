"""Collects what release notes are held against: from files of the workspace, the checkout, GitHub and registries.

Nothing here judges. A file that the user named and that cannot be used is an error at once; a server that does not
answer becomes an `Unreadable`, so that the rest is still reported. Nothing is changed anywhere, and each thing is asked
once: a fixed number of lists, and one question for each image, comparison and component version that the notes name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from release_actions.changes import mainline
from release_actions.changes.credit import credit_originals, find_picked_by_programs
from release_actions.changes.model import MergedChange
from release_actions.changes.programs import mark_programs
from release_actions.components import manifest, table
from release_actions.components.assemble import PreviousRelease
from release_actions.components.document import FILE as COMPONENTS
from release_actions.components.document import ComponentsFile, load_components
from release_actions.components.upstream import Upstream, list_full_releases
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.config.notes import NotesForm
from release_actions.config.source import read_text
from release_actions.errors import ActionError
from release_actions.git import checkout
from release_actions.github.releases import Release
from release_actions.http.client import Http
from release_actions.notes import newcomers
from release_actions.notes.addresses import AddressKind
from release_actions.notes.earlier import read_earlier_notes
from release_actions.notes.evidence import (
    EvidenceKind,
    NotesEvidence,
    PreviousTables,
    RetiredImage,
    TagComparison,
    Unreadable,
)
from release_actions.notes.from_git import CheckoutHistory
from release_actions.notes.history import History
from release_actions.notes.inputs import Inputs
from release_actions.notes.lint_versions import find_part, list_places
from release_actions.notes.notes_files import HEADINGS
from release_actions.notes.previous_tag import choose_previous
from release_actions.notes.reading import PublishedNotes
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import TagSource
from release_actions.versions.grammar import image_tag_of
from release_actions.versions.version import Version, parse, parse_known

PARALLEL_REQUESTS = 8
"""Questions that are asked at the same time."""

NO_TAG = "no tag was given"
NO_REPOSITORY = "the repository is not known"
ANONYMOUS = "GitHub answers only with a token"
ASKS_NOBODY = "history: checkout makes no requests"

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class WorkspaceFiles:
    """What the workspace has. Everything is None where a usual file is not there."""

    config: Config | None
    document: ComponentsFile | None
    made: manifest.ComponentManifest | None


def read_files(given: Inputs, context: Context) -> WorkspaceFiles:
    """Read the files of the workspace. Raises `ConfigurationError` and `InputError`."""

    def there(name: str, usual: str) -> Path | None:
        path = context.path(name)
        return None if name == usual and not path.exists() else path

    config = there(given.config, CONFIG)
    components = there(given.components, COMPONENTS)
    made = there(given.components_file, manifest.FILE)
    name = given.components_file
    return WorkspaceFiles(
        load_config(config, name=given.config, tag=find_tag(given, context)) if config else None,
        load_components(components, name=given.components) if components else None,
        manifest.read(read_text(made, name=name), file=name) if made else None,
    )


def find_tag(given: Inputs, context: Context) -> str:
    """The tag of the input, else of the run; empty where neither has one."""
    return given.tag or (context.ref if context.ref.startswith(TAG_REF) else "")


def list_exact_tags(config: Config | None, version: Version | None) -> dict[str, tuple[str, ...]]:
    """Name of an image -> the exact tags that a release has there."""
    tags: dict[str, tuple[str, ...]] = {}
    for package in config.packages() if config and version else ():
        own = image_tag_of(version.tag, package.scheme or config.tag_prefix) if config and version else ""
        tags[package.reference] = (*tags.get(package.reference, ()), own)
    return tags


def list_retired(config: Config | None) -> dict[str, RetiredImage]:
    """Name of an image that is not published any more -> since when and why."""
    if config is None:
        return {}
    return {
        f"{config.registry}/{package.name}": RetiredImage(parse(package.since, config.tag_prefix), package.reason)
        for package in config.retired
    }


def start_evidence(given: Inputs, context: Context, files: WorkspaceFiles) -> NotesEvidence:
    """What is known without asking anybody. Raises `TagRefused` for a tag that names no version."""
    tag = find_tag(given, context)
    version = parse(tag, files.config.tag_prefix if files.config else "v") if tag else None
    # A components.json that another release left in the workspace says nothing about this one.
    made = files.made if files.made and version and files.made.release == version.tag else None
    built = frozenset(package.reference for package in files.config.packages()) if files.config else None
    why = {
        EvidenceKind.TAG: NO_TAG,
        EvidenceKind.REPOSITORY: NO_REPOSITORY,
        EvidenceKind.BUILT: f"there is no {given.config}",
        EvidenceKind.COMPONENTS: f"there is no {given.components}",
        EvidenceKind.MANIFEST: f"{given.components_file} is of {files.made.release}"
        if files.made
        else f"there is no {given.components_file}",
    }
    return NotesEvidence(
        server=context.server_url,
        version=version,
        repository=context.repository or (files.config.repository if files.config else ""),
        built=built,
        retired=list_retired(files.config),
        exact_tags=list_exact_tags(files.config, version),
        document=files.document,
        form=files.config.notes if files.config else NotesForm(),
        manifest=made,
        why=why,
    )


def gather(
    given: Inputs, context: Context, notes: PublishedNotes, here: NotesEvidence, http: Http, log: Workflow
) -> NotesEvidence:
    """All of the evidence. `here` is what `offline` gave. Raises `InputError` for a previous tag that is none."""
    if given.history is TagSource.CHECKOUT:
        evidence = dataclasses.replace(
            here, tags=ask_or_unreadable(lambda: frozenset(checkout.read_tags(context.workspace)))
        )
        evidence = _add_previous(evidence, given, None, log)
        remote = (
            EvidenceKind.PREVIOUS,
            EvidenceKind.ANNOUNCED,
            EvidenceKind.EARLIER,
            EvidenceKind.REGISTRY,
            EvidenceKind.UPSTREAM,
        )
        evidence = _add_reasons(dataclasses.replace(evidence, from_git=True), dict.fromkeys(remote, ASKS_NOBODY))
        return _add_changes(evidence, CheckoutHistory(context.workspace, evidence.repository), notes)
    upstream = Upstream(
        http,
        context.api_url,
        token=given.token,
        registry_token=given.registry_token,
        registry_override=context.registry_url,
    )
    evidence = here
    if here.repository:
        tags = ask_or_unreadable(lambda: _tags_of(here.repository, upstream))
        releases = ask_or_unreadable(lambda: list_full_releases(upstream.releases(here.repository)))
        evidence = _add_previous(dataclasses.replace(evidence, tags=tags), given, releases, log)
        evidence = _drop_comparison(_add_releases(evidence, releases, upstream), notes)
        if given.token:
            evidence = _add_changes(
                evidence, _open_github_history(context.api_url, here.repository, given.token), notes
            )
        else:
            evidence = _add_reasons(evidence, dict.fromkeys((EvidenceKind.CHANGES, EvidenceKind.EARLIER), ANONYMOUS))
    else:
        needs = (
            EvidenceKind.TAGS,
            EvidenceKind.PREVIOUS_TAG,
            EvidenceKind.PREVIOUS,
            EvidenceKind.ANNOUNCED,
            EvidenceKind.CHANGES,
            EvidenceKind.EARLIER,
        )
        evidence = _add_reasons(evidence, dict.fromkeys(needs, NO_REPOSITORY))
    if not given.check_upstream:
        return _add_reasons(
            evidence, dict.fromkeys((EvidenceKind.REGISTRY, EvidenceKind.UPSTREAM), "check-upstream is false")
        )
    return _add_answers(evidence, notes, upstream)


def _add_reasons(evidence: NotesEvidence, why: Mapping[EvidenceKind, str]) -> NotesEvidence:
    return dataclasses.replace(evidence, why={**evidence.why, **why})


def ask_or_unreadable(read: Callable[[], T]) -> T | Unreadable:
    """What a server answers, or that it could not be found out."""
    try:
        return read()
    except ActionError as error:
        return Unreadable(error.problems[0].message, error.hint)


def _add_previous(
    evidence: NotesEvidence, given: Inputs, releases: tuple[Release, ...] | Unreadable | None, log: Workflow
) -> NotesEvidence:
    """With the release before, by the rule that notes are generated by. `releases` is None where git alone is given."""
    version, tags = evidence.version, evidence.tags
    if version is None:
        return _add_reasons(evidence, {EvidenceKind.PREVIOUS_TAG: NO_TAG})
    for piece in (tags, releases):
        if isinstance(piece, Unreadable):
            return dataclasses.replace(evidence, previous_tag=piece)
    names = dict.fromkeys((*(tags if isinstance(tags, frozenset) else ()), version.tag), "")
    full = {release.tag for release in releases if release.tag != version.tag} if isinstance(releases, tuple) else None
    return dataclasses.replace(evidence, previous_tag=choose_previous(version, given.previous_tag, names, full, log))


def _tags_of(repository: str, upstream: Upstream) -> frozenset[str]:
    tags = upstream.git_tags(repository)
    if tags is None:
        message = f"Could not list the tags of {repository}: it does not exist, or the token may not see it."
        raise ActionError(message, hint="Correct its name, or pass a token that may read it.")
    return frozenset(tags)


def _add_releases(
    evidence: NotesEvidence, releases: tuple[Release, ...] | Unreadable, upstream: Upstream
) -> NotesEvidence:
    """With what the release before published, and whom earlier releases welcomed."""
    version, previous = evidence.version, evidence.previous_tag
    if version is None or previous is None:
        return _add_reasons(evidence, dict.fromkeys((EvidenceKind.PREVIOUS, EvidenceKind.ANNOUNCED), NO_TAG))
    if isinstance(releases, Unreadable) or isinstance(previous, Unreadable):
        # A previous release that is not known has one of these two as its reason.
        wrong = next(piece for piece in (releases, previous) if isinstance(piece, Unreadable))
        return dataclasses.replace(evidence, previous=wrong, announced=wrong)
    notes = read_earlier_notes(releases, version, evidence.repository, evidence.server)
    evidence = dataclasses.replace(evidence, announced=notes.announced, listed=notes.listed)
    evidence = _drop_today(evidence, releases)
    before = _list_earlier_releases(releases, previous, version)
    if not before:
        why = f"{previous} has no release" if previous else "there is no release before"
        return _add_reasons(evidence, {EvidenceKind.PREVIOUS: why})
    rows = ask_or_unreadable(lambda: _read_newest_rows(before, evidence, upstream))
    if rows is None:
        return _add_reasons(evidence, {EvidenceKind.PREVIOUS: "no earlier release has a table of components"})
    return dataclasses.replace(evidence, previous=rows)


def _drop_comparison(evidence: NotesEvidence, notes: PublishedNotes) -> NotesEvidence:
    """Without what the release before published, where the notes have no table that it could be compared with."""
    if notes.rows or not isinstance(evidence.previous, PreviousTables):
        return evidence
    why = "the notes have no table of components"
    return _add_reasons(dataclasses.replace(evidence, previous=None), {EvidenceKind.PREVIOUS: why})


def _drop_today(evidence: NotesEvidence, releases: Iterable[Release]) -> NotesEvidence:
    """Without what the workspace says of today, where the notes are of a release that newer ones have followed."""
    version = evidence.version
    published = parse_known((release.tag for release in releases), version.prefix) if version else ()
    if version is None or version not in published or not any(other > version for other in published):
        return evidence
    why = f"the notes are of {version}, and newer releases may have changed it"
    needs = (EvidenceKind.BUILT, EvidenceKind.COMPONENTS)
    return _add_reasons(dataclasses.replace(evidence, built=None, document=None), dict.fromkeys(needs, why))


def _list_earlier_releases(releases: Iterable[Release], previous: str, version: Version) -> list[Release]:
    """The previous release and those before it, the newest first."""
    by_tag = {release.tag: release for release in releases}
    tags = [other.tag for other in reversed(parse_known(by_tag, version.prefix)) if other < version]
    start = tags.index(previous) if previous in tags else 0
    return [by_tag[tag] for tag in tags[start:]] if previous in by_tag else []


def _read_newest_rows(
    releases: Iterable[Release], evidence: NotesEvidence, upstream: Upstream
) -> PreviousTables | None:
    """What the newest of these releases with a table published; None where none has one."""
    for release in releases:
        tables = _read_rows(release, evidence, upstream)
        if tables.rows:
            return tables
    return None


def _read_rows(release: Release, evidence: NotesEvidence, upstream: Upstream) -> PreviousTables:
    """What a release published: by its components.json, else by the table in its notes; no rows without either."""
    if manifest.FILE in release.files:
        text = upstream.asset(evidence.repository, release, manifest.FILE)
        made = manifest.read(text, file=f"{manifest.FILE} of {release.tag}")
        return PreviousTables(release.tag, PreviousRelease.of_manifest(made).rows)
    tables = table.read(release.body, file=f"notes of {release.tag}")
    headings = evidence.document.headings if evidence.document else HEADINGS
    before = PreviousRelease.of_tables(release.tag, tables, headings)
    return PreviousTables(release.tag, before.rows if before else ())


def _add_changes(evidence: NotesEvidence, history: History, notes: PublishedNotes) -> NotesEvidence:
    """With what was merged since the release before, and whether those who are welcomed had something merged before."""
    version, previous = evidence.version, evidence.previous_tag
    needs = (EvidenceKind.CHANGES, EvidenceKind.EARLIER)
    if version is None or previous is None:
        return _add_reasons(evidence, dict.fromkeys(needs, NO_TAG))
    if isinstance(previous, Unreadable):
        return dataclasses.replace(evidence, changes=previous, earlier=previous)
    if not isinstance(evidence.tags, frozenset) or version.tag not in evidence.tags:
        return _add_reasons(evidence, dict.fromkeys(needs, f"{version} is no tag yet"))
    programs = evidence.form.bot_authors
    changes = ask_or_unreadable(lambda: _read_changes(history, previous, version.tag, programs))
    evidence = dataclasses.replace(evidence, changes=changes)
    if evidence.from_git:
        return evidence
    if isinstance(changes, Unreadable):
        return dataclasses.replace(evidence, earlier=changes)
    first = newcomers.find_first_changes(changes)
    welcomed = {contributor.login.casefold() for contributor in notes.contributors}
    wanted = {key: change for key, change in first.items() if key in welcomed and change.merged}
    earlier = ask_or_unreadable(lambda: dict(history.has_merged_before(wanted, previous)) if wanted else {})
    return dataclasses.replace(evidence, earlier=earlier)


def _read_changes(history: History, previous: str, tag: str, programs: Collection[str]) -> tuple[MergedChange, ...]:
    """What was merged, each with what it was before and after it was credited to who wrote it."""
    span = history.read_span(previous, tag)
    changes = mark_programs(mainline.group_changes(span.ahead, span.pulls), programs)
    picked = find_picked_by_programs(changes)
    credited = credit_originals(changes, history.read_originals(picked)) if picked else changes
    # Notes may list either: what a program opened, or what it was picked from.
    known = {change.commits: change for change in changes}
    return (*changes, *(change for change in credited if change != known[change.commits]))


def _open_github_history(api_url: str, repository: str, token: str) -> History:
    # PyGithub is imported with this module, which only this way of reading needs.
    from release_actions.changes.from_github import GitHubHistory

    return GitHubHistory(api_url, repository, token)


def _add_answers(evidence: NotesEvidence, notes: PublishedNotes, upstream: Upstream) -> NotesEvidence:
    """With what registries and repositories say about all that the notes name."""
    images = sorted(
        {*_list_images(notes), *_list_places(notes, evidence, "image"), *_list_places(notes, evidence, "chart")}
    )
    compares = sorted(_list_compares(notes, evidence), key=str)
    tags = sorted(_list_places(notes, evidence, "git"))
    return dataclasses.replace(
        evidence,
        images=_ask_all(images, lambda name: upstream.has_image(*_split(name, ":"))),
        compares=_ask_all(compares, lambda one: upstream.compares(one.repository, one.base, one.head)),
        upstream=_ask_all(tags, lambda name: upstream.has_git_tag(*_split(name, "@"))),
    )


def _split(name: str, mark: str) -> tuple[str, str]:
    before, _, after = name.rpartition(mark)
    return before, after


def _list_images(notes: PublishedNotes) -> Iterator[str]:
    """Every image and chart with a tag that the notes name."""
    yield from (f"{image.name}:{image.tag}" for image in notes.images if image.tag)
    yield from (f"{chart.name}:{chart.version.replace('+', '_')}" for chart in notes.charts if chart.version)


def _list_compares(notes: PublishedNotes, evidence: NotesEvidence) -> set[TagComparison]:
    """Every comparison that the notes link to. One with the release's own tag can wait until there is that tag."""
    tags, version = evidence.tags, evidence.version
    coming = version.tag if version and isinstance(tags, frozenset) and version.tag not in tags else ""
    compares = {
        TagComparison(compare.address.repository, compare.address.base, compare.address.name)
        for compare in notes.linked
        if compare.address.leads is AddressKind.COMPARE
    }
    own = evidence.repository.casefold()
    return {
        compare
        for compare in compares
        if not (compare.repository.casefold() == own and coming in {compare.base, compare.head})
    }


def _list_places(notes: PublishedNotes, evidence: NotesEvidence, kind: str) -> Iterator[str]:
    """Where the versions of the table's components have to be."""
    for row in notes.rows:
        part = find_part(row, evidence) if row.version.version else None
        for of, place, tag in list_places(part[1], row.version.version) if part else ():
            if of == kind:
                yield f"{place}@{tag}" if kind == "git" else f"{place}:{tag}"


def _ask_all(questions: Iterable[K], ask: Callable[[K], bool]) -> dict[K, bool | Unreadable]:
    asked = list(questions)
    with ThreadPoolExecutor(PARALLEL_REQUESTS, thread_name_prefix="lint") as pool:
        answers = pool.map(lambda question: ask_or_unreadable(lambda: ask(question)), asked)
    return dict(zip(asked, answers, strict=True))
