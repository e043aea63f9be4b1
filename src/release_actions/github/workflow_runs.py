"""Workflows of a repository: start one by hand, find its run, and fetch what it made.

Starting is never repeated: a second try might start a second run. Artifacts come by a signed address of another host,
which the token never reaches. This module must never decide what is started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential

PER_PAGE = 50
COMPLETED = "completed"
LARGEST_ARCHIVE = 512 * 1024 * 1024
TRUSTED_EVENTS = frozenset({"push", "schedule", "workflow_dispatch", "release", "create", "repository_dispatch"})
"""What starts a run from a workflow file that is in this repository. A pull request's file is what its author wrote."""

SCOPES_HEADER = "x-oauth-scopes"


@dataclass(frozen=True)
class WorkflowFile:
    """A workflow. `state` is `active` unless someone or GitHub disabled it."""

    id: int
    name: str
    path: str
    state: str


@dataclass(frozen=True)
class WorkflowRun:
    """A run. `conclusion` is empty until `status` is `completed`.

    `head_branch` is a branch or a tag, as GitHub has one field for both; `head_repository` is a fork's for a pull
    request from one, and empty when that fork is gone.
    """

    id: int
    title: str
    status: str
    conclusion: str
    url: str
    event: str = ""
    head_branch: str = ""
    head_sha: str = ""
    head_repository: str = ""

    @property
    def is_completed(self) -> bool:
        """Whether nothing more will happen."""
        return self.status == COMPLETED

    def is_from_file_of(self, repository: str) -> bool:
        """Whether it executed a workflow file that is in a repository, at the commit of the run."""
        return self.head_repository.lower() == repository.lower() and self.event in TRUSTED_EVENTS


@dataclass(frozen=True)
class Artifact:
    """An artifact of a run. `digest` is empty where GitHub has none."""

    id: int
    name: str
    size: int
    expired: bool
    digest: str


@dataclass(frozen=True)
class Rights:
    """What is known of a token in a repository. None: GitHub does not say.

    `can_push`: of a personal token. `scopes`: of a classic token.
    """

    can_push: bool | None
    scopes: frozenset[str] | None


