"""What has to hold in `release.yaml` beyond the form of each value: the rules that a JSON Schema cannot express.

The first line of a rule's docstring is its text in the reference. A rule takes the document and gives what breaks it.
None of them stops at the first mistake, and none reads anything but the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from release_actions import placeholders
from release_actions.config import grammar, resolve
from release_actions.config.building import Build
from release_actions.config.document import SELECTORS, Document, ImageInChannel, Variant
from release_actions.config.model import CHANNELS, PULL_REQUEST, Package
from release_actions.errors import Place, Problem
from release_actions.shapes import glob, nearest
from release_actions.versions import TagRefused, parse, parse_or_none

EVERY_CHANNEL = (*CHANNELS, PULL_REQUEST)
Rule = Callable[[Document], Iterator[Problem]]

NAME_PLACEHOLDERS = ("image", "suffix")
TAG_PLACEHOLDERS = ("major", "minor")
CACHES = ("cache-from", "cache-to")
PLACES = {
    "build-args": "a value",
    "labels": "a value",
    "source": "a source",
    "cache-from": "a cache",
    "cache-to": "a cache",
}
BRANCH_PLACEHOLDERS = ("major", "minor", "patch")


def templates(document: Document) -> Iterator[tuple[str, Place]]:
    """Every template of package names, with its place."""
    for channel, described in resolve.channels(document).items():
        yield described.name, document.origin.at("channels", channel, "name")
    for key, image in document.images.items():
        for channel in EVERY_CHANNEL:
            special = resolve.in_channel(image, channel)
            if special and special.name:
                yield special.name, document.origin.at("images", key, "channels", channel, "name")


def with_platforms(document: Document) -> Iterator[tuple[tuple[str, ...], Build | ImageInChannel | Variant]]:
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


def with_arguments(document: Document) -> Iterator[tuple[tuple[str, ...], Build | Variant]]:
    """Everything that can name build arguments, with the keys that lead to it."""
    yield ("defaults",), document.defaults
    for key, image in document.images.items():
        yield ("images", key), image
        for name, variant in image.variants.items():
            yield ("images", key, "variants", name), variant


def with_legal_placeholders(document: Document) -> Iterator[Package]:
    """The packages whose names could be made."""
    yield from (package for package in resolve.packages(document) if "{" not in package.name)


def name_placeholders(document: Document) -> Iterator[Problem]:
    """The placeholders of package names are `{image}` and `{suffix}`."""
    for template, place in templates(document):
        for unknown in set(grammar.placeholders(template)) - set(NAME_PLACEHOLDERS):
            message = f"'{{{unknown}}}' is not a placeholder of package names."
            yield Problem(message, nearest(unknown, NAME_PLACEHOLDERS), place)


def every_image_is_published(document: Document) -> Iterator[Problem]:
    """An image is published in at least one channel."""
    for key, image in document.images.items():
        if not any(resolve.in_channel(image, channel) for channel in resolve.channels(document)):
            message = f"The image '{key}' is published in no channel."
            yield Problem(
                message, "Remove it, or one of the 'false' below 'channels'.", document.origin.at("images", key)
            )


def channels_exist(document: Document) -> Iterator[Problem]:
    """An image or a clean-up rule names `dev` only if the file has that channel."""
    known = resolve.channels(document)
    for key, image in document.images.items():
        for channel in EVERY_CHANNEL:
            if channel not in known and getattr(image.channels, channel.replace("-", "_"), None) is not None:
                place = document.origin.key_at("images", key, "channels", channel)
                yield Problem(f"The file has no channel '{channel}'.", "Describe it below 'channels'.", place)
    for name, rule in document.cleanup.items():
        if rule.channel and rule.channel not in known:
            place = document.origin.at("cleanup", name, "channel")
            yield Problem(f"The file has no channel '{rule.channel}'.", "Describe it below 'channels'.", place)


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
    for steps, record in with_platforms(document):
        named = [(name, document.origin.at(*steps, "platforms", i)) for i, name in enumerate(record.platforms or ())]
        named += [(name, document.origin.key_at(*steps, "runners", name)) for name in getattr(record, "runners", {})]
        for name, place in named:
            canonical = grammar.canonical_platform(name)
            if canonical != name:
                yield Problem(f"The platform '{name}' is '{canonical}' in an index.", f"Write {canonical}.", place)


def every_platform_has_a_runner(document: Document) -> Iterator[Problem]:
    """Every platform has a runner. Only `linux/amd64` and `linux/arm64` have one by themselves."""
    for key, image in document.images.items():
        told: set[str] = set()
        for channel in resolve.channels(document):
            special = resolve.in_channel(image, channel)
            if special is None:
                continue
            for platform in resolve.all_platforms(image, special, document.defaults):
                if platform not in resolve.runners(image, special, document.defaults) and platform not in told:
                    told.add(platform)
                    message = f"No runner builds '{platform}' of the image '{key}'."
                    hint = f"Add '{platform}: LABEL' to 'runners' of the image or of 'defaults'."
                    yield Problem(message, hint, document.origin.at("images", key, "platforms"))


def values_are_one_line(document: Document) -> Iterator[Problem]:
    """Build arguments and labels are one line each: builders take them as `NAME=value` lines."""
    for steps, record in with_arguments(document):
        for name in [name for name, value in record.build_args.items() if len(value.splitlines()) > 1]:
            place = document.origin.at(*steps, "build-args", name)
            yield Problem(f"The build argument '{name}' has more than one line.", "Put it on one line.", place)
        for name in [name for name, value in getattr(record, "labels", {}).items() if len(value.splitlines()) > 1]:
            place = document.origin.at(*steps, "labels", name)
            yield Problem(f"The label '{name}' has more than one line.", "Put it on one line.", place)


def value_placeholders(document: Document) -> Iterator[Problem]:
    """Values have only the placeholders that there are for them, and `{file.KEY}` needs `version-file`."""
    for steps, record in with_arguments(document):
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
                for used in placeholders.names(template):
                    if used.startswith(placeholders.FILE):
                        if document.version_file is None:
                            message = f"'{{{used}}}' is a value of the version file, and 'version-file' names none."
                            yield Problem(message, "Name it at the top of the file.", place)
                    elif used not in allowed:
                        message = f"'{{{used}}}' is not a placeholder of {PLACES[kind]}."
                        hint = f"{nearest(used, allowed)} For the text itself, write {{{{{used}}}}}."
                        yield Problem(message, hint, place)


def path_groups_are_used(document: Document) -> Iterator[Problem]:
    """An image names path groups that exist, and every path group is named by an image."""
    for key, image in document.images.items():
        for i, group in enumerate(image.path_groups):
            if group not in document.path_groups:
                message = f"'{group}' is no path group."
                place = document.origin.at("images", key, "path-groups", i)
                yield Problem(message, nearest(group, tuple(document.path_groups)) or "Add 'path-groups'.", place)
    named = {group for image in document.images.values() for group in image.path_groups}
    for group in document.path_groups:
        if group not in named:
            place = document.origin.key_at("path-groups", group)
            yield Problem(f"No image names the path group '{group}'.", "Name it, or remove it.", place)


def credentials_are_used(document: Document) -> Iterator[Problem]:
    """Credentials are for a registry that a channel publishes to."""
    used = {channel.registry or document.registry for channel in resolve.channels(document).values()}
    for registry in document.credentials:
        if registry not in used:
            place = document.origin.key_at("credentials", registry)
            yield Problem(f"Nothing is published to '{registry}'.", nearest(registry, sorted(used)), place)


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
            if isinstance(special, ImageInChannel):
                named += [(("images", key, "channels", channel, "runners"), platform) for platform in special.runners]
        for steps, platform in named:
            if platform not in built and grammar.canonical_platform(platform) == platform:
                message = f"The image '{key}' is not built for '{platform}', so this runner builds nothing."
                yield Problem(
                    message, "Add the platform, or remove the runner.", document.origin.key_at(*steps, platform)
                )


def a_command_builds_alone(document: Document) -> Iterator[Problem]:
    """An image with a `command` of its own has no stage, pre-build or cache: docker buildx does not build it."""
    for key, image in document.images.items():
        for name in ("target", "prebuild", "cache-from", "cache-to"):
            if image.command and getattr(image, name.replace("-", "_")):
                message = f"The image '{key}' is built by a command, which knows nothing of '{name}'."
                yield Problem(message, "Remove one of them.", document.origin.key_at("images", key, name))


def package_names_are_legal(document: Document) -> Iterator[Problem]:
    """A package's name is legal by the distribution specification, and has at most 255 characters with the registry."""
    for package in with_legal_placeholders(document):
        if not grammar.is_name(package.name):
            message = f"'{package.name}' is not a legal repository name."
            hint = "Lower-case letters and digits, with '.', '_', '__' or dashes between them."
            yield Problem(message, hint, package.place)
        elif len(package.reference) > grammar.LONGEST_REFERENCE:
            message = f"The full name of the package '{package.package}' has {len(package.reference)} characters."
            hint = f"Many clients take at most {grammar.LONGEST_REFERENCE}, registry and namespace included."
            yield Problem(message, hint, package.place)


