"""What a repository's workflows publish today: every reference, by event, with how it is built. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.adoption.events import Event
from release_actions.adoption.unknown import MARK
from release_actions.errors import Place


@dataclass(frozen=True)
class BuildRecipe:
    """How an image is built, each value as it is for one event. `platforms` is empty where the builder's own counts."""

    context: str = "."
    dockerfile: str = ""
    target: str = ""
    platforms: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The Dockerfile, below the repository."""
        folder = "" if self.context in {"", "."} else f"{self.context}/"
        return self.dockerfile or f"{folder}Dockerfile"


@dataclass(frozen=True)
class Publication:
    """One reference that a run publishes: `ghcr.io/acme/web` and `1.2.3`."""

    name: str
    tag: str
    recipe: BuildRecipe
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Login:
    """How a workflow logs in to a registry: expressions as written."""

    registry: str
    username: str
    password: str


@dataclass(frozen=True)
class Remark:
    """Something about a workflow that a person has to know: a sentence, and where."""

    text: str
    place: Place


@dataclass
class Today:
    """All that the workflows do.

    `assumed`: conditions that only a run knows, taken to hold. `unmoved`: what could not be followed, a sentence each.
    `strangers`: steps and inputs that have no counterpart, by place.
    `dropped`: tags of single platforms, which an index needs no more. `files`: workflow -> those that call it.
    """

    publications: dict[Event, list[Publication]] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    assumed: dict[str, Place] = field(default_factory=dict)
    unmoved: dict[str, Place] = field(default_factory=dict)
    dropped: dict[str, Place] = field(default_factory=dict)
    strangers: dict[Place, str] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)

    def references(self, event: Event) -> frozenset[str]:
        """The references of an event."""
        return frozenset(f"{each.name}:{each.tag}" for each in self.publications.get(event, ()))


def normalize_name(name: str) -> str:
    """An image's name with its registry, in lower case: `acme/web` is on Docker Hub."""
    # A text that only a run knows names a secret or a variable, whose case is kept.
    text = (
        (name if MARK.search(name) else name.lower())
        .strip()
        .removeprefix("index.docker.io/")
        .removeprefix("docker.io/")
    )
    first, slash, _ = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return text
    return f"docker.io/{text}" if slash else f"docker.io/library/{text}"


def split_reference(text: str) -> tuple[str, str]:
    """Name and tag of a reference; the tag is `latest` where there is none."""
    name, colon, tag = text.strip().rpartition(":")
    return (normalize_name(name), tag) if colon and "/" not in tag else (normalize_name(text), "latest")


def merge_recipes(recipes: Mapping[BuildRecipe, None] | list[BuildRecipe]) -> BuildRecipe:
    """One recipe from those of several platforms: the first one's, with the platforms of all."""
    first, *_ = recipes
    platforms = tuple(dict.fromkeys(platform for recipe in recipes for platform in recipe.platforms))
    return BuildRecipe(first.context, first.dockerfile, first.target, platforms, first.arguments, first.secrets)
