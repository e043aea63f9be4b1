"""The shape of `tracker` in `release.yaml`: what a release asks of its features, for `release-tracker`.

The defaults are what llm-d's release process says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from release_actions.config import grammar
from release_actions.config.drift import DAY
from release_actions.config.shapes import (
    Boolean,
    Choice,
    ListOf,
    MapOf,
    Record,
    RecordOf,
    Text,
    key,
    make_duration,
    make_path_glob,
)

REQUIREMENTS = ("criteria", "example", "proposal", "tests", "merged", "owner", "nominated")
"""What a feature needs, in the order of the board."""

DIFFERENCES = (
    *("ticked-but-open", "closed-but-not-ticked", "not-in-milestone", "not-listed", "without-issue"),
    *("without-label", "trackers-disagree"),
)
RULE_NAMES = (*REQUIREMENTS, "violation", "unknown-kind", "cannot-tell", *DIFFERENCES, "dates-disagree")
"""The rules of `release-tracker`, in the order of its page."""

LEVELS = ("error", "warn", "info", "off")
DEFAULT_LEVELS = {
    **dict.fromkeys(REQUIREMENTS, "error"),
    "criteria": "warn",
    "nominated": "warn",
    "violation": "error",
    "unknown-kind": "warn",
    "cannot-tell": "warn",
    **dict.fromkeys(DIFFERENCES, "warn"),
    "without-issue": "info",
    "dates-disagree": "warn",
}
"""Level of each rule without one in `release.yaml`. llm-d's form asks for no acceptance criteria, so they only warn."""

KINDS = ("feature", "fix", "docs", "chore")
PATHS = ListOf("a list of globs", make_path_glob("guides/**"))
LABELS = ListOf("a list of labels", Text("a label", example="kind/api-change"), unique=True)
TITLE_TEMPLATE = Text(
    "a text with {major} and {minor}",
    # ASCII without control characters, and all else that YAML can hold: the schema and the loader have to agree.
    pattern=r"(?:[ -z|~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|\{(?:major|minor)\})*",
    example="v{major}.{minor}.0",
    empty=True,
)
MEMBERS = ListOf(
    "a list of logins",
    Text(
        "a login, an alias of OWNERS_ALIASES, owners:approvers or owners:reviewers",
        pattern=r"owners:(?:approvers|reviewers)|@?[A-Za-z0-9][A-Za-z0-9_.-]*",
        example="octocat",
    ),
)
ROLE = Text("a role", pattern="[a-z][a-z0-9-]*", example="release-leader")


SPAN = make_duration()
ZONE = Text("a time zone", pattern=r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}", example="Europe/Berlin")


@dataclass(frozen=True, kw_only=True)
class FreezeForm(Record):
    """When features may no longer come in."""

    date: date | None = key(DAY, "The last day. Without it, `after` or the schedule says it.", default=None)
    after: timedelta | None = key(SPAN, "How long after the milestone was made.", default=None)
    zone: str = key(ZONE, "Where that day ends: `AoE` is anywhere on earth, the last place of all.", default="AoE")


@dataclass(frozen=True, kw_only=True)
class ExceptionForm(Record):
    """How a feature comes in after the freeze."""

    label: str = key(
        Text("a label", example="release/exception"), "Label that asks for it.", default="release/exception"
    )
    roles: tuple[str, ...] = key(
        ListOf("a list of roles", ROLE, unique=True, least=1),
        "Roles that have to agree, each by setting the label or by `/exception`.",
        default=("release-leader", "maintainer"),
    )


@dataclass(frozen=True, kw_only=True)
class ProposalForm(Record):
    """Which features need a proposal, and what one has."""

    paths: tuple[str, ...] = key(PATHS, "Where proposals are.", default=("proposals/*.md", "docs/proposals/*.md"))
    labels: tuple[str, ...] = key(
        LABELS,
        "Labels of features that need one.",
        default=("kind/api-change", "kind/new-component", "needs-proposal", "cross-sig"),
    )
    sections: tuple[str, ...] = key(
        ListOf("a list of headings", Text("a heading", example="Summary")),
        "Headings that a proposal has, each with text under it.",
        default=(),
    )
    role: str = key(ROLE, "Role that approves it.", default="maintainer")


