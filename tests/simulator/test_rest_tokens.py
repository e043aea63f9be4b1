"""Who may do what through the REST API, and how GitHub says no."""

from __future__ import annotations

import pytest
from tests.simulator.callers import (
    ADA,
    BOB,
    EVE,
    JOB,
    JOB_READING,
    OTHER_JOB,
    PACKAGE,
    READER,
    SCOPELESS,
    VERSIONS,
    Caller,
)

from release_actions.simulator import World, build_image
from release_actions.simulator.accounts import Role, TokenKind

LIST = "/orgs/llm-d/packages?package_type=container"


@pytest.fixture
def number(world: World) -> int:
    """The id of a version that may be deleted."""
    world.push(PACKAGE, build_image(seed="keep"), ["keep"])
    return world.push(PACKAGE, build_image(seed="go"), ["go"]).id


@pytest.mark.parametrize("path", [LIST, VERSIONS, "/user", "/users/ada"])
def test_a_token_that_is_none_is_bad_credentials_everywhere(call: Caller, path: str) -> None:
    answer = call.rest("GET", path, "ghp_unknown")
    assert answer.status_code == 401
    assert answer.json()["message"] == "Bad credentials"
    assert answer.json()["status"] == "401"


def test_a_token_that_expired_is_bad_credentials(call: Caller, world: World) -> None:
    world.add_token("ghs_short", TokenKind.ACTIONS, repository="llm-d/llm-d", expires=world.now().replace(hour=10))
    assert call.rest("GET", "/users/ada", "ghs_short").status_code == 200
    world.clock.advance(3600)
    assert call.rest("GET", "/users/ada", "ghs_short").status_code == 401


