"""Asks GitHub and registries what components need to know: the releases of a repository, and whether versions exist.

"No" is said only on an answer that means no. Everything else, a refusal too, is a `RemoteError`. A token goes to
the host that it is for and to no other. This module must never change anything.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote

from release_actions.components.assemble import ReleaseRow
from release_actions.components.document import Component, fill_template
from release_actions.components.finding import UNKNOWN, ComponentFinding, make_finding
from release_actions.errors import ActionError
from release_actions.github import repository as github_repository
from release_actions.github.assets import Assets
from release_actions.github.releases import Release, Releases
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential
from release_actions.registry.client import Registry, registry_url

GHCR = "ghcr.io"
OCI = "oci://"


class Upstream:
    """GitHub by one token, GHCR by another, and every other registry by none. May be shared by threads.

    `registry_override` is the address that stands for GHCR. `registries`: host -> how it is asked instead. Answers are
    kept for other rows.
    """

    def __init__(
        self,
        http: Http,
        api_url: str,
        *,
        token: str = "",
        registry_token: str = "",
        registry_override: str = "",
        registries: Mapping[str, Registry] = MappingProxyType({}),
    ) -> None:
        self._http = http
        self._api = api_url
        self._token = token
        self._registry_token = registry_token
        self._override = registry_override
        self._registries = dict(registries)
        self._lock = threading.Lock()
        self.git_tags = functools.cache(self._git_tags)
        self.image_tags = functools.cache(self._image_tags)
        self.has_image = functools.cache(self._has_image)
        self.has_git_tag = functools.cache(self._has_git_tag)
        self.is_archived = functools.cache(self._is_archived)
        self.compares = functools.cache(self._compares)

    def releases(self, repository: str) -> tuple[Release, ...]:
        """Every published release of a repository. Complete, or a `RemoteError`."""
        make_finding = Releases(self._http, self._api, repository, token=self._token).all()
        return tuple(release for release in make_finding if not release.draft)

    def asset(self, repository: str, release: Release, name: str) -> str:
        """The text of a release asset. Raises `RemoteError` when it is none."""
        asset = next(asset for asset in release.assets if asset.name == name)
        return Assets(self._http, self._api, repository, token=self._token).text(release, asset)

    def _git_tags(self, repository: str) -> tuple[str, ...] | None:
        """Every git tag of a repository; None when the repository cannot be seen."""
        if not self._visible(repository):
            return None
        return tuple(
            tag.name for tag in github_repository.list_tags(self._http, self._api, repository, token=self._token)
        )

    def _image_tags(self, image: str) -> tuple[str, ...] | None:
        """Every tag of an image; None when there is no such image."""
        host, _, name = image.partition("/")
        return self._registry(host).tags(name)

    def _has_image(self, image: str, tag: str) -> bool:
        """Whether an image, or an artifact such as a Helm chart, has a tag."""
        host, _, name = image.partition("/")
        return self._registry(host).head_manifest(name, tag) is not None

    def _has_git_tag(self, repository: str, tag: str) -> bool:
        """Whether a repository has a git tag."""
        what = f"read the git tag {tag} of {repository}"
        return self._there(f"/repos/{repository}/git/ref/tags/{quote(tag)}", what, repository)

    def _compares(self, repository: str, base: str, head: str) -> bool:
        """Whether GitHub can show what changed between two tags."""
        what = f"compare {base} with {head} in {repository}"
        path = f"/repos/{repository}/compare/{quote(base, safe='')}...{quote(head, safe='')}?per_page=1"
        return self._there(path, what, repository)

    def _there(self, path: str, what: str, repository: str) -> bool:
        if self._get(path, what).status == HTTPStatus.OK:
            return True
        if self._visible(repository):
            return False
        # 404 is also how GitHub says that a repository may not be seen.
        message = f"Could not {what}: the repository does not exist, or the token may not see it."
        raise ActionError(message, hint="Correct its name, or pass a token that may read it.")

    def _is_archived(self, repository: str) -> bool:
        """Whether nobody can change a repository any more."""
        answer = self._get(f"/repos/{repository}", f"look at the repository {repository}")
        if answer.status != HTTPStatus.OK:
            message = f"Could not look at {repository}: it does not exist, or the token may not see it."
            raise ActionError(message, hint="Correct its name, or pass a token that may read it.")
        about = answer.json()
        return isinstance(about, dict) and about.get("archived") is True

    def _visible(self, repository: str) -> bool:
        return self._get(f"/repos/{repository}", f"look at the repository {repository}").status == HTTPStatus.OK

    def _get(self, path: str, what: str) -> Response:
        return self._http.request(
            "GET",
            f"{self._api}{path}",
            what=what,
            credential=Credential.bearer(self._api, self._token),
            headers=GITHUB_HEADERS,
            expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
        )

    def _registry(self, host: str) -> Registry:
        with self._lock:
            if host not in self._registries:
                own = host == GHCR
                url = registry_url(host, self._override if own else "")
                self._registries[host] = Registry(self._http, url, token=self._registry_token if own else "")
            return self._registries[host]


def list_checks(line: ReleaseRow, upstream: Upstream) -> Iterator[Callable[[], ComponentFinding | None]]:
    """One question for each place where a row's version has to be, and for the link to its changes."""
    part, entry = line.part, line.entry
    if part.repository:
        repository, tag = part.repository, fill_template(part.git_tag, entry.version)
        hint = "Push the tag, correct the version, or say with 'git-tag' what tags are called there."
        absent = f"{repository} has no git tag {tag}."
        yield _check(line, lambda: upstream.has_git_tag(repository, tag), absent, hint)
        if isinstance(part, Component) and part.stage:
            archived = f"{repository} is archived."
            rescue = "Move the component to 'removed', or to the repository that goes on with it."
            yield _check(line, lambda: not upstream.is_archived(repository), archived, rescue, rule="upstream-archived")
    if part.image:
        image, image_tag = part.image, fill_template(part.image_tag, entry.version)
        hint = "Publish the image, correct the version, or say with 'image-tag' what tags are called there."
        yield _check(line, lambda: upstream.has_image(image, image_tag), f"{image} has no tag {image_tag}.", hint)
    if part.chart:
        yield _chart(line, part.chart, fill_template(part.chart_version, entry.version), upstream)
    if part.repository and line.tags:
        linked, (base, head) = part.repository, line.tags
        absent = f"GitHub cannot compare {base} with {head} in {linked}, so the link would lead nowhere."
        hint = "One of the tags is missing, or they share no history. Correct 'git-tag' or the repository."
        yield _check(line, lambda: upstream.compares(linked, base, head), absent, hint, rule="compare-unresolved")


