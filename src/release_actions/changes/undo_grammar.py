"""Reads what a change says that it reverts or brings back. What that is, `undo` finds.

People and tools write it in many ways, and this is the one list of them:

    Revert "X"                      revert: X                     Revert "Revert "X""
    [CI] Revert "X" (#12)           fix: revert "X"               :bug: Revert X (#768)
    Revert #1, #2 and #3            Revert PRs 1 and 2            Revert "X" and "Y"
    Back out "X"                    Roll back X                   Partially revert "X"
    Use the old cache (reverts #1)  Reland "X"                    Reapply "X"
    [Reland] X                      X (re-land)                   Revert "A title that was cut o…
    BUG-1: Revert "X"               REV: "X"                      Revert "Merge pull request #1 from ada/x"
    web: Revert gh-1, PR#2 and !3   Undo #1                       Reverts D1234567, changelist 123456
    Roll forward "X"                [reland2] X                   Un-revert #1

In the text of a pull request or commit: `This reverts commit 0123abc.`, `Reverts acme/web#1`, lists of them, and the
same with `Back out`, `Automated rollback of`, addresses, links, or numbers of another system.
A text that says nothing of the kind gives None; nothing is taken from likeness. Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from release_actions.changes import foreign
from release_actions.changes.model import MergedChange
from release_actions.changes.titles import (
    QUOTES,
    Reference,
    is_cut,
    references,
    split_marks,
    without_cut,
    without_numbers,
)


class UndoKind(enum.Enum):
    """What a change does to another one."""

    REVERT = "revert"
    RELAND = "re-land"


@dataclass(frozen=True)
class Undo:
    """A change that is about others, which are named by title, numbers or commits.

    `titles` is what stands in quotes as a whole, `parts` the same as several titles. `cut`: the title was cut off, so
    it is the beginning of the real one. `foreign`: what other systems call it, as `changes.foreign` reads it.
    `partial`: only a part of what is named is reverted. `pure`: it does nothing else, so that the change and what it
    reverts cancel each other. `ends`: the revert that a re-land says it takes back.
    """

    kind: UndoKind
    titles: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    numbers: tuple[Reference, ...] = ()
    commits: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    cut: bool = False
    partial: bool = False
    pure: bool = True
    ends: Undo | None = None


RELAND_WORD = r"(?:re-?land(?:s|ed|ing)?|re-?appl(?:y|ies|ied|ying)|re-?merge|un-?revert)"
REVERT_WORD = r"(?:revert(?:s|ed|ing)?|back(?:s|ed|ing)?[ -]?out|roll(?:s|ed|ing)?[ -]?back)"
AGAIN_WORD = (
    rf"(?:{RELAND_WORD}|roll(?:s|ed|ing)?[ -]?forward|re-?(?:submit\w*|instate\w*|introduc\w*)|redo(?:es|ne|ing)?)"
)
UNDO_WORD = rf"(?:{REVERT_WORD}|und(?:o(?:es|ne|ing)?|id))"
"""More verbs. Before a title without quotes they may mean something else: `Undo the selection`."""

RELAND_MARK = rf"{RELAND_WORD}[ -]?[0-9]*|take[ -]?(?:[2-9]|two|three)|(?:second|2nd|third|3rd)[ -](?:attempt|try)"
PART = (
    r"(?P<partial>(?:partial(?:ly)?|partly|mostly|in part)\s+)?"
    r"(?:(?:manual(?:ly)?|temporar(?:y|ily)|automat(?:ic|ically|ed)|really|fully)\s+)?"
)
BEHIND = rf"(?:\([^)]*\))?!?(?:\s*:|\s+[-\u2013\u2014](?=\s)|(?=\s*[{QUOTES}])|(?=\s)|(?=#))\s*(?P<rest>\S.*)"
REVERT = re.compile(rf"(?is){PART}{REVERT_WORD}{BEHIND}")
RELAND = re.compile(rf"(?is){RELAND_WORD}{BEHIND}")
NAMED_VERB = re.compile(rf"(?is){PART}(?:(?P<again>{AGAIN_WORD})|{UNDO_WORD}|rev(?=:)){BEHIND}")
"""The verb of a title that names what it is about by number or commit, or in quotes."""

THIS = re.compile(r"(?i)this\s+(?:(?:pr|pull request|commit|change|diff)\s+)?(?=revert|roll|back|undo)")
PREFIX = re.compile(rf"(?P<prefix>[^{QUOTES}:\s][^{QUOTES}:]{{0,59}}(?:`[^`]*`[^{QUOTES}:]{{0,20}})?):\s+")
"""What stands before a title: `OCPBUGS-1, OCPBUGS-2: `, `*: `, `MAINT,DOC: `, `net/http: `."""

QUOTED_START = re.compile(
    rf"[{QUOTES}]|Merge pull request #|(?:the\s+)?(?:pr|pull request|commit)\s+[{QUOTES}]", re.IGNORECASE
)
AT_END = re.compile(
    rf"(?is)(?P<rest>\S.*?)\s*[\[(](?:{RELAND_WORD}|(?P<revert>{REVERT_WORD}))(?P<of>[^\[\]()]*)[\])]\s*$"
)
NOUN = re.compile(
    r"(?i)(?P<partial>(?:part|parts)\s+of\s+|partially\s+)?(?:(?:of|the)\s+)*"
    r"(?P<noun>(?:prs?|pull requests?|pulls?|commits?|changes?|changesets?)(?=[\s:#]))?[\s:]*"
)
SEPARATOR = re.compile(
    r"(?i)\s*(?:,\s*and\b|,|;|&|\+|/(?=#?[0-9])|\band\b)\s*(?:prs?\s+|pull requests?\s+|commits?\s+)?|\s+(?=#[0-9])"
)
NUMBER = re.compile(
    r"(?i)(?P<repository>[\w.-]+(?:/[\w.-]+)?)?#(?P<number>[0-9]{1,9})\b"
    r"|(?:\[#|(?:gh|pr|pull)[-#/]?|!)(?P<other>[0-9]{1,9})\b(?:\](?:\([^()\s]*\))?)?"
)
"""A number however it is written: `#1`, `web#1`, `acme/web#1`, `gh-1`, `PR#1`, `PR1`, `!1`, `[#1](address)`."""

BARE_LIST = re.compile(r"[0-9]{3,9}(?:\s*(?:/|,|and)\s*[0-9]{3,9})*\s*")
OF_COMMIT = re.compile(
    r"https?://[^\s/]+/[\w.-]+/[\w.-]+/commit/(?P<sha>[0-9a-f]{7,64})\b|[\w.-]+/[\w.-]+@(?P<at>[0-9a-f]{7,64})\b"
)
MERGED = re.compile(r"Merge (?:pull request|pr) #(?P<number>[0-9]{1,9})\b.*", re.IGNORECASE | re.DOTALL)
"""The subject of the merge of what is reverted, which says its number."""

SHA = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{7,64}\b")
ADDRESS = re.compile(r"https?://[^\s/]+/(?P<repository>[\w.-]+/[\w.-]+)/(?:pull|issues)/(?P<number>[0-9]{1,9})\b")
CLOSING = {
    "\u201c": "\u201d\u201c",
    "\u201e": "\u201c\u201d",
    "\u2018": "\u2019\u2018",
    "\u201a": "\u2018\u2019",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
}
"""An opening quote -> what closes it, where that is another character."""

PREFIXES = 3
"""Prefixes before a title that are taken off."""

QUOTED = re.compile(rf"[{QUOTES}].*[{QUOTES}]", re.DOTALL)
BARE = re.compile(r"[0-9]{1,9}\b(?!\.)")
SPLIT_QUOTES = re.compile(
    rf"[{QUOTES}]\s*(?:\(#[0-9]{{1,9}}\)\s*)?(?:,\s*and|,|;|&|\+|and)\s+[{QUOTES}]", re.IGNORECASE
)
NAMED = re.compile(r"(?i)(?:\b(?:of|from|in|by|pr|pull request|commit)\s+|\()(?=(?:[\w.-]+/[\w.-]+)?#[0-9]|https?://)")
"""What stands before the number of what is reverted, rather than of the reason."""

BARE_END = re.compile(
    r"(?!to\b)(?P<title>\S.*?(?<!\bof)(?<!\bto)(?<!\bfor)(?<!\bsee)(?<!\bin)(?<!\bby)(?<!\bfrom)(?<!\bissue)(?<!\bfix)(?<!\bfixes)"
    r"(?<!\bcloses)(?<![,;:&+]))\s(?P<number>#[0-9]{1,9})"
)
"""A title with its number behind it, not in parentheses. Behind a preposition stands the number of the reason."""

LIST = (
    r"(?:(?:[\w.-]+(?:/[\w.-]+)?)?#[0-9]{1,9}|https?://[^\s()]+?/(?:pull|issues)/[0-9]{1,9}|https?://[^\s()]+?/commit/[0-9a-f]{7,64}"
    rf"|\[#[0-9]{{1,9}}\]\([^()\s]*\)|(?:gh|pr)-[0-9]{{1,9}}|{foreign.NAME}|[\w.-]+/[\w.-]+@[0-9a-f]{{7,64}}|[0-9a-f]{{7,64}}\b)"
)
JOINED = rf"{LIST}(?:(?:\s*(?:,\s*and|,|;|&|\band\b)\s*|\s*\n\s*[*+-]\s*){LIST})*"
TEXT = re.compile(
    rf"(?im)(?P<start>^[\s*>+-]{{0,4}}|\bthis\s+(?:(?:pr|pull request|commit|change|diff)\s+)?)"
    r"(?P<partial>(?:partial|partially|partly|mostly)\s+)?(?:(?:automat(?:ic|ed|ically)|effectively|fully|manually|is\s+a)\s+)?"
    rf"(?:(?P<revert>{UNDO_WORD})|{AGAIN_WORD})(?:\s+(?P<most>most|parts?|some|a part)\s+of|\s+(?:of|from))?:?"
    rf"(?:\s+(?:the\s+)?(?:commits?|changes?|changesets?|prs?|pull requests?|following[^\n]{{0,40}}))?:?\s*"
    rf"(?:[*+-]\s*)?(?P<items>{JOINED})"
)
ITEM = re.compile(LIST, re.IGNORECASE)
SQUASHED = re.compile(r"^\* \S", re.MULTILINE)
"""The subject of a commit in the message that GitHub suggests for a squash."""

TRAILER = re.compile(
    r"(?i)[A-Za-z-]+-(?:by|id|on):\s.*|\(cherry picked from commit [0-9a-f]+\)|reversing|changes made to.*"
)


def read_undo(change: MergedChange) -> Undo | None:
    """What a change reverts or brings back; None for one that only does something of its own."""
    title = _whole_title(change)
    said = _read_title(title, change.number)
    stated = _read_text(change)
    if said is None or stated is None:
        return said or stated
    if stated.kind is not said.kind:
        # The text of a re-land often states "This reverts commit …" of the revert that it ends: that is not its target.
        return replace(said, ends=stated) if said.kind is UndoKind.RELAND else said
    return replace(
        said,
        numbers=_unique(said.numbers, stated.numbers),
        commits=tuple(dict.fromkeys((*said.commits, *stated.commits))),
        foreign=tuple(dict.fromkeys((*said.foreign, *stated.foreign))),
        partial=said.partial or stated.partial,
    )


def _whole_title(change: MergedChange) -> str:
    """The title, with the rest of it where GitHub moved that to the beginning of the text."""
    title = change.title.strip()
    first = change.text.lstrip().partition("\n")[0]
    if title.endswith("\u2026") and first.startswith("\u2026"):
        return title[:-1] + first[1:].strip()
    return title


def _read_title(title: str, own: int) -> Undo | None:
    """What a title says. `own` is the change's number, which a title may repeat at its end."""
    bare = without_numbers(title)
    tail = references(title[len(bare) :])
    marks, core = split_marks(bare)
    kind, rest, partial = _read_verb(marks, bare, core)
    if kind is None:
        ending = AT_END.match(bare)
        if ending is None:
            return None
        kind = UndoKind.REVERT if ending["revert"] else UndoKind.RELAND
        named = references(ending["of"])
        titles = (without_numbers(ending["rest"]),) if kind is UndoKind.RELAND and not named else ()
        if kind is UndoKind.REVERT and not named:
            return None  # "Fix the button (revert)" is about a button
        return Undo(kind, titles, numbers=_without_own(named, own))
    undo = _read_items(kind, rest, partial=partial)
    return replace(undo, numbers=_without_own(_unique(undo.numbers, tail), own))


