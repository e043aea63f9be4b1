"""What has to hold in `release.yaml` beyond the form of each value: the rules that a JSON Schema cannot express.

The first line of a rule's docstring is its text in the reference. A rule takes the document and gives what breaks it.
None of them stops at the first mistake, and none reads anything but the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from release_actions.config import grammar, resolve
from release_actions.config.building_rules import (
    EVERY_CHANNEL,
    a_command_builds_alone,
    every_image_has_platforms,
    every_platform_has_a_runner,
    every_runner_builds_something,
    path_groups_are_used,
    platforms_are_canonical,
    the_builder_keeps_a_build_in,
    value_placeholders_are_known,
    values_are_one_line,
    what_another_tool_builds_has_no_build,
)
from release_actions.config.cleanup_settings import SELECTORS
from release_actions.config.components import (
    every_image_is_in_a_component,
    tags_of_components_are_apart,
    what_components_say_is_not_said_twice,
)
from release_actions.config.document import Document
from release_actions.config.model import Package
from release_actions.config.shapes import make_glob, suggest_nearest
from release_actions.config.source import SequenceNode
from release_actions.config.tag_rules import (
    channel_tags_are_apart,
    flavours_are_apart,
    floating_tags_are_apart,
    image_tags_tell_versions_apart,
    skipped_versions_are_releases,
    what_is_not_promoted_is_built,
)
from release_actions.errors import Place, Problem
from release_actions.runner.patterns import Pattern
from release_actions.versions.version import parse_or_none

Rule = Callable[[Document], Iterator[Problem]]

NAME_PLACEHOLDERS = ("image", "suffix")
NEWEST = "newest"
"""The placeholder of the newest branch of a line."""

SAME_REGISTRY = {"index.docker.io": "docker.io", "registry-1.docker.io": "docker.io"}
"""Other names of a registry -> its name."""

BRANCH_PLACEHOLDERS = ("major", "minor", "patch", NEWEST)


def list_name_templates(document: Document) -> Iterator[tuple[str, Place]]:
    """Every template of package names, with its place."""
    for channel, described in resolve.resolve_channels(document).items():
        yield described.name, document.origin.at("channels", channel, "name")
        for place, spec in described.destinations.items():
            if spec.name:
                yield spec.name, document.origin.at("channels", channel, "destinations", place, "name")
    for key, image in document.images.items():
        for channel in EVERY_CHANNEL:
            special = resolve.is_in_channel(image, channel)
            if special and special.name:
                yield special.name, document.origin.at("images", key, "channels", channel, "name")
            for place, own in special.destinations.items() if special else ():
                if not isinstance(own, bool):
                    steps = ("images", key, "channels", channel, "destinations", place, "name")
                    yield own.name, document.origin.at(*steps)


def list_named_packages(document: Document) -> Iterator[Package]:
    """The packages whose names could be made."""
    yield from (package for package in resolve.resolve_packages(document) if "{" not in package.name)


def name_placeholders_are_known(document: Document) -> Iterator[Problem]:
    """The placeholders of package names are `{image}` and `{suffix}`."""
    for template, place in list_name_templates(document):
        for unknown in set(grammar.list_placeholders(template)) - set(NAME_PLACEHOLDERS):
            message = f"'{{{unknown}}}' is not a placeholder of package names."
            yield Problem(message, suggest_nearest(unknown, NAME_PLACEHOLDERS), place)


def every_image_is_published(document: Document) -> Iterator[Problem]:
    """An image is published in at least one channel."""
    for key, image in document.images.items():
        if not any(resolve.is_in_channel(image, channel) for channel in resolve.resolve_channels(document)):
            message = f"The image '{key}' is published in no channel."
            yield Problem(
                message, "Remove it, or one of the 'false' below 'channels'.", document.origin.at("images", key)
            )


def channels_exist(document: Document) -> Iterator[Problem]:
    """An image or a clean-up rule names `dev` only if the file has that channel."""
    known = resolve.resolve_channels(document)
    for key, image in document.images.items():
        for channel in EVERY_CHANNEL:
            if channel not in known and image.channels.of(channel) is not None:
                place = document.origin.key_at("images", key, "channels", channel)
                yield Problem(f"The file has no channel '{channel}'.", "Describe it below 'channels'.", place)
    for name, rule in document.cleanup.items():
        if rule.channel and rule.channel not in known:
            place = document.origin.at("cleanup", name, "channel")
            yield Problem(f"The file has no channel '{rule.channel}'.", "Describe it below 'channels'.", place)


def destinations_exist(document: Document) -> Iterator[Problem]:
    """What an image says of a destination is about one that the channel has."""
    channels_by_name = resolve.resolve_channels(document)
    for key, image in document.images.items():
        for channel in EVERY_CHANNEL:
            special = image.channels.of(channel)
            if channel not in channels_by_name or special is None or isinstance(special, bool):
                continue
            known = channels_by_name[channel].destinations
            for name in special.destinations:
                if name not in known:
                    place = document.origin.key_at("images", key, "channels", channel, "destinations", name)
                    yield Problem(
                        f"The channel '{channel}' has no destination '{name}'.", suggest_nearest(name, known), place
                    )


def credentials_are_used(document: Document) -> Iterator[Problem]:
    """Credentials are for a registry that a channel or a destination publishes to."""
    used = {package.registry for package in resolve.resolve_packages(document)}
    used |= {channel.registry or document.registry for channel in resolve.resolve_channels(document).values()}
    for registry in document.credentials:
        if registry not in used:
            place = document.origin.key_at("credentials", registry)
            yield Problem(f"Nothing is published to '{registry}'.", suggest_nearest(registry, sorted(used)), place)


def package_names_are_legal(document: Document) -> Iterator[Problem]:
    """A package's name is legal by the distribution specification, and has at most 255 characters with the registry."""
    for package in list_named_packages(document):
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
    there: dict[str, list[Package]] = {}
    tags_are_chosen = document.channels.dev is not None and document.channels.dev.tags is not None
    for package in list_named_packages(document):
        # Docker Hub has several names, and one name of a package there.
        others = there.setdefault(f"{SAME_REGISTRY.get(package.registry, package.registry)}/{package.name}", [])
        rival = next((one for one in others if not _can_share(one, package, tags_are_chosen=tags_are_chosen)), None)
        others.append(package)
        if rival is None:
            continue
        what, other = _describe_package(package), _describe_package(rival)
        channel = rival.channel
        if channel != package.channel:
            builds = "Dev builds" if package.channel == "dev" else "Pull requests"
            message = f"{builds} of {what} would land in the {channel} package '{package.name}'."
            hint = "Give the channels different templates, for example with '-dev' in one."
            if package.channel == "dev":
                hint += " To publish both in one package, say below channels.dev.tags which tags the builds have."
        else:
            message = f"{what[0].upper()}{what[1:]} is published as '{package.name}', and so is {other}."
            hint = "Give one another 'name'."
            if package.destination and rival.image == package.image and rival.variant == package.variant:
                hint = f"Give the destination '{package.destination}' another 'registry', 'namespace' or 'name'."
            elif package.variant:
                hint = "Add '{suffix}' to the channel's template, or give the variant a 'tag' such as '{tag}-alpine'."
        yield Problem(message, hint, package.place)