def _chart(line: ReleaseRow, chart: str, version: str, upstream: Upstream) -> Callable[[], ComponentFinding | None]:
    if not chart.startswith(OCI):
        message = f"{line.entry.title}: the chart {version} in {chart} is not looked up."
        hint = "Chart repositories have an index that is not read here; charts at oci:// are looked up."
        return lambda: make_finding("not-checkable", message, hint=hint, place=line.part.origin.at("chart"))
    # Tags have no +, so Helm writes _ for it (helm/helm#10166).
    image, tag = chart.removeprefix(OCI), version.replace("+", "_")
    absent = f"{chart} has no version {version}."
    hint = "Push the chart, correct the version, or say with 'chart-version' what versions are called there."
    return _check(line, lambda: upstream.has_image(image, tag), absent, hint)


def _check(
    line: ReleaseRow, ask: Callable[[], bool], absent: str, hint: str, *, rule: str = "version-not-upstream"
) -> Callable[[], ComponentFinding | None]:
    def answer() -> ComponentFinding | None:
        try:
            there = ask()
        except ActionError as error:
            return make_finding(
                UNKNOWN, f"{line.entry.title}: {error.problems[0].message}", hint=error.hint, place=line.at
            )
        return None if there else make_finding(rule, f"{line.entry.title}: {absent}", hint=hint, place=line.at)

    return answer


def list_full_releases(releases: Collection[Release]) -> tuple[Release, ...]:
    """The releases that are not marked as pre-releases."""
    return tuple(release for release in releases if not release.prerelease)
