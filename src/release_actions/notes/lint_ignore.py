"""Comments in notes that keep a rule silent: `<!-- release-notes-lint: ignore RULE reason -->`.

A comment in a line of its own is about the next line that is not empty, any other about its own line. One without a
reason, one about a rule that does not exist, and one that keeps nothing silent are findings themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from release_actions.components.blocks import LineKind
from release_actions.components.finding import Certainty, ComponentFinding
from release_actions.components.lines import HtmlComment, MarkdownText
from release_actions.errors import Place

COMMENT = re.compile(r"release-notes-lint:\s*(?P<verb>[\w-]*)\s*(?P<rule>[\w-]*)[\s:,-]*(?P<reason>.*)", re.DOTALL)
IGNORE = "ignore"
NAME = "ignore-comment"


@dataclass(frozen=True)
class IgnoreComment:
    """One rule in one line. `at` is the comment's place."""

    rule: str
    line: int
    at: Place


def read_ignores(
    text: MarkdownText, rules: Collection[str]
) -> tuple[tuple[IgnoreComment, ...], tuple[ComponentFinding, ...]]:
    """What comments keep silent, and what is wrong with them."""
    ignores, wrong = [], []
    for comment in text.comments:
        match = COMMENT.fullmatch(comment.text)
        if match is None:
            continue
        problem = _find_mistake(match, rules)
        if problem:
            wrong.append(make_finding(*problem, comment.place))
        else:
            ignores.append(IgnoreComment(match["rule"], _find_line(comment, text), comment.place))
    return tuple(ignores), tuple(wrong)


def _find_mistake(match: re.Match[str], rules: Collection[str]) -> tuple[str, str] | None:
    form = "Write <!-- release-notes-lint: ignore RULE reason -->."
    if match["verb"] != IGNORE:
        return f"'{match['verb']}' is not a command of this check.", form
    if match["rule"] not in rules:
        return f"'{match['rule']}' is not a rule.", "docs/release-notes-lint.md has them all."
    if not match["reason"].strip():
        return f"The comment does not say why {match['rule']} is ignored.", form
    return None


def _find_line(comment: HtmlComment, text: MarkdownText) -> int:
    """The line that a comment is about."""
    number = comment.place.line
    if not comment.alone:
        return number
    following = (line.number for line in text.lines[number:] if line.kind is not LineKind.BLANK)
    return next(following, number)


def apply_ignores(
    findings: Iterable[ComponentFinding], ignores: Collection[IgnoreComment], ran: Collection[str]
) -> Iterator[ComponentFinding]:
    """The findings that no comment silences, and the comments that silence nothing. `ran`: the rules that did run."""
    used = set()
    for finding in findings:
        line = finding.place.line if finding.place else 0
        silenced = {ignore for ignore in ignores if (ignore.rule, ignore.line) == (finding.rule, line)}
        used |= silenced
        if not silenced:
            yield finding
    for ignore in ignores:
        if ignore not in used and ignore.rule in ran:
            message = f"The comment ignores {ignore.rule}, which finds nothing in line {ignore.line}."
            yield make_finding(message, "Remove the comment.", ignore.at)


def make_finding(message: str, hint: str, place: Place) -> ComponentFinding:
    """A finding about a comment."""
    return ComponentFinding(NAME, Certainty.SUSPICIOUS, message, hint, place)
