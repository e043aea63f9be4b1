"""Which tags of a package are named after a branch or a git tag that the repository no longer has.

A branch's tag does not say that it is one, so only what a branch of that name would have is taken for it. It must never
take a list of GitHub's that lags behind a push for the proof that a git tag is gone.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from release_actions.builds.event import make_branch_tag
from release_actions.cleanup.prefixes import parse_any
from release_actions.config import Config, grammar
from release_actions.config.channel_tags import RUNS
from release_actions.github import repository as github_repository
from release_actions.http.client import Http
from release_actions.runner.forms import Run
from release_actions.versions.grammar import GIT_TAG, LONGEST

BRANCH = "{branch}"


@dataclass
class GoneRefs:
    """Asks for the repository's branches and git tags, each list once in a run. May be shared by threads."""

    http: Http
    api_url: str
    repository: str
    token: str
    config: Config
    lock: threading.Lock = field(default_factory=threading.Lock)
    listed: dict[str, frozenset[str]] = field(default_factory=dict)

    def list_names(self, kind: str, read: Callable[[], Iterable[str]]) -> frozenset[str]:
        """The names of all branches, or of all git tags. Raises `RemoteError`."""
        with self.lock:
            if kind not in self.listed:
                self.listed[kind] = frozenset(read())
            return self.listed[kind]

    def find_branch_tags(self, path: str, tags: Iterable[str]) -> dict[str, str]:
        """Tag -> why, of those that only a branch that is gone could have."""
        branches = self.list_names(
            "branches",
            lambda: github_repository.list_branches(self.http, self.api_url, self.repository, token=self.token),
        )
        made = {make_branch_tag(branch, self.config) for branch in branches}
        patterns = [compile_branch(template) for template in list_branch_templates(self.config, path)]
        gone: dict[str, str] = {}
        for tag in tags:
            parts = [match[1] for pattern in patterns if (match := pattern.fullmatch(tag))]
            is_branchs = any(make_branch_tag(part, self.config) == part for part in parts)
            if is_branchs and not made.intersection(parts):
                gone[tag] = f"No branch of {self.repository} has this tag."
        return gone

    def find_release_tags(self, path: str, tags: Iterable[str]) -> dict[str, str]:
        """Tag -> why, of the releases and candidates whose git tag is gone."""
        git_tags = self.list_names(
            "tags",
            lambda: [
                tag.name
                for tag in github_repository.list_tags(self.http, self.api_url, self.repository, token=self.token)
            ],
        )
        gone: dict[str, str] = {}
        for tag in tags:
            version = parse_any(tag, self.config.schemes_of(path))
            if version and version.tag not in git_tags and not self._has_tag(version.tag):
                gone[tag] = f"{self.repository} has no git tag {version.tag}."
        return gone

    def _has_tag(self, name: str) -> bool:
        # The list may lag behind a push, and what was pushed a moment ago is what nobody can lose.
        read = github_repository.commit_of_ref
        return bool(read(self.http, self.api_url, self.repository, f"tags/{name}", token=self.token))


def list_branch_templates(config: Config, path: str) -> tuple[str, ...]:
    """The templates of branches' tags in a package, in the form of each flavour that is there."""
    forms = {package.tag_form for package in config.packages("dev") if package.name == path}
    templates = [text for text in config.tags_of("dev").branch if BRANCH in text]
    return tuple(form.replace(GIT_TAG, text) for form in sorted(forms) for text in templates)


def compile_branch(template: str) -> re.Pattern[str]:
    """What a template makes; the first group is what stands for the branch, each time the same."""
    before, _, after = template.partition(BRANCH)
    rest = "".join("\\1" if part == BRANCH else compile_part(part) for part in grammar.split(after))
    return re.compile(f"{''.join(map(compile_part, grammar.split(before)))}(.+){rest}")


def compile_part(part: str) -> str:
    """The expression of a text or of a placeholder. All of them have a limit, so that not every way is tried."""
    runs = RUNS.get(part, (part,))
    return "".join(re.escape(run) if isinstance(run, str) else compile_run(run) for run in runs)


def compile_run(run: Run) -> str:
    """The expression of some characters in a row."""
    return f"[{''.join(sorted(run.characters or ''))}]{{{run.least},{run.most or LONGEST}}}"
