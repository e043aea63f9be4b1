"""A repository beside its packages: git, releases and their assets, pull requests and milestones. No HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release_actions.simulator.accounts import Account, Role, Token, TokenKind, account_role
from release_actions.simulator.actions import Workflow, WorkflowRun
from release_actions.simulator.attestations import Attestation
from release_actions.simulator.clock import stamp
from release_actions.simulator.discussion import Comment, CommitStatus, Issue, Reviewed, TimelineEvent
from release_actions.simulator.environments import Environment, Review
from release_actions.simulator.git import Git
from release_actions.simulator.rules import BranchRules, ProtectedTags, TagRules


@dataclass(eq=False)
class Milestone:
    """A milestone. `state` is `open` or `closed`."""

    id: int
    number: int
    title: str
    creator: str
    created: datetime
    updated: datetime
    state: str = "open"
    description: str = ""
    due: datetime | None = None
    closed: datetime | None = None


@dataclass(eq=False)
class Pull:
    """A pull request. `commits`: full names of those it brought; `merge_commit`: the one on its base."""

    id: int
    number: int
    title: str
    author: str
    base: str
    base_sha: str
    head: str
    head_sha: str
    created: datetime
    updated: datetime
    body: str = ""
    draft: bool = False
    state: str = "open"
    closed: datetime | None = None
    merged: datetime | None = None
    merge_commit: str = ""
    merged_by: str = ""
    labels: tuple[str, ...] = ()
    milestone: int = 0
    commits: tuple[str, ...] = ()
    head_owner: str = ""
    assignees: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """What it changes, where that is not what its commits do."""
    comments: list[Comment] = field(default_factory=list)
    reviews: list[Reviewed] = field(default_factory=list)
    events: list[TimelineEvent] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """What a program says of a commit. `conclusion` is empty while it runs; `is_status`: it is no check run."""

    id: int
    name: str
    conclusion: str
    started: datetime
    is_status: bool = False


@dataclass(eq=False)
class Asset:
    """A file of a release. `digest` names its content among the world's blobs."""

    id: int
    name: str
    digest: str
    size: int
    uploader: str
    created: datetime
    media_type: str = "application/octet-stream"
    label: str = ""
    downloads: int = 0


@dataclass(eq=False)
class Release:
    """A release. A draft has no tag in git yet and no `published`."""

    id: int
    tag: str
    target: str
    author: str
    created: datetime
    name: str = ""
    body: str = ""
    draft: bool = False
    prerelease: bool = False
    published: datetime | None = None
    never_latest: bool = False
    """Whether it was published with `make_latest: false`."""
    immutable: bool = False
    assets: dict[int, Asset] = field(default_factory=dict)


