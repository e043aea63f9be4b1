"""Floating tags on registries that are not GHCR: by their own logins, limits and refusals."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from tests.floating.shipped import CUDA, TEMPLATES, Project, only_floats, package, ship_all
from tests.http.loopback import Clock
from tests.registry.elsewhere import SECRET, DockerHub, Elsewhere, Quay

from release_actions.errors import RemoteError
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.journal import Journal
from release_actions.floating.reconcile import Reconciler
from release_actions.floating.rules import FloatingRules
from release_actions.http.client import Http
from release_actions.registry.client import Registry, registry_url
from release_actions.registry.registries import Registries
from release_actions.versions.version import parse_known

HOSTS = {"docker.io": DockerHub, "quay.io": Quay}


@pytest.fixture
def project() -> Project:
    project = Project()
    ship_all(project, ["v0.4.0", "v0.4.1", "v0.5.0", *(f"v0.6.0-rc.{number}" for number in range(1, 120))])
    for tag, release in (("latest", "v0.6.0-rc.7"), ("v0", "v0.4.1")):
        project.world.tag(CUDA, release, tag)
    return project


def reconciler(project: Project, elsewhere: Elsewhere, http: Http, token: str = SECRET) -> Reconciler:
    elsewhere.mount(http._exchange._session)
    project.simulator.mount(http._exchange._session)
    host = next(name for name, kind in HOSTS.items() if isinstance(elsewhere, kind))
    registry = Registry(http, registry_url(host), token=token, user=elsewhere.user)
    git = GitVersions(parse_known(project.git), commit=lambda _: "")
    return Reconciler(
        Registries(dict.fromkeys(("ghcr.io", *HOSTS), registry)),
        FloatingRules(TEMPLATES, (), "v"),
        git,
        sleep=lambda _: None,
    )


def enforce(project: Project, found: Reconciler, host: str, name: str = CUDA) -> None:
    one = replace(package(name), registry=host)
    judged = found.judge(one)
    assert judged is not None
    found.enforce(one, judged, Journal())


@pytest.mark.parametrize("host", HOSTS)
def test_tags_are_moved_and_a_second_run_moves_none(project: Project, http: Http, host: str) -> None:
    elsewhere = HOSTS[host](project)
    before = project.tags()
    enforce(project, reconciler(project, elsewhere, http), host)
    assert only_floats(project.tags()) == project.right(before)
    assert project.tags()["latest"] == before["v0.5.0"]
    puts = project.puts()
    assert puts > 0
    enforce(project, reconciler(project, elsewhere, http), host)
    assert project.puts() == puts


@pytest.mark.parametrize("host", HOSTS)
def test_the_secret_goes_to_the_token_service_only(project: Project, http: Http, host: str) -> None:
    elsewhere = HOSTS[host](project)
    enforce(project, reconciler(project, elsewhere, http), host)
    basic = {address.partition("?")[0] for _, address, sent in elsewhere.sent if sent.startswith("Basic ")}
    assert basic == {elsewhere.realm}
    assert all(urlsplit(address).scheme == "https" for _, address, _ in elsewhere.sent)
    stored = [sent for _, address, sent in elsewhere.sent if address.startswith(f"https://storage.{elsewhere.host}/")]
    assert stored
    assert set(stored) == {""}
    pushing = [address for method, address, sent in elsewhere.sent if "push" in sent and method != "PUT"]
    assert pushing == []


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_is_ever_deleted(project: Project, http: Http, host: str) -> None:
    elsewhere = HOSTS[host](project)
    enforce(project, reconciler(project, elsewhere, http), host)
    assert {method for method, _, _ in elsewhere.sent} == {"GET", "HEAD", "PUT"}


@pytest.mark.parametrize("host", HOSTS)
def test_a_package_that_is_not_there_looks_like_one_that_may_not_be_seen(
    project: Project, http: Http, host: str
) -> None:
    found = reconciler(project, HOSTS[host](project), http)
    with pytest.raises(RemoteError, match="answered 401") as caught:
        found.judge(package("llm-d/not-there"))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("host", HOSTS)
def test_a_wrong_secret_is_an_error_and_not_told(project: Project, http: Http, host: str) -> None:
    found = reconciler(project, HOSTS[host](project), http, token="another-secret")
    with pytest.raises(RemoteError, match=r"asking .* for a token") as caught:
        found.judge(package())
    assert "another-secret" not in str(caught.value)


def test_docker_hub_has_a_library(project: Project, http: Http) -> None:
    elsewhere = DockerHub(project)
    enforce(project, reconciler(project, elsewhere, http), "docker.io", "llm-d-cuda")
    assert project.tags()["latest"] == project.tags()["v0.5.0"]
    assert {urlsplit(address).path.split("/")[2] for _, address, _ in elsewhere.sent if "/v2/" in address} == {
        "library"
    }
    assert any("repository%3Alibrary%2Fllm-d-cuda%3Apull" in address for _, address, _ in elsewhere.sent)


def test_docker_hub_counts_a_pull_for_each_release_that_is_looked_at(project: Project, http: Http) -> None:
    elsewhere = DockerHub(project)
    enforce(project, reconciler(project, elsewhere, http), "docker.io")
    elsewhere.pulls = 2
    # v0.4.1 and v0.5.0, which floating tags name.
    enforce(project, reconciler(project, elsewhere, http), "docker.io")
    assert elsewhere.pulls == 0


def test_docker_hubs_limit_is_waited_for_and_then_told(project: Project, http: Http, clock: Clock) -> None:
    began = clock.now()
    with pytest.raises(RemoteError) as caught:
        enforce(project, reconciler(project, DockerHub(project, pulls=1), http), "docker.io")
    assert "registry-1.docker.io limits the rate of requests" in str(caught.value)
    assert "You have reached your pull rate limit." in str(caught.value)
    assert 0 < clock.now() - began <= 900


def test_quays_tags_come_in_small_pages(project: Project, http: Http) -> None:
    elsewhere = Quay(project)
    judged = reconciler(project, elsewhere, http).judge(package())
    assert judged is not None
    assert judged.state.names == set(project.tags())
    assert len(judged.state.names) > 100


@pytest.mark.parametrize(("host", "stays"), [("quay.io", True), ("docker.io", True), ("ghcr.io", False)])
def test_an_image_that_quay_would_delete_gets_no_floating_tag(
    project: Project, http: Http, host: str, *, stays: bool
) -> None:
    project.push("v0.5.0", "a build of a branch", labels={"quay.expires-after": "2w"})
    found = reconciler(project, HOSTS.get(host, Quay)(project), http)
    judged = found.judge(replace(package(), registry=host))
    assert judged is not None
    told = [item.message for item in judged.plan.stuck if item.tag == "latest"]
    assert told == (
        ["latest has to name v0.5.0, whose image has the label quay.expires-after=2w, by which Quay deletes its tags."]
        if stays
        else []
    )
