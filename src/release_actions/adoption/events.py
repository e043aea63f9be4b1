"""The events that start a workflow, each with an example that stands for all of its kind.

Filters of branches and tags are read as GitHub documents them ("Filter pattern cheat sheet").
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.runner.patterns import Pattern
from release_actions.surface.yaml_tree import Tree

SHA = "0123456789abcdef0123456789abcdef01234567"
HEAD = "fedcba9876543210fedcba9876543210fedcba98"
NUMBER = 12
OTHER_BRANCHES = ("feature/login", "release/1.2", "feature-login", "dev", "develop", "next", "beta")
"""Names that a branch beside the default one may have, the likeliest first."""


class Occasion(str, enum.Enum):
    """What happened, in the words of a table."""

    FINAL = "a final release"
    CANDIDATE = "a release candidate"
    TRUNK = "a push to the default branch"
    BRANCH = "a push to another branch"
    PULL = "a pull request"
    NIGHT = "a schedule"
    BY_HAND = "a run by hand"


@dataclass(frozen=True)
class Event:
    """One event as a workflow sees it."""

    occasion: Occasion
    name: str
    ref: str
    default_branch: str
    repository: str

    @property
    def sha(self) -> str:
        """The commit of the run. Of a pull request GitHub merges one."""
        return SHA

    @property
    def ref_name(self) -> str:
        """The name behind the ref, as `github.ref_name`."""
        return re.sub(r"^refs/(?:heads|tags|pull)/", "", self.ref)

    @property
    def ref_type(self) -> str:
        """`tag` or `branch`."""
        return "tag" if self.ref.startswith("refs/tags/") else "branch"

    @property
    def branch(self) -> str:
        """The branch that is built; empty for tags and pull requests."""
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else ""

    @property
    def tag(self) -> str:
        """The git tag; empty without one."""
        return self.ref_name if self.ref_type == "tag" else ""

    def context(self) -> dict[str, object]:
        """The context `github`, as far as an example has it."""
        owner, _, name = self.repository.partition("/")
        payload: dict[str, object] = {
            "repository": {"default_branch": self.default_branch, "full_name": self.repository, "name": name}
        }
        if self.occasion is Occasion.PULL:
            own = {"full_name": self.repository}
            payload |= {
                "number": NUMBER,
                "pull_request": {"number": NUMBER, "head": {"sha": HEAD, "ref": "feature-login", "repo": own}},
            }
        if self.name == "release":
            stable = self.occasion is Occasion.FINAL
            payload |= {"action": "published", "release": {"tag_name": self.tag, "prerelease": not stable}}
        return {
            "event_name": self.name,
            "ref": self.ref,
            "ref_name": self.ref_name,
            "ref_type": self.ref_type,
            "sha": self.sha,
            "head_ref": "feature-login" if self.occasion is Occasion.PULL else "",
            "base_ref": self.default_branch if self.occasion is Occasion.PULL else "",
            "repository": self.repository,
            "repository_owner": owner,
            "actor": owner,
            "server_url": "https://github.com",
            "run_id": "1",
            "run_number": "1",
            "event": payload,
        }


@dataclass(frozen=True)
class Samples:
    """What stands for each kind of event in a repository."""

    repository: str
    default_branch: str
    finals: tuple[str, ...]
    candidates: tuple[str, ...]

    def events_of(self, events: Tree) -> Iterator[Event]:
        """An event of each kind that starts a workflow with these triggers."""
        named = {events.scalar(), *events.items(), *events} - {""}
        push = events.below("push")
        if "push" in named:
            yield from self._pushes(push)
        if "release" in named:
            yield self._make(Occasion.FINAL, "release", f"refs/tags/{self.finals[0]}")
            # A pre-release of GitHub is `published` and `created`, and never `released`.
            if events.below("release").below("types").items() != ["released"]:
                yield self._make(Occasion.CANDIDATE, "release", f"refs/tags/{self.candidates[0]}")
        if named & {"pull_request", "pull_request_target"}:
            name = "pull_request" if "pull_request" in named else "pull_request_target"
            yield self._make(Occasion.PULL, name, f"refs/pull/{NUMBER}/merge")
        trunk = f"refs/heads/{self.default_branch}"
        if "schedule" in named:
            yield self._make(Occasion.NIGHT, "schedule", trunk)
        if "workflow_dispatch" in named:
            yield self._make(Occasion.BY_HAND, "workflow_dispatch", trunk)

    def _pushes(self, push: Tree) -> Iterator[Event]:
        branches, tags = Filter.read(push, "branches"), Filter.read(push, "tags")
        # With filters of one kind only, nothing of the other kind starts the workflow.
        any_branch = branches.is_given or not tags.is_given
        any_tag = tags.is_given or not branches.is_given
        if any_tag:
            for occasion, samples in ((Occasion.FINAL, self.finals), (Occasion.CANDIDATE, self.candidates)):
                fitting = next((tag for tag in samples if tags.lets(tag)), "")
                if fitting:
                    yield self._make(occasion, "push", f"refs/tags/{fitting}")
        if any_branch and branches.lets(self.default_branch):
            yield self._make(Occasion.TRUNK, "push", f"refs/heads/{self.default_branch}")
        named = [text for text in branches.patterns if not re.search(r"[*?+\[!]", text)]
        others = [name for name in (*named, *OTHER_BRANCHES) if name != self.default_branch]
        other = next((name for name in others if any_branch and branches.lets(name)), "")
        if other and other not in {"main", "master"}:
            yield self._make(Occasion.BRANCH, "push", f"refs/heads/{other}")

    def _make(self, occasion: Occasion, name: str, ref: str) -> Event:
        return Event(occasion, name, ref, self.default_branch, self.repository)


@dataclass(frozen=True)
class Filter:
    """`branches`, `tags` and the same with `-ignore`, of one trigger."""

    patterns: tuple[str, ...]
    ignored: tuple[str, ...]

    @classmethod
    def read(cls, trigger: Tree, kind: str) -> Filter:
        return cls(_list_texts(trigger, kind), _list_texts(trigger, f"{kind}-ignore"))

    @property
    def is_given(self) -> bool:
        """Whether there is one."""
        return bool(self.patterns or self.ignored)

    def lets(self, name: str) -> bool:
        """Whether it lets a name through. Of several patterns that match, the last one counts."""
        if self.ignored and any(compile_filter(text).matches_whole(name) for text in self.ignored):
            return False
        passes = not self.patterns
        for text in self.patterns:
            if compile_filter(text.removeprefix("!")).matches_whole(name):
                passes = not text.startswith("!")
        return passes


def _list_texts(trigger: Tree, key: str) -> tuple[str, ...]:
    below = trigger.below(key)
    return tuple(below.items() or filter(None, [below.scalar()]))


PIECES: Mapping[str, str] = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+", "[": "[", "]": "]"}
"""What the signs of a filter are in a pattern. `?` and `+` are about the character before."""


@functools.cache
def compile_filter(text: str) -> Pattern:
    """A filter as a pattern for whole names. One that cannot be read matches nothing."""
    try:
        return Pattern("".join(_translate(text)), shown=text)
    except re.error:
        return Pattern(r"(?!)")


def _translate(text: str) -> Iterable[str]:
    in_class = False
    for piece in re.findall(r"\*\*|.", text):
        if in_class or piece in {"[", "]"}:
            in_class = piece != "]" if piece in {"[", "]"} else in_class
            yield piece
        else:
            yield PIECES.get(piece, re.escape(piece))
