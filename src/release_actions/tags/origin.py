"""What GitHub knows of one tag beyond the list of tags: its branch and its object. And what its push says.

Each answer is found out or is an error: a branch that could not be read is not a missing one. This module must never
take the event's word for a branch: what `base_ref` of a push names is not where a commit is.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from urllib.parse import quote

from release_actions.github import repository as github_repository
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential
from release_actions.runner.context import Context, parse_time
from release_actions.tags.existing import TAG_REF
from release_actions.versions.history import Branch, Push, TagObject

MARGIN = timedelta(minutes=10)
"""How long before the push of its tag a release may have been published that made the tag itself."""


def push_of(context: Context, tag: str) -> Push | None:
    """What the push event says of the tag; None for another event, or the push of something else."""
    event = context.event
    if context.event_name != "push" or event.get("ref") != TAG_REF + tag:
        return None
    before = str(event.get("before", ""))
    known = re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", before) and before.strip("0")
    # A payload by hand may leave these out; then it says nothing against the tag.
    created, forced = event.get("created", True), event.get("forced", False)
    return Push(created=created is not False, forced=forced is True, before=before if known else "")


def pushed_at(context: Context) -> datetime | None:
    """When the push of the event was; None when it does not say. A run repeated later has the event of the first."""
    repository = context.event.get("repository")
    seconds = repository.get("pushed_at") if isinstance(repository, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < 1 << 40:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc)


class Origin:
    """Asks one repository's GitHub. `repository` is "owner/name"."""

    def __init__(self, http: Http, api_url: str, repository: str, token: str = "") -> None:
        self._http = http
        self._url = github_repository.repository_url(api_url, repository)
        self._repository = repository
        self._credential = Credential.bearer(api_url, token)

    def branch(self, name: str, commit: str) -> Branch:
        """The branch of that very name, and whether it has the commit. `holds` is None without a commit."""
        found = self._refs("heads", name, f"read the branch {name} of {self._repository}")
        tips = {branch: sha for branch, (sha, _) in found.items()}
        tip = tips.pop(name, "")
        if not tip:
            return Branch(name, near=tuple(sorted(tips)))
        return Branch(name, tip, self._holds(tip, commit, name) if commit else None)

    def _refs(self, kind: str, name: str, what: str) -> dict[str, tuple[str, str]]:
        """Every ref of a kind whose name begins so -> id and type of what it names.

        Not the route of one ref: its 404 also stands for a repository that this token may not see, this list's does
        not.
        """
        url = f"{self._url}/git/matching-refs/{kind}/{quote(name)}"
        pages = self._http.pages(url, what=what, credential=self._credential, headers=GITHUB_HEADERS)
        return dict(_ref(page, item, f"refs/{kind}/") for page in pages for item in page.array())

    def _holds(self, tip: str, commit: str, name: str) -> bool:
        """Whether a branch's tip is the commit or comes after it."""
        if tip == commit:
            return True
        response = self._http.request(
            "GET",
            f"{self._url}/compare/{commit}...{tip}",
            what=f"find out whether {commit[:12]} is on the branch {name} of {self._repository}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
            params={"per_page": 1},
            expect=(200, 404),
        )
        if response.status == HTTPStatus.NOT_FOUND:
            # The branch was just read, so the token may see the repository: GitHub has no such commit, or it shares
            # nothing with the branch.
            return False
        status = response.object().get("status")
        if status not in {"ahead", "identical", "behind", "diverged"}:
            response.reject("does not compare two commits")
        return status in {"ahead", "identical"}

    def tag_object(self, tag: str) -> TagObject | None:
        """How the tag was made; None when GitHub has no such tag."""
        found = self._refs("tags", tag, f"read the tag {tag} of {self._repository}").get(tag)
        if found is None:
            return None
        sha, kind = found
        if kind != "tag":
            return TagObject(annotated=False)
        response = self._http.request(
            "GET",
            f"{self._url}/git/tags/{sha}",
            what=f"read the tag object of {tag} of {self._repository}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
        )
        verification = response.object().get("verification")
        if not isinstance(verification, dict) or not isinstance(verification.get("verified"), bool):
            response.reject("does not say whether the tag is signed")
        why = re.sub(r"[^a-z_]", "", str(verification.get("reason", "")))[:40]
        return TagObject(annotated=True, verified=verification["verified"], why=why)


def before_its_push(published: str, pushed: datetime) -> bool:
    """Whether a release was published so long before the push of its tag that it cannot have made the tag itself."""
    return parse_time(published) < pushed - MARGIN


def _ref(page: Response, item: object, prefix: str) -> tuple[str, tuple[str, str]]:
    """Name of a ref in a list of refs, with id and type of what it names."""
    ref = item.get("ref") if isinstance(item, dict) else None
    target = item.get("object") if isinstance(item, dict) else None
    if not isinstance(ref, str) or not ref.startswith(prefix) or not isinstance(target, dict):
        page.reject("holds something that is not a ref of that kind")
    sha = target.get("sha")
    if not isinstance(sha, str) or not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", sha):
        page.reject("does not name an object")
    return ref.removeprefix(prefix), (sha, str(target.get("type", "")))
