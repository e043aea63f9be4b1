"""Floating tags in git, `v0` and `v0.5`: moved forward only, to stable releases only, one request each.

Git's are names for people who follow a line; what images are named by is decided elsewhere. Decides where they have to
be and what of that is a step forward. A step back, from a candidate too, is reported and left to a person: a git tag
that moves back breaks clones without notice. This module must never delete a tag and never touch the tag of a version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from release_actions.errors import PartialError, RemoteError
from release_actions.floating.rules import FloatingRules
from release_actions.github import repository as github_repository
from release_actions.github.refs import GitRefs
from release_actions.github.repository import GitTag
from release_actions.http.client import Http
from release_actions.versions import floating
from release_actions.versions.floating import ROLES
from release_actions.versions.grammar import Kind, Reason, image_affixes
from release_actions.versions.version import Version, explain_refusal, parse_known, parse_or_none

MOVE_ROUNDS = 3
"""How often tags are listed and moved before another workflow is said to move them."""

COMMIT_DIGITS = 12
"""Characters of a commit that a sentence repeats."""


@dataclass(frozen=True)
class GitTagMove:
    """A git tag to be put on a release. `before` is the object it names, empty when it does not exist."""

    tag: str
    before: str
    after: str
    version: Version
    reason: str


@dataclass(frozen=True)
class UnmovedGitTag:
    """A git tag that is not moved, and why."""

    tag: str
    message: str
    hint: str


@dataclass(frozen=True)
class GitFloatingPlan:
    """Every floating tag in git: on which release it is right, which moves, which is not changed, and debris."""

    kept: tuple[tuple[str, Version], ...]
    moves: tuple[GitTagMove, ...]
    unmoved: tuple[UnmovedGitTag, ...]
    debris: tuple[UnmovedGitTag, ...]


def make_git_template(template: str, prefix: str) -> str:
    """A template of floating tags as git's tags are written: `v{major}` for `{major}` where images have no `v`."""
    before, after = image_affixes(prefix)
    if not template.startswith(f"{before}{{major}}") or not template.endswith(after):
        return template
    return prefix + template[len(before) : len(template) - len(after)]


def plan_git_tags(
    tags: Sequence[GitTag], commit_of: Callable[[GitTag], str], rules: FloatingRules, held_back: Collection[str] = ()
) -> GitFloatingPlan:
    """Compare git's floating tags with the releases in git.

    `commit_of` is asked only about tags that seem wrong. `held_back`: releases that an image does not hold yet. Of the
    templates only those with a number count: `latest` in git would be a branch by another name.
    """
    by_name = {tag.name: tag for tag in tags}
    versions = parse_known(by_name, rules.prefix)
    templates = tuple(make_git_template(text, rules.prefix) for text in rules.templates if "{major}" in text)
    counting = [version for version in versions if version.tag not in held_back]
    kept, moves, unmoved = [], [], []
    wanted = floating.choose_targets(counting, templates, rules.skip)
    for tag, version in sorted(wanted.items()):
        release, present = by_name[version.tag], by_name.get(tag)
        if present is None:
            reason = f"{tag} does not exist yet, and {version} is the highest release in its range."
            moves.append(GitTagMove(tag, "", release.sha, version, reason))
            continue
        if present.sha == release.sha or commit_of(present) == commit_of(release):
            kept.append((tag, version))
            continue
        commit = commit_of(present)
        inside = [other for other in versions if tag in {floating.expand_template(text, other) for text in templates}]
        named = max((other for other in inside if commit_of(by_name[other.tag]) == commit), default=None)
        if named is None:
            message = f"{tag} names the commit {commit[:COMMIT_DIGITS]}, which no version of its range is tagged on."
            unmoved.append(UnmovedGitTag(tag, message, advise_move(tag, version)))
        elif named < version:
            reason = f"{tag} names {describe_version(named)}, and {version} is the highest release in its range."
            moves.append(GitTagMove(tag, present.sha, release.sha, version, reason))
        else:
            message = (
                f"{tag} names {describe_version(named)}, and a person has to decide whether to move it back to "
                f"{version}."
            )
            unmoved.append(UnmovedGitTag(tag, message, advise_move(tag, version)))
    for tag in floating.find_floating(by_name, templates):
        if tag not in wanted:
            message = f"{tag} is in git, and there is no release in its range that it could name."
            unmoved.append(
                UnmovedGitTag(tag, message, f"If you do not need it, delete it: git push origin --delete {tag}")
            )
    order = sorted(moves, key=lambda move: (-move.tag.count("."), move.tag))
    return GitFloatingPlan(tuple(kept), tuple(order), tuple(unmoved), tuple(find_debris(by_name, rules)))


