from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from tests.http.loopback import Asked, Reply, serving

from release_actions.errors import InputError, RemoteError
from release_actions.github.packages import Package, Packages, PackageVersion, Refusal
from release_actions.http.client import Http

API = "https://api.github.com"
VERSIONS = f"{API}/orgs/llm-d/packages/container/llm-d-cuda/versions"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/users/llm-d", json={"login": "llm-d", "type": "Organization"})
        yield mock


@pytest.fixture
def packages(http: Http) -> Packages:
    return Packages(http, API, "llm-d", token="ghs_secret")


def payload(number: int, *tags: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"sha256:{number:064x}",
        "url": f"{VERSIONS}/{number}",
        "created_at": "2026-02-03T09:00:00Z",
        "updated_at": "2026-02-04T09:00:00Z",
        "metadata": {"package_type": "container", "container": {"tags": list(tags)}},
    }


def version(number: int, *tags: str) -> PackageVersion:
    return PackageVersion(
        id=number,
        digest=f"sha256:{number:064x}",
        tags=tags,
        created_at=datetime(2026, 2, 3, 9, tzinfo=timezone.utc),
        updated_at=datetime(2026, 2, 4, 9, tzinfo=timezone.utc),
    )


class TestAccount:
    @pytest.mark.parametrize(("kind", "route"), [("Organization", "orgs"), ("User", "users")])
    def test_its_type_chooses_the_routes(self, http: Http, kind: str, route: str) -> None:
        with responses.RequestsMock() as web:
            web.get(f"{API}/users/someone", json={"type": kind})
            web.get(f"{API}/{route}/someone/packages/container/x/versions", json=[])
            packages = Packages(http, API, "someone", token="ghs_secret")
            assert packages.versions("x") == ()
            assert packages.versions("x") == ()
            assert web.assert_call_count(f"{API}/users/someone", 1)

    @pytest.mark.parametrize("answer", [{"type": "Mannequin"}, {}, {"type": ["User"]}])
    def test_another_type_is_an_error(self, http: Http, answer: dict[str, Any]) -> None:
        with responses.RequestsMock() as web:
            web.get(f"{API}/users/someone", json=answer)
            with pytest.raises(RemoteError, match="does not say whether the account is an organisation or a user"):
                Packages(http, API, "someone").versions("x")

    def test_an_account_that_does_not_exist(self, http: Http) -> None:
        with responses.RequestsMock() as web:
            web.get(f"{API}/users/nobody", status=404, json={"message": "Not Found"})
            with pytest.raises(RemoteError, match="Could not look up the account nobody"):
                Packages(http, API, "nobody").versions("x")

    @pytest.mark.parametrize("owner", ["", "a/b", "a b", "../x", "-a", "a?b"])
    def test_a_malformed_account_is_refused(self, http: Http, owner: str) -> None:
        with pytest.raises(InputError, match="is not the name of a GitHub account"):
            Packages(http, API, owner)

    def test_an_enterprise_server_is_reached_by_its_address(self, http: Http) -> None:
        api = "https://ghe.example/api/v3"
        with responses.RequestsMock() as web:
            web.get(f"{api}/users/llm-d", json={"type": "Organization"})
            web.get(f"{api}/orgs/llm-d/packages/container/x/versions", json=[payload(1)])
            assert Packages(http, f"{api}/", "llm-d", token="ghs_secret").versions("x") == (version(1),)
            assert web.calls[1].request.headers["Authorization"] == "Bearer ghs_secret"


