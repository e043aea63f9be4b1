"""What git and GitHub say about releases: the versions in git, their commits, and GitHub's list of releases.

A list given by hand stands for all of it: then nothing is asked, nothing is known of commits, and no release was
announced. Every list is complete or an error.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor

from release_actions.floating.git_versions import GitVersions
from release_actions.github import repository
from release_actions.github.releases import Releases
from release_actions.github.repository import GitTag
from release_actions.http.client import Http
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import read_tags
from release_actions.tags.github_refs import GitHubRefs
from release_actions.versions.version import Version, parse_known


class GitReleases:
    """The releases of the repository that a run is about. May be shared by threads."""

    def __init__(self, http: Http, context: Context, log: Workflow, *, prefix: str, token: str) -> None:
        self._http = http
        self._context = context
        self._log = log
        self._prefix = prefix
        self._token = token
        self._refs: dict[str, GitTag] = {}
        self._commits: dict[GitTag, str] = {}
        self._lock = threading.Lock()

    def versions(self, given: Sequence[str], pool: Executor, *, compare: bool) -> GitVersions:
        """The versions in git, of a list given by hand or read now and again. `compare`: commits are wanted as well."""
        if given:
            return GitVersions(self._read(given))
        announced = pool.submit(self._announced) if self._context.repository else None
        first = self._read(())
        return GitVersions(
            first,
            lambda: self._read(()),
            announced=announced.result() if announced else (),
            commit=self._commit if compare else None,
            confirm=self._has_tag if self._context.repository else None,
        )

    def _read(self, given: Sequence[str]) -> tuple[Version, ...]:
        tags = read_tags(given, self._context, self._token, self._log)
        self._refs = {tag.name: tag for tag in tags.refs}
        return parse_known(tags.names, self._prefix)

    def _has_tag(self, version: Version) -> bool:
        """Whether GitHub has the tag of a version, asked about this tag alone. Raises `RemoteError`."""
        refs = GitHubRefs(self._http, self._context.api_url, self._context.repository, self._token)
        tag = refs.read_tag(version.tag)
        if tag is None:
            return False
        self._refs[tag.name] = tag
        self._log.info(f"GitHub's list of tags lacks {tag.name}, but GitHub has it.")
        return True

    def _announced(self) -> tuple[Version, ...]:
        """The versions that GitHub has a published release of. A draft is none yet."""
        context = self._context
        releases = Releases(self._http, context.api_url, context.repository, token=self._token).all()
        return parse_known([release.tag for release in releases if not release.draft], self._prefix)

    def _commit(self, version: Version) -> str:
        """The commit of a version's tag; empty where it has gone since. Raises `RemoteError`."""
        tag, context = self._refs.get(version.tag), self._context
        if tag is None:
            return ""
        with self._lock:
            if tag not in self._commits:
                self._commits[tag] = repository.commit_of(
                    self._http, context.api_url, context.repository, tag, token=self._token
                )
            return self._commits[tag]
