"""What GitHub knows of one tag beyond the list of tags: its branch and its object. And what its push says.

Each answer is found out or is an error: a branch that could not be read is not a missing one. This module must never
take the event's word for a branch: what `base_ref` of a push names is not where a commit is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from urllib.parse import quote

from release_actions.github import repository as github_repository
from release_actions.github.repository import GitTag
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential
from release_actions.runner.context import TAG_REF, Context, parse_time
from release_actions.versions.history import Branch, Push, TagObject

NEWEST = "{newest}"
"""What stands in a branch's name for the number of the newest branch."""

RELEASE_BEFORE_PUSH = timedelta(minutes=10)
"""How long before the push of its tag a release may have been published that made the tag itself."""


def read_push(context: Context, tag: str) -> Push | None:
    """What the push event says of the tag; None for another event, or the push of something else."""
    event = context.event
    if context.event_name != "push" or event.get("ref") != TAG_REF + tag:
        return None
    before = str(event.get("before", ""))
    is_commit = re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", before) and before.strip("0")
    # A payload by hand may leave these out; then it says nothing against the tag.
    created, forced = event.get("created", True), event.get("forced", False)
    return Push(created=created is not False, forced=forced is True, before=before if is_commit else "")


def find_push_time(context: Context) -> datetime | None:
    """When the push of the event was; None when it does not say. A run repeated later has the event of the first."""
    repository = context.event.get("repository")
    seconds = repository.get("pushed_at") if isinstance(repository, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < 1 << 40:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc)


class GitHubRefs:
    """Asks one repository's GitHub. `repository` is "owner/name"."""

    def __init__(self, http: Http, api_url: str, repository: str, token: str = "") -> None:
        self._http = http
        self._url = github_repository.repository_url(api_url, repository)
        self._repository = repository
        self._credential = Credential.bearer(api_url, token)

    def find_branch(self, names: Sequence[str], commit: str) -> Branch:
        """The first branch of the names that exists, and whether it has the commit.

        A name with `{newest}` is the branch with the highest number there. `holds` is None without a commit. If there
        is no such branch, `near` has the branches that begin alike.
        """
        near: dict[str, None] = {}
        for name in names:
            start = name.partition(NEWEST)[0]
            refs = self._refs("heads", start, f"read the branch {name} of {self._repository}")
            tips = {branch: sha for branch, (sha, _) in refs.items()}
            branch = _pick_branch(name, tips)
            if branch:
                tip = tips[branch]
                return Branch(branch, tip, self._holds(tip, commit, branch) if commit else None)
            near |= dict.fromkeys(sorted(tips))
        return Branch(names[0], near=tuple(near), others=tuple(names[1:]))

    def _refs(self, kind: str, name: str, what: str) -> dict[str, tuple[str, str]]:
        """Every ref of a kind whose name begins so -> id and type of what it names.

        Not the route of one ref: its 404 also means a repository that this token may not see, this list's does
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

    def read_tag(self, tag: str) -> GitTag | None:
        """The tag of that very name; None when GitHub has no such tag."""
        ref = self._refs("tags", tag, f"read the tag {tag} of {self._repository}").get(tag)
        return GitTag(tag, ref[0], annotated=ref[1] == "tag") if ref else None

    def read_tag_object(self, tag: str) -> TagObject | None:
        """How the tag was made; None when GitHub has no such tag."""
        ref = self._refs("tags", tag, f"read the tag {tag} of {self._repository}").get(tag)
        if ref is None:
            return None
        sha, kind = ref
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


def is_before_push(published: str, pushed: datetime) -> bool:
    """Whether a release was published so long before the push of its tag that it cannot have made the tag itself."""
    return parse_time(published) < pushed - RELEASE_BEFORE_PUSH


def _pick_branch(name: str, branches: Iterable[str]) -> str:
    """The branch of a name; with `{newest}` in the name the one with the highest number. Empty if there is none."""
    start, newest, end = name.partition(NEWEST)
    if not newest:
        return name if name in branches else ""
    pattern = re.compile(rf"{re.escape(start)}(0|[1-9][0-9]{{0,15}}){re.escape(end)}")
    matches = (pattern.fullmatch(branch) for branch in branches)
    numbers = {int(match.group(1)): match.group() for match in matches if match}
    return numbers[max(numbers)] if numbers else ""


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