def package_names_are_unique(document: Document) -> Iterator[Problem]:
    """No two images, variants or channels share a package."""
    first: dict[str, tuple[str, str]] = {}
    for package in with_legal_placeholders(document):
        what = f"the image '{package.image}'"
        if package.variant:
            what = f"the variant '{package.variant}' of {what}"
        if package.reference not in first:
            first[package.reference] = (what, package.channel)
            continue
        other, channel = first[package.reference]
        if channel != package.channel:
            builds = "Dev builds" if package.channel == "dev" else "Pull requests"
            message = f"{builds} of {what} would land in the {channel} package '{package.name}'."
            hint = "Give the channels different templates, for example with '-dev' in one."
        else:
            message = f"{what[0].upper()}{what[1:]} is published as '{package.name}', and so is {other}."
            hint = "Add '{suffix}' to the channel's template." if package.variant else "Give one another 'name'."
        yield Problem(message, hint, package.place)


def floating_tags_are_apart(document: Document) -> Iterator[Problem]:
    """A floating tag is a legal tag, is never the tag of a release, and no other template makes the same one."""
    prefix = document.versions.prefix
    seen: list[str] = []
    for i, template in enumerate(document.floating_tags or ()):
        place = document.origin.at("floating-tags", i)
        used = grammar.placeholders(template)
        sample = grammar.fill(template, {"major": "1", "minor": "2"})
        if "patch" in used:
            message = f"'{template}' would name a single release."
            yield Problem(message, "A release keeps its exact tag; only {major} and {major}.{minor} float.", place)
        elif unknown := next((name for name in used if name not in TAG_PLACEHOLDERS), None):
            message = f"'{{{unknown}}}' is not a placeholder of floating tags."
            yield Problem(message, nearest(unknown, TAG_PLACEHOLDERS), place)
        elif "minor" in used and "major" not in used:
            message = f"'{template}' would name releases of different major versions."
            yield Problem(message, "Add {major} to it.", place)
        elif not grammar.is_tag(sample):
            yield Problem(f"'{sample}' is not a legal tag.", "Begin with a letter, a digit or '_'.", place)
        elif parse_or_none(sample, prefix):
            message = f"'{template}' could be the tag of a release{', such as ' + sample if used else ''}."
            yield Problem(message, "A tag that moves needs a name that no release has.", place)
        elif grammar.runs_together(template):
            message = f"'{template}' would give different versions one tag."
            yield Problem(message, "Set the numbers apart from each other and from other digits.", place)
        else:
            yield from (
                Problem(f"'{template}' and '{other}' could be one tag.", "Keep one of them.", place)
                for other in seen
                if grammar.could_be_equal(template, other)
            )
            seen.append(template)