def _read_verb(marks: tuple[str, ...], bare: str, core: str) -> tuple[UndoKind | None, str, bool]:
    """The verb of a title, what follows it, and whether it is about a part only."""
    # A mark may be the verb itself: `[reland] X`, `revert: X`, `revert(cache): X`.
    for mark in marks:
        if re.fullmatch(RELAND_MARK, mark, re.IGNORECASE):
            return UndoKind.RELAND, core, False
        if re.fullmatch(REVERT_WORD, mark, re.IGNORECASE):
            return UndoKind.REVERT, core, False
    named = _read_named_verb(bare)
    if named[0] is not None:
        return named
    for text in (core, bare):
        if match := RELAND.match(text):
            return UndoKind.RELAND, match["rest"], False
        if match := REVERT.match(text):
            return UndoKind.REVERT, match["rest"], bool(match["partial"])
    return None, "", False


def _read_named_verb(bare: str) -> tuple[UndoKind | None, str, bool]:
    """The verb of a title that names what it is about, behind whatever a project puts before its titles."""
    text = bare
    for _ in range(PREFIXES):
        core = split_marks(text)[1]
        for start in dict.fromkeys((text, core, THIS.sub("", text, count=1))):
            match = NAMED_VERB.match(start)
            if match and _names_something(match["rest"]):
                kind = UndoKind.RELAND if match["again"] else UndoKind.REVERT
                return kind, match["rest"], bool(match["partial"])
        prefix = PREFIX.match(text)
        if prefix is None:
            break
        text = text[prefix.end() :]
    return None, "", False


