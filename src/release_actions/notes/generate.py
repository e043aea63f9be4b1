"""Generates the notes of a release: reads, sorts, writes the file, and says what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.components import manifest
from release_actions.components.document import FILE as COMPONENTS_YAML
from release_actions.components.document import load_components
from release_actions.components.manifest import ComponentManifest
from release_actions.config.notes import NotesForm
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, InputError, Problem
from release_actions.notes import body, newcomers, sections, span, undo
from release_actions.notes.body import NotesText
from release_actions.notes.model import BotChanges, NewContributor, ReleaseNotes
from release_actions.notes.story import Story
from release_actions.runner import markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.versions.version import Version

HEADINGS = ("Component Summary", "Infrastructure Changes")


@dataclass(frozen=True)
class NotesFiles:
    """Names of the files in the workspace, as the inputs give them."""

    notes: str
    overflow: str
    components: str
    manifest: str


@dataclass(frozen=True)
class GeneratedNotes:
    """Notes, their text, and what could not be said in them."""

    notes: ReleaseNotes
    written: NotesText
    unknown: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ComponentTables:
    """What the workspace says of the components: `components.json`, if there is one, and the headings of its tables."""

    manifest: ComponentManifest | None
    headings: tuple[str, str]


def generate(
    version: Version, story: Story, components: ComponentTables, form: NotesForm, bots: BotChanges, web: str, asset: str
) -> GeneratedNotes:
    """The notes of a release. `web`: the repository's address. `asset`: name of the file for what is too long.

    Raises `InputError` where even the shortest notes are too long for a release.
    """
    merged = sections.with_bots(span.changes(story.span.ahead, story.span.pulls), form)
    theirs = span.changes(story.span.behind, span.pulls_by_message(story.span.behind))
    known = span.shared(merged, undo.collapse(theirs).shown)
    fresh = [change for change in merged if change not in known]
    left = undo.collapse(fresh)
    listed, twice = span.once(left.shown)
    shown = sections.sections(listed, form, bots)
    first = newcomers.first_changes(fresh)
    thanked = newcomers.first_changes(change for section in shown for change in section.changes)
    contributors, unknown = newcomers.contributors(first, thanked, story.before(first), story.announced)
    notes = ReleaseNotes(
        tag=version.tag,
        previous=story.previous,
        web=web,
        sections=shown,
        contributors=contributors,
        manifest=components.manifest,
        headings=components.headings,
        collapsed=left.collapsed,
        known=known,
        twice=twice,
    )
    written = body.write(notes, asset)
    if body.length(written.body) > body.RELEASE_BODY_CHARACTERS:
        limit = body.RELEASE_BODY_CHARACTERS
        message = f"What the notes say beside the changes is longer than the {limit} characters of a release."
        raise InputError(message, hint="Leave components.json out, or shorten descriptions in components.yaml.")
    return GeneratedNotes(notes, written, unknown, tuple(findings(notes, unknown)))


def read_components(files: NotesFiles, version: Version, context: Context) -> ComponentTables:
    """What the workspace says of the components. Raises `ConfigurationError`."""
    return ComponentTables(read_manifest(files.manifest, version, context), headings(files.components, context))


def read_manifest(name: str, version: Version, context: Context) -> ComponentManifest | None:
    """The release's `components.json`; None where the usual file is not there. Raises `ConfigurationError`."""
    path = context.path(name)
    if name == manifest.FILE and not path.exists():
        return None
    made = manifest.read(read_text(path, name=name, hint="Run component-matrix before, which writes it."), file=name)
    if made.release != version.tag:
        message = f"{name} is of the release {made.release}, and the notes are of {version.tag}."
        raise ConfigurationError(message, hint="Run component-matrix for this tag.", place=made.origin.at("release"))
    return made


def headings(name: str, context: Context) -> tuple[str, str]:
    """The headings of the component tables: those of the components file, where the usual one is there."""
    path = context.path(name)
    if name == COMPONENTS_YAML and not path.exists():
        return HEADINGS
    document = load_components(path, name=name)
    return document.headings


