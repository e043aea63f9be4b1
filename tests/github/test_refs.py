"""Git tags on GitHub, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import responses
from tests.http.loopback import Clock

from release_actions.errors import RemoteError
from release_actions.github.refs import GitRefs
from release_actions.http.client import Http

GIT = "https://api.github.com/repos/llm-d/llm-d/git"
REF, REFS = f"{GIT}/ref/tags/v0.5", f"{GIT}/refs/tags/v0.5"
A, B = "a" * 40, "b" * 40
THERE = {"ref": "refs/tags/v0.5", "object": {"sha": A, "type": "commit"}}


@pytest.fixture
def refs() -> Iterator[GitRefs]:
    clock = Clock()
    with Http(sleep=clock.sleep, now=clock.now) as http:
        yield GitRefs(http, "https://api.github.com", "llm-d/llm-d", token="ghs_secret")


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_a_tag_is_read(refs: GitRefs, web: responses.RequestsMock) -> None:
    web.get(REF, json=THERE)
    assert refs.get("v0.5") == A
    assert web.calls[0].request.headers["Authorization"] == "Bearer ghs_secret"


def test_a_tag_that_is_not_there(refs: GitRefs, web: responses.RequestsMock) -> None:
    web.get(REF, status=404)
    assert refs.get("v0.5") == ""


@pytest.mark.parametrize("odd", [{}, {"object": None}, {"object": {"sha": 3}}])
def test_what_names_no_object_is_an_error(refs: GitRefs, web: responses.RequestsMock, odd: object) -> None:
    web.get(REF, json=odd)
    with pytest.raises(RemoteError, match="does not name an object"):
        refs.get("v0.5")


def test_a_tag_is_deleted(refs: GitRefs, web: responses.RequestsMock) -> None:
    web.delete(REFS, status=204)
    assert refs.delete("v0.5") is None


def test_a_token_that_may_change_nothing_is_told_by_a_tag_that_is_not_there(
    refs: GitRefs, web: responses.RequestsMock
) -> None:
    url = f"{GIT}/refs/tags/release-actions/no-tag-has-this-name"
    web.delete(url, status=403, json={"message": "Resource not accessible by integration"})
    assert str(refs.forbidden()) == 'GitHub answered 403, "Resource not accessible by integration"'


@pytest.mark.parametrize("status", [204, 404, 422])
def test_no_other_answer_says_that_a_token_may_not(refs: GitRefs, web: responses.RequestsMock, status: int) -> None:
    web.delete(f"{GIT}/refs/tags/release-actions/no-tag-has-this-name", status=status)
    assert refs.forbidden() is None


@pytest.mark.parametrize("status", [404, 422])
def test_a_tag_that_somebody_else_deleted_is_gone(refs: GitRefs, web: responses.RequestsMock, status: int) -> None:
    web.delete(REFS, status=status, json={"message": "Reference does not exist"})
    web.get(REF, status=404)
    assert refs.delete("v0.5") is None


def test_a_protected_tag_is_refused(refs: GitRefs, web: responses.RequestsMock) -> None:
    words = "Repository rule violations found\n\nCannot delete this tag"
    web.delete(REFS, status=422, json={"message": words})
    web.get(REF, json=THERE)
    refusal = refs.delete("v0.5")
    assert refusal is not None
    assert refusal.status == 422
    assert refusal.message.startswith("Repository rule violations found")
    assert refusal.hint.startswith("A rule may protect the tag:")


def test_a_missing_permission_is_named(refs: GitRefs, web: responses.RequestsMock) -> None:
    words = {"message": "Resource not accessible by integration"}
    web.delete(REFS, status=403, json=words, headers={"X-Accepted-GitHub-Permissions": "contents=write"})
    refusal = refs.delete("v0.5")
    assert refusal is not None
    assert refusal.hint.startswith("The token needs the permission contents=write.")


def test_a_tag_is_moved_by_force(refs: GitRefs, web: responses.RequestsMock) -> None:
    web.patch(REFS, json=THERE)
    assert refs.move("v0.5", B) is None
    assert json.loads(web.calls[0].request.body or "") == {"sha": B, "force": True}


def test_a_protected_tag_does_not_move(refs: GitRefs, web: responses.RequestsMock) -> None:
    web.patch(REFS, status=422, json={"message": "Cannot update this protected ref."})
    web.get(REF, json=THERE)
    refusal = refs.move("v0.5", B)
    assert str(refusal) == 'GitHub answered 422, "Cannot update this protected ref."'


RULE = "A rule may protect the tag: ask a person who may bypass it, or change the rule."
MAY_NOT_CHANGE = (
    "GitHub still shows it, so the token may see it and not change it. The job needs the permission 'contents: write'."
)
MAY_NOT_CREATE = (
    "The token may read the repository, so it may not create anything there. The job needs the permission "
    "'contents: write'."
)
NO_OBJECT = f"llm-d/llm-d has no object {B[:12]} any more."


@pytest.mark.parametrize(
    ("status", "message", "is_there", "hint"),
    [
        (404, "Not Found", True, MAY_NOT_CHANGE),
        (404, "Not Found", False, "v0.5 was deleted since it was read. Run it again to make a new plan."),
        (
            422,
            "Reference does not exist",
            False,
            "v0.5 was deleted since it was read. Run it again to make a new plan.",
        ),
        (422, "Cannot update this protected ref.", True, RULE),
        (422, "Object does not exist", None, NO_OBJECT),
    ],
)
def test_what_keeps_a_tag_from_moving_is_found_out(
    refs: GitRefs, web: responses.RequestsMock, status: int, message: str, hint: str, *, is_there: bool | None
) -> None:
    web.patch(REFS, status=status, json={"message": message})
    if is_there is not None:
        web.get(REF, **({"json": THERE} if is_there else {"status": 404}))

    refusal = refs.move("v0.5", B)

    assert refusal is not None
    assert refusal.hint == hint


@pytest.mark.parametrize(
    ("status", "message", "is_there", "hint"),
    [
        (404, "Not Found", False, MAY_NOT_CREATE),
        (422, "Reference already exists", True, f"v0.5 was made since it was looked for, and names {A}."),
        (422, "Repository rule violations found", False, RULE),
        (422, "Object does not exist", False, NO_OBJECT),
    ],
)
def test_what_keeps_a_tag_from_being_made_is_found_out(
    refs: GitRefs, web: responses.RequestsMock, status: int, message: str, hint: str, *, is_there: bool
) -> None:
    web.post(f"{GIT}/refs", status=status, json={"message": message})
    web.get(REF, **({"json": THERE} if is_there else {"status": 404}))

    refusal = refs.create("v0.5", B)

    assert refusal is not None
    assert refusal.hint == hint


def test_an_unclear_answer_is_an_error(refs: GitRefs, web: responses.RequestsMock) -> None:
    web.delete(REFS, status=401, json={"message": "Bad credentials"})
    with pytest.raises(RemoteError, match=r"Could not delete the git tag v0\.5 of llm-d/llm-d"):
        refs.delete("v0.5")
