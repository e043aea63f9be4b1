"""Rules about the text itself: what was left in, what is open, what is too long, what is there twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.components import table
from release_actions.components.blocks import LineKind
from release_actions.components.lines import MarkdownLine
from release_actions.errors import Place
from release_actions.notes.body import RELEASE_BODY_CHARACTERS
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.fitting import count_characters
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit

WORD = re.compile(r"(?<![\w-])(?:TODO|TBD|FIXME|TKTK)(?![\w-])")
LEFT = re.compile(r"[\s*_]*(?:TODO|TBD|FIXME|TKTK)[\s.!*_:]*")
"""Such a word where it can only be an author's reminder: alone in a line of text."""

TEMPLATE = re.compile(
    r"\{\{[^{}]*\}\}|\$\{[A-Za-z_][\w.]*\}|(?<![\w.])v?X\.Y(?:\.Z)?(?![\w.])|(?i:\blorem ipsum\b)|#XX+|/XX+(?![\w])"
    r"|<(?:version|tag|previous|release|component|insert[^<>]*)>|(?i:\[insert[^\[\]]*\])"
)
"""What templates have where a value belongs."""

VERSION = (
    r"v?[0-9]+\.[0-9]+\.[0-9]+"
    r"(?:[.-]?(?:rc|post|dev|alpha|beta|a|b)[.-]?[0-9]*(?![\w-])|[-+][0-9A-Za-z]+(?:[.+-][0-9A-Za-z]+)*)?"
)
TITLE = re.compile(
    rf"(?i)\W*(?:(?P<words>release(?:\s+notes)?|what.s\s+(?:new|changed)|changes|changelog|highlights|(?P<name>[\w.-]+))"
    rf"(?:\s+(?:of|for|in))?\s+)?[(\[]?(?P<version>{VERSION})(?![\w.])[)\]]?\s*(?:release(?:\s+notes)?)?(?:[-\u2013\u2014:(].*)?\W*"
)
"""A heading that says which release it is about, in all of its words."""

HEADING_CHARACTERS = 256
"""Characters of a heading that may say which release it is about."""

LEADS_AWAY = re.compile(r"(?i)\b(?:from|since|before|until|below|older|upgrad\w*|migrat\w*|to)\b")
MARKDOWN = re.compile(
    r"\s*(?:[*+-]\s.+\sby\s+@\S+\s+in\s|[*+-]\s+@\S+\s+made\s|\*\*Full Changelog\*\*|#{2,6}\s+[A-Z][\w' ]*$)"
)
"""Lines of notes that no block of code is likely to have."""

CONFLICT = re.compile(r"<{7} \S|>{7} \S|\|{7} \S")
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
NAME_IN_CODE = re.compile(r"(?<!`)`@([A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?)`(?!`)")
MENTION = re.compile(r"(?<![\w\\/`@.-])@[A-Za-z0-9][A-Za-z0-9_-]*")
TASK = re.compile(r"\s*[*+-]\s+\[ \]\s")


def _placeholder(subject: LintSubject) -> Iterator[RuleHit]:
    """A TODO, TBD or FIXME, or a template's place for a value that was not filled in.

    Titles of changes are not checked: they are what their authors wrote. Certain for a line of text with nothing else
    in it, and for a cell of the components: a sentence may be about the word, and a date may be open.
    """
    listed = {change.line.number for change in subject.notes.changes}
    for line in subject.notes.text.lines:
        if line.kind is LineKind.CODE or line.number in listed:
            continue
        if line.kind is LineKind.ROW:
            yield from _left_in_cells(subject, line)
            continue
        match = WORD.search(line.prose) or TEMPLATE.search(line.prose)
        if match:
            sure = line.kind is LineKind.TEXT and bool(LEFT.fullmatch(line.prose))
            yield _report_leftover(match[0], subject.notes.text.place(line, match.start()), sure=sure)


def _left_in_cells(subject: LintSubject, line: MarkdownLine) -> Iterator[RuleHit]:
    """A cell that is nothing but a placeholder, and others in which there is one."""
    summary = {row.place.line for row in subject.notes.summary.rows} if subject.notes.summary else set()
    for cell in table.split_cells(line.text, subject.notes.text.path, line.number):
        match = WORD.search(cell.markdown) or TEMPLATE.search(cell.markdown)
        if match:
            sure = line.number in summary and cell.text == match[0]
            yield _report_leftover(match[0], cell.place, sure=sure)


def _report_leftover(word: str, place: Place, *, sure: bool) -> RuleHit:
    certainty = CERTAIN if sure else SUSPICIOUS
    return RuleHit(place, f"{word!r} was left in.", "Write what belongs there, or remove it.", certainty=certainty)


def _task(subject: LintSubject) -> Iterator[RuleHit]:
    """A task that is not ticked off."""
    for line in subject.notes.text.lines:
        if line.kind is LineKind.BULLET and TASK.match(line.prose):
            message = "This task is not done."
            yield RuleHit(subject.notes.text.place(line), message, "Do it, tick it off, or make it a plain item.")