@dataclass(frozen=True, kw_only=True)
class GuardForm(Record):
    """What may land after the freeze."""

    branches: tuple[str, ...] = key(
        ListOf("a list of globs", make_path_glob("release-*"), least=1),
        "Branches that the freeze is about.",
        default=("main", "release-*"),
    )
    documentation: tuple[str, ...] = key(
        PATHS, "Documentation. A change of kind `docs` has nothing else.", default=("docs/**", "**/*.md", "**/*.rst")
    )
    fix_limits: tuple[str, ...] = key(
        PATHS, "What a fix may not touch after the freeze, such as published interfaces.", default=("proposals/**",)
    )


@dataclass(frozen=True, kw_only=True)
class TrackerForm(Record):
    """What a release asks of its features."""

    milestone: str = key(TITLE_TEMPLATE, "Title of a release's milestone.", default="v{major}.{minor}.0")
    label: str = key(TITLE_TEMPLATE, "Label of a release's items; empty for none.", default="release/v{major}.{minor}")
    kinds: Mapping[str, str] = key(
        MapOf("a mapping of labels", key=Text("a label", example="kind/feature"), value=Choice(KINDS)),
        "Kind of an item by its label.",
        default={
            "kind/feature": "feature",
            "enhancement": "feature",
            "kind/bug": "fix",
            "bug": "fix",
            "kind/documentation": "docs",
            "documentation": "docs",
            "kind/cleanup": "chore",
            "kind/chore": "chore",
        },
    )
    examples: tuple[str, ...] = key(PATHS, "Folders of production-ready examples, as globs.", default=("guides/*",))
    tests: tuple[str, ...] = key(
        PATHS,
        "What is a test.",
        default=("**/test/**", "**/tests/**", "**/e2e/**", "**/*_test.*", "**/test_*", "**/*.test.*", "**/*_tests.*"),
    )
    without_tests: tuple[str, ...] = key(LABELS, "Labels that say why there is no test.", default=("no-tests-needed",))
    without_example: tuple[str, ...] = key(LABELS, "Labels that say why there is no example.", default=())
    proposals: ProposalForm = key(RecordOf("proposals", ProposalForm), "Proposals.", default=ProposalForm())
    nominated: str = key(
        Text("a label", example="release/nominated"),
        "Label by which a lead of the feature's SIG nominates it; `/nominate` does the same.",
        default="release/nominated",
    )
    sigs: Mapping[str, tuple[str, ...]] = key(
        MapOf("a mapping of labels", key=Text("a label", example="sig/benchmarking"), value=MEMBERS),
        "Leads of a SIG by its label.",
        default={},
    )
    roles: Mapping[str, tuple[str, ...]] = key(
        MapOf("a mapping of roles", key=ROLE, value=MEMBERS),
        "Who has which role: logins, aliases of OWNERS_ALIASES, `owners:approvers`, `owners:reviewers`.",
        default={"release-leader": ("release-leaders",), "maintainer": ("owners:approvers",)},
    )
    repositories: tuple[str, ...] = key(
        ListOf("a list of repositories", Text("a repository", pattern=grammar.REPOSITORY, example="llm-d/llm-d")),
        "Repositories whose trunk counts for `merged`. Without it, every one of the same owner.",
        default=(),
    )
    freeze: FreezeForm = key(RecordOf("a freeze", FreezeForm), "The feature freeze.", default=FreezeForm())
    exception: ExceptionForm = key(RecordOf("exceptions", ExceptionForm), "Exceptions.", default=ExceptionForm())
    guard: GuardForm = key(RecordOf("a guard", GuardForm), "What may land after the freeze.", default=GuardForm())
    sync: bool = key(Boolean(), "Whether mode `sync` may move what is unfinished.", default=False)
    template: str = key(
        Text("a path", pattern=grammar.PATH, example=".github/release-tracker.md"),
        "Text of a new tracking issue, with `{tag}`, `{freeze}` and `{target}`. Without it, a short one of ours.",
        default="",
    )
    rules: Mapping[str, str] = key(
        MapOf("a mapping of levels", key=Text("a rule", pattern="|".join(RULE_NAMES)), value=Choice(LEVELS)),
        "Levels of rules. Without one, the level is as the page of release-tracker says.",
        default={},
    )