def _can_share(one: Package, other: Package, *, tags_are_chosen: bool) -> bool:
    """Whether two packages may be one: flavours of an image, or releases and builds whose tags the project chose."""
    if one.image != other.image or (one.variant != other.variant and one.tag_form == other.tag_form):
        return False
    channels = (one.channel, other.channel)
    if channels[0] == channels[1] and one.variant == other.variant:
        # The same image in two destinations that are one package.
        return False
    return channels[0] == channels[1] or (channels == ("release", "dev") and tags_are_chosen)


def _describe_package(package: Package) -> str:
    image = f"the image '{package.image}'"
    what = f"the variant '{package.variant}' of {image}" if package.variant else image
    return f"{what} in the destination '{package.destination}'" if package.destination else what


def branches_are_legal(document: Document) -> Iterator[Problem]:
    """A template of branches has only the placeholders of branches, and gives a legal name."""
    origin, versions = document.origin, document.versions
    written = origin.child("versions")
    node = written.child("release-branch") if written else None
    for i, template in enumerate(versions.release_branch):
        steps = (i,) if isinstance(node, SequenceNode) else ()
        yield from _branch_is_legal(template, origin.at("versions", "release-branch", *steps))
    if versions.prerelease_branch is not None:
        yield from _branch_is_legal(versions.prerelease_branch, origin.at("versions", "prerelease-branch"))


