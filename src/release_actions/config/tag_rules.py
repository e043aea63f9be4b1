"""What has to hold for the tags in `release.yaml`: exact ones, floating ones, and those of builds that are no release.

Rules as in `rules`: each takes the document and gives what breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from release_actions.config import grammar, resolve
from release_actions.config.channel_tags import EVERY, PLACEHOLDERS, PULL, SAMPLE
from release_actions.config.document import Document
from release_actions.config.model import PULL_REQUEST, Package
from release_actions.config.shapes import suggest_nearest
from release_actions.errors import Place, Problem
from release_actions.versions.grammar import (
    PREFIX,
    FinalImages,
    Kind,
    TagRefused,
    TagScheme,
    WithoutCandidate,
    image_affixes,
)
from release_actions.versions.version import parse, parse_or_none, read_image_tag

TAG_PLACEHOLDERS = ("major", "minor")
IMAGE_TAG_PLACEHOLDERS = ("tag", "version")
AFTER_A_VERSION = re.compile(r"(?:-[A-Za-z0-9._-]+)?")
"""What may follow the version in an exact tag: nothing, or words behind a dash."""


def what_is_not_promoted_is_built(document: Document) -> Iterator[Problem]:
    """A project that builds its finals has nothing to say about finals without a candidate."""
    versions = document.versions
    if versions.final != FinalImages.PROMOTE.value and versions.without_candidate != WithoutCandidate.REFUSE.value:
        message = "'without-candidate' only has a meaning with 'final: promote': every final is built here."
        yield Problem(message, "Remove it, or add 'final: promote'.", versions.origin.at("without-candidate"))


def floating_tags_are_apart(document: Document) -> Iterator[Problem]:
    """A floating tag is a legal tag, is never the tag of a release, and no other template makes the same one."""
    seen: list[str] = []
    for i, template in enumerate(document.floating_tags or ()):
        place = document.origin.at("floating-tags", i)
        problem = find_floating_mistake(template, (resolve.resolve_tag_scheme(document),), place)
        if problem:
            yield problem
            continue
        yield from (
            Problem(f"'{template}' and '{other}' could be one tag.", "Keep one of them.", place)
            for other in seen
            if grammar.can_be_equal(template, other)
        )
        seen.append(template)


def find_floating_mistake(  # noqa: PLR0911  # each mistake has words of its own
    template: str, schemes: Iterable[TagScheme], place: Place
) -> Problem | None:
    """What is wrong with a template of floating tags by itself. `schemes`: of the releases in its package."""
    used = grammar.list_placeholders(template)
    sample = grammar.fill(template, {"major": "1", "minor": "2"})
    if "patch" in used:
        message = f"'{template}' would name a single release."
        return Problem(message, "A release keeps its exact tag; only {major} and {major}.{minor} float.", place)
    if unknown := next((name for name in used if name not in TAG_PLACEHOLDERS), None):
        message = f"'{{{unknown}}}' is not a placeholder of floating tags."
        return Problem(message, suggest_nearest(unknown, TAG_PLACEHOLDERS), place)
    if "minor" in used and "major" not in used:
        message = f"'{template}' would name releases of different major versions."
        return Problem(message, "Add {major} to it.", place)
    if not grammar.is_tag(sample):
        return Problem(f"'{sample}' is not a legal tag.", "Begin with a letter, a digit or '_'.", place)
    if any(read(sample, scheme) for scheme in schemes for read in (parse_or_none, read_image_tag)):
        message = f"'{template}' could be the tag of a release{', such as ' + sample if used else ''}."
        return Problem(message, "A tag that moves needs a name that no release has.", place)
    if grammar.has_adjacent_numbers(template):
        message = f"'{template}' would give different versions one tag."
        return Problem(message, "Set the numbers apart from each other and from other digits.", place)
    return None


def flavours_are_apart(document: Document) -> Iterator[Problem]:
    """A variant's `tag` has `{tag}` once and reads as no part of a version, and its floating tags are its own."""
    packages: dict[str, list[Package]] = {}
    for package in resolve.resolve_packages(document):
        if package.channel == "release":
            packages.setdefault(package.image, []).append(package)
    for key, image in document.images.items():
        for name, variant in image.variants.items():
            if variant.tag is not None:
                place = document.origin.at("images", key, "variants", name, "tag")
                yield from _form_is_legal(variant.tag, document.versions.prefix, place)
        # What holds for a package holds for its copies, and is reported once.
        yield from dict.fromkeys(_floats_of_flavours_are_apart(document, key, packages.get(key, [])))


def _form_is_legal(form: str, prefix: str, place: Place) -> Iterator[Problem]:
    if grammar.list_placeholders(form) != ("tag",):
        yield Problem(f"'{form}' does not have {{tag}} once.", "Write for example '{tag}-alpine'.", place)
        return
    yield from _affixes_are_apart(form, image_affixes(TagScheme(prefix, image_tag=form)), place)