def skipped_versions_are_releases(document: Document) -> Iterator[Problem]:
    """A version to skip is the tag of a final or post release."""
    for tag in document.versions.skip:
        place = document.origin.key_at("versions", "skip", tag)
        try:
            version = parse(tag, document.versions.prefix)
        except TagRefused as error:
            yield Problem(error.problems[0].message, error.hint, place)
            continue
        if not version.is_stable:
            yield Problem(f"No floating tag ever names '{tag}'.", "Only final and post releases need skipping.", place)


def branches_are_legal(document: Document) -> Iterator[Problem]:
    """A template of branches has only `{major}`, `{minor}` and `{patch}` as placeholders, and gives a legal name."""
    for name in ("release-branch", "prerelease-branch"):
        template = getattr(document.versions, name.replace("-", "_"))
        if template is None:
            continue
        place = document.origin.at("versions", name)
        unknown = [used for used in grammar.placeholders(template) if used not in BRANCH_PLACEHOLDERS]
        sample = grammar.fill(template, dict.fromkeys(BRANCH_PLACEHOLDERS, "1"))
        if unknown:
            message = f"'{{{unknown[0]}}}' is not a placeholder of branches."
            yield Problem(message, nearest(unknown[0], BRANCH_PLACEHOLDERS), place)
        elif not grammar.is_branch(sample):
            yield Problem(f"'{sample}' is not a legal name of a branch.", "Write it without refs/heads/.", place)


