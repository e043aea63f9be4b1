"""Whose names the project has, and which version each is to have."""

from __future__ import annotations

from release_actions.config import load_text
from release_actions.drift.catalogue import Catalogue, Kind
from release_actions.drift.own_names import make_catalogue

CONFIG = load_text("repository: acme/engine\nimages: {cuda: {platforms: [linux/amd64]}}\n")


def make(repository: str) -> Catalogue:
    return make_catalogue(CONFIG, None, {}, tag="v0.5.0", branch="release-0.5", trunk="main", repository=repository)


def test_the_releasing_repository_is_wanted_at_the_release() -> None:
    catalogue = make("acme/engine")

    (name,) = catalogue.of_kind(Kind.REPOSITORY)
    wanted = catalogue.wanted[name.component]
    assert (name.text, wanted.version, wanted.is_release) == ("acme/engine", "v0.5.0", True)


def test_without_a_repository_only_the_images_are_known() -> None:
    catalogue = make("")

    assert [name.text for name in catalogue.names] == ["ghcr.io/acme/cuda"]
    assert catalogue.of_kind(Kind.REPOSITORY) == ()