def _branch_is_legal(template: str, place: Place) -> Iterator[Problem]:
    used = grammar.list_placeholders(template)
    unknown = [name for name in used if name not in BRANCH_PLACEHOLDERS]
    sample = grammar.fill(template, dict.fromkeys(BRANCH_PLACEHOLDERS, "1"))
    if unknown:
        message = f"'{{{unknown[0]}}}' is not a placeholder of branches."
        yield Problem(message, suggest_nearest(unknown[0], BRANCH_PLACEHOLDERS), place)
    elif used.count(NEWEST) > 1 or (NEWEST in used and not {"major", "minor"} <= set(used)):
        message = f"'{template}' needs {{major}} and {{minor}} beside a single {{newest}}."
        yield Problem(message, "Write for example 'releases/v{major}.{minor}.{newest}'.", place)
    elif not grammar.is_branch(sample):
        yield Problem(f"'{sample}' is not a legal name of a branch.", "Write it without refs/heads/.", place)


def retired_packages_are_not_published(document: Document) -> Iterator[Problem]:
    """A package that is retired is not one that the file still publishes."""
    published = {p.name for p in resolve.resolve_packages(document) if resolve.is_at_home(document, p)}
    for name, package in zip(document.retired, resolve.resolve_retired(document), strict=True):
        if package.name in published:
            place = document.origin.key_at("retired", name)
            yield Problem(f"'{name}' is retired, and 'images' still publishes it.", "Remove one of them.", place)


def retirements_begin_with_a_release(document: Document) -> Iterator[Problem]:
    """`since` of a retired package is the tag of a release."""
    for name, spec in document.retired.items():
        version = parse_or_none(spec.since, resolve.resolve_tag_scheme(document))
        if version is None or not version.is_stable:
            place = document.origin.at("retired", name, "since")
            message = f"'{spec.since}' is not the tag of a release."
            yield Problem(message, "Write the first release without the package, for example 'v0.5.0'.", place)


def rules_select_something(document: Document) -> Iterator[Problem]:
    """A clean-up rule's globs match a package of the file, and a rule selects something."""
    published = tuple(resolve.resolve_packages(document))
    namespace = resolve.resolve_namespace(document)
    names = resolve.list_cleaned_packages(document, published)
    for name, rule in document.cleanup.items():
        for i, wanted in enumerate(rule.packages or ()):
            place = document.origin.at("cleanup", name, "packages", i)
            if wanted.startswith(f"{namespace}/"):
                hint = f"Leave out '{namespace}/'."
                yield Problem(f"The package '{wanted}' is named with its namespace.", hint, place)
            elif grammar.is_glob(wanted) and not tuple(resolve.match_packages(wanted, namespace, names)):
                hint = "It selects among what 'images' and 'channels' give; other packages are named in full."
                yield Problem(f"'{wanted}' matches no package of this file.", hint, place)
            elif not grammar.is_glob(wanted) and not grammar.is_name(wanted):
                hint = "Lower-case letters and digits, with '.', '_', '__' or dashes between them."
                yield Problem(f"'{wanted}' is not a legal repository name.", hint, place)
        own = [package for package in published if package.channel == rule.channel]
        if own and not any(resolve.is_at_home(document, package) for package in own):
            message = (
                f"The channel '{rule.channel}' is published to {own[0].registry}, where a clean-up deletes nothing."
            )
            yield Problem(
                message,
                f"Remove the rule: only packages on {document.registry} are cleaned.",
                document.origin.at("cleanup", name, "channel"),
            )
        if rule.selects_nothing:
            message = f"The clean-up rule '{name}' deletes nothing."
            written = next(key for key in SELECTORS if rule.origin.child(key))
            place = document.origin.at("cleanup", name, written)
            yield Problem(message, f"Add 'delete-tags', or set '{written}: true'.", place)


