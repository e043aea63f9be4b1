"""What a seed file may hold: its shape, from which loading and error messages are made. Decides nothing more.

`docs/simulator.md` describes the file for people; `seed` makes the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from release_actions.config.shapes import Boolean, Choice, Integer, ListOf, MapOf, Record, RecordOf, Text, key
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.clock import START
from release_actions.simulator.seed_discussion import COMMENTS, TIMELINE, CommentSeed, EventSeed, IssueSeed, ReviewSeed
from release_actions.simulator.seed_values import (
    AUTHOR,
    FULL_NAME,
    LOGIN,
    NAME,
    PATH,
    PLATFORM,
    REF,
    TAG,
    TIME,
)

ROLE = Choice(("read", "write", "admin"))
VISIBILITY = Choice(("public", "private"))


@dataclass(frozen=True, kw_only=True)
class AccountSeed(Record):
    """An account."""

    type: str = key(Choice(("organization", "user")), "What it is.", default="user")
    name: str = key(NAME, "The name people see.", default="")
    members: Mapping[str, str] = key(
        MapOf("logins to roles", LOGIN, Choice(("admin", "member"))),
        "Members of an organization. An admin administers all its packages and repositories.",
        default={},
    )


@dataclass(frozen=True, kw_only=True)
class TokenSeed(Record):
    """A token."""

    token: str = key(Text("a made-up token"), "What requests carry. Make one up: it must be no real token.")
    kind: str = key(
        Choice(tuple(kind.value for kind in TokenKind)),
        "A personal token (classic or fine-grained), a job's GITHUB_TOKEN (actions) or an app's.",
        default="classic",
    )
    login: str = key(LOGIN, "Whose personal token it is.", default="")
    repository: str = key(FULL_NAME, "The repository whose job has the GITHUB_TOKEN.", default="")
    account: str = key(LOGIN, "The account that the app is installed on.", default="")
    scopes: tuple[str, ...] = key(
        ListOf("a list of scopes", Text("a scope", pattern="[a-z_:]+", example="read:packages")),
        "Scopes of a classic token.",
        default=(),
    )
    permissions: Mapping[str, str] = key(
        MapOf("permissions to levels", Text("a permission", pattern="[a-z-]+"), Choice(("read", "write"))),
        "Permissions of any other token, as a workflow names them.",
        default={},
    )
    expires: datetime | None = key(TIME, "When it stops working. Without it, never.", default=None)


@dataclass(frozen=True, kw_only=True)
class CommitSeed(Record):
    """A commit."""

    id: str = key(Text("a name", pattern="[A-Za-z0-9._-]+", example="c1"), "How the rest of this file calls it.")
    message: str = key(Text("a message"), "Its message.")
    parents: tuple[str, ...] | None = key(
        ListOf("a list of commits", NAME), "Commits before it. Without it, the one above; [] for none.", default=None
    )
    date: datetime | None = key(TIME, "When. Without it, the start of the world.", default=None)
    author: str = key(NAME, "Who wrote it.", default="Ada Example")
    login: str = key(LOGIN, "The account of its author, where there is one.", default="")
    files: tuple[str, ...] = key(ListOf("a list of paths", NAME), "Paths it touched.", default=())


@dataclass(frozen=True, kw_only=True)
class TagSeed(Record):
    """A git tag."""

    commit: str = key(NAME, "The commit it names.")
    message: str = key(Text("a message"), "Makes it an annotated tag.", default="")
    date: datetime | None = key(TIME, "When an annotated tag was made.", default=None)


@dataclass(frozen=True, kw_only=True)
class ReleaseSeed(Record):
    """A release."""

    tag: str = key(REF, "Its tag.")
    name: str = key(NAME, "Its title.", default="")
    body: str = key(Text("a text"), "Its notes.", default="")
    draft: bool = key(Boolean(), "Whether it is unpublished.", default=False)
    prerelease: bool = key(Boolean(), "Whether it is a prerelease.", default=False)
    latest: bool = key(Boolean(), "Whether it was marked as the latest.", default=False)
    created: datetime | None = key(TIME, "When it was made.", default=None)
    immutable: bool = key(Boolean(), "Whether it is immutable.", default=False)
    author: str = key(LOGIN, "Who made it.", default="ada")
    assets: Mapping[str, str] = key(
        MapOf("names to texts", NAME, Text("a text")), "Its files and what they hold.", default={}
    )


@dataclass(frozen=True, kw_only=True)
class TagRulesSeed(Record):
    """A ruleset for tags, which no one may bypass."""

    tags: tuple[str, ...] = key(ListOf("a list of globs", NAME, least=1), "Tags that it is about, `v*` for example.")
    restricts: tuple[str, ...] = key(
        ListOf("a list of acts", Choice(("creation", "update", "deletion")), least=1), "What it does not let be done."
    )


@dataclass(frozen=True, kw_only=True)
class PullSeed(Record):
    """A pull request."""

    number: int = key(Integer(1), "Its number.")
    title: str = key(Text("a title"), "Its title.")
    body: str = key(Text("a text"), "Its description.", default="")
    author: str = key(AUTHOR, "Who opened it.", default="ada")
    state: str = key(Choice(("open", "closed", "merged")), "Where it stands.", default="open")
    base: str = key(REF, "The branch it is to be merged into. Without it, the default branch.", default="")
    head: str = key(REF, "The branch it comes from.", default="feature")
    head_owner: str = key(LOGIN, "Whose fork that branch is in.", default="")
    commits: tuple[str, ...] = key(ListOf("a list of commits", NAME), "The commits it brought.", default=())
    merge_commit: str = key(NAME, "The commit it became on its base.", default="")
    merged_by: str = key(LOGIN, "Who merged it.", default="ada")
    labels: tuple[str, ...] = key(ListOf("a list of labels", NAME), "Its labels.", default=())
    milestone: int = key(Integer(0), "Number of its milestone; 0 for none.", default=0)
    draft: bool = key(Boolean(), "Whether it is a draft.", default=False)
    files: tuple[str, ...] = key(
        ListOf("a list of paths", NAME), "The files it changes. Without it, those of its commits.", default=()
    )
    comments: tuple[CommentSeed, ...] = key(COMMENTS, "What was said of it.", default=())
    reviews: tuple[ReviewSeed, ...] = key(
        ListOf("a list of reviews", RecordOf("a review", ReviewSeed)), "What reviewers said.", default=()
    )
    events: tuple[EventSeed, ...] = key(TIMELINE, "What was done to it.", default=())
    created: datetime | None = key(TIME, "When it was opened.", default=None)
    closed: datetime | None = key(TIME, "When it was closed or merged.", default=None)


@dataclass(frozen=True, kw_only=True)
class MilestoneSeed(Record):
    """A milestone."""

    number: int = key(Integer(1), "Its number.")
    title: str = key(Text("a title"), "Its title.")
    state: str = key(Choice(("open", "closed")), "Where it stands.", default="open")
    description: str = key(Text("a text"), "What it is for.", default="")
    due: datetime | None = key(TIME, "When it is due.", default=None)


@dataclass(frozen=True, kw_only=True)
class RepositorySeed(Record):
    """A repository."""

    visibility: str = key(VISIBILITY, "Who may see it.", default="public")
    description: str = key(Text("a text"), "What it is.", default="")
    default_branch: str = key(REF, "Its default branch.", default="main")
    collaborators: Mapping[str, str] = key(
        MapOf("logins to roles", LOGIN, ROLE), "Who may do what here, beyond its owner's admins.", default={}
    )
    commits: tuple[CommitSeed, ...] = key(
        ListOf("a list of commits", RecordOf("a commit", CommitSeed)), "Its commits, parents first.", default=()
    )
    branches: Mapping[str, str] = key(
        MapOf("branches to commits", REF, NAME),
        "Branches. Without the default branch, that one is at the last commit.",
        default={},
    )
    tags: Mapping[str, TagSeed] = key(MapOf("git tags", REF, RecordOf("a git tag", TagSeed)), "Git tags.", default={})
    releases: tuple[ReleaseSeed, ...] = key(
        ListOf("a list of releases", RecordOf("a release", ReleaseSeed)), "Releases, oldest first.", default=()
    )
    tag_rules: tuple[TagRulesSeed, ...] = key(
        ListOf("a list of rulesets", RecordOf("a ruleset for tags", TagRulesSeed)), "Rulesets for tags.", default=()
    )
    immutable_releases: bool = key(
        Boolean(), "Whether releases become immutable when they are published.", default=False
    )
    milestones: tuple[MilestoneSeed, ...] = key(
        ListOf("a list of milestones", RecordOf("a milestone", MilestoneSeed)), "Milestones.", default=()
    )
    pulls: tuple[PullSeed, ...] = key(
        ListOf("a list of pull requests", RecordOf("a pull request", PullSeed)), "Pull requests.", default=()
    )
    issues: tuple[IssueSeed, ...] = key(
        ListOf("a list of issues", RecordOf("an issue", IssueSeed)), "Issues.", default=()
    )
    files: Mapping[str, str] = key(
        MapOf("paths to texts", NAME, Text("a text", empty=True)),
        "Files that can be read, whatever the branch or commit.",
        default={},
    )
    labels: Mapping[str, str] = key(
        MapOf("labels to colors", NAME, Text("a color", pattern="[0-9a-f]{6}", example="'0e8a16'")),
        "Labels with their color.",
        default={},
    )


@dataclass(frozen=True, kw_only=True)
class VersionSeed(Record):
    """An image that was pushed once. It is made up, small and real."""

    tags: tuple[str, ...] = key(ListOf("a list of tags", TAG, unique=True), "Tags it was pushed under.", default=())
    platforms: tuple[str, ...] = key(
        ListOf("a list of platforms", PLATFORM, least=1, unique=True),
        "Its platforms. More than one make an index.",
        default=("linux/amd64",),
    )
    created: datetime | None = key(TIME, "When it was pushed. Without it, the start of the world.", default=None)
    content: str = key(Text("a text"), "What makes it another image. Without it, its package and tags.", default="")
    labels: Mapping[str, str] = key(
        MapOf("labels to values", NAME, Text("a value", empty=True)), "Labels in its configuration.", default={}
    )
    annotations: Mapping[str, str] = key(
        MapOf("annotations to values", NAME, Text("a value", empty=True)), "Annotations of its index.", default={}
    )
    docker: bool = key(Boolean(), "Whether it has Docker's media types in place of OCI's.", default=False)
    index: bool | None = key(
        Boolean(), "Whether it is an index. Without it, as its platforms and attestations need it.", default=None
    )
    attestations: bool = key(
        Boolean(), "Whether each platform has a provenance manifest beside it, as buildx makes it.", default=False
    )
    signed: bool = key(Boolean(), "Whether a signature was pushed with it, under the tag sha256-….sig.", default=False)
    downloads: int = key(Integer(0), "How often its root was downloaded.", default=0)
    lacks: tuple[str, ...] = key(
        ListOf("a list of platforms", PLATFORM), "Platforms of its index whose manifests are gone.", default=()
    )
    deleted: datetime | None = key(TIME, "When its root was deleted, if it was.", default=None)


@dataclass(frozen=True, kw_only=True)
class PackageSeed(Record):
    """A container package."""

    visibility: str = key(VISIBILITY, "Who may pull it.", default="public")
    repository: str = key(FULL_NAME, "The repository it is linked to.", default="")
    roles: Mapping[str, str] = key(
        MapOf("logins and repositories to roles", NAME, ROLE),
        "Who may do what with it. The linked repository administers it unless it is named here.",
        default={},
    )
    versions: tuple[VersionSeed, ...] = key(
        ListOf("a list of images", RecordOf("an image", VersionSeed)),
        "What was pushed, in this order: a tag of a later image is taken away from an earlier one.",
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class BehaviorSeed(Record):
    """How the registry behaves; see `RegistryBehavior`."""

    checks_children: bool = key(Boolean(), "Refuse an index whose children are not there.", default=False)
    tag_moves_change_dates: bool = key(
        Boolean(), "Change `updated_at` of a version when it gains or loses a tag. GHCR does not.", default=False
    )
    shuffles_versions: bool = key(Boolean(), "List versions in an order without meaning.", default=False)
    stale_tag_reads: int = key(
        Integer(0), "Reads of a tag that was just written that see what it named before, or 404.", default=0
    )
    cuts_tags: bool = key(
        Boolean(), "Put latest, v0, v0.5 and so on beside a pushed v0.5.0-rc.1. GHCR does not.", default=False
    )
    head_counts_as_download: bool = key(Boolean(), "Count a manifest's HEAD as a download too.", default=False)
    redirects_blobs: bool = key(Boolean(), "Redirect a blob's GET to storage on another origin.", default=True)
    new_packages: str = key(VISIBILITY, "Visibility of a package that a push creates.", default="private")
    registry_token_seconds: int = key(Integer(1), "How long a token of the registry lives.", default=300)


@dataclass(frozen=True, kw_only=True)
class LimitsSeed(Record):
    """Rate limits; 0 switches one off. See `Limits`."""

    actions: int = key(Integer(0), "Requests an hour of a repository's GITHUB_TOKENs.", default=1000)
    personal: int = key(Integer(0), "Requests an hour of any other token's owner.", default=5000)
    anonymous: int = key(Integer(0), "Requests an hour without a token.", default=60)
    points: int = key(Integer(0), "Points a minute per client and route; GitHub's number is 900.", default=0)
    concurrent: int = key(Integer(0), "Requests of a client at once; GitHub's number is 100.", default=0)
    registry: int = key(Integer(0), "Requests a minute of a client to the registry; GHCR names 2000.", default=0)
    status: int = key(Integer(403, 429), "How the API says no: 403 or 429.", default=403)


@dataclass(frozen=True, kw_only=True)
class Seed(Record):
    """A whole world."""

    now: datetime = key(TIME, "The time in this world at its start. Without it, 2026-02-03T09:00:00Z.", default=START)
    ticking: bool = key(
        Boolean(), "Whether the clock runs. Otherwise it stands still until a request moves it.", default=False
    )
    accounts: Mapping[str, AccountSeed] = key(
        MapOf("accounts", LOGIN, RecordOf("an account", AccountSeed)), "Users and organizations.", default={}
    )
    tokens: tuple[TokenSeed, ...] = key(
        ListOf("a list of tokens", RecordOf("a token", TokenSeed)), "Tokens that requests may carry.", default=()
    )
    repositories: Mapping[str, RepositorySeed] = key(
        MapOf("repositories", FULL_NAME, RecordOf("a repository", RepositorySeed)), "Repositories.", default={}
    )
    packages: Mapping[str, PackageSeed] = key(
        MapOf("packages", PATH, RecordOf("a package", PackageSeed)), "Container packages.", default={}
    )
    behavior: BehaviorSeed = key(
        RecordOf("the behavior", BehaviorSeed), "How the registry behaves.", default=BehaviorSeed()
    )
    limits: LimitsSeed = key(RecordOf("the limits", LimitsSeed), "Rate limits.", default=LimitsSeed())


SEED = RecordOf("a seed", Seed)
