"""The shape of `notes` in `release.yaml`: how release notes sort what was merged.

The keys mean what they mean in GitHub's own `.github/release.yml`, so that a project can move its categories here.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.config.shapes import Boolean, Choice, ListOf, Record, RecordOf, Text, key
from release_actions.config.shapes.scalars import INSIDE

OTHERS = "*"
"""The label that means every change that no category before took."""

PATH = Text("a glob over paths of the repository", pattern=rf"{INSIDE}[^{{}}\n]+", example="router/**")
LABELS = ListOf("a list of labels", Text("a label", example="kind/feature"), unique=True)
AUTHORS = ListOf(
    "a list of logins",
    Text("a login", pattern=r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?", example="dependabot[bot]"),
    unique=True,
)


@dataclass(frozen=True, kw_only=True)
class Exclusion(Record):
    """Changes that are left out."""

    labels: tuple[str, ...] = key(LABELS, "Changes with one of these labels.", default=())
    authors: tuple[str, ...] = key(
        AUTHORS, "Changes by these accounts. An app counts without its `[bot]` too.", default=()
    )


@dataclass(frozen=True, kw_only=True)
class Category(Record):
    """A heading with the changes below it."""

    title: str = key(Text("a heading", example="New features"), "The heading.")
    labels: tuple[str, ...] = key(
        ListOf("a list of labels", Text("a label", example="kind/feature"), least=1, unique=True),
        "Changes with one of these labels, if no category before took them. `*` takes all the others.",
    )
    exclude: Exclusion = key(RecordOf("'exclude'", Exclusion), "What this category does not take.", default=Exclusion())


@dataclass(frozen=True, kw_only=True)
class NotesForm(Record):
    """How release notes look."""

    categories: tuple[Category, ...] = key(
        ListOf("a list of categories", RecordOf("a category", Category)),
        "Headings by label, in order. What none takes comes last, below *Other Changes*; without categories there are "
        "no headings.",
        default=(),
    )
    exclude: Exclusion = key(RecordOf("'exclude'", Exclusion), "Changes that no notes list.", default=Exclusion())
    bots: str = key(
        Choice(("hide", "fold", "list")),
        "What becomes of changes by bots: left out, folded together at the end, or listed like any other.",
        default="fold",
    )
    bot_authors: tuple[str, ...] = key(
        AUTHORS,
        "Accounts that are bots though GitHub takes them for people, such as a renovate of one's own. `generate` and "
        "`lint` know the usual ones.",
        default=(),
    )
    breaking: tuple[str, ...] = key(
        LABELS,
        "Labels of breaking changes, which are listed on top. So are `feat!:` titles, `BREAKING CHANGE:` in a commit "
        "and a `release-note` block that asks for action.",
        default=("breaking-change", "kind/breaking-change", "breaking", "release-note-action-required"),
    )
    deprecated: tuple[str, ...] = key(
        LABELS,
        "Labels of deprecations, which are listed on top with the release that removes them.",
        default=("deprecation", "kind/deprecation", "deprecated"),
    )
    co_authors: bool = key(Boolean(), "Whether the co-authors that a commit names are credited too.", default=False)
    paths: tuple[str, ...] = key(
        ListOf(
            "a list of paths",
            Text("a glob over paths of the repository", pattern=rf"{INSIDE}[^{{}}\n]+", example="router/**"),
            unique=True,
        ),
        "Only changes that touch one of these paths, in a repository with several components. `!` before a glob takes "
        "away what it matches.",
        default=(),
    )
