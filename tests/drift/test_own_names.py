"""Which names the project has, and which version each is to have."""

from __future__ import annotations

import pytest

from release_actions.components.document import ComponentsFile, load_text
from release_actions.config import load_text as load_release
from release_actions.drift.catalogue import Catalogue, Kind
from release_actions.drift.own_names import make_catalogue

RELEASE = load_release("repository: acme/engine\nimages: {cuda: {platforms: [linux/amd64]}}\n")


def describe(repository: str) -> ComponentsFile:
    """A components file with one component, which is in a repository."""
    return load_text(
        f"""\
organisations: [acme]
components:
  router:
    organisation: acme
    name: engine-router
    type: Image
    version: {{kind: release}}
    repository: {repository}
    image: ghcr.io/acme/engine-router
"""
    )


def make(repository: str, document: ComponentsFile | None = None) -> Catalogue:
    where = {"branch": "release-0.5", "trunk": "main", "repository": repository}
    return make_catalogue(RELEASE, document, {}, tag="v0.5.0", **where)


@pytest.mark.parametrize("document", [None, describe("acme/engine-router")], ids=["alone", "beside another"])
def test_the_releasing_repository_is_wanted_at_the_release(document: ComponentsFile | None) -> None:
    catalogue = make("acme/engine", document)

    (name,) = (each for each in catalogue.of_kind(Kind.REPOSITORY) if each.text == "acme/engine")
    wanted = catalogue.wanted[name.component]
    assert (wanted.version, wanted.is_release) == ("v0.5.0", True)


def test_a_repository_that_a_component_describes_is_known_once() -> None:
    names = make("acme/engine", describe("acme/engine")).of_kind(Kind.REPOSITORY)

    assert [(name.text, name.component) for name in names] == [("acme/engine", "router")]


def test_without_a_repository_only_the_images_are_known() -> None:
    catalogue = make("")

    assert [name.text for name in catalogue.names] == ["ghcr.io/acme/cuda"]


def test_an_image_of_docker_hub_is_known_without_its_host() -> None:
    release = load_release(
        "repository: acme/engine\nregistry: docker.io\nnamespace: acme\nimages: {cuda: {platforms: [linux/amd64]}}\n"
    )

    catalogue = make_catalogue(release, None, {}, tag="v0.5.0", branch="", trunk="main", repository="")

    assert [name.text for name in catalogue.names] == ["docker.io/acme/cuda", "acme/cuda"]
    assert {name.component for name in catalogue.names} == {"release:cuda"}