def _names_something(rest: str) -> bool:
    """Whether what follows a verb begins with a title in quotes, a number, or a commit."""
    noun = NOUN.match(rest)
    start = noun.end() if noun else 0
    return bool(QUOTED_START.match(rest, start)) or any(_read_list(rest, start, bare=_is_about_pulls(noun)))


def _is_about_pulls(noun: re.Match[str] | None) -> bool:
    return bool(noun and noun["noun"] and noun["noun"][0] in "pP")


def _read_items(kind: UndoKind, rest: str, *, partial: bool) -> Undo:
    """What follows the verb: numbers and commits one after another, titles in quotes, or one title as it is."""
    noun = NOUN.match(rest)
    start = noun.end() if noun else 0
    partial = partial or bool(noun and noun["partial"])
    numbers, commits, others = _read_list(rest, start, bare=_is_about_pulls(noun))
    if numbers or commits or others:
        return Undo(kind, numbers=numbers, commits=commits, foreign=others, partial=partial)
    if merge := MERGED.match(rest, start):
        return Undo(kind, numbers=(Reference(int(merge["number"])),), partial=partial)
    text = rest[start:] if rest[start : start + 1] and rest[start] in QUOTES else rest
    text = text.strip()
    if text[:1] and text[0] in QUOTES:
        return _read_quoted(kind, text, partial=partial)
    if is_cut(text):
        return Undo(kind, (without_cut(text),), cut=True, partial=partial)
    if ending := _read_ending(text):
        return Undo(kind, (ending[0],), numbers=ending[1], partial=partial)
    # What stands in quotes is the title of something else: `Revert: Revert "X (#1)" (#2)` is about 2 alone.
    unquoted = QUOTED.sub(lambda match: " " * len(match[0]), text)
    named = tuple(item for match in NAMED.finditer(unquoted) for item in _list_at(unquoted, match.end()))
    title = without_numbers(text)
    behind = references(text[len(title) :])
    # "Revert the limits from #12" is about a part of it, while a number in parentheses is the name of what was written.
    part = bool(named) and not set(named) <= set(behind)
    return Undo(kind, (title,) if title else (), numbers=_unique(named, behind), partial=partial or part)


