"""What generating notes comes to, for people and for later steps."""

from __future__ import annotations

from release_actions.notes import body
from release_actions.notes.fitting import count_characters
from release_actions.notes.generate import GeneratedNotes
from release_actions.notes.model import NewContributor, ReleaseNotes
from release_actions.notes.notes_files import NotesFiles
from release_actions.runner import markdown
from release_actions.runner.report import Output, Report, counted


def make_report(generated: GeneratedNotes, files: NotesFiles) -> Report:
    """What is in the notes."""
    notes = generated.notes
    outputs: dict[str, Output] = {
        "file": files.notes,
        "overflow-file": files.overflow if generated.written.full else "",
        "body": generated.written.body,
        "previous-tag": notes.previous,
        "changes": len(notes.changes),
        "new-contributors": [login_of(contributor) for contributor in notes.contributors],
    }
    return Report(
        outputs=outputs,
        summary=write_summary(generated),
        lines=(*describe_unlisted(notes), summarize(generated)),
        findings=generated.findings,
    )


def login_of(contributor: NewContributor) -> str:
    """How a contributor is called."""
    return contributor.author.login or contributor.author.name


def describe_unlisted(notes: ReleaseNotes) -> list[str]:
    """What is not listed and why, a line each."""
    return [
        *(f"Reverted in the same release, so not listed: {change.title}" for change in notes.collapsed),
        *(f"Already released with {notes.previous}, so not listed: {change.title}" for change in notes.known),
        *(f"Cherry-picked from a listed change: {change.title}" for change in notes.twice),
    ]


def summarize(generated: GeneratedNotes) -> str:
    """The whole in one sentence."""
    notes = generated.notes
    since = f"since {notes.previous}" if notes.previous else "from the beginning"
    size = count_characters(generated.written.body)
    return (
        f"{notes.tag} has {counted(len(notes.changes), 'change')} {since} and "
        f"{counted(len(notes.contributors), 'new contributor')}; {len(notes.collapsed)} reverted, "
        f"{len(notes.known)} already released, {len(notes.twice)} cherry-picked. "
        f"The notes have {size} of {body.RELEASE_BODY_CHARACTERS} characters."
    )


def write_summary(generated: GeneratedNotes) -> str:
    """The shape of the notes as a table."""
    notes = generated.notes
    rows = [
        *([[body.BREAKING, str(len(notes.breaking))]] if notes.breaking else []),
        *([[body.DEPRECATIONS, str(len(notes.deprecated))]] if notes.deprecated else []),
        *([["Components", str(len(notes.manifest.components))]] if notes.manifest else []),
        *([markdown.plain(section.title or body.CHANGES), str(len(section.changes))] for section in notes.sections),
        [body.CONTRIBUTORS, str(len(notes.contributors))],
        ["Reverted, not listed", str(len(notes.collapsed))],
        ["Already released, not listed", str(len(notes.known))],
        ["Cherry-picked from a listed change", str(len(notes.twice))],
    ]
    head = f"## Notes of {markdown.plain(notes.tag)}\n\n{markdown.plain(summarize(generated))}\n\n"
    unlisted = "\n".join(f"* {markdown.plain(line)}" for line in describe_unlisted(notes))
    folded = f"\n{markdown.details('Not listed', unlisted)}" if unlisted else ""
    return head + markdown.table(("Part", "Entries"), rows) + folded