@pytest.mark.parametrize("scheme", ["token", "Bearer", "bearer"])
def test_a_token_is_taken_under_either_scheme(call: Caller, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {ADA}"}
    answer = call.session.get(f"{call.simulator.api_url}/user", headers=headers, timeout=10)
    assert answer.json()["login"] == "ada"


def test_a_token_is_taken_as_a_password(call: Caller) -> None:
    answer = call.session.get(f"{call.simulator.api_url}/user", auth=("whoever", ADA), timeout=10)
    assert answer.json()["login"] == "ada"


@pytest.mark.parametrize("path", [LIST, VERSIONS])
def test_packages_need_a_token_even_public_ones(call: Caller, path: str) -> None:
    answer = call.rest("GET", path, None)
    assert (answer.status_code, answer.json()["message"]) == (401, "Requires authentication")


def test_a_jobs_token_cannot_list_an_organizations_packages(call: Caller) -> None:
    answer = call.rest("GET", LIST, JOB)
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid argument.")


@pytest.mark.parametrize("token", [JOB, JOB_READING, OTHER_JOB])
def test_a_jobs_token_lists_the_versions_of_one_package(call: Caller, number: int, token: str) -> None:
    assert number in [version["id"] for version in call.versions(token)]


def test_a_classic_token_needs_the_read_scope(call: Caller) -> None:
    answer = call.rest("GET", LIST, SCOPELESS)
    assert answer.status_code == 403
    assert answer.json()["message"] == "You need at least read:packages scope to list packages."
    assert answer.headers["X-OAuth-Scopes"] == ""


def test_a_classic_tokens_scopes_are_told_with_every_answer(call: Caller) -> None:
    assert call.rest("GET", VERSIONS, ADA).headers["X-OAuth-Scopes"] == "delete:packages, repo, write:packages"
    assert "X-OAuth-Scopes" not in call.rest("GET", VERSIONS, JOB).headers


def test_a_classic_token_needs_the_delete_scope_to_delete(call: Caller, number: int) -> None:
    answer = call.rest("DELETE", f"{VERSIONS}/{number}", READER)
    assert answer.status_code == 403
    assert "delete:packages" in answer.json()["message"]


@pytest.mark.parametrize("token", [BOB, EVE])
def test_a_classic_token_needs_the_packages_admin_role_to_delete(
    call: Caller, world: World, number: int, token: str
) -> None:
    assert call.rest("DELETE", f"{VERSIONS}/{number}", token).status_code == 403
    world.packages[PACKAGE].roles[token.removeprefix("ghp_")] = Role.ADMIN
    assert call.rest("DELETE", f"{VERSIONS}/{number}", token).status_code == 204


@pytest.mark.parametrize("token", [JOB_READING, OTHER_JOB])
def test_a_jobs_token_needs_permission_and_role_to_delete(call: Caller, number: int, token: str) -> None:
    answer = call.rest("DELETE", f"{VERSIONS}/{number}", token)
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "packages=write"


def test_a_jobs_token_deletes_with_both_and_restores(call: Caller, number: int) -> None:
    assert call.rest("DELETE", f"{VERSIONS}/{number}", JOB).status_code == 204
    assert call.rest("POST", f"{VERSIONS}/{number}/restore", JOB).status_code == 204


def test_the_write_role_is_not_enough_to_delete(call: Caller, world: World, number: int) -> None:
    world.packages[PACKAGE].roles["llm-d/llm-d"] = Role.WRITE
    assert call.rest("DELETE", f"{VERSIONS}/{number}", JOB).status_code == 403


def test_a_job_without_the_permission_reads_nothing(call: Caller, world: World) -> None:
    world.add_token("ghs_none", TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read"})
    answer = call.rest("GET", VERSIONS, "ghs_none")
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "packages=read"


def test_a_fine_grained_token_is_not_taken(call: Caller, world: World) -> None:
    world.add_token("github_pat_a", TokenKind.FINE_GRAINED, login="ada", permissions={"packages": "write"})
    answer = call.rest("GET", VERSIONS, "github_pat_a")
    assert answer.json()["message"] == "Resource not accessible by personal access token"


def test_an_apps_token_works_on_the_account_it_is_installed_on(call: Caller, world: World, number: int) -> None:
    permissions = {"packages": "write"}
    world.add_token("ghs_app", TokenKind.APP, account="llm-d", permissions=permissions)
    world.add_token("ghs_elsewhere", TokenKind.APP, account="eve", permissions=permissions)
    assert call.rest("DELETE", f"{VERSIONS}/{number}", "ghs_elsewhere").status_code == 403
    assert call.rest("DELETE", f"{VERSIONS}/{number}", "ghs_app").status_code == 204


@pytest.mark.parametrize("token", [EVE, OTHER_JOB])
def test_what_is_not_to_be_seen_is_not_found(call: Caller, world: World, token: str) -> None:
    world.add_package("llm-d/private", visibility="private", repository="llm-d/llm-d")
    missing = call.rest("GET", "/orgs/llm-d/packages/container/nothing", token)
    hidden = call.rest("GET", "/orgs/llm-d/packages/container/private", token)
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert call.rest("GET", "/orgs/llm-d/packages/container/private", JOB).status_code == 200


def test_a_jobs_token_is_no_user(call: Caller) -> None:
    answer = call.rest("GET", "/user", JOB)
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")


def test_an_account_says_whether_it_is_an_organization(call: Caller) -> None:
    assert call.rest("GET", "/users/llm-d", JOB).json()["type"] == "Organization"
    assert call.rest("GET", "/users/ADA", JOB).json()["type"] == "User"
    assert call.rest("GET", "/orgs/llm-d", JOB).json()["login"] == "llm-d"
    assert call.rest("GET", "/orgs/ada", JOB).status_code == 404
    assert call.rest("GET", "/users/nobody", JOB).status_code == 404


def test_an_unknown_route_and_an_unknown_method_are_not_found(call: Caller) -> None:
    url = call.simulator.api_url
    from_api = {"headers": {"Authorization": f"Bearer {ADA}"}, "timeout": 10}
    assert call.session.put(f"{url}/user", **from_api).json()["message"] == "Not Found"  # type: ignore[arg-type]


def test_every_answer_has_a_request_id_of_its_own(call: Caller) -> None:
    answers = [call.rest("GET", "/users/ada", token) for token in (ADA, None, "ghp_unknown")]
    assert len({answer.headers["X-GitHub-Request-Id"] for answer in answers}) == 3
