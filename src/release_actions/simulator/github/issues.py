"""Routes of issues: listed with the pull requests, as GitHub does it, opened and changed."""

from __future__ import annotations

from typing import Any

from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.clock import stamp
from release_actions.simulator.discussion import DEMILESTONED, MILESTONED, Issue, TimelineEvent
from release_actions.simulator.github.answers import http_error, invalid, not_found, number, paged_list, sent
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable, writable
from release_actions.simulator.github.pulls import label_body, milestone_body
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Pull, Repository

LIST = "issues/issues#list-repository-issues"
GET = "issues/issues#get-an-issue"
CREATE = "issues/issues#create-an-issue"
UPDATE = "issues/issues#update-an-issue"

STATES = frozenset({"open", "closed", "all"})
REASONS = frozenset({"completed", "not_planned", "duplicate", "reopened"})
BOT = "github-actions[bot]"


def list_issues(call: Call, owner: str, repo: str) -> Answer:
    """Issues and pull requests by state, labels, creator and milestone; the newest first."""
    repository = readable(call, owner, repo, LIST, "issues")
    state = call.arg("state", "open")
    if state not in STATES:
        raise invalid(LIST, "Issue", "state", "invalid")
    labels = {name for name in call.arg("labels").split(",") if name}
    creator, milestone = call.arg("creator"), call.arg("milestone")
    every: list[Issue | Pull] = [*repository.issues.values(), *repository.pulls.values()]
    items = [
        item
        for item in every
        if state in {"all", item.state}
        and labels <= set(item.labels)
        and creator in {"", item.author}
        and is_in_milestone(item, milestone)
    ]
    items.sort(key=lambda item: (item.created, item.number), reverse=call.arg("direction", "desc") == "desc")
    return paged_list(call, items, lambda item: issue_body(call, repository, item))


def is_in_milestone(item: Issue | Pull, milestone: str) -> bool:
    """Whether an item fits the parameter: a number, `*` for any milestone, `none`, or empty for all."""
    if milestone in {"*", "none"}:
        return bool(item.milestone) == (milestone == "*")
    return not milestone or item.milestone == number(milestone)


def get_issue(call: Call, owner: str, repo: str, issue_number: str) -> Answer:
    """One issue or pull request."""
    repository = readable(call, owner, repo, GET, "issues")
    return Answer(200, issue_body(call, repository, item_of(repository, issue_number, GET)))


def create_issue(call: Call, owner: str, repo: str) -> Answer:
    """A new issue."""
    repository = readable(call, owner, repo, CREATE, "issues")
    if call.token is None:
        raise http_error(401, "Requires authentication", CREATE)
    # Everybody may open an issue where a token lets them write at all.
    scoped = call.token.has_scope("repo") or call.token.has_scope("public_repo")
    if not (call.token.kind is TokenKind.CLASSIC and scoped):
        writable(call, owner, repo, CREATE, "issues")
    body = sent(call)
    title = body.get("title")
    if not isinstance(title, str) or not title:
        raise invalid(CREATE, "Issue", "title", "missing_field")
    now = call.world.now()
    issue = Issue(call.world.next_id("issue"), repository.next_number, title, call.token.login or BOT, now, now)
    # Who may not write opens an issue all the same, and GitHub drops the labels without a word.
    may_label = repository.role(call.token, "issues") >= Role.WRITE
    change(call, repository, issue, body if may_label else {"title": title, "body": body.get("body")}, CREATE)
    repository.issues[issue.number] = issue
    shown = issue_body(call, repository, issue)
    return Answer(201, shown, {"Location": shown["url"]})


def update_issue(call: Call, owner: str, repo: str, issue_number: str) -> Answer:
    """Change an issue or pull request: title, text, state, labels, milestone."""
    repository = writable(call, owner, repo, UPDATE, "issues")
    item = item_of(repository, issue_number, UPDATE)
    change(call, repository, item, sent(call), UPDATE)
    return Answer(200, issue_body(call, repository, item))


