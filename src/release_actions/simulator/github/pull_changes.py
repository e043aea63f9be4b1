"""Routes that open and change pull requests."""

from __future__ import annotations

from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.github.answers import http_error, invalid, sent
from release_actions.simulator.github.lookup import writable
from release_actions.simulator.github.pulls import full_body, one
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Pull, Repository

CREATE = "pulls/pulls#create-a-pull-request"
UPDATE = "pulls/pulls#update-a-pull-request"
BOT = "github-actions[bot]"

NOT_PERMITTED = "GitHub Actions is not permitted to create or approve pull requests."
"""GitHub's words where the setting of the repository or of its organization is off."""


def create_pull(call: Call, owner: str, repo: str) -> Answer:
    """A pull request between two branches of the repository."""
    repository = writable(call, owner, repo, CREATE, "pull-requests")
    if call.token is not None and call.token.kind is TokenKind.ACTIONS and not repository.jobs_open_pulls:
        raise http_error(403, NOT_PERMITTED, CREATE)
    body = sent(call)
    head, base = str(body.get("head", "")).rpartition(":")[2], str(body.get("base", ""))
    check_branches(repository, head, base)
    git, now = repository.git, call.world.now()
    head_sha, base_sha = (git.peel(git.refs[f"refs/heads/{name}"]).sha for name in (head, base))
    pull = Pull(
        call.world.next_id("pull"),
        repository.next_number,
        str(body.get("title", "")),
        (call.token.login if call.token else "") or BOT,
        base,
        base_sha,
        head,
        head_sha,
        now,
        now,
        body=str(body.get("body") or ""),
        draft=body.get("draft") is True,
        commits=tuple(commit.sha for commit in git.between(base_sha, head_sha)),
    )
    repository.pulls[pull.number] = pull
    shown = full_body(call, repository, pull)
    return Answer(201, shown, {"Location": shown["url"]})


def check_branches(repository: Repository, head: str, base: str) -> None:
    """Raise `HttpError` for a branch that is not there, without commits, or with a pull request already."""
    for name, field in ((head, "head"), (base, "base")):
        if f"refs/heads/{name}" not in repository.git.refs:
            raise invalid(CREATE, "PullRequest", field, "invalid")
    words = ""
    own = [pull for pull in repository.pulls.values() if pull.state == "open" and not pull.head_owner]
    if any((pull.head, pull.base) == (head, base) for pull in own):
        words = f"A pull request already exists for {repository.owner.login}:{head}."
    elif not repository.git.between(*(repository.git.refs[f"refs/heads/{name}"].sha for name in (base, head))):
        words = f"No commits between {base} and {head}"
    if words:
        raise http_error(
            422, "Validation Failed", CREATE, errors=[{"resource": "PullRequest", "code": "custom", "message": words}]
        )


def update_pull(call: Call, owner: str, repo: str, pull_number: str) -> Answer:
    """Change title, text, state or base."""
    repository = writable(call, owner, repo, UPDATE, "pull-requests")
    pull = one(repository, pull_number, UPDATE)
    body = sent(call)
    state = body.get("state", pull.state)
    if state not in {"open", "closed"}:
        raise invalid(UPDATE, "PullRequest", "state", "invalid")
    pull.title = str(body.get("title") or pull.title)
    pull.body = str(body["body"] or "") if "body" in body else pull.body
    if state != pull.state:
        reopen(repository, pull) if state == "open" else None
        pull.closed = call.world.now() if state == "closed" else None
        pull.state = state
    pull.updated = call.world.now()
    return Answer(200, full_body(call, repository, pull))


def reopen(repository: Repository, pull: Pull) -> None:
    """Raise `HttpError` for what cannot be opened again: merged, or its branch is gone."""
    if pull.merged or f"refs/heads/{pull.head}" not in repository.git.refs:
        raise invalid(UPDATE, "PullRequest", "state", "invalid")


ROOT = "/repos/<owner>/<repo>"

ROUTES: tuple[Route, ...] = (
    ("POST", f"{ROOT}/pulls", create_pull),
    ("PATCH", f"{ROOT}/pulls/<pull_number>", update_pull),
)
