"""What has to hold in `release.yaml` about how images are built: platforms, runners, values and paths."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.config import grammar, placeholders, resolve
from release_actions.config.building import BuildSpec
from release_actions.config.document import Document, ImageChannelSpec
from release_actions.config.model import CHANNELS, PULL_REQUEST
from release_actions.config.shapes import find_closest, suggest_nearest
from release_actions.config.source import MappingNode, Node
from release_actions.errors import Place, Problem

OPEN_FLAGS = ("allow-insecure-entitlement", "oci-worker-no-process-sandbox")
"""Flags of buildkitd that open the sandbox of a build (BuildKit's docs, buildkitd)."""

EVERY_CHANNEL = (*CHANNELS, PULL_REQUEST)

WITHOUT_BUILD = frozenset({"built-by", "platforms", "required", "variants", "channels"})
VARIANT_WITHOUT_BUILD = frozenset({"suffix", "tag", "floating-tags", "platforms"})
CHANNEL_WITHOUT_BUILD = frozenset({"name", "platforms", "required", "destinations"})
"""The keys of an image, of its variants and of its channels that say what is published, and not how it is built."""


@dataclass(frozen=True)
class PlatformHolder:
    """A part of the file that can name platforms and runners. `steps` are the keys that lead to it."""

    steps: tuple[str, ...]
    platforms: tuple[str, ...]
    runners: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TemplateHolder:
    """Templates of one key of the file. `steps` lead to it; `templates` maps a name or an index to the text there.

    `what` names one of them in a sentence, and `allowed` are the placeholders that it may have.
    """

    steps: tuple[str, ...]
    what: str
    templates: Mapping[str, str] | Mapping[int, str]
    allowed: tuple[str, ...]


def list_platform_holders(document: Document) -> Iterator[PlatformHolder]:
    """Everything that can name platforms."""
    yield PlatformHolder(("defaults",), document.defaults.platforms or (), document.defaults.runners)
    for key, image in document.images.items():
        yield PlatformHolder(("images", key), image.platforms or (), image.runners)
        for channel in EVERY_CHANNEL:
            special = resolve.is_in_channel(image, channel)
            if special:
                steps = ("images", key, "channels", channel)
                yield PlatformHolder(steps, special.platforms or (), special.runners)
        for name, variant in image.variants.items():
            yield PlatformHolder(("images", key, "variants", name), variant.platforms or ())


def list_template_holders(document: Document) -> Iterator[TemplateHolder]:
    """Everything that can have placeholders for values."""
    yield from list_build_templates(("defaults",), document.defaults)
    for key, image in document.images.items():
        yield from list_build_templates(("images", key), image)
        for name, variant in image.variants.items():
            steps = ("images", key, "variants", name, "build-args")
            yield TemplateHolder(steps, "a value", variant.build_args, placeholders.OF_VALUES)


def list_build_templates(steps: tuple[str, ...], build: BuildSpec) -> Iterator[TemplateHolder]:
    """What the description of a build has of them."""
    yield TemplateHolder((*steps, "build-args"), "a value", build.build_args, placeholders.OF_VALUES)
    yield TemplateHolder((*steps, "labels"), "a value", build.labels, placeholders.OF_VALUES)
    yield TemplateHolder((*steps, "annotations"), "a value", build.annotations, placeholders.OF_VALUES)
    if build.source:
        sources = {"repository": build.source.repository, "ref": build.source.ref}
        yield TemplateHolder((*steps, "source"), "a source", sources, placeholders.OF_SOURCES)
    for name, caches in (("cache-from", build.cache_from), ("cache-to", build.cache_to)):
        yield TemplateHolder((*steps, name), "a cache", dict(enumerate(caches or ())), placeholders.OF_CACHES)


def every_image_has_platforms(document: Document) -> Iterator[Problem]:
    """Every image has platforms, its own or those of `defaults`."""
    for key, image in document.images.items():
        for channel in resolve.resolve_channels(document):
            special = resolve.is_in_channel(image, channel)
            if special and not all(
                resolve.resolve_platforms(image, special, document.defaults, variant)
                for _, _, variant in resolve.list_variants(image)
            ):
                message = f"The image '{key}' has no platforms."
                hint = "Add 'platforms', for example [linux/amd64], to it or to 'defaults'."
                yield Problem(message, hint, document.origin.at("images", key))
                break


def platforms_are_canonical(document: Document) -> Iterator[Problem]:
    """Platforms are written as an index writes them: `linux/amd64`, not `linux/x86_64`; `linux/arm64` without `v8`."""
    at, key_at = document.origin.at, document.origin.key_at
    for holder in list_platform_holders(document):
        named = [(name, at(*holder.steps, "platforms", i)) for i, name in enumerate(holder.platforms)]
        named += [(name, key_at(*holder.steps, "runners", name)) for name in holder.runners]
        for name, place in named:
            canonical = grammar.canonicalize_platform(name)
            if canonical != name:
                yield Problem(f"The platform '{name}' is '{canonical}' in an index.", f"Write {canonical}.", place)


def every_platform_has_a_runner(document: Document) -> Iterator[Problem]:
    """Every platform has a runner. Only `linux/amd64` and `linux/arm64` have one by themselves."""
    for key, image in document.images.items():
        reported: set[str] = set()
        if image.built_by:
            continue
        for channel in resolve.resolve_channels(document):
            special = resolve.is_in_channel(image, channel)
            if special is None:
                continue
            for platform in resolve.list_all_platforms(image, special, document.defaults):
                if (
                    platform not in resolve.resolve_runners(image, special, document.defaults)
                    and platform not in reported
                ):
                    reported.add(platform)
                    message = f"No runner builds '{platform}' of the image '{key}'."
                    hint = f"Add '{platform}: LABEL' to 'runners' of the image or of 'defaults'."
                    near = find_closest(platform, grammar.COMMON_PLATFORMS)
                    # Another name of a known platform has a rule of its own.
                    if near and near != platform == grammar.canonicalize_platform(platform):
                        hint = f"Did you mean '{near}'? If not, a{hint[1:]}"
                    yield Problem(message, hint, document.origin.at("images", key, "platforms"))


def every_runner_builds_something(document: Document) -> Iterator[Problem]:
    """An image has runners only for platforms that it is built for."""
    for key, image in document.images.items():
        built = {
            platform
            for channel in resolve.resolve_channels(document)
            if (special := resolve.is_in_channel(image, channel))
            for platform in resolve.list_all_platforms(image, special, document.defaults)
        }
        named: list[tuple[tuple[str, ...], str]] = [(("images", key, "runners"), name) for name in image.runners]
        for channel in EVERY_CHANNEL:
            written = image.channels.of(channel)
            if isinstance(written, ImageChannelSpec):
                named += [(("images", key, "channels", channel, "runners"), platform) for platform in written.runners]
        for steps, platform in named:
            if platform not in built and grammar.canonicalize_platform(platform) == platform:
                message = f"The image '{key}' is not built for '{platform}', so this runner builds nothing."
                yield Problem(
                    message, "Add the platform, or remove the runner.", document.origin.key_at(*steps, platform)
                )


def values_are_one_line(document: Document) -> Iterator[Problem]:
    """Build arguments and labels are one line each: builders take them as `NAME=value` lines."""
    words = {"build-args": "build argument", "labels": "label", "annotations": "annotation"}
    for holder in list_template_holders(document):
        what = words.get(holder.steps[-1])
        for name in [name for name, text in holder.templates.items() if what and len(text.splitlines()) > 1]:
            place = document.origin.at(*holder.steps, name)
            yield Problem(f"The {what} '{name}' has more than one line.", "Put it on one line.", place)


def value_placeholders_are_known(document: Document) -> Iterator[Problem]:
    """Values have only the placeholders that there are for them, and `{file.KEY}` needs `version-file`."""
    for holder in list_template_holders(document):
        for name, template in holder.templates.items():
            place = document.origin.at(*holder.steps, name)
            for used in placeholders.list_names(template):
                yield from check_placeholder(document, holder, used, place)


def check_placeholder(document: Document, holder: TemplateHolder, used: str, place: Place) -> Iterator[Problem]:
    """What is wrong with one placeholder of a template."""
    if used.startswith(placeholders.FILE):
        if document.version_file is None:
            message = f"'{{{used}}}' is a value of the version file, and 'version-file' names none."
            yield Problem(message, "Name it at the top of the file.", place)
    elif used not in holder.allowed:
        hint = f"{suggest_nearest(used, holder.allowed)} For the text itself, write {{{{{used}}}}}."
        yield Problem(f"'{{{used}}}' is not a placeholder of {holder.what}.", hint, place)


def path_groups_are_used(document: Document) -> Iterator[Problem]:
    """An image names path groups that exist, and every path group is named by an image."""
    for key, image in document.images.items():
        for i, group in enumerate(image.path_groups):
            if group not in document.path_groups:
                message = f"'{group}' is not a path group."
                place = document.origin.at("images", key, "path-groups", i)
                yield Problem(
                    message, suggest_nearest(group, tuple(document.path_groups)) or "Add 'path-groups'.", place
                )
    named = {group for image in document.images.values() for group in image.path_groups}
    for group in document.path_groups:
        if group not in named:
            place = document.origin.key_at("path-groups", group)
            yield Problem(f"No image names the path group '{group}'.", "Name it, or remove it.", place)


def a_command_builds_alone(document: Document) -> Iterator[Problem]:
    """An image with a `command` of its own has no stage, pre-build or cache: docker buildx does not build it."""
    for key, image in document.images.items():
        without_effect: dict[str, object] = {
            "target": image.target,
            "prebuild": image.prebuild,
            "cache-from": image.cache_from,
            "cache-to": image.cache_to,
        }
        for name, value in without_effect.items():
            if image.command and value:
                message = f"The image '{key}' is built by a command, and '{name}' has no effect on a command."
                yield Problem(message, "Remove one of them.", document.origin.key_at("images", key, name))


def what_another_tool_builds_has_no_build(document: Document) -> Iterator[Problem]:
    """An image with `built-by` says what is published, and nothing of how it is built."""
    for key, image in document.images.items():
        if not image.built_by:
            continue
        way = ("images", key)
        parts: list[tuple[tuple[str, ...], frozenset[str]]] = [(way, WITHOUT_BUILD)]
        parts += [((*way, "variants", name), VARIANT_WITHOUT_BUILD) for name in image.variants]
        parts += [((*way, "channels", channel), CHANNEL_WITHOUT_BUILD) for channel in EVERY_CHANNEL]
        for steps, allowed in parts:
            for name in sorted(list_keys(document, steps) - allowed):
                message = f"The image '{key}' is built by {image.built_by}, and '{name}' has no effect on that."
                yield Problem(message, "Remove one of them.", document.origin.key_at(*steps, name))


def list_keys(document: Document, steps: tuple[str, ...]) -> frozenset[str]:
    """The keys that are written in a mapping of the file; none where it has no such mapping."""
    node: Node | None = document.origin
    for step in steps:
        node = node.child(step) if node else None
    return frozenset(node.entries) if isinstance(node, MappingNode) else frozenset()


def the_builder_keeps_a_build_in(document: Document) -> Iterator[Problem]:
    """Without a `command`, an image is built by the BuildKit of the workflows: no other one, and none without walls."""
    builds: dict[tuple[str, ...], BuildSpec] = {("defaults",): document.defaults}
    builds |= {("images", key): image for key, image in document.images.items() if not image.command}
    for steps, build in builds.items():
        for option in build.driver_opts or ():
            if "image" in list_option_names(option):
                message = f"'driver-opts' has {option!r}, and another BuildKit could take over the runner."
                hint = (
                    "Remove it: the workflows name BuildKit by digest. Only an image with a 'command' may choose one."
                )
                yield Problem(message, hint, document.origin.at(*steps, "driver-opts"))
        for flag in list_open_flags(build.buildkitd_flags or ""):
            message = f"'buildkitd-flags' has {flag!r}, which lets a Dockerfile reach the runner."
            hint = "Remove it: no build here is granted what it allows. Only an image with a 'command' may have it."
            yield Problem(message, hint, document.origin.at(*steps, "buildkitd-flags"))


def list_option_names(option: str) -> list[str]:
    """The names of an option of a driver: docker buildx reads each as a line of CSV."""
    try:
        fields = [field for row in csv.reader([option], strict=True) for field in row]
    except csv.Error:
        fields = option.replace('"', ",").split(",")
    return [field.partition("=")[0].strip(' "').casefold() for field in fields]


def list_open_flags(flags: str) -> list[str]:
    """The flags among those of a daemon that open the sandbox of a build. Go reads one dash as two."""
    try:
        words = shlex.split(flags)
    except ValueError:
        words = flags.replace("'", " ").replace('"', " ").split()
    return [word for word in words if word.startswith("-") and word.lstrip("-").partition("=")[0] in OPEN_FLAGS]