def change(call: Call, repository: Repository, item: Issue | Pull, body: dict[str, Any], docs: str) -> None:
    """Set what a request sends. Raises `HttpError` for what does not validate."""
    state, reason = body.get("state", item.state), body.get("state_reason")
    if state not in {"open", "closed"} or (reason is not None and reason not in REASONS):
        raise invalid(docs, "Issue", "state", "invalid")
    milestone = body.get("milestone", item.milestone) or 0
    if milestone and milestone not in repository.milestones:
        raise invalid(docs, "Issue", "milestone", "invalid")
    item.title = str(body.get("title") or item.title)
    item.body = str(body["body"] or "") if "body" in body else item.body
    record_milestone(call, repository, item, int(milestone))
    item.milestone = int(milestone)
    if "labels" in body:
        names = [label["name"] if isinstance(label, dict) else str(label) for label in body["labels"]]
        item.labels = tuple(dict.fromkeys(names))
        for name in item.labels:
            repository.labels.setdefault(name, "ededed")
    if "assignees" in body:
        item.assignees = tuple(map(str, body["assignees"]))
    now = call.world.now()
    if state != item.state:
        item.closed = now if state == "closed" else None
        item.state = state
        if isinstance(item, Issue):
            item.state_reason = reason or ("completed" if state == "closed" else "reopened")
            item.closed_by = (call.token.login if call.token else "") or BOT if state == "closed" else ""
    item.updated = now


def record_milestone(call: Call, repository: Repository, item: Issue | Pull, milestone: int) -> None:
    """Add to the timeline that an item left a milestone, or came into one."""
    actor, now = (call.token.login if call.token else "") or BOT, call.world.now()
    if item.milestone == milestone:
        return
    for kind, which in ((DEMILESTONED, item.milestone), (MILESTONED, milestone)):
        if which:
            item.events.append(TimelineEvent(kind, actor, now, repository.milestones[which].title))


def item_of(repository: Repository, issue_number: str, docs: str) -> Issue | Pull:
    """An issue or pull request by the number in a route. Raises `HttpError`."""
    item = repository.issues.get(number(issue_number)) or repository.pulls.get(number(issue_number))
    if item is None:
        raise not_found(docs)
    return item


def issue_body(call: Call, repository: Repository, item: Issue | Pull) -> dict[str, Any]:
    """GitHub's `issue`. A pull request is one with a key of its own."""
    bodies = Bodies(call.world, call.base)
    url = url_of(call, repository, f"issues/{item.number}")
    milestone = repository.milestones.get(item.milestone)
    kind, path = ("Issue", "issues") if isinstance(item, Issue) else ("PullRequest", "pull")
    web = f"{WEB}/{repository.full_name}/{path}/{item.number}"
    reason = item.state_reason or None if isinstance(item, Issue) else None
    closer = item.closed_by if isinstance(item, Issue) else item.merged_by
    shown = {
        "url": url,
        "repository_url": url_of(call, repository, "").removesuffix("/"),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": web,
        "id": item.id,
        "node_id": node_id(kind, item.id),
        "number": item.number,
        "title": item.title,
        "user": bodies.author(item.author),
        "labels": [label_body(call, repository, name) for name in item.labels],
        "state": item.state,
        "state_reason": reason,
        "locked": False,
        "assignee": bodies.author(item.assignees[0]) if item.assignees else None,
        "assignees": [bodies.author(login) for login in item.assignees],
        "milestone": milestone_body(call, repository, milestone) if milestone else None,
        "comments": 0,
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "closed_at": stamp(item.closed) if item.closed else None,
        "closed_by": bodies.author(closer) if closer else None,
        "author_association": association(repository, item.author),
        "active_lock_reason": None,
        "body": item.body or None,
    }
    if isinstance(item, Pull):
        pull = url_of(call, repository, f"pulls/{item.number}")
        links = {"url": pull, "html_url": web, "diff_url": f"{web}.diff", "patch_url": f"{web}.patch"}
        shown |= {
            "draft": item.draft,
            "pull_request": {**links, "merged_at": stamp(item.merged) if item.merged else None},
        }
    return shown


def association(repository: Repository, login: str) -> str:
    """What an author is to a repository."""
    if login.lower() == repository.owner.login.lower():
        return "OWNER"
    if login.lower() in {member.lower() for member in repository.owner.members}:
        return "MEMBER"
    return "COLLABORATOR" if login.lower() in repository.collaborators else "NONE"


ROOT = "/repos/<owner>/<repo>"

ROUTES: tuple[Route, ...] = (
    ("GET", f"{ROOT}/issues", list_issues),
    ("POST", f"{ROOT}/issues", create_issue),
    ("GET", f"{ROOT}/issues/<issue_number>", get_issue),
    ("PATCH", f"{ROOT}/issues/<issue_number>", update_issue),
)
