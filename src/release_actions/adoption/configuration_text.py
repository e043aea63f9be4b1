"""Writes `release.yaml` for a plan: only what differs from a default, in the order of the reference page. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from release_actions.adoption.inference import HOME, AdoptionPlan, FlavourPlan, ImagePlan
from release_actions.adoption.publications import Login
from release_actions.config.channel_tags import EVERY, PULL
from release_actions.config.grammar import canonicalize_platform

SCHEMA = "https://raw.githubusercontent.com/llm-d/release-actions/main/schema/release.schema.json"
HEAD = f"# yaml-language-server: $schema={SCHEMA}\n"
DEFAULT_PLATFORM = "linux/amd64"
PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*(?<! )")
"""What needs no quotes in YAML, however a reader takes it."""

RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
WIDTH = 100

GITHUB_BUILDS = frozenset({"linux/amd64", "linux/arm64"})
UNNAMED_RUNNER = "name-a-runner"
"""Stands where a person has to name a runner: GitHub has none that builds the platform without an emulator."""

Document = dict[str, Any]


def make_document(plan: AdoptionPlan, repository: str, logins: Mapping[str, Login]) -> Document:
    """The configuration as plain values, keys in the order of the file."""
    home, namespace = choose_home(plan.images)
    floats = choose_floats(plan.images)
    document: Document = {"repository": repository}
    if home != HOME:
        document["registry"] = home
    if namespace != repository.partition("/")[0].lower():
        document["namespace"] = namespace
    if plan.prefix != "v":
        document["versions"] = {"prefix": plan.prefix}
    document["floating-tags"] = floats
    if not plan.keeps_prefix:
        document["image-tag"] = "{version}"
    document["channels"] = make_channels(plan, home, namespace)
    credentials = make_credentials(plan, logins)
    if credentials:
        document["credentials"] = credentials
    document["images"] = {
        image.key: make_image(image, floats, (home, namespace), document["channels"]) for image in plan.images
    }
    return document


def choose_home(images: Sequence[ImagePlan]) -> tuple[str, str]:
    """Registry and namespace that every image has a package in; GitHub's where there is a choice."""
    places = [[split_name(name)[:2] for name in image.names] for image in images]
    common = [place for place in places[0] if all(place in others for others in places)] if places else []
    common.sort(key=lambda place: (place[0] != HOME, place))
    return common[0] if common else (places[0][0] if places else (HOME, ""))


def split_name(name: str) -> tuple[str, str, str]:
    """Registry, namespace and package of an image's name."""
    registry, _, path = name.partition("/")
    namespace, _, package = path.rpartition("/")
    return registry, namespace, package


def choose_floats(images: Sequence[ImagePlan]) -> list[str]:
    """The floating tags of most plain flavours; those of others are written with the image."""
    released = [image for image in images if image.channels["release"]]
    plain = Counter(
        tuple(sort_floats(each.floats)) for image in released for each in image.flavours if each.form.is_plain
    )
    return sort_floats(plain.most_common(1)[0][0]) if plain else []


def sort_floats(floats: Sequence[str]) -> list[str]:
    """Narrowest range first."""
    return sorted(floats, key=lambda text: (-text.count("{"), text))


def make_channels(plan: AdoptionPlan, home: str, namespace: str) -> Document:
    """Where packages live. A destination is a registry and namespace that some image is copied to."""
    channels: Document = {}
    tags = {occasion: texts for occasion, texts in plan.occasions.items() if texts}
    if any(image.channels["release"] for image in plan.images):
        channels["release"] = {"name": "{image}", **make_destinations(plan.images, "release", home, namespace)}
    if tags and plan.has_pull_channel:
        pulls = {occasion: tags.pop(occasion) for occasion in [PULL] if occasion in tags}
        places = make_destinations(plan.images, "pull-request", home, namespace)
        channels["pull-request"] = {"name": "{image}", "tags": {**pulls, **_pick(tags, EVERY)}, **places}
    if tags:
        channels["dev"] = {"name": "{image}", "tags": tags, **make_destinations(plan.images, "dev", home, namespace)}
    return channels


def _pick(tags: Document, occasion: str) -> Document:
    return {occasion: tags[occasion]} if occasion in tags else {}


def make_destinations(images: Sequence[ImagePlan], channel: str, home: str, namespace: str) -> Document:
    """The further places of a channel."""
    places = dict.fromkeys(
        split_name(name)[:2]
        for image in images
        for name in image.channels[channel]
        if split_name(name)[:2] != (home, namespace)
    )
    made = {name_destination(place, list(places)): {"registry": place[0], "namespace": place[1]} for place in places}
    return {"destinations": made} if made else {}


def name_destination(place: tuple[str, str], places: Sequence[tuple[str, str]]) -> str:
    """A key for a destination: its registry, with the namespace where one registry has several."""
    host = {"docker.io": "docker-hub", HOME: "ghcr"}.get(place[0], re.sub(r"[^a-z0-9]+", "-", place[0]))
    alone = [each[0] for each in places].count(place[0]) == 1
    return host if alone else f"{host}-{re.sub(r'[^a-z0-9]+', '-', place[1])}"