def _too_long(subject: LintSubject) -> Iterator[RuleHit]:
    """The notes have more than 125,000 characters.

    GitHub refuses such a release with 422, after everything else has been published. Only suspicious where emoji and
    the like make the difference, which may count as two, or the ends of lines.
    """
    body = subject.notes.text.body
    size = count_characters(body)
    if size > RELEASE_BODY_CHARACTERS:
        line = body.count("\n", 0, RELEASE_BODY_CHARACTERS) + 1
        limit = f"{RELEASE_BODY_CHARACTERS:,}"
        message = f"The notes have {size:,} characters, and GitHub takes {limit}. Line {line} passes the limit."
        hint = "Shorten them, or attach the whole as a file and keep the beginning."
        least = len(body.replace("\r\n", "\n").strip())
        certainty = CERTAIN if least > RELEASE_BODY_CHARACTERS else SUSPICIOUS
        yield RuleHit(subject.notes.text.place(subject.notes.text.lines[line - 1]), message, hint, certainty=certainty)


def _heading_version(subject: LintSubject) -> Iterator[RuleHit]:
    """A heading says that the notes are of another release.

    Certain for a first heading that names another release of the repository and nothing else, in notes that do not name
    their own: some notes have what earlier ones said in sections of its own. Of headings that say more only the first
    one is checked, unless it is about upgrading from another version.
    """
    version = subject.evidence.version
    headings = [
        line
        for line in subject.notes.text.lines
        if line.kind is LineKind.HEADING and len(line.text) <= HEADING_CHARACTERS
    ]
    for index, line in enumerate(headings):
        said = TITLE.fullmatch(line.title)
        own = said is not None and (not said["name"] or said["name"].casefold() in _list_names(subject))
        versions = re.findall(rf"(?<![\w.]){VERSION}(?![\w.])", line.title)
        if version is None or not versions or LEADS_AWAY.search(line.title) or not (own or not index):
            continue
        others = (other for other in headings if other is not line)
        if said and not said["words"] and any(version.text in other.title for other in others):
            continue  # a section of its own for each of several versions
        if all(named.removeprefix("v") != version.text for named in versions):
            message = f"The heading says {versions[0]}, and these are the notes of {version}."
            place = subject.notes.text.place(line, max(line.text.find(versions[0]), 0))
            sure = own and not index and _is_other_release(versions[0], subject)
            yield RuleHit(place, message, f"Write {version}.", certainty=CERTAIN if sure else SUSPICIOUS)


def _is_other_release(named: str, subject: LintSubject) -> bool:
    """Whether a version is another release of the repository, and the text names its own nowhere but in addresses."""
    tags, version = subject.evidence.tags, subject.evidence.version
    if version is None or not isinstance(tags, frozenset) or named not in tags:
        return False
    prose = (re.sub(r"\]\([^()]*\)|https?://\S+", " ", line.text) for line in subject.notes.text.lines)
    return not any(version.text in text for text in prose)


def _list_names(subject: LintSubject) -> frozenset[str]:
    """What the project may be called in a heading."""
    return frozenset(subject.evidence.repository.casefold().split("/"))


def _open_fence(subject: LintSubject) -> Iterator[RuleHit]:
    """A block of code is never closed, so that everything after it is shown as code.

    Certain where changes, contributors or a heading follow in it. At the end of the notes nothing is lost.
    """
    text = subject.notes.text
    if text.open_fence:
        inside = [line.raw for line in text.lines[text.open_fence :]]
        certainty = CERTAIN if any(MARKDOWN.match(line) for line in inside) else SUSPICIOUS
        message = "The block of code that begins here is never closed: all that follows is shown as code."
        place = text.place(text.lines[text.open_fence - 1])
        yield RuleHit(place, message, "Close it with the same marks.", certainty=certainty)


def _open_comment(subject: LintSubject) -> Iterator[RuleHit]:
    """A comment is never closed, so that everything after it is hidden.

    Only suspicious where nothing follows.
    """
    text = subject.notes.text
    if text.open_comment:
        line = text.lines[text.open_comment - 1]
        message = "The comment that begins here is never closed: nothing that follows is shown."
        follows = any(other.raw.strip() for other in text.lines[text.open_comment :])
        certainty = CERTAIN if follows else SUSPICIOUS
        yield RuleHit(text.place(line, line.raw.rfind("<!--")), message, "Close it with -->.", certainty=certainty)


def _empty_section(subject: LintSubject) -> Iterator[RuleHit]:
    """A heading has nothing below it."""
    lines = [line for line in subject.notes.text.lines if line.text.strip() and line.text.strip() != "---"]
    followers = (*lines[1:], None)
    for line, following in zip(lines, followers, strict=False):
        ends = following is None or (following.kind is LineKind.HEADING and following.level <= line.level)
        if line.kind is LineKind.HEADING and ends and line.title:
            message = f"There is nothing below the heading '{line.title}'."
            yield RuleHit(subject.notes.text.place(line), message, "Write something below it, or remove it.")