def spared_tags_are_selected(document: Document) -> Iterator[Problem]:
    """`keep-n`, `keep-n-per-line` and `older-than` keep some of the selected tags, so the rule selects some."""
    for name, rule in document.cleanup.items():
        if rule.keep_n_untagged is not None and not rule.delete_untagged:
            message = f"'keep-n-untagged' keeps untagged versions, and the clean-up rule '{name}' deletes none."
            place = document.origin.key_at("cleanup", name, "keep-n-untagged")
            yield Problem(message, "Add 'delete-untagged: true'.", place)
        if rule.selects_tags:
            continue
        for spare in ("keep-n", "keep-n-per-line", "older-than"):
            if rule.origin.child(spare) is not None:
                message = f"'{spare}' keeps some of the selected tags, and the clean-up rule '{name}' selects none."
                yield Problem(message, "Add 'delete-tags'.", document.origin.key_at("cleanup", name, spare))


def patterns_are_legal(document: Document) -> Iterator[Problem]:
    """What selects and spares tags is a glob over tags or, with `use-regex`, a regular expression."""
    for name, rule in document.cleanup.items():
        for key, patterns in (("delete-tags", rule.delete_tags), ("exclude-tags", rule.exclude_tags)):
            for i, pattern in enumerate(patterns):
                place = document.origin.at("cleanup", name, key, i)
                if rule.use_regex:
                    try:
                        Pattern(pattern)
                    except (re.error, OverflowError, RecursionError) as error:
                        yield Problem(f"'{pattern}' is not a regular expression: {error}.", "", place)
                elif not re.fullmatch(make_glob().pattern, pattern):
                    hint = "Write for example pr-*, or set 'use-regex: true'."
                    yield Problem(f"'{pattern}' is not a glob over tags.", hint, place)


RULES_OF_COMPONENTS: tuple[Rule, ...] = (
    image_tags_tell_versions_apart,
    channel_tags_are_apart,
    what_is_not_promoted_is_built,
    floating_tags_are_apart,
    flavours_are_apart,
    skipped_versions_are_releases,
    branches_are_legal,
    retired_packages_are_not_published,
    retirements_begin_with_a_release,
)
"""The rules about releases, which hold for each component of a file that has some."""

RULES: tuple[Rule, ...] = (
    name_placeholders_are_known,
    every_image_is_published,
    channels_exist,
    destinations_exist,
    every_image_has_platforms,
    platforms_are_canonical,
    every_platform_has_a_runner,
    values_are_one_line,
    value_placeholders_are_known,
    path_groups_are_used,
    credentials_are_used,
    every_runner_builds_something,
    a_command_builds_alone,
    what_another_tool_builds_has_no_build,
    the_builder_keeps_a_build_in,
    package_names_are_legal,
    package_names_are_unique,
    *RULES_OF_COMPONENTS,
    rules_select_something,
    spared_tags_are_selected,
    patterns_are_legal,
    every_image_is_in_a_component,
    tags_of_components_are_apart,
    what_components_say_is_not_said_twice,
)
"""All rules, in the order of the reference."""