def _floats_of_flavours_are_apart(document: Document, image: str, flavours: list[Package]) -> Iterator[Problem]:
    seen: list[tuple[str, str, str]] = []
    if all(package.scheme is None for package in flavours):
        return
    for package in flavours:
        siblings = [one for one in flavours if one.reference == package.reference]
        schemes = [one.scheme or resolve.resolve_tag_scheme(document) for one in siblings]
        variant = document.images[image].variants.get(package.variant)
        written = variant is not None and variant.floating_tags is not None
        steps = ("images", image, "variants", package.variant) if variant else ("images", image)
        own = package.floating_tags if package.scheme is not None else resolve.resolve_floating_tags(document)
        for i, template in enumerate(own):
            place = document.origin.at(*steps, *(("floating-tags", i) if written else ()))
            problem = find_floating_mistake(template, schemes, place) if written else None
            if problem:
                yield problem
            for reference, flavour, other in seen:
                if (
                    reference == package.reference
                    and flavour != package.variant
                    and grammar.can_be_equal(template, other)
                ):
                    message = f"'{template}' of the variant '{package.variant}' could be '{other}' of '{flavour}'."
                    yield Problem(message, "Give one of them other floating-tags.", place)
            seen.append((package.reference, package.variant, template))


def channel_tags_are_apart(document: Document) -> Iterator[Problem]:
    """A channel's tags have the placeholders of their occasion, and are no release or floating tag of its packages."""
    for channel, forms in resolve.resolve_channel_tags(document).items():
        floats = resolve.resolve_floating_tags(document) if channel in list_shared_channels(document) else ()
        for occasion, templates in forms.occasions().items():
            for i, template in enumerate(templates):
                place = document.origin.at("channels", channel, "tags", occasion, i)
                if channel == PULL_REQUEST and occasion not in {EVERY, PULL}:
                    message = f"No build of the channel '{channel}' is of a {occasion}."
                    yield Problem(message, "Write it below the tags of 'dev'.", place)
                    break
                yield from _channel_tag_is_apart(
                    template, occasion, floats, resolve.resolve_tag_scheme(document), place
                )


def _channel_tag_is_apart(
    template: str, occasion: str, floats: tuple[str, ...], scheme: TagScheme, place: Place
) -> Iterator[Problem]:
    known = PLACEHOLDERS[occasion]
    unknown = next((name for name in grammar.list_placeholders(template) if name not in known), None)
    sample = grammar.fill(template, SAMPLE)
    floating = next((text for text in floats if grammar.can_be_equal(sample, text)), None)
    if unknown is not None:
        message = f"'{{{unknown}}}' is not a placeholder of tags of '{occasion}'."
        yield Problem(message, suggest_nearest(unknown, known), place)
    elif not grammar.is_tag(sample):
        yield Problem(f"'{sample}' is not a legal tag.", "Begin with a letter, a digit or '_'.", place)
    elif any(read(sample, scheme) for read in (parse_or_none, read_image_tag)):
        message = f"'{template}' could be the tag of a release, such as {sample}."
        yield Problem(message, "A build that is no release needs a name that no release has.", place)
    elif floating:
        message = f"'{template}' is a floating tag of the releases in the same package, '{floating}'."
        yield Problem(message, "Choose another name, or take it out of floating-tags.", place)


def list_shared_channels(document: Document) -> frozenset[str]:
    """The channels of which a package holds releases too."""
    packages = tuple(resolve.resolve_packages(document))
    released = {package.reference for package in packages if package.channel == "release"}
    return frozenset(
        package.channel for package in packages if package.reference in released and package.channel != "release"
    )


def image_tags_tell_versions_apart(document: Document) -> Iterator[Problem]:
    """A template of exact tags names the version once, and nothing around it reads as a part of it."""
    template, place = document.image_tag, document.origin.at("image-tag")
    used = grammar.list_placeholders(template)
    unknown = next((name for name in used if name not in IMAGE_TAG_PLACEHOLDERS), None)
    if unknown in {"major", "minor", "patch"}:
        message = f"'{template}' would give a release and its candidates one tag."
        yield Problem(message, "Write {version}; {major} and {minor} are for floating-tags.", place)
        return
    if unknown is not None:
        message = f"'{{{unknown}}}' is not a placeholder of exact tags."
        yield Problem(message, suggest_nearest(unknown, IMAGE_TAG_PLACEHOLDERS), place)
        return
    if len(used) != 1:
        yield Problem(
            f"'{template}' does not say once which release an image is of.", "Write {tag} or {version}.", place
        )
        return
    yield from _affixes_are_apart(
        template, image_affixes(TagScheme(document.versions.prefix, image_tag=template)), place
    )


def _affixes_are_apart(template: str, affixes: tuple[str, str], place: Place) -> Iterator[Problem]:
    before, after = affixes
    if not PREFIX.fullmatch(before):
        message = f"'{template}' has {before!r} before the version, which could be taken for a part of it."
        yield Problem(message, "End it with a letter or '-'.", place)
    if not AFTER_A_VERSION.fullmatch(after) or is_early_suffix(after):
        message = f"'{template}' has {after!r} after the version, which could be taken for a part of it."
        yield Problem(message, "Begin it with '-' and a word that is not one of versions, such as -alpine.", place)


def is_early_suffix(suffix: str) -> bool:
    """Whether what follows a version makes it a candidate, a dev version or another release."""
    version = parse_or_none(f"1.2.3{suffix}", "")
    return bool(suffix) and (version is None or version.kind is not Kind.PRERELEASE)


def skipped_versions_are_releases(document: Document) -> Iterator[Problem]:
    """A version to skip is the tag of a final or post release."""
    for tag in document.versions.skip:
        place = document.origin.key_at("versions", "skip", tag)
        try:
            version = parse(tag, resolve.resolve_tag_scheme(document))
        except TagRefused as error:
            yield Problem(error.problems[0].message, error.hint, place)
            continue
        if not version.is_stable:
            yield Problem(f"No floating tag ever names '{tag}'.", "Only final and post releases need skipping.", place)