def _read_ending(text: str) -> tuple[str, tuple[Reference, ...]] | None:
    """A title and the number behind it that names it: `Restore X (reverts #12)`, `Cache the pages #12`."""
    if (ending := AT_END.match(text)) and ending["revert"] and (named := references(ending["of"])):
        return ending["rest"], named
    bare = None if NAMED.search(text) else BARE_END.fullmatch(text)
    return (bare["title"], references(bare["number"])) if bare else None


def _read_quoted(kind: UndoKind, text: str, *, partial: bool) -> Undo:
    """Titles in quotes. The last quote ends them, since a title may hold quotes itself."""
    # A quote of another kind is part of the title, unless it is all that could end it.
    pairs = CLOSING.get(text[0], text[0])
    last = max(text.rfind(quote) for quote in pairs)
    last = last if last > 0 or is_cut(text) else max(text.rfind(quote) for quote in QUOTES)
    closed = last > 0
    if not closed and is_cut(text):
        return Undo(kind, (without_cut(text[1:]),), cut=True, partial=partial)
    inner, after = (text[1:last], text[last + 1 :]) if closed else (text[1:], "")
    if merge := MERGED.fullmatch(inner):
        return Undo(kind, numbers=(Reference(int(merge["number"])),), partial=partial)
    cut = is_cut(inner)
    whole = without_cut(inner) if cut else inner.strip()
    parts = tuple(part.strip() for part in SPLIT_QUOTES.split(inner)) if closed else ()
    named = [references(part[len(without_numbers(part)) :]) for part in (parts if len(parts) > 1 else (whole,))]
    behind = [item for match in NAMED.finditer(after) for item in _list_at(after, match.end())]
    return Undo(
        kind,
        (whole,) if whole else (),
        parts if len(parts) > 1 else (),
        () if cut else _unique(*named, tuple(behind)),
        cut=cut,
        partial=partial,
    )