def rules_select_something(document: Document) -> Iterator[Problem]:
    """A clean-up rule's globs match a package of the file, and a rule selects something."""
    published = tuple(resolve.packages(document))
    namespace = resolve.namespace(document)
    for name, rule in document.cleanup.items():
        for i, wanted in enumerate(rule.packages or ()):
            place = document.origin.at("cleanup", name, "packages", i)
            if wanted.startswith(f"{namespace}/"):
                hint = f"Leave out '{namespace}/'."
                yield Problem(f"The package '{wanted}' is named with its namespace.", hint, place)
            elif grammar.is_glob(wanted) and not tuple(resolve.matching(wanted, namespace, published)):
                hint = "It selects among what 'images' and 'channels' give; other packages are named in full."
                yield Problem(f"'{wanted}' matches no package of this file.", hint, place)
            elif not grammar.is_glob(wanted) and not grammar.is_name(wanted):
                hint = "Lower-case letters and digits, with '.', '_', '__' or dashes between them."
                yield Problem(f"'{wanted}' is not a legal repository name.", hint, place)
        if not any(getattr(rule, key.replace("-", "_")) for key in SELECTORS):
            message = f"The clean-up rule '{name}' deletes nothing."
            written = next(key for key in SELECTORS if rule.origin.child(key))
            place = document.origin.at("cleanup", name, written)
            yield Problem(message, f"Add 'delete-tags', or set '{written}: true'.", place)


def spared_tags_are_selected(document: Document) -> Iterator[Problem]:
    """`keep-n`, `keep-n-per-line` and `older-than` spare selected tags, so the rule selects some."""
    for name, rule in document.cleanup.items():
        if rule.delete_tags or rule.delete_released_candidates or rule.delete_closed_pull_requests:
            continue
        for spare in ("keep-n", "keep-n-per-line", "older-than"):
            if getattr(rule, spare.replace("-", "_")) is not None:
                message = f"'{spare}' spares selected tags, and the clean-up rule '{name}' selects none."
                yield Problem(message, "Add 'delete-tags'.", document.origin.key_at("cleanup", name, spare))


def patterns_are_legal(document: Document) -> Iterator[Problem]:
    """What selects and spares tags is a glob over tags or, with `use-regex`, a regular expression."""
    for name, rule in document.cleanup.items():
        for key in ("delete-tags", "exclude-tags"):
            for i, pattern in enumerate(getattr(rule, key.replace("-", "_"))):
                place = document.origin.at("cleanup", name, key, i)
                if rule.use_regex:
                    try:
                        re.compile(pattern)
                    except re.error as error:
                        yield Problem(f"'{pattern}' is not a regular expression: {error}.", "", place)
                elif not re.fullmatch(glob().pattern, pattern):
                    hint = "Write for example pr-*, or set 'use-regex: true'."
                    yield Problem(f"'{pattern}' is not a glob over tags.", hint, place)


RULES: tuple[Rule, ...] = (
    name_placeholders,
    every_image_is_published,
    channels_exist,
    every_image_has_platforms,
    platforms_are_canonical,
    every_platform_has_a_runner,
    values_are_one_line,
    value_placeholders,
    path_groups_are_used,
    credentials_are_used,
    every_runner_builds_something,
    a_command_builds_alone,
    package_names_are_legal,
    package_names_are_unique,
    floating_tags_are_apart,
    skipped_versions_are_releases,
    branches_are_legal,
    rules_select_something,
    spared_tags_are_selected,
    patterns_are_legal,
)
"""All rules, in the order of the reference."""
