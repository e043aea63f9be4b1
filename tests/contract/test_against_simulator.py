"""The adapters over real HTTP against the embedded GitHub and GHCR, with faults."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tests.http.loopback import Clock

from release_actions.errors import RemoteError
from release_actions.github import repository as github_repository
from release_actions.github.packages import Package, Packages
from release_actions.http.client import Http
from release_actions.http.origins import Credential
from release_actions.registry.client import Descriptor, Registry
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import Digest, digest_of
from release_actions.simulator import Image, InProcess, Simulator, World, build_image
from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.faults import Fault, delete_step, preset, push_step, tag_step
from release_actions.simulator.packages import LAST_TAGGED, POPULAR

JOB = "ghs_job_token_of_llm_d"
PERSON = "ghp_token_of_a_person"
CUDA = "llm-d/llm-d-cuda"
VERSIONS = "/orgs/llm-d/packages/container/*/versions"


@pytest.fixture
def world() -> World:
    world = World()
    world.add_account("maintainer")
    world.add_account("llm-d", organization=True, members={"maintainer": "admin"})
    world.add_repository("llm-d/llm-d")
    world.add_token(
        JOB, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read", "packages": "write"}
    )
    world.add_token(PERSON, login="maintainer", scopes=["read:packages", "write:packages", "delete:packages", "repo"])
    world.add_package(CUDA, visibility="public", repository="llm-d/llm-d")
    return world


@pytest.fixture
def clock(world: World) -> Clock:
    return Clock(world.now().timestamp())


@pytest.fixture
def packages(http: Http, simulator: Simulator) -> Packages:
    return Packages(http, simulator.api_url, "llm-d", token=JOB)


@pytest.fixture
def registry(http: Http, simulator: Simulator, clock: Clock) -> Registry:
    return Registry(http, simulator.registry_url, token=JOB, now=clock.now)


def image(seed: str, *platforms: str) -> Image:
    return build_image(platforms or ("linux/amd64", "linux/arm64"), seed=seed)


def push(registry: Registry, repository: str, image: Image, *tags: str) -> str:
    """Push as a client does: blobs, children by digest, the root under each tag."""
    for content in image.blobs.values():
        registry.put_blob(repository, content)
    for child in image.manifests[:-1]:
        registry.put_manifest(repository, child.digest, child.body, child.media_type)
    for tag in tags:
        registry.put_manifest(repository, tag, image.root.body, image.root.media_type)
    return image.root.digest


class TestRegistry:
    def test_a_pushed_image_comes_back_byte_for_byte(self, registry: Registry, world: World) -> None:
        pushed = image("one")
        digest = push(registry, CUDA, pushed, "v0.5.0", "latest")
        assert world.tags(CUDA) == {"v0.5.0": digest, "latest": digest}
        assert world.missing(CUDA, "latest") == []
        assert registry.tags(CUDA) == ("latest", "v0.5.0")
        found = registry.get_manifest(CUDA, "latest")
        assert found is not None
        assert (found.body, found.digest, found.media_type) == (pushed.root.body, digest, OCI_INDEX)
        assert registry.head_manifest(CUDA, digest) == Descriptor(found.digest, OCI_INDEX, len(found.body))

    def test_blobs_come_from_the_storage_without_the_token(self, registry: Registry, simulator: Simulator) -> None:
        push(registry, CUDA, image("one", "linux/amd64"), "v0.5.0")
        manifest = registry.get_manifest(CUDA, "v0.5.0")
        assert manifest is not None
        config = registry.get_blob(CUDA, json.loads(manifest.body)["config"]["digest"])
        assert config is not None
        assert json.loads(config)["architecture"] == "amd64"
        away = [entry for entry in simulator.requests.entries if "_storage" in entry.path]
        assert [entry.client for entry in away] == ["anonymous"]

    def test_a_tag_moves_with_one_put(self, registry: Registry, world: World) -> None:
        first = push(registry, CUDA, image("one"), "v0.4.0", "latest")
        second = push(registry, CUDA, image("two"), "v0.5.0-rc.1", "latest")
        before = registry.get_manifest(CUDA, "v0.4.0")
        assert before is not None
        assert world.tags(CUDA)["latest"] == second
        assert registry.put_manifest(CUDA, "latest", before.body, before.media_type) == first
        assert world.tags(CUDA) == {"v0.4.0": first, "latest": first, "v0.5.0-rc.1": second}

    def test_many_tags_are_all_listed(self, registry: Registry, world: World, simulator: Simulator) -> None:
        names = [f"v0.{number}.0" for number in range(250)]
        world.push(CUDA, image("one"), names)
        assert registry.tags(CUDA) == tuple(sorted(names))
        assert simulator.requests.count(method="GET", route="/v2/{name}/tags/list", status=200) >= 1

    def test_what_is_not_there(self, registry: Registry) -> None:
        assert registry.get_manifest(CUDA, "absent") is None
        assert registry.head_manifest(CUDA, digest_of(b"absent")) is None
        assert registry.get_blob(CUDA, digest_of(b"absent")) is None

    def test_a_mount_moves_no_bytes(self, registry: Registry, world: World) -> None:
        push(registry, CUDA, image("one", "linux/amd64"), "v0.5.0")
        digest = next(iter(image("one", "linux/amd64").blobs))
        assert registry.mount_blob("llm-d/llm-d-new", Digest(digest), CUDA)
        assert world.has_blob("llm-d/llm-d-new", digest)

    def test_a_public_image_is_read_without_a_token_and_a_private_one_is_not(
        self, http: Http, simulator: Simulator, world: World
    ) -> None:
        world.push(CUDA, image("one"), ["latest"])
        world.push("llm-d/secret", image("two"), ["latest"])
        anonymous = Registry(http, simulator.registry_url)
        assert anonymous.head_manifest(CUDA, "latest") is not None
        with pytest.raises(RemoteError, match="No token was sent") as caught:
            anonymous.head_manifest("llm-d/secret", "latest")
        assert caught.value.status == 403

    def test_the_token_is_exchanged_once_and_renewed_when_it_expired(
        self, registry: Registry, simulator: Simulator, world: World, clock: Clock
    ) -> None:
        world.push(CUDA, image("one"), ["latest"])
        for _ in range(3):
            registry.head_manifest(CUDA, "latest")
        assert simulator.requests.count(route="/token") == 1
        clock.time += 1000
        world.clock.advance(1000)
        assert registry.head_manifest(CUDA, "latest") is not None
        assert simulator.requests.count(route="/token") == 2

    def test_a_token_that_the_registry_forgot_early_is_replaced(
        self, registry: Registry, simulator: Simulator, world: World
    ) -> None:
        world.push(CUDA, image("one"), ["latest"])
        registry.head_manifest(CUDA, "latest")
        world.clock.advance(1000)
        assert registry.head_manifest(CUDA, "latest") is not None
        assert simulator.requests.count(route="/token") == 2

    def test_a_token_that_may_not_push_is_told_so(self, http: Http, simulator: Simulator, world: World) -> None:
        world.add_token("ghp_reads_only", login="maintainer", scopes=["read:packages"])
        registry = Registry(http, simulator.registry_url, token="ghp_reads_only")
        with pytest.raises(RemoteError) as caught:
            registry.put_manifest(CUDA, "latest", image("one").root.body, OCI_INDEX)
        assert caught.value.status == 403
        assert "DENIED" in str(caught.value)
        assert "ghp_reads_only" not in str(caught.value)

    def test_ghcr_takes_no_delete(self, http: Http, simulator: Simulator, world: World) -> None:
        digest = world.push(CUDA, image("one"), ["latest"]).digest
        url = f"{simulator.registry_url}/v2/{CUDA}/manifests/{digest}"
        with pytest.raises(RemoteError) as caught:
            http.request("DELETE", url, what="delete it", credential=Credential.basic(url, "x", JOB))
        assert caught.value.status in {401, 405}


class TestPackages:
    def fill(self, world: World, count: int) -> list[int]:
        ids = []
        for number in range(count):
            world.clock.advance(60)
            ids.append(world.push(CUDA, build_image(seed=str(number)), [f"t{number}"]).id)
        return ids[::-1]

    @pytest.mark.parametrize("count", [1, 100, 101, 230])
    def test_every_version_newest_first(self, packages: Packages, world: World, count: int) -> None:
        ids = self.fill(world, count)
        found = packages.versions("llm-d-cuda")
        assert [version.id for version in found] == ids
        assert found[0].tags == (f"t{count - 1}",)
        assert found[0].digest == world.tags(CUDA)[f"t{count - 1}"]
        assert found[0].created_at == world.now()

    @pytest.mark.parametrize("nth", [2, 3, 4, 5])
    @pytest.mark.parametrize(
        "step",
        [
            push_step(CUDA, ["pushed"]),
            delete_step(CUDA, "t0"),
            delete_step(CUDA, "t225"),
            tag_step(CUDA, "t229", "t0"),
        ],
        ids=["push", "delete the oldest", "delete a new one", "move a tag"],
    )
    def test_a_change_in_the_middle_is_never_half_seen(  # fixtures
        self, packages: Packages, world: World, simulator: Simulator, nth: int, step: object
    ) -> None:
        self.fill(world, 230)
        package = world.package(CUDA)
        assert package is not None

        def held() -> tuple[list[int], set[str]]:
            return [version.id for version in package.versions()][::-1], set(world.tags(CUDA))

        before = held()
        simulator.faults.add(Fault(path=VERSIONS, nth=nth, steps=(step,)))  # type: ignore[arg-type]  # a table's column
        found = packages.versions("llm-d-cuda")
        listed = [version.id for version in found], {tag for version in found for tag in version.tags}
        # What goes after its page was read is listed as before. Whoever deletes asks again.
        assert listed in (before, held())

    def test_delete_and_restore(self, packages: Packages, world: World) -> None:
        old = world.push(CUDA, build_image(seed="old"), ["v0.5.0-rc.1"])
        world.push(CUDA, build_image(seed="new"), ["v0.5.0"])
        assert packages.delete_version("llm-d-cuda", old.id) is None
        assert packages.get_version("llm-d-cuda", old.id) is None
        assert world.tags(CUDA).keys() == {"v0.5.0"}
        assert [version.id for version in packages.versions("llm-d-cuda", state="deleted")] == [old.id]
        assert packages.restore_version("llm-d-cuda", old.id) is None
        assert world.tags(CUDA).keys() == {"v0.5.0", "v0.5.0-rc.1"}
        found = packages.get_version("llm-d-cuda", old.id)
        assert found is not None
        assert found.tags == ("v0.5.0-rc.1",)

    def test_the_last_tagged_version_is_refused_and_the_rest_goes_on(self, packages: Packages, world: World) -> None:
        only = world.push(CUDA, build_image(seed="a"), ["latest"])
        loose = world.push(CUDA, build_image(seed="b"))
        refusal = packages.delete_version("llm-d-cuda", only.id)
        assert refusal is not None
        assert (refusal.status, refusal.message) == (400, LAST_TAGGED)
        assert packages.delete_version("llm-d-cuda", loose.id) is None

    def test_a_popular_version_is_refused(self, packages: Packages, world: World) -> None:
        version = world.push(CUDA, build_image(seed="a"), ["old"])
        world.push(CUDA, build_image(seed="b"), ["latest"])
        version.downloads = 5001
        refusal = packages.delete_version("llm-d-cuda", version.id)
        assert refusal is not None
        assert (refusal.status, refusal.message) == (400, POPULAR)

    def test_without_the_admin_role_it_says_what_to_do(self, packages: Packages, world: World) -> None:
        package = world.package(CUDA)
        assert package is not None
        version = world.push(CUDA, build_image(seed="a"), ["old"])
        package.roles["llm-d/llm-d"] = Role.WRITE
        refusal = packages.delete_version("llm-d-cuda", version.id)
        assert refusal is not None
        assert refusal.status == 403
        assert "permission" in refusal.hint

    def test_a_version_that_is_gone_is_a_refusal(self, packages: Packages) -> None:
        refusal = packages.delete_version("llm-d-cuda", 1)
        assert refusal is not None
        assert refusal.status == 404

    def test_a_lost_answer_to_a_delete(self, packages: Packages, world: World, simulator: Simulator) -> None:
        version = world.push(CUDA, build_image(seed="a"), ["old"])
        world.push(CUDA, build_image(seed="b"), ["latest"])
        simulator.faults.add(Fault(method="DELETE", reset="after"))
        assert packages.delete_version("llm-d-cuda", version.id) is None
        assert simulator.requests.count(method="DELETE", status=404) == 1
        assert world.tags(CUDA).keys() == {"latest"}

    def test_a_lost_answer_to_a_restore(self, packages: Packages, world: World, simulator: Simulator) -> None:
        version = world.push(CUDA, build_image(seed="a"), ["old"])
        world.push(CUDA, build_image(seed="b"), ["latest"])
        packages.delete_version("llm-d-cuda", version.id)
        simulator.faults.add(Fault(method="POST", reset="after"))
        assert packages.restore_version("llm-d-cuda", version.id) is None
        assert world.tags(CUDA).keys() == {"latest", "old"}

    def test_packages_with_a_slash(self, http: Http, simulator: Simulator, world: World) -> None:
        world.add_package("llm-d/charts/llm-d", repository="llm-d/llm-d")
        version = world.push("llm-d/charts/llm-d", build_image(), ["latest"])
        found = Packages(http, simulator.api_url, "llm-d", token=JOB).versions("charts/llm-d")
        assert [one.id for one in found] == [version.id]

    def test_a_users_packages(self, http: Http, simulator: Simulator, world: World) -> None:
        version = world.push("maintainer/tool", build_image(), ["latest"])
        mine = Packages(http, simulator.api_url, "maintainer", token=PERSON)
        assert mine.kind == "users"
        assert [one.id for one in mine.versions("tool")] == [version.id]

    def test_listing_an_organisations_packages(self, packages: Packages, http: Http, simulator: Simulator) -> None:
        with pytest.raises(RemoteError, match="GITHUB_TOKEN cannot list the packages of an organisation"):
            packages.packages()
        by_person = Packages(http, simulator.api_url, "llm-d", token=PERSON)
        assert by_person.packages() == (Package("llm-d-cuda", "public", "llm-d/llm-d"),)

    def test_a_missing_token(self, http: Http, simulator: Simulator) -> None:
        with pytest.raises(RemoteError) as caught:
            Packages(http, simulator.api_url, "llm-d").versions("llm-d-cuda")
        assert '401 Unauthorized to GET /orgs/llm-d/packages/container/llm-d-cuda/versions, "Requires authent' in str(
            caught.value
        )
        assert "No token was sent." in caught.value.hint

    def test_a_bad_token(self, http: Http, simulator: Simulator) -> None:
        with pytest.raises(RemoteError, match='"Bad credentials"') as caught:
            Packages(http, simulator.api_url, "llm-d", token="ghs_expired").versions("llm-d-cuda")
        assert caught.value.hint.startswith("The token is missing, expired, revoked or not meant for 127.0.0.1:")
        assert caught.value.request_id.startswith("A1B2:")


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "slept"),
        [
            (Fault(path=VERSIONS, answer=429, retry_after=7), [7.0]),
            (Fault(path=VERSIONS, answer=429), [60.0]),
            (Fault(path=VERSIONS, answer=403, secondary=True), [60.0]),
            (Fault(path=VERSIONS, answer=403, secondary=True, retry_after=9), [9.0]),
            (Fault(path=VERSIONS, answer=403, secondary=True, times=2), [60.0, 120.0]),
        ],
    )
    def test_limits_are_waited_out(
        self, packages: Packages, simulator: Simulator, clock: Clock, fault: Fault, slept: list[float]
    ) -> None:
        simulator.faults.add(fault)
        assert packages.versions("llm-d-cuda") == ()
        assert clock.slept == slept

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(path=VERSIONS, answer=503, times=3),
            Fault(path=VERSIONS, reset="before", times=3),
            Fault(path=VERSIONS, reset="after", times=3),
            Fault(path=VERSIONS, truncate=True, times=3),
        ],
        ids=["503", "reset before", "reset after", "truncated"],
    )
    def test_passing_faults_are_tried_again(
        self, packages: Packages, simulator: Simulator, world: World, log: list[str], fault: Fault
    ) -> None:
        version = world.push(CUDA, build_image(), ["latest"])
        simulator.faults.add(fault)
        assert [one.id for one in packages.versions("llm-d-cuda")] == [version.id]
        assert len(log) == 3

    def test_a_fault_that_stays_is_an_error(self, packages: Packages, simulator: Simulator) -> None:
        simulator.faults.add(Fault(path=VERSIONS, answer=500, times=0))
        with pytest.raises(RemoteError, match=r"answered 500 .* \(5 times\)"):
            packages.versions("llm-d-cuda")

    def test_the_primary_limit_says_until_when(self, packages: Packages, world: World, clock: Clock) -> None:
        world.limits.actions = 3
        packages.versions("llm-d-cuda")
        packages.versions("llm-d-cuda")
        with pytest.raises(RemoteError) as caught:
            packages.versions("llm-d-cuda")
        assert "limits the rate of requests until 2026-02-03 10:00:01 UTC" in str(caught.value)
        assert clock.slept == []

    def test_the_budget_is_what_the_server_says(
        self, http: Http, packages: Packages, simulator: Simulator, world: World
    ) -> None:
        world.limits.actions = 1000
        packages.versions("llm-d-cuda")
        budget = http.budget(simulator.api_url)
        assert budget is not None
        assert (budget.limit, budget.remaining) == (1000, 998)

    def test_a_push_whose_answer_was_lost_is_repeated(
        self, registry: Registry, simulator: Simulator, world: World
    ) -> None:
        simulator.faults.add(Fault(method="PUT", path="/v2/*/manifests/latest", reset="after"))
        digest = push(registry, CUDA, image("one"), "latest")
        assert world.tags(CUDA) == {"latest": digest}

    def test_an_unreachable_registry(self, http: Http, simulator: Simulator) -> None:
        url = simulator.registry_url
        simulator.stop()
        with pytest.raises(RemoteError) as caught:
            Registry(http, url, token=JOB).get_manifest(CUDA, "latest")
        assert str(caught.value) == (
            f"Could not read llm-d/llm-d-cuda:latest: {url} refused the connection. Check the network and the address. "
            "Addresses are set by GITHUB_API_URL (--api-url) and RELEASE_ACTIONS_REGISTRY_URL (--registry-url)."
        )

    @pytest.mark.parametrize("name", ["flaky", "rate-limited", "storm"])
    @pytest.mark.parametrize("seed", ["a", "b", "c"])
    def test_a_release_survives_bad_weather(self, world: World, clock: Clock, name: str, seed: str) -> None:
        simulator = InProcess(world, faults=preset(name, seed), sleep=lambda _: None)
        http = Http(sleep=clock.sleep, now=clock.now, session=simulator.mount(requests.Session()))
        registry = Registry(http, simulator.registry_url, token=JOB, now=clock.now)
        packages = Packages(http, simulator.api_url, "llm-d", token=JOB)
        digests = {f"v0.{n}.0": push(registry, CUDA, image(f"{seed}{n}"), f"v0.{n}.0") for n in range(30)}
        assert world.tags(CUDA) == digests
        assert all(world.missing(CUDA, tag) == [] for tag in digests)
        assert set(registry.tags(CUDA) or ()) == set(digests)
        found = {tag: version for version in packages.versions("llm-d-cuda") for tag in version.tags}
        assert {tag: version.digest for tag, version in found.items()} == digests
        for n in range(29):
            assert packages.delete_version("llm-d-cuda", found[f"v0.{n}.0"].id) is None
        assert world.tags(CUDA).keys() == {"v0.29.0"}
        assert sum(simulator.faults.counts.values()) > 0, "there was bad weather"

    def test_threads_share_the_adapters(self, registry: Registry, world: World) -> None:
        pushed = image("one")
        digest = push(registry, CUDA, pushed, "v0")
        with ThreadPoolExecutor(8) as pool:
            wrote = list(
                pool.map(
                    lambda n: registry.put_manifest(CUDA, f"v{n}", pushed.root.body, pushed.root.media_type), range(40)
                )
            )
        assert wrote == [digest] * 40
        assert world.tags(CUDA) == {f"v{n}": digest for n in range(40)}


class TestGit:
    def test_tags_and_their_commits(self, http: Http, simulator: Simulator, world: World) -> None:
        repository = world.repository("llm-d/llm-d")
        assert repository is not None
        commit = repository.git.commit("Release", world.now())
        light = repository.git.find(commit.sha)
        assert light is not None
        annotated = repository.git.annotate("v0.5.0", light, "v0.5.0", world.now())
        target = repository.git.find(annotated.sha)
        assert target is not None
        repository.git.refs |= {"refs/tags/v0.4.0": light, "refs/tags/v0.5.0": target, "refs/heads/main": light}
        tags = github_repository.list_tags(http, simulator.api_url, "llm-d/llm-d", token=JOB)
        assert [(tag.name, tag.sha, tag.annotated) for tag in tags] == [
            ("v0.4.0", commit.sha, False),
            ("v0.5.0", annotated.sha, True),
        ]
        for tag in tags:
            assert github_repository.commit_of(http, simulator.api_url, "llm-d/llm-d", tag, token=JOB) == commit.sha

    def test_many_tags(self, http: Http, simulator: Simulator, world: World) -> None:
        repository = world.repository("llm-d/llm-d")
        assert repository is not None
        commit = repository.git.commit("Release", world.now())
        target = repository.git.find(commit.sha)
        assert target is not None
        repository.git.refs |= {f"refs/tags/v0.{number}.0": target for number in range(300)}
        assert len(github_repository.list_tags(http, simulator.api_url, "llm-d/llm-d")) == 300