def find_debris(names: Collection[str], rules: FloatingRules) -> Iterable[UnmovedGitTag]:
    """Names that a tool has made by cutting a version's tag at its last dot: v0.5.0-rc of v0.5.0-rc.1."""
    for name in sorted(names):
        if is_cut(name, names, rules.prefix):
            message = f"{name} in git is not a version: tools that cut tags at their last dot leave such names."
            yield UnmovedGitTag(name, message, f"If you do not need it, delete it: git push origin --delete {name}")


def is_cut(name: str, names: Collection[str], prefix: str) -> bool:
    """Whether a tag is a version's without its number."""
    version = parse_or_none(name, prefix)
    if version is not None:
        whole = version.kind in {Kind.STABLE, Kind.POST, Kind.CANDIDATE} or version.number is not None
        return not whole and any(other.startswith(f"{name}.") for other in names)
    return explain_refusal(name, prefix).reason is Reason.TRUNCATED


def describe_version(version: Version) -> str:
    """A version and, where it is no release, what it is."""
    return f"{version}, {ROLES[version.kind]}" if not version.is_stable else str(version)


def advise_move(tag: str, version: Version) -> str:
    """How a person moves a git tag."""
    return f"It was not changed. To move it by hand: git push --force origin {version}:refs/tags/{tag}"


class GitFloatingTags:
    """The floating tags of one repository on GitHub. Moving them needs the permission contents: write."""

    def __init__(
        self,
        http: Http,
        api_url: str,
        repository: str,
        *,
        token: str,
        rules: FloatingRules,
        pause: Callable[[], object] = lambda: None,
    ) -> None:
        self._http = http
        self._api_url = api_url
        self._repository = repository
        self._token = token
        self._rules = rules
        self._pause = pause
        self._commits: dict[str, str] = {}

    def judge(self, held_back: Collection[str] = ()) -> GitFloatingPlan:
        """Compare what is there with what has to be. Raises `RemoteError`."""
        tags = github_repository.list_tags(self._http, self._api_url, self._repository, token=self._token)
        return plan_git_tags(tags, self._commit, self._rules, held_back)

    def enforce(self, first: GitFloatingPlan, held_back: Collection[str] = ()) -> tuple[GitTagMove, ...]:
        """Move what is wrong, list again, and repeat while that shows something wrong; the moves that were made.

        Raises `RemoteError`, and `PartialError` when the tags do not stay where they were put.
        """
        done: list[GitTagMove] = []
        now = first
        for _ in range(MOVE_ROUNDS):
            if not now.moves:
                return tuple(done)
            for move in now.moves:
                self._move(move)
                done.append(move)
            self._pause()
            now = self.judge(held_back)
        if not now.moves:
            return tuple(done)
        message = f"The git tag {now.moves[0].tag} of {self._repository} does not stay on {now.moves[0].version}."
        hint = "Find the workflow that moves it, such as one that derives tags by cutting them, and remove it."
        raise PartialError(message, done=len(done), total=len(done) + len(now.moves), hint=hint)

    def _commit(self, tag: GitTag) -> str:
        if tag.sha not in self._commits:
            self._commits[tag.sha] = github_repository.commit_of(
                self._http, self._api_url, self._repository, tag, token=self._token
            )
        return self._commits[tag.sha]

    def _move(self, move: GitTagMove) -> None:
        refs = GitRefs(self._http, self._api_url, self._repository, token=self._token)
        refusal = refs.move(move.tag, move.after) if move.before else refs.create(move.tag, move.after)
        # Another run made it since the plan was made: the next list shows whether it is right.
        if refusal is None or (not move.before and "already exists" in refusal.message):
            return
        what = f"move the git tag {move.tag}" if move.before else f"make the git tag {move.tag}"
        message = f"Could not {what} of {self._repository}: {refusal}."
        raise RemoteError(message, hint=refusal.hint, status=refusal.status)
