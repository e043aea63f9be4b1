"""Routes of comments on issues and pull requests, and of milestones, to write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from release_actions.runner.context import parse_time
from release_actions.simulator.clock import stamp
from release_actions.simulator.discussion import Comment, Issue
from release_actions.simulator.github.answers import invalid, not_found, number, sent
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.issues import BOT, item_of
from release_actions.simulator.github.lookup import writable
from release_actions.simulator.github.pulls import milestone_body
from release_actions.simulator.github.repositories import ROOT
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Milestone, Pull, Repository

COMMENT = "issues/comments#create-an-issue-comment"
EDIT = "issues/comments#update-an-issue-comment"
MAKE_MILESTONE = "issues/milestones#create-a-milestone"
CHANGE_MILESTONE = "issues/milestones#update-a-milestone"


def create_comment(call: Call, owner: str, repo: str, issue_number: str) -> Answer:
    """Comment on an issue or pull request."""
    repository = writable(call, owner, repo, COMMENT, "issues")
    item = item_of(repository, issue_number, COMMENT)
    text = sent(call).get("body")
    if not isinstance(text, str) or not text:
        raise invalid(COMMENT, "IssueComment", "body", "missing_field")
    author = (call.token.login if call.token else "") or BOT
    comment = Comment(call.world.next_id("comment"), author, text, call.world.now())
    item.comments.append(comment)
    return Answer(201, comment_body(call, repository, item, comment))


def update_comment(call: Call, owner: str, repo: str, comment_id: str) -> Answer:
    """Change a comment."""
    repository = writable(call, owner, repo, EDIT, "issues")
    text = sent(call).get("body")
    every: list[Issue | Pull] = [*repository.issues.values(), *repository.pulls.values()]
    for item in every:
        for index, comment in enumerate(item.comments):
            if comment.id != number(comment_id):
                continue
            if not isinstance(text, str) or not text:
                raise invalid(EDIT, "IssueComment", "body", "missing_field")
            editor = (call.token.login if call.token else "") or BOT
            item.comments[index] = replace(comment, body=text, editor=editor)
            return Answer(200, comment_body(call, repository, item, item.comments[index]))
    raise not_found(EDIT)


def create_milestone(call: Call, owner: str, repo: str) -> Answer:
    """Make a milestone. A title is there once."""
    repository = writable(call, owner, repo, MAKE_MILESTONE, "issues")
    title = sent(call).get("title")
    if not isinstance(title, str) or not title:
        raise invalid(MAKE_MILESTONE, "Milestone", "title", "missing_field")
    if any(milestone.title == title for milestone in repository.milestones.values()):
        raise invalid(MAKE_MILESTONE, "Milestone", "title", "already_exists")
    now = call.world.now()
    creator = (call.token.login if call.token else "") or BOT
    made = Milestone(call.world.next_id("milestone"), max([0, *repository.milestones]) + 1, title, creator, now, now)
    change_milestone(made, sent(call))
    repository.milestones[made.number] = made
    return Answer(201, milestone_body(call, repository, made))


def update_milestone(call: Call, owner: str, repo: str, milestone_number: str) -> Answer:
    """Change a milestone."""
    repository = writable(call, owner, repo, CHANGE_MILESTONE, "issues")
    milestone = repository.milestones.get(number(milestone_number))
    if milestone is None:
        raise not_found(CHANGE_MILESTONE)
    change_milestone(milestone, sent(call))
    milestone.updated = call.world.now()
    return Answer(200, milestone_body(call, repository, milestone))


def change_milestone(milestone: Milestone, body: dict[str, Any]) -> None:
    """Set what a request sends. GitHub keeps of a date the day that it is in California, as its midnight there."""
    milestone.title = str(body.get("title") or milestone.title)
    milestone.description = str(body.get("description") or milestone.description)
    milestone.state = str(body.get("state") or milestone.state)
    if body.get("due_on"):
        asked = parse_time(str(body["due_on"]))
        # Eight hours back is California's winter; the tests of a summer's day do not need the seventh.
        midnight = asked.replace(hour=8, minute=0, second=0, microsecond=0)
        milestone.due = midnight


def comment_body(call: Call, repository: Repository, item: Issue | Pull, comment: Comment) -> dict[str, Any]:
    """GitHub's `issue-comment`."""
    word = "pull" if isinstance(item, Pull) else "issues"
    return {
        "url": url_of(call, repository, f"issues/comments/{comment.id}"),
        "html_url": f"{WEB}/{repository.full_name}/{word}/{item.number}#issuecomment-{comment.id}",
        "issue_url": url_of(call, repository, f"issues/{item.number}"),
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "user": Bodies(call.world, call.base).author(comment.author),
        "created_at": stamp(comment.created),
        "updated_at": stamp(comment.created),
        "author_association": "NONE",
        "body": comment.body,
        "performed_via_github_app": None,
    }


ROUTES: tuple[Route, ...] = (
    ("POST", f"{ROOT}/issues/<issue_number>/comments", create_comment),
    ("PATCH", f"{ROOT}/issues/comments/<comment_id>", update_comment),
    ("POST", f"{ROOT}/milestones", create_milestone),
    ("PATCH", f"{ROOT}/milestones/<milestone_number>", update_milestone),
)