def findings(notes: ReleaseNotes, unknown: tuple[str, ...]) -> list[Finding]:
    """What a person should check before the notes are published."""
    found = []
    if unknown:
        message = f"It is not known whether {', '.join(unknown)} contributed before, so they are not announced as new."
        hint = "GitHub's search does not show accounts that are suspended or renamed. Check, and add them by hand."
        found.append(Finding(Level.WARNING, Problem(message, hint), "contributor-unknown"))
    made = notes.manifest
    if made and made.previous_release != notes.previous:
        said = made.previous_release or "none"
        message = f"The previous release of the components is {said}, that of the changes {notes.previous or 'none'}."
        hint = "Pass the same release to both, with 'previous' and 'previous-tag'."
        place = made.origin.at("previous-release")
        found.append(Finding(Level.WARNING, Problem(message, hint, place if place.file else None), "two-bases"))
    return found


def save(generated: GeneratedNotes, files: NotesFiles, context: Context) -> None:
    """Write the files. Raises `InputError` where one cannot be written."""
    texts = {files.notes: generated.written.body, files.overflow: generated.written.full}
    for name, text in texts.items():
        if text:
            try:
                context.path(name).write_text(text, encoding="utf-8", newline="\n")
            except OSError as error:
                message = f"{name} cannot be written: {error.strerror or error}."
                raise InputError(message, hint="Name a file in a folder that exists.") from error


def report(generated: GeneratedNotes, files: NotesFiles) -> Report:
    """What is in the notes, for people and for later steps."""
    notes = generated.notes
    outputs: dict[str, Output] = {
        "file": files.notes,
        "overflow-file": files.overflow if generated.written.full else "",
        "body": generated.written.body,
        "previous-tag": notes.previous,
        "changes": len(notes.changes),
        "new-contributors": [login_of(one) for one in notes.contributors],
    }
    return Report(
        outputs=outputs,
        summary=summary(generated),
        lines=(*lines(notes), verdict(generated)),
        findings=generated.findings,
    )


def login_of(contributor: NewContributor) -> str:
    """How a contributor is called."""
    return contributor.author.login or contributor.author.name


def lines(notes: ReleaseNotes) -> list[str]:
    """What is not listed and why, a line each."""
    told = [f"Reverted in the same release, so not listed: {change.title}" for change in notes.collapsed]
    told += [f"Already released with {notes.previous}, so not listed: {change.title}" for change in notes.known]
    return [*told, *(f"Cherry-picked from a listed change: {change.title}" for change in notes.twice)]


def verdict(generated: GeneratedNotes) -> str:
    """The whole in one sentence."""
    notes = generated.notes
    since = f"since {notes.previous}" if notes.previous else "from the beginning"
    size = body.length(generated.written.body)
    return (
        f"{notes.tag} has {counted(len(notes.changes), 'change')} {since} and "
        f"{counted(len(notes.contributors), 'new contributor')}; {len(notes.collapsed)} reverted, "
        f"{len(notes.known)} already released, {len(notes.twice)} cherry-picked. "
        f"The notes have {size} of {body.RELEASE_BODY_CHARACTERS} characters."
    )


def summary(generated: GeneratedNotes) -> str:
    """The shape of the notes as a table."""
    notes = generated.notes
    rows = [[markdown.plain(section.title or body.CHANGES), str(len(section.changes))] for section in notes.sections]
    made = notes.manifest
    rows = [
        *([["Components", str(len(made.components))]] if made else []),
        *rows,
        [body.CONTRIBUTORS, str(len(notes.contributors))],
        ["Reverted, not listed", str(len(notes.collapsed))],
        ["Already released, not listed", str(len(notes.known))],
        ["Cherry-picked from a listed change", str(len(notes.twice))],
    ]
    head = f"## Notes of {markdown.plain(notes.tag)}\n\n{markdown.plain(verdict(generated))}\n\n"
    told = "\n".join(f"* {markdown.plain(line)}" for line in lines(notes))
    return (
        head + markdown.table(("Part", "Entries"), rows) + (f"\n{markdown.details('Not listed', told)}" if told else "")
    )