def _heading_twice(subject: LintSubject) -> Iterator[RuleHit]:
    """Two sections of the same part have the same heading."""
    seen: dict[tuple[str, ...], MarkdownLine] = {}
    path: list[tuple[int, str]] = []
    for line in subject.notes.text.lines:
        if line.kind is not LineKind.HEADING:
            continue
        path = [*[part for part in path if part[0] < line.level], (line.level, line.title.casefold())]
        key = tuple(title for _, title in path)
        if key in seen:
            other = subject.notes.text.place(seen[key])
            message = f"The heading '{line.title}' is in line {other.line} too."
            yield RuleHit(subject.notes.text.place(line), message, "Merge the sections, or name them apart.", other)
        seen.setdefault(key, line)


def _line_twice(subject: LintSubject) -> Iterator[RuleHit]:
    """An item is in one section twice."""
    listed = subject.notes.credits
    seen: dict[tuple[int, str], MarkdownLine] = {}
    heading = 0
    for line in subject.notes.text.lines:
        heading = line.number if line.kind is LineKind.HEADING else heading
        if (
            line.kind is not LineKind.BULLET
            or line.number in listed
            or len(line.text.strip()) < COMPARED_ITEM_CHARACTERS
        ):
            continue
        key = (heading, line.text.strip())
        if key in seen:
            other = subject.notes.text.place(seen[key])
            yield RuleHit(subject.notes.text.place(line), f"This item is in line {other.line} too.", "Keep one.", other)
        seen.setdefault(key, line)


COMPARED_ITEM_CHARACTERS = 16
"""Characters of an item that is worth comparing."""


def _conflict(subject: LintSubject) -> Iterator[RuleHit]:
    """The marks of a merge that was not finished.

    Certain for all three of them in their order: a quote in quotes may look like one.
    """
    lines = [line for line in subject.notes.text.lines if line.kind is not LineKind.CODE]
    marks = "".join(line.raw[:1] for line in lines if CONFLICT.match(line.raw) or line.raw.rstrip() == "=======")
    certainty = CERTAIN if re.search(r"<\|?=>", marks) else SUSPICIOUS
    for line in lines:
        if CONFLICT.match(line.text):
            message = "A mark of a merge conflict was left in."
            hint = "Resolve the conflict, and remove all of its marks."
            yield RuleHit(subject.notes.text.place(line), message, hint, certainty=certainty)


def _direction(subject: LintSubject) -> Iterator[RuleHit]:
    """A character that turns the direction of text, so that readers see something else than what is there."""
    for line in subject.notes.text.lines:
        match = DIRECTION.search(line.raw)
        if match:
            message = f"The character U+{ord(match[0]):04X} turns the direction of the text after it."
            yield RuleHit(subject.notes.text.place(line, match.start()), message, "Remove it.")


def _mention_in_code(subject: LintSubject) -> Iterator[RuleHit]:
    """A person is named in code, where GitHub neither links nor credits them."""
    for line in subject.notes.text.lines:
        for match in NAME_IN_CODE.finditer(line.text) if line.kind is not LineKind.CODE else ():
            message = f"@{match[1]} is in code, so GitHub neither links nor credits the account."
            hint = "Write the name without the code marks, or without the @ if it is not a person."
            yield RuleHit(subject.notes.text.place(line, match.start()), message, hint)


def _mention_in_title(subject: LintSubject) -> Iterator[RuleHit]:
    """The title of a change mentions an account by accident, such as `@types` of a package's name.

    Whoever has that name on GitHub is notified, and is listed among the contributors of the release.
    """
    for change in subject.notes.changes:
        start = change.line.text.find(change.title)
        match = MENTION.search(change.line.prose, start, start + len(change.title))
        if match:
            message = f"The title mentions {match[0]}, whom GitHub then notifies and shows as a contributor."
            hint = "Put it in code, or write \\@ if no person is meant."
            yield RuleHit(subject.notes.text.place(change.line, match.start()), message, hint)


RULES = (
    LintRule("placeholder", CERTAIN, _placeholder),
    LintRule("task-open", SUSPICIOUS, _task),
    LintRule("too-long", CERTAIN, _too_long),
    LintRule("heading-version", CERTAIN, _heading_version, (EvidenceKind.TAG,)),
    LintRule("fence-open", CERTAIN, _open_fence),
    LintRule("comment-open", CERTAIN, _open_comment),
    LintRule("section-empty", SUSPICIOUS, _empty_section),
    LintRule("heading-twice", SUSPICIOUS, _heading_twice),
    LintRule("item-twice", SUSPICIOUS, _line_twice),
    LintRule("merge-conflict", CERTAIN, _conflict),
    LintRule("text-direction", SUSPICIOUS, _direction),
    LintRule("mention-in-code", SUSPICIOUS, _mention_in_code),
    LintRule("mention-in-title", SUSPICIOUS, _mention_in_title),
)
