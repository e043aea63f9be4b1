"""What a rule about release notes is, and what it checks.

A rule is a function of the notes and the evidence. Its docstring is its documentation: what it finds, then why that
matters. A rule that needs evidence is only called when all of it is there.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from release_actions.components import version_order
from release_actions.components.blocks import LineKind
from release_actions.components.finding import Certainty
from release_actions.components.lines import MarkdownLine
from release_actions.errors import Place
from release_actions.notes.evidence import EvidenceKind, NotesEvidence
from release_actions.notes.reading import PublishedNotes

CERTAIN, SUSPICIOUS = Certainty.CERTAIN, Certainty.SUSPICIOUS


@dataclass(frozen=True)
class LintSubject:
    """What rules check."""

    notes: PublishedNotes
    evidence: NotesEvidence

    @property
    def final(self) -> bool:
        """Whether the notes are known to be of a final release."""
        return self.evidence.version is not None and self.evidence.version.is_stable

    @functools.cached_property
    def repository(self) -> str:
        """The repository that releases, in lower case: the one that is known, else the one of most changes."""
        named = Counter(change.repository.casefold() for change in self.notes.changes if change.repository)
        return self.evidence.repository.casefold() or next((name for name, _ in named.most_common(1)), "")

    def is_own(self, repository: str) -> bool:
        """Whether a repository is the one that releases. One that is not named is."""
        return repository.casefold() in {"", self.repository}

    @property
    def has_contract(self) -> bool:
        """Whether the project keeps its table of components for programs, so that the columns are what they read."""
        return self.evidence.document is not None or self.evidence.manifest is not None

    @functools.cached_property
    def _lists(self) -> dict[int, tuple[int, int]]:
        return number_lists(self.notes.text.lines)

    def is_same_list(self, line: MarkdownLine, other: MarkdownLine) -> bool:
        """Whether two items are in one list, below the same item of it. Notes may have several lists."""
        return line.heading == other.heading and self._lists.get(line.number) == self._lists.get(other.number)

    @property
    def start(self) -> Place:
        """The beginning of the notes, for what is about all of them."""
        return Place(self.notes.text.path, 1, 1)


@dataclass(frozen=True)
class RuleHit:
    """One thing that a rule found. `other` is the place that disagrees; its file may be a release or a repository.

    `rule` and `certainty` are those of the rule where they are not given.
    """

    place: Place
    message: str
    hint: str
    other: Place | None = None
    certainty: Certainty | None = None
    rule: str = ""


Check = Callable[[LintSubject], Iterator[RuleHit]]


@dataclass(frozen=True)
class LintRule:
    """A rule by its name. `needs`: the evidence without which it does not run."""

    name: str
    certainty: Certainty
    check: Check
    needs: tuple[EvidenceKind, ...] = ()

    @property
    def about(self) -> str:
        """What it finds: the first paragraph of its function's docstring."""
        return self._paragraphs()[0]

    @property
    def why(self) -> str:
        """Why that matters, or what it leaves alone. Empty where the first sentence says it all."""
        return "\n\n".join(self._paragraphs()[1:])

    def _paragraphs(self) -> list[str]:
        paragraphs = (inspect.getdoc(self.check) or "").split("\n\n")
        return [" ".join(paragraph.split()) for paragraph in paragraphs]


def number_lists(lines: Sequence[MarkdownLine]) -> dict[int, tuple[int, int]]:
    """Line of an item -> the line where its list begins, and the line of the item that it is below, 0 for none."""
    lists: dict[int, tuple[int, int]] = {}
    begins, above = 0, list[MarkdownLine]()
    for line in lines:
        if line.kind is LineKind.BULLET:
            above = [item for item in above if item.start < line.start]
            begins = begins or line.number
            lists[line.number] = (begins, above[-1].number if above else 0)
            above.append(line)
        elif line.kind is not LineKind.BLANK and not line.start:
            begins, above = 0, []
    return lists


def agree(first: str, second: str) -> bool | None:
    """Whether two texts name one version, in whatever style and with whatever prefix; None when that is not known."""
    if first == second:
        return True
    left, right = version_order.read(first), version_order.read(second)
    if left is None or right is None:
        return None
    return left.numbers == right.numbers and left.version.same_version(right.version)