def make_credentials(plan: AdoptionPlan, logins: Mapping[str, Login]) -> Document:
    """The secrets that log in to registries which do not take the job's token."""
    hosts = dict.fromkeys(split_name(name)[0] for image in plan.images for name in image.names)
    made = {}
    for host in hosts:
        login = logins.get(host)
        password = find_secret(login.password) if login else ""
        if host == HOME and password in {"", "GITHUB_TOKEN"}:
            continue
        stem = re.sub(r"[^A-Z0-9]+", "_", host.upper())
        made[host] = {
            "username": (find_secret(login.username) if login else "") or f"{stem}_USERNAME",
            "password": password or f"{stem}_TOKEN",
        }
    return made


def find_secret(expression: str) -> str:
    """The name of the secret in an expression; empty without one."""
    match = re.search(r"secrets\.([A-Za-z_]\w*)", expression)
    return match[1] if match else ""


def make_image(image: ImagePlan, floats: list[str], home: tuple[str, str], channels: Document) -> Document:
    """One image: how it is built, its flavours, and what is special in a channel."""
    first = image.flavours[0]
    made = make_build(first, None)
    flavours = image.flavours
    has_forms = any(not each.form.is_plain for each in flavours)
    # A flavour that takes every tag as it is leaves no name for a branch, so floating tags of its own have to wait.
    names_branches = any(
        "{branch}" in text for texts in channels.get("dev", {}).get("tags", {}).values() for text in texts
    )
    has_own = has_forms or (not names_branches and any(sort_floats(each.floats) != floats for each in flavours))
    if len(flavours) > 1 or (has_own and image.channels["release"]):
        made["variants"] = {each.form.key: make_variant(each, first, floats) for each in flavours}
    special = {name: make_image_channel(image, name, home, below) for name, below in channels.items()}
    told = {channel: own for channel, own in special.items() if own is not None}
    return {**made, "channels": told} if told else made


def make_image_channel(
    image: ImagePlan, channel: str, home: tuple[str, str], below: Document
) -> Document | bool | None:
    """What is special about an image in a channel; false if it is not published there, None for nothing special."""
    places = {split_name(name)[:2]: split_name(name)[2] for name in image.channels[channel]}
    if not places:
        return False
    made: Document = {}
    if places.get(home, image.key) != image.key:
        made["name"] = places[home]
    destinations: Document = {}
    for key, place in below.get("destinations", {}).items():
        package = places.get((place["registry"], place["namespace"]))
        if package is None:
            destinations[key] = False
        elif package != image.key:
            destinations[key] = {"name": package}
    if destinations:
        made["destinations"] = destinations
    return made or None


def make_variant(flavour: FlavourPlan, first: FlavourPlan, floats: list[str]) -> Document:
    """One flavour. The plain one needs no tag, unless its floating tags are its own."""
    own = sort_floats(flavour.floats)
    derived = sorted(flavour.form.template.replace("{tag}", text) for text in floats)
    is_default = sorted(own) == derived
    made: Document = {}
    if flavour.form.is_plain and is_default:
        made["suffix"] = ""
    else:
        made["tag"] = flavour.form.template
    if not is_default:
        made["floating-tags"] = own
    return {**made, **make_build(flavour, first)}


def make_build(flavour: FlavourPlan, base: FlavourPlan | None) -> Document:
    """How a flavour is built, where it differs from another one."""
    made = _describe_build(flavour)
    if base is None:
        return made
    before = _describe_build(base)
    return {key: value for key, value in made.items() if before.get(key) != value}


def _describe_build(flavour: FlavourPlan) -> Document:
    recipe, key = flavour.recipe, flavour.build
    made: Document = {}
    if key.context != ".":
        made["context"] = key.context
    if key.file != "Dockerfile":
        made["dockerfile"] = key.file
    if key.target:
        made["target"] = key.target
    platforms = (canonicalize_platform(text) for text in recipe.platforms) if recipe.platforms else [DEFAULT_PLATFORM]
    made["platforms"] = list(dict.fromkeys(platforms))
    unbuilt = [text for text in made["platforms"] if text not in GITHUB_BUILDS]
    if unbuilt:
        made["runners"] = dict.fromkeys(unbuilt, UNNAMED_RUNNER)
    if key.arguments:
        made["build-args"] = dict(key.arguments)
    secrets = {text.partition("=")[0]: find_secret(text) for text in recipe.secrets if find_secret(text)}
    if secrets:
        made["secrets"] = secrets
    return made


def write_text(document: Document) -> str:
    """The file. Small lists and mappings stand in one line."""
    parts = [HEAD]
    for key, value in document.items():
        gap = "\n" if isinstance(value, dict) and len(parts) > 1 else ""
        parts.append(f"{gap}{_write_entry(key, value, 0)}")
    return "".join(parts)


def _write_entry(key: str, value: Any, depth: int) -> str:
    indent = "  " * depth
    inline = _write_inline(value)
    is_large = isinstance(value, dict) and (depth == 0 or any(isinstance(each, dict) for each in value.values()))
    if not is_large and len(indent) + len(key) + len(inline) + 2 <= WIDTH:
        return f"{indent}{key}: {inline}\n"
    if isinstance(value, dict):
        return f"{indent}{key}:\n" + "".join(_write_entry(name, below, depth + 1) for name, below in value.items())
    return f"{indent}{key}:\n" + "".join(f"{indent}  - {_write_inline(item)}\n" for item in value)


def _write_inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_write_inline(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_write_inline(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    plain = PLAIN_TEXT.fullmatch(text) and text.lower() not in RESERVED
    return text if plain else json.dumps(text, ensure_ascii=False)
