"""The registry's token endpoint, its challenge, and who may do what."""

from __future__ import annotations

import base64

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
    Caller,
    codes,
    multi,
)

from release_actions.simulator import World, build_image
from release_actions.simulator.accounts import Role, TokenKind

MANIFEST = f"/v2/{PACKAGE}/manifests/v1"


def test_the_base_route_challenges_with_realm_service_and_scope(call: Caller) -> None:
    answer = call.registry("GET", "/v2/", None)
    assert answer.status_code == 401
    url = call.simulator.registry_url
    host = url.removeprefix("http://")
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="{url}/token",service="{host}",scope="repository:user/image:pull"'
    )
    assert codes(answer) == ["UNAUTHORIZED"]


def test_a_challenge_names_the_repository_and_what_the_request_needs(call: Caller) -> None:
    read = call.registry("GET", MANIFEST, None)
    write = call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/", None)
    assert f'scope="repository:{PACKAGE}:pull"' in read.headers["WWW-Authenticate"]
    assert f'scope="repository:{PACKAGE}:pull,push"' in write.headers["WWW-Authenticate"]


def test_a_public_package_is_challenged_too_and_pulls_with_an_anonymous_token(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    assert call.registry("GET", MANIFEST, None).status_code == 401
    assert call.with_bearer("GET", MANIFEST, call.bearer()).status_code == 200


def test_an_anonymous_token_is_good_for_the_repositories_it_was_asked_for(call: Caller, world: World) -> None:
    world.add_package("llm-d/second", visibility="public")
    world.push("llm-d/second", multi("b"), ["v1"])
    bearer = call.bearer(f"repository:{PACKAGE}:pull")
    assert call.with_bearer("GET", "/v2/llm-d/second/manifests/v1", bearer).status_code == 401
    both = call.bearer(f"repository:{PACKAGE}:pull repository:llm-d/second:pull")
    assert call.with_bearer("GET", "/v2/llm-d/second/manifests/v1", both).status_code == 200


def test_an_anonymous_token_never_pushes(call: Caller) -> None:
    bearer = call.bearer(f"repository:{PACKAGE}:pull,push")
    assert call.with_bearer("POST", f"/v2/{PACKAGE}/blobs/uploads/", bearer).status_code == 401


@pytest.mark.parametrize("name", ["llm-d/private", "llm-d/nothing"])
def test_anonymous_tokens_for_private_and_missing_packages_are_denied_alike(
    call: Caller, world: World, name: str
) -> None:
    world.add_package("llm-d/private", visibility="private")
    answer = call.registry("GET", f"/token?scope=repository:{name}:pull", None)
    assert answer.status_code == 403
    assert answer.json() == {
        "errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}],
    }


def test_any_user_name_goes_with_a_token_as_password(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    for token in (ADA, JOB):
        assert call.with_bearer("GET", MANIFEST, call.bearer(token=token)).status_code == 200


@pytest.mark.parametrize("password", ["ghp_unknown", ""])
def test_a_wrong_password_is_denied(call: Caller, password: str) -> None:
    url = f"{call.simulator.registry_url}/token"
    answer = call.session.get(url, auth=("ada", password), timeout=10)
    assert answer.status_code == 403
    assert codes(answer) == ["DENIED"]


def test_a_fine_grained_token_is_denied(call: Caller, world: World) -> None:
    world.add_token("github_pat_ada", TokenKind.FINE_GRAINED, login="ada", permissions={"packages": "write"})
    answer = call.session.get(f"{call.simulator.registry_url}/token", auth=("ada", "github_pat_ada"), timeout=10)
    assert answer.status_code == 403


def test_base64_of_a_token_is_taken_without_the_exchange(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    assert call.registry("GET", MANIFEST, ADA).status_code == 200
    assert call.registry("GET", "/token", None).request.headers.get("Authorization") is None


def test_the_token_itself_is_no_bearer_token(call: Caller) -> None:
    assert call.with_bearer("GET", "/v2/", ADA).status_code == 401


def test_an_unknown_bearer_token_is_challenged(call: Caller) -> None:
    unknown = base64.b64encode(b"ghp_unknown").decode()
    answer = call.with_bearer("GET", MANIFEST, unknown)
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_a_registry_token_dies_with_the_worlds_clock(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    bearer = call.bearer()
    world.clock.advance(299)
    assert call.with_bearer("GET", MANIFEST, bearer).status_code == 200
    world.clock.advance(1)
    assert call.with_bearer("GET", MANIFEST, bearer).status_code == 401


def test_a_private_package_is_pulled_by_its_members_and_by_its_repository(call: Caller, world: World) -> None:
    world.add_package("llm-d/private", visibility="private", repository="llm-d/llm-d")
    world.push("llm-d/private", multi("a"), ["v1"])
    path = "/v2/llm-d/private/manifests/v1"
    statuses = {token: call.registry("GET", path, token).status_code for token in (ADA, BOB, JOB, JOB_READING)}
    assert set(statuses.values()) == {200}
    for token in (EVE, OTHER_JOB):
        answer = call.registry("GET", path, token)
        assert (answer.status_code, codes(answer)) == (403, ["DENIED"])


def test_a_member_pulls_but_does_not_push_without_a_role(call: Caller, world: World) -> None:
    answer = call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/", BOB)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["message"] == "permission_denied: write_package"
    package = world.package(PACKAGE)
    assert package is not None
    package.roles["bob"] = Role.WRITE
    assert call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/", BOB).status_code == 202


@pytest.mark.parametrize("token", [READER, SCOPELESS, JOB_READING])
def test_a_push_needs_the_write_scope_or_permission(call: Caller, token: str) -> None:
    answer = call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/", token)
    assert answer.status_code == 403
    message = "permission_denied: The token provided does not match expected scopes."
    assert answer.json()["errors"][0]["message"] == message


def test_a_job_of_another_repository_does_not_push_without_a_role(call: Caller, world: World) -> None:
    assert call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/", OTHER_JOB).status_code == 403
    package = world.package(PACKAGE)
    assert package is not None
    package.roles["llm-d/other"] = Role.WRITE
    assert call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/", OTHER_JOB).status_code == 202


def test_a_first_push_by_a_job_makes_a_private_package_that_its_repository_administers(
    call: Caller, world: World
) -> None:
    call.push(build_image(seed="new"), "v1", package="llm-d/new", token=JOB)
    package = world.package("llm-d/new")
    assert package is not None
    assert (package.visibility, package.repository) == ("private", "llm-d/llm-d")
    assert package.roles == {"llm-d/llm-d": Role.ADMIN}


def test_a_first_push_by_a_person_makes_them_administer_it(call: Caller, world: World) -> None:
    call.push(build_image(seed="new"), "v1", package="llm-d/new", token=BOB)
    package = world.package("llm-d/new")
    assert package is not None
    assert (package.repository, package.roles) == ("", {"bob": Role.ADMIN})


def test_new_packages_are_public_where_the_world_says_so(call: Caller, world: World) -> None:
    world.behavior.new_packages = "public"
    call.push(build_image(seed="new"), "v1", package="llm-d/new", token=JOB)
    package = world.package("llm-d/new")
    assert package is not None
    assert package.public


@pytest.mark.parametrize("path", ["llm-d/new", "nobody/new"])
def test_nobody_makes_packages_of_an_account_they_are_nothing_to(call: Caller, path: str) -> None:
    answer = call.registry("POST", f"/v2/{path}/blobs/uploads/", EVE)
    assert (answer.status_code, codes(answer)) == (403, ["DENIED"])


@pytest.mark.parametrize("name", ["llm-d/Upper", "lonely", "llm-d/-x"])
def test_a_malformed_name_is_refused(call: Caller, name: str) -> None:
    answer = call.registry("GET", f"/v2/{name}/manifests/v1")
    assert (answer.status_code, codes(answer)) == (400, ["NAME_INVALID"])