Names = tuple[tuple[Reference, ...], tuple[str, ...], tuple[str, ...]]


def _read_list(text: str, start: int, *, bare: bool) -> Names:
    """Numbers, commits and foreign names one after another from a place on. `bare`: numbers need no #."""
    names: list[Reference | str] = []
    position = start
    bare = bare or BARE_LIST.fullmatch(text, start) is not None
    while item := _match_name(text, position, bare=bare):
        name, position = item
        names.append(name)
        separator = SEPARATOR.match(text, position)
        if separator is None:
            break
        position = separator.end()
    return _sort_names(names)


def _sort_names(names: Iterable[Reference | str]) -> Names:
    every = tuple(names)
    texts = [name for name in every if isinstance(name, str)]
    return (
        tuple(name for name in every if isinstance(name, Reference)),
        tuple(name for name in texts if not foreign.NAMES.fullmatch(name)),
        tuple(foreign.fold_name(name) for name in texts if foreign.NAMES.fullmatch(name)),
    )


def _match_name(text: str, position: int, *, bare: bool = False) -> tuple[Reference | str, int] | None:
    """The number, commit or foreign name at a place, and where it ends."""
    if match := OF_COMMIT.match(text, position):
        return match["sha"] or match["at"], match.end()
    if match := ADDRESS.match(text, position) or NUMBER.match(text, position):
        named = match.groupdict()
        return Reference(int(named["number"] or named.get("other") or 0), named["repository"] or ""), match.end()
    if match := foreign.NAMES.match(text, position) or SHA.match(text, position):
        return match[0], match.end()
    match = BARE.match(text, position) if bare else None
    return (Reference(int(match[0])), match.end()) if match else None


def _list_at(text: str, position: int) -> tuple[Reference, ...]:
    return _read_list(text, position, bare=False)[0]


def _read_text(change: MergedChange) -> Undo | None:
    """What the text of a pull request or of its only commit states in a line of its own."""
    # Among several commits of a branch one may revert another one of the same branch, and that one again: neither
    # says what the branch comes to. A squash keeps their subjects as bullets.
    several = len(change.messages) > 1 or any(len(SQUASHED.findall(message)) > 1 for message in change.messages)
    messages = change.messages if not several or _says_undo(change.title) else ()
    texts = [change.text, *(message.partition("\n")[2] for message in messages)]
    matches = [match for text in texts for match in TEXT.finditer(text)]
    if not matches:
        return None
    kind = UndoKind.REVERT if any(match["revert"] for match in matches) else UndoKind.RELAND
    own = [match for match in matches if bool(match["revert"]) == (kind is UndoKind.REVERT)]
    # In its own line a word of hexadecimal letters is a commit.
    items = [
        item[0] if (item := _match_name(name[0], 0)) else name[0]
        for match in own
        for name in ITEM.finditer(match["items"])
    ]
    numbers, commits, others = _sort_names(dict.fromkeys(items))
    return Undo(
        kind,
        numbers=_without_own(_unique(numbers), change.number),
        commits=commits,
        foreign=others,
        partial=any(match["partial"] or match["most"] for match in own),
        # "Document it, revert #12" does two things, and says one of them in its title.
        pure=kind is UndoKind.REVERT
        and not re.search(REVERT_WORD, change.title, re.IGNORECASE)
        and all(_says_nothing_else(text) for text in texts),
    )


def _says_undo(title: str) -> bool:
    marks, core = split_marks(without_numbers(title))
    return _read_verb(marks, without_numbers(title), core)[0] is not None


def _says_nothing_else(text: str) -> bool:
    """Whether a text is only the statement and trailers."""
    lines = (line.strip(" .,*-") for line in TEXT.sub("", text).splitlines())
    return not any(line and not TRAILER.fullmatch(line) for line in lines)


def _unique(*groups: tuple[Reference, ...]) -> tuple[Reference, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _without_own(numbers: tuple[Reference, ...], own: int) -> tuple[Reference, ...]:
    return tuple(number for number in numbers if number.number != own or not own)