class TestNames:
    def test_a_slash_is_part_of_the_name(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.get(f"{API}/orgs/llm-d/packages/container/charts%2Fllm-d/versions", json=[payload(1)])
        assert packages.versions("charts/llm-d") == (version(1),)

    @pytest.mark.parametrize("name", ["", "/a", "a/", "a b", "..", "a/../b", "a%2Fb", "a?b", "a#b", "a\n"])
    def test_a_malformed_name_is_refused(self, http: Http, name: str) -> None:
        with pytest.raises(InputError, match="is not the name of a container package"):
            Packages(http, API, "llm-d").versions(name)


class TestVersions:
    def test_a_short_list_costs_one_request(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.get(VERSIONS, json=[payload(2, "latest", "v0.5.0"), payload(1)])
        assert packages.versions("llm-d-cuda") == (version(2, "latest", "v0.5.0"), version(1))
        assert web.calls[1].request.url == f"{VERSIONS}?state=active&per_page=100"
        assert web.calls[1].request.headers["X-GitHub-Api-Version"] == "2022-11-28"
        assert len(web.calls) == 2

    def test_deleted_versions_are_asked_for_by_state(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.get(
            VERSIONS, json=[], match=[responses.matchers.query_param_matcher({"state": "deleted", "per_page": 100})]
        )
        assert packages.versions("llm-d-cuda", state="deleted") == ()

    @pytest.mark.parametrize(
        "change",
        [
            {"id": "1"},
            {"id": True},
            {"name": None},
            {"created_at": "yesterday"},
            {"created_at": "2026-02-03T09:00:00"},
            {"updated_at": None},
            {"metadata": {}},
            {"metadata": {"container": {"tags": None}}},
            {"metadata": {"container": {"tags": "latest"}}},
            {"metadata": {"container": {"tags": [1]}}},
        ],
    )
    def test_what_is_no_version_is_an_error(
        self, packages: Packages, web: responses.RequestsMock, change: dict[str, Any]
    ) -> None:
        web.get(VERSIONS, json=[payload(1) | change])
        with pytest.raises(RemoteError, match="holds something that is not a version of a container package"):
            packages.versions("llm-d-cuda")

    def test_a_missing_right_names_the_permission(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.get(
            VERSIONS,
            status=403,
            json={"message": "Resource not accessible by integration"},
            headers={"X-Accepted-GitHub-Permissions": "packages=read"},
        )
        with pytest.raises(RemoteError) as caught:
            packages.versions("llm-d-cuda")
        assert str(caught.value) == (
            "Could not list the active versions of the package llm-d-cuda: api.github.com answered 403 Forbidden to "
            'GET /orgs/llm-d/packages/container/llm-d-cuda/versions, "Resource not accessible by integration". The '
            "token needs the permission packages=read. Grant it under 'permissions:' of the job, or to the app."
        )


class Shelf:
    """A list of versions behind GitHub's paging. `before` is called with each request's number and may move things."""

    def __init__(self, count: int) -> None:
        self.items = [payload(number, f"t{number}") for number in range(count, 0, -1)]
        self.before: Callable[[int], object] = lambda _: None
        self.asked = 0
        self.url = ""

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.startswith("/users/"):
            return Reply.of({"type": "Organization"})
        self.asked += 1
        self.before(self.asked)
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        page, size = int(query.get("page", 1)), int(query["per_page"])
        last = max(1, -(-len(self.items) // size))
        base = f"{self.url}{urlsplit(asked.path).path}?state={query['state']}&per_page={size}"
        link = [f'<{base}&page={page + 1}>; rel="next"', f'<{base}&page={last}>; rel="last"'] if page < last else []
        items = self.items[(page - 1) * size : page * size]
        return Reply.of(items, Link=", ".join(link)) if link else Reply.of(items)


class TestLongLists:
    def read(self, http: Http, shelf: Shelf) -> tuple[PackageVersion, ...]:
        with serving(shelf) as server:
            shelf.url = server.url
            return Packages(http, server.url, "llm-d").versions("llm-d-cuda")

    @pytest.mark.parametrize("count", [100, 101, 200, 250])
    def test_every_page_is_read_in_order(self, http: Http, count: int) -> None:
        found = self.read(http, Shelf(count))
        assert [version.id for version in found] == list(range(count, 0, -1))

    def test_its_cost(self, http: Http) -> None:
        shelf = Shelf(250)
        self.read(http, shelf)
        assert shelf.asked == 3 + 2, "three pages, and the first and the last one again"

    @pytest.mark.parametrize("request_number", [2, 3, 4])
    @pytest.mark.parametrize("change", ["push", "delete new", "delete old", "push and delete"])
    def test_a_list_that_moves_is_read_again(self, http: Http, change: str, request_number: int) -> None:
        shelf = Shelf(250)

        def move(number: int) -> None:
            if number != request_number:
                return
            if "push" in change:
                shelf.items.insert(0, payload(1000, "pushed"))
            if "delete" in change:
                del shelf.items[-1 if "old" in change else 5]

        shelf.before = move
        before = [item["id"] for item in shelf.items]
        found = [version.id for version in self.read(http, shelf)]
        now = [item["id"] for item in shelf.items]
        # What was deleted after its page was read is as if it had been deleted after the list was.
        assert [number for number in found if number in now] == now
        assert set(found) <= {*before, *now}
        if "push" in change and request_number <= shelf.asked:
            assert found == now

    @pytest.mark.parametrize("length", [0, 99])
    def test_a_page_that_is_short_is_an_error(self, http: Http, length: int) -> None:
        shelf = Shelf(350)
        whole = shelf.__call__

        def cut(asked: Asked) -> Reply:
            reply = whole(asked)
            if "page=2" in asked.path:
                reply = Reply.of(json.loads(reply.body)[:length])
            return reply

        with serving(cut) as server:
            shelf.url = server.url
            with pytest.raises(RemoteError, match=f"page 2 of 4 had {length} items and not 100"):
                Packages(http, server.url, "llm-d").versions("llm-d-cuda")

    def test_a_tag_that_moves_to_an_older_version_is_seen_on_both_and_read_again(self, http: Http) -> None:
        shelf = Shelf(250)

        def retag(number: int) -> None:
            if number == 4:
                shelf.items[0] = payload(250)
                shelf.items[200] = payload(50, "t250")

        shelf.before = retag
        found = {version.id: version.tags for version in self.read(http, shelf)}
        assert (found[250], found[50]) == ((), ("t250",))

    def test_a_list_that_never_rests_is_an_error(self, http: Http) -> None:
        shelf = Shelf(250)
        shelf.before = lambda number: shelf.items.insert(0, payload(1000 + number))
        with pytest.raises(RemoteError) as caught:
            self.read(http, shelf)
        assert str(caught.value) == (
            "Could not list the active versions of the package llm-d-cuda: the list changed while it was read, 3 times "
            "in a row. Run it again when nothing is being pushed to or deleted from the package."
        )

    @pytest.mark.parametrize(
        ("items", "reason"),
        [
            ([payload(1), payload(1)], "version 1 was listed twice"),
            ([payload(2, "latest"), payload(1, "latest")], "the tag latest was listed on two versions"),
        ],
    )
    def test_a_list_that_contradicts_itself_is_an_error(
        self, packages: Packages, web: responses.RequestsMock, items: list[dict[str, Any]], reason: str
    ) -> None:
        web.get(VERSIONS, json=items)
        with pytest.raises(RemoteError, match=reason):
            packages.versions("llm-d-cuda")


class TestOneVersion:
    def test_get(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.get(f"{VERSIONS}/7", json=payload(7, "latest"))
        web.get(f"{VERSIONS}/8", status=404, json={"message": "Package not found."})
        assert packages.get_version("llm-d-cuda", 7) == version(7, "latest")
        assert packages.get_version("llm-d-cuda", 8) is None

    def test_delete_and_restore(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.delete(f"{VERSIONS}/7", status=204)
        web.post(f"{VERSIONS}/7/restore", status=204)
        assert packages.delete_version("llm-d-cuda", 7) is None
        assert packages.restore_version("llm-d-cuda", 7) is None

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (400, "You cannot delete the last tagged version of a package. You must delete the package instead."),
            (400, "Publicly visible package versions with more than 5000 downloads cannot be deleted."),
            (403, "Must have admin rights to Repository."),
            (404, "Package not found."),
            (422, "Validation Failed"),
        ],
    )
    @pytest.mark.parametrize("verb", ["delete", "restore"])
    def test_a_refusal_is_a_result_in_githubs_words(
        self, packages: Packages, web: responses.RequestsMock, verb: str, status: int, words: str
    ) -> None:
        body = {"message": words}
        if verb == "delete":
            web.delete(f"{VERSIONS}/7", status=status, json=body)
            refusal = packages.delete_version("llm-d-cuda", 7)
        else:
            web.post(f"{VERSIONS}/7/restore", status=status, json=body)
            refusal = packages.restore_version("llm-d-cuda", 7)
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.message) == (status, words)
        assert str(refusal) == f'GitHub answered {status}, "{words}"'

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            ("You cannot delete the last tagged version of a package.", "Name a tag to keep in exclude-tags"),
            ("Versions with more than 5,000 downloads cannot be deleted.", "Only GitHub's support deletes"),
            ("Something else.", ""),
        ],
    )
    def test_a_refusal_of_one_version_says_what_to_do(
        self, packages: Packages, web: responses.RequestsMock, words: str, hint: str
    ) -> None:
        web.delete(f"{VERSIONS}/7", status=400, json={"message": words})
        refusal = packages.delete_version("llm-d-cuda", 7)
        assert refusal is not None
        assert hint in refusal.hint
        assert bool(refusal.hint) == bool(hint)

    def test_a_refused_right_says_what_to_do(self, packages: Packages, web: responses.RequestsMock) -> None:
        web.delete(f"{VERSIONS}/7", status=403, json={"message": "Must have admin rights"})
        refusal = packages.delete_version("llm-d-cuda", 7)
        assert refusal is not None
        assert '"Manage Actions access"' in refusal.hint

    @pytest.mark.parametrize("status", [401, 500])
    def test_what_concerns_all_of_them_is_an_error(
        self, packages: Packages, web: responses.RequestsMock, status: int
    ) -> None:
        web.delete(f"{VERSIONS}/7", status=status, json={"message": "No"})
        with pytest.raises(RemoteError, match="Could not delete version 7 of the package llm-d-cuda"):
            packages.delete_version("llm-d-cuda", 7)

    def test_a_delete_that_was_done_although_its_answer_was_lost(
        self, packages: Packages, web: responses.RequestsMock
    ) -> None:
        web.delete(f"{VERSIONS}/7", status=502)
        web.delete(f"{VERSIONS}/7", status=404, json={"message": "Package not found."})
        assert packages.delete_version("llm-d-cuda", 7) is None

    @pytest.mark.parametrize("there", [True, False])
    def test_a_restore_whose_answer_was_lost_is_looked_up(
        self,
        packages: Packages,
        web: responses.RequestsMock,
        there: bool,  # noqa: FBT001  # a table's column
    ) -> None:
        web.post(f"{VERSIONS}/7/restore", status=502)
        web.post(f"{VERSIONS}/7/restore", status=404, json={"message": "Package not found."})
        web.get(f"{VERSIONS}/7", status=200 if there else 404, json=payload(7))
        refusal = packages.restore_version("llm-d-cuda", 7)
        assert (refusal is None) == there


class TestPackagesOfAnAccount:
    LIST = f"{API}/orgs/llm-d/packages"

    def test_all_pages(self, packages: Packages, web: responses.RequestsMock) -> None:
        one = {"name": "llm-d-cuda", "visibility": "public", "repository": {"full_name": "llm-d/llm-d"}}
        two = {"name": "charts/llm-d", "visibility": "private"}
        web.get(self.LIST, json=[one], headers={"Link": f'<{self.LIST}?page=2>; rel="next"'})
        web.get(self.LIST, json=[two])
        assert packages.packages() == (
            Package("llm-d-cuda", "public", "llm-d/llm-d"),
            Package("charts/llm-d", "private", ""),
        )
        assert web.calls[1].request.url == f"{self.LIST}?package_type=container&per_page=100"

    @pytest.mark.parametrize("status", [400, 403])
    def test_a_jobs_own_token_cannot_and_the_hint_says_what_can(
        self, packages: Packages, web: responses.RequestsMock, status: int
    ) -> None:
        web.get(self.LIST, status=status, json={"message": "Invalid argument."})
        with pytest.raises(RemoteError) as caught:
            packages.packages()
        assert caught.value.problems[0].message.startswith(
            f"Could not list the container packages of llm-d: api.github.com answered {status}"
        )
        assert caught.value.hint == (
            "A job's own GITHUB_TOKEN cannot list the packages of an organisation. Name the packages one by one, or "
            "pass a classic personal access token with the scope read:packages."
        )
        assert caught.value.status == status

    @pytest.mark.parametrize("item", [5, {}, {"name": "x", "repository": 5}])
    def test_what_is_no_package_is_an_error(self, packages: Packages, web: responses.RequestsMock, item: Any) -> None:
        web.get(self.LIST, json=[item])
        with pytest.raises(RemoteError, match="holds something that is not a package"):
            packages.packages()