class Workflows:
    """The workflows of one repository "owner/name". Starting one needs the permission actions: write."""

    def __init__(self, http: Http, api_url: str, repository: str, *, token: str) -> None:
        self.repository = repository
        self._http = http
        self._url = f"{api_url.rstrip('/')}/repos/{repository}"
        self._credential = Credential.bearer(api_url, token)

    def read_rights(self) -> Rights | None:
        """What the token may do; None when the repository does not exist or the token may not see it."""
        response = self._get("", f"look at the repository {self.repository}", also=HTTPStatus.NOT_FOUND)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        permissions = response.object().get("permissions")
        can_push = permissions.get("push") if isinstance(permissions, Mapping) else None
        scopes = next((text for name, text in response.headers.items() if name.lower() == SCOPES_HEADER), None)
        return Rights(
            can_push if isinstance(can_push, bool) else None,
            None if scopes is None else frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
        )

    def find(self, file: str) -> WorkflowFile | None:
        """A workflow by its file's name; None when the default branch has none of that name."""
        what = f"read the workflow {file} of {self.repository}"
        response = self._get(f"/actions/workflows/{quote(file, safe='')}", what, also=HTTPStatus.NOT_FOUND)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        workflow = response.object()
        try:
            return WorkflowFile(workflow["id"], workflow["name"], workflow["path"], workflow["state"])
        except KeyError:
            response.reject("is not a workflow")

    def start(self, file: str, ref: str, inputs: Mapping[str, str]) -> int | None:
        """Start a workflow on a branch or tag. Raises `RemoteError`, after which it may have started all the same.

        The run's id; None where GitHub does not say it, as older Enterprise Servers do.
        """
        response = self._http.request(
            "POST",
            f"{self._url}/actions/workflows/{quote(file, safe='')}/dispatches",
            what=f"start the workflow {file} of {self.repository} on {ref}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
            json={"ref": ref, "inputs": dict(inputs), "return_run_details": True},
            expect=(HTTPStatus.NO_CONTENT, HTTPStatus.OK),
        )
        if response.status == HTTPStatus.NO_CONTENT:
            return None
        number = response.object().get("workflow_run_id")
        return number if isinstance(number, int) else None

    def newest_runs(self, file: str) -> tuple[WorkflowRun, ...]:
        """The newest runs of a workflow that were started by hand, at most `PER_PAGE`."""
        response = self._get(
            f"/actions/workflows/{quote(file, safe='')}/runs",
            f"list the runs of the workflow {file} of {self.repository}",
            event="workflow_dispatch",
            per_page=str(PER_PAGE),
        )
        return tuple(run_of(response, item) for item in items_of(response, "workflow_runs"))

    def find_runs(self, file: str, branch: str) -> tuple[WorkflowRun, ...]:
        """The newest completed runs of a workflow on a branch or tag, at most `PER_PAGE`; none without the workflow."""
        response = self._get(
            f"/actions/workflows/{quote(file, safe='')}/runs",
            f"list the runs of the workflow {file} of {self.repository}",
            also=HTTPStatus.NOT_FOUND,
            branch=branch,
            status=COMPLETED,
            per_page=str(PER_PAGE),
        )
        if response.status == HTTPStatus.NOT_FOUND:
            return ()
        return tuple(run_of(response, item) for item in items_of(response, "workflow_runs"))

    def run(self, number: int) -> WorkflowRun:
        """One run."""
        response = self._get(f"/actions/runs/{number}", f"read the run {number} of {self.repository}")
        return run_of(response, response.object())

    def artifacts(self, number: int) -> tuple[Artifact, ...]:
        """All artifacts of a run."""
        pages = self._http.pages(
            f"{self._url}/actions/runs/{number}/artifacts",
            {"per_page": 100},
            what=f"list the artifacts of the run {number} of {self.repository}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
        )
        return tuple(artifact_of(page, item) for page in pages for item in items_of(page, "artifacts"))

    def archive(self, artifact: Artifact) -> bytes:
        """The ZIP archive of an artifact, of at most `LARGEST_ARCHIVE` bytes."""
        return self._http.request(
            "GET",
            f"{self._url}/actions/artifacts/{artifact.id}/zip",
            what=f"fetch the artifact {artifact.name} of {self.repository}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
            longest=LARGEST_ARCHIVE,
        ).body

    def _get(self, path: str, what: str, *, also: int = HTTPStatus.OK, **params: str) -> Response:
        return self._http.request(
            "GET",
            f"{self._url}{path}",
            what=what,
            credential=self._credential,
            headers=GITHUB_HEADERS,
            params=params,
            expect=(HTTPStatus.OK, also),
        )


def items_of(response: Response, name: str) -> list[Any]:
    """The items of a page that wraps its list in an object."""
    items = response.object().get(name)
    if not isinstance(items, list):
        response.reject(f"has no {name}")
    return items


def run_of(response: Response, item: Any) -> WorkflowRun:
    """A run from its payload."""
    try:
        return WorkflowRun(
            id=item["id"],
            title=item["display_title"] or "",
            status=item["status"] or "",
            conclusion=item["conclusion"] or "",
            url=item["html_url"],
            event=item["event"],
            head_branch=item["head_branch"] or "",
            head_sha=item["head_sha"],
            head_repository=(item.get("head_repository") or {}).get("full_name", ""),
        )
    except (KeyError, TypeError, AttributeError):
        response.reject("is not a workflow run")


def artifact_of(response: Response, item: Any) -> Artifact:
    """An artifact from its payload."""
    try:
        return Artifact(item["id"], item["name"], item["size_in_bytes"], item["expired"], item.get("digest") or "")
    except (KeyError, TypeError):
        response.reject("is not an artifact")
