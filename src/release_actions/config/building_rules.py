"""What has to hold in `release.yaml` about how images are built: platforms, runners, values and paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from release_actions.config import grammar, placeholders, resolve
from release_actions.config.building import BuildSpec
from release_actions.config.document import Document, ImageChannelSpec, VariantSpec
from release_actions.config.model import CHANNELS, PULL_REQUEST
from release_actions.config.shapes import suggest_nearest
from release_actions.errors import Problem

EVERY_CHANNEL = (*CHANNELS, PULL_REQUEST)
CACHES = ("cache-from", "cache-to")
PLACES = {
    "build-args": "a value",
    "labels": "a value",
    "source": "a source",
    "cache-from": "a cache",
    "cache-to": "a cache",
}


def list_platform_holders(
    document: Document,
) -> Iterator[tuple[tuple[str, ...], BuildSpec | ImageChannelSpec | VariantSpec]]:
    """Everything that can name platforms, and runners but for variants, with the keys that lead to it."""
    yield ("defaults",), document.defaults
    for key, image in document.images.items():
        yield ("images", key), image
        for channel in EVERY_CHANNEL:
            special = resolve.in_channel(image, channel)
            if special:
                yield ("images", key, "channels", channel), special
        for name, variant in image.variants.items():
            yield ("images", key, "variants", name), variant


def list_argument_holders(document: Document) -> Iterator[tuple[tuple[str, ...], BuildSpec | VariantSpec]]:
    """Everything that can name build arguments, with the keys that lead to it."""
    yield ("defaults",), document.defaults
    for key, image in document.images.items():
        yield ("images", key), image
        for name, variant in image.variants.items():
            yield ("images", key, "variants", name), variant


def every_image_has_platforms(document: Document) -> Iterator[Problem]:
    """Every image has platforms, its own or those of `defaults`."""
    for key, image in document.images.items():
        for channel in resolve.channels(document):
            special = resolve.in_channel(image, channel)
            if special and not all(
                resolve.platforms(image, special, document.defaults, variant)
                for _, _, variant in resolve.variants(image)
            ):
                message = f"The image '{key}' has no platforms."
                hint = "Add 'platforms', for example [linux/amd64], to it or to 'defaults'."
                yield Problem(message, hint, document.origin.at("images", key))
                break


def platforms_are_canonical(document: Document) -> Iterator[Problem]:
    """Platforms are written as an index writes them: `linux/amd64`, not `linux/x86_64`; `linux/arm64` without `v8`."""
    for steps, record in list_platform_holders(document):
        named = [(name, document.origin.at(*steps, "platforms", i)) for i, name in enumerate(record.platforms or ())]
        named += [(name, document.origin.key_at(*steps, "runners", name)) for name in getattr(record, "runners", {})]
        for name, place in named:
            canonical = grammar.canonicalize_platform(name)
            if canonical != name:
                yield Problem(f"The platform '{name}' is '{canonical}' in an index.", f"Write {canonical}.", place)


def every_platform_has_a_runner(document: Document) -> Iterator[Problem]:
    """Every platform has a runner. Only `linux/amd64` and `linux/arm64` have one by themselves."""
    for key, image in document.images.items():
        reported: set[str] = set()
        for channel in resolve.channels(document):
            special = resolve.in_channel(image, channel)
            if special is None:
                continue
            for platform in resolve.all_platforms(image, special, document.defaults):
                if platform not in resolve.runners(image, special, document.defaults) and platform not in reported:
                    reported.add(platform)
                    message = f"No runner builds '{platform}' of the image '{key}'."
                    hint = f"Add '{platform}: LABEL' to 'runners' of the image or of 'defaults'."
                    yield Problem(message, hint, document.origin.at("images", key, "platforms"))


def every_runner_builds_something(document: Document) -> Iterator[Problem]:
    """An image has runners only for platforms that it is built for."""
    for key, image in document.images.items():
        built = {
            platform
            for channel in resolve.channels(document)
            if (special := resolve.in_channel(image, channel))
            for platform in resolve.all_platforms(image, special, document.defaults)
        }
        named: list[tuple[tuple[str, ...], str]] = [(("images", key, "runners"), name) for name in image.runners]
        for channel in EVERY_CHANNEL:
            special = getattr(image.channels, channel.replace("-", "_"), None)
            if isinstance(special, ImageChannelSpec):
                named += [(("images", key, "channels", channel, "runners"), platform) for platform in special.runners]
        for steps, platform in named:
            if platform not in built and grammar.canonicalize_platform(platform) == platform:
                message = f"The image '{key}' is not built for '{platform}', so this runner builds nothing."
                yield Problem(
                    message, "Add the platform, or remove the runner.", document.origin.key_at(*steps, platform)
                )


def values_are_one_line(document: Document) -> Iterator[Problem]:
    """Build arguments and labels are one line each: builders take them as `NAME=value` lines."""
    for steps, record in list_argument_holders(document):
        for name in [name for name, value in record.build_args.items() if len(value.splitlines()) > 1]:
            place = document.origin.at(*steps, "build-args", name)
            yield Problem(f"The build argument '{name}' has more than one line.", "Put it on one line.", place)
        for name in [name for name, value in getattr(record, "labels", {}).items() if len(value.splitlines()) > 1]:
            place = document.origin.at(*steps, "labels", name)
            yield Problem(f"The label '{name}' has more than one line.", "Put it on one line.", place)


def value_placeholders_are_known(document: Document) -> Iterator[Problem]:
    """Values have only the placeholders that there are for them, and `{file.KEY}` needs `version-file`."""
    for steps, record in list_argument_holders(document):
        source = getattr(record, "source", None)
        sources = {"repository": source.repository, "ref": source.ref} if source else {}
        labels = getattr(record, "labels", {})
        caches = {kind: dict(enumerate(getattr(record, kind.replace("-", "_"), None) or ())) for kind in CACHES}
        described: tuple[tuple[str, Mapping[str, str] | Mapping[int, str], tuple[str, ...]], ...] = (
            ("build-args", record.build_args, placeholders.OF_VALUES),
            ("labels", labels, placeholders.OF_VALUES),
            ("source", sources, placeholders.OF_SOURCES),
            *((kind, templates, placeholders.OF_CACHES) for kind, templates in caches.items()),
        )
        for kind, values, allowed in described:
            for name, template in values.items():
                place = document.origin.at(*steps, kind, name)
                for used in placeholders.list_names(template):
                    if used.startswith(placeholders.FILE):
                        if document.version_file is None:
                            message = f"'{{{used}}}' is a value of the version file, and 'version-file' names none."
                            yield Problem(message, "Name it at the top of the file.", place)
                    elif used not in allowed:
                        message = f"'{{{used}}}' is not a placeholder of {PLACES[kind]}."
                        hint = f"{suggest_nearest(used, allowed)} For the text itself, write {{{{{used}}}}}."
                        yield Problem(message, hint, place)


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
        for name in ("target", "prebuild", "cache-from", "cache-to"):
            if image.command and getattr(image, name.replace("-", "_")):
                message = f"The image '{key}' is built by a command, and '{name}' has no effect on a command."
                yield Problem(message, "Remove one of them.", document.origin.key_at("images", key, name))