@dataclass(eq=False)
class Repository:
    """A repository. `collaborators`: login -> role, beyond the owner's members."""

    id: int
    owner: Account
    name: str
    created: datetime
    private: bool = False
    default_branch: str = "main"
    description: str = ""
    collaborators: dict[str, Role] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    git: Git = field(default_factory=Git)
    releases: dict[int, Release] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    checks: dict[str, list[Check]] = field(default_factory=dict)
    """Commit -> its checks."""
    required_checks: tuple[str, ...] = ()
    """Names of the checks that a ruleset requires of the default branch."""
    milestones: dict[int, Milestone] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Path -> text, the same on every branch."""
    statuses: list[CommitStatus] = field(default_factory=list)
    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, WorkflowRun] = field(default_factory=dict)
    attestations: list[Attestation] = field(default_factory=list)
    environments: dict[str, Environment] = field(default_factory=dict)
    """Name in small letters -> environment."""
    reviews: dict[int, list[Review]] = field(default_factory=dict)
    """Number of a run -> what reviewers said of it."""
    archived: bool = False
    latest: int = 0
    """The release marked as the latest by hand; 0 leaves it to GitHub's rule."""
    immutable_releases: bool = False
    """Whether releases become immutable when they are published."""
    tag_rules: tuple[TagRules, ...] = ()
    branch_rules: tuple[BranchRules, ...] = ()
    fork_of: str = ""
    """The repository that it is a fork of; empty for one that is no fork."""
    jobs_open_pulls: bool = True
    """Whether GitHub Actions may create pull requests, which is a setting of the repository."""
    reserved: set[str] = field(default_factory=set)
    """Tags that an immutable release has, or had."""

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"

    @property
    def next_number(self) -> int:
        """The number that the next issue or pull request gets."""
        return max([0, *self.pulls, *self.issues]) + 1

    @property
    def protected_tags(self) -> ProtectedTags:
        """What protects tags of this repository now."""
        immutable = {release.tag for release in self.releases.values() if release.immutable}
        return ProtectedTags(self.tag_rules, immutable, self.reserved)

    def follow_branch(self, ref: str) -> None:
        """Put the open pull requests of a branch on what it names now; a branch that is gone closes them."""
        name = ref.removeprefix("refs/heads/")
        for pull in self.pulls.values():
            if pull.head != name or pull.state != "open" or pull.head_owner:
                continue
            if ref not in self.git.refs:
                pull.state, pull.closed = "closed", pull.updated
                continue
            pull.head_sha = self.git.peel(self.git.refs[ref]).sha
            pull.commits = tuple(commit.sha for commit in self.git.between(pull.base_sha, pull.head_sha))

    def latest_release(self) -> Release | None:
        """The release marked as the latest, or by GitHub's rule the highest version, then the newest."""
        marked = self.releases.get(self.latest)
        if marked is not None:
            return marked
        releases = [
            release
            for release in self.releases.values()
            if not (release.draft or release.prerelease or release.never_latest)
        ]
        return max(releases, key=lambda release: (version_of(release.tag), release.created, release.id), default=None)

    def role(self, token: Token | None, permission: str = "contents") -> Role:
        """What a token may do here with what `permission` names."""
        least = Role.NONE if self.private else Role.READ
        if token is None:
            return least
        # Every token with permissions may read the metadata of its own repositories.
        granted = "read" if permission == "metadata" else token.permissions.get(permission, "")
        level = {"read": Role.READ, "write": Role.WRITE}.get(granted, Role.NONE)
        if token.is_integration:
            own = token.repository.lower() == self.full_name.lower() or (
                token.kind is TokenKind.APP and token.account.lower() == self.owner.login.lower()
            )
            return max(least, level) if own else least
        standing = max(account_role(token, self.owner), self.collaborators.get(token.login.lower(), Role.NONE))
        if token.kind is TokenKind.FINE_GRAINED:
            return max(least, min(standing, level))
        scoped = token.has_scope("repo") or (not self.private and token.has_scope("public_repo"))
        return max(least, standing) if scoped else least

    def dump(self) -> dict[str, Any]:
        """This repository as JSON values."""
        return {
            "private": self.private,
            "default-branch": self.default_branch,
            "refs": {name: target.sha for name, target in sorted(self.git.refs.items())},
            "commits": len(self.git.commits),
            "releases": {
                release.tag: {
                    "id": release.id,
                    "name": release.name,
                    "draft": release.draft,
                    "prerelease": release.prerelease,
                    "immutable": release.immutable,
                    "created": stamp(release.created),
                    "assets": {asset.name: asset.digest for asset in release.assets.values()},
                }
                for release in sorted(self.releases.values(), key=lambda release: release.id)
            },
            "pulls": {
                str(pull.number): pull.state
                for pull in sorted(self.pulls.values(), key=lambda milestone: milestone.number)
            },
            "issues": {str(number): issue.state for number, issue in sorted(self.issues.items())},
            "runs": {str(run.id): run.title for run in sorted(self.runs.values(), key=lambda run: run.id)},
            "milestones": {
                str(milestone.number): milestone.title for milestone in sorted(self.milestones.values(), key=by_number)
            },
        }


def version_of(tag: str) -> tuple[int, ...]:
    """The numbers of a version at the start of a tag; empty, so lowest, without."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)$", tag)
    return tuple(int(part) for part in match.groups()) if match else ()


def by_number(milestone: Milestone) -> int:
    """What milestones are ordered by."""
    return milestone.number
