"""From what was written to what it means: defaults filled in, templates expanded. Checks nothing."""

from __future__ import annotations

import dataclasses
import fnmatch
import posixpath
from collections.abc import Iterable, Iterator, Mapping

from release_actions.config import building, grammar
from release_actions.config.building import BuildSpec
from release_actions.config.channel_tags import ChannelTagsForm
from release_actions.config.document import ChannelSpec, Cleanup, Document, ImageChannelSpec, ImageSpec, VariantSpec
from release_actions.config.model import (
    PULL_REQUEST,
    SEVERITIES,
    CleanupRule,
    Config,
    Credentials,
    Package,
    Recipe,
    RetiredFloats,
    RetiredPackage,
    Scan,
    Source,
)
from release_actions.versions.grammar import (
    GIT_TAG,
    POST_SPELLINGS,
    FinalImages,
    TagScheme,
    WithoutCandidate,
    image_affixes,
)
from release_actions.versions.history import RULES, Level

HOSTED_RUNNERS = {"linux/amd64": "ubuntu-24.04", "linux/arm64": "ubuntu-24.04-arm"}
"""Runners that GitHub offers to everyone, and the platform each builds without emulation."""

AS_IS = ImageChannelSpec()
"""An image with nothing special in a channel."""


def resolve_channels(document: Document) -> dict[str, ChannelSpec]:
    """The channels that the file has, by name."""
    channels_by_name = {"release": document.channels.release}
    if document.channels.dev is not None:
        channels_by_name["dev"] = document.channels.dev
    if document.channels.pull_request is not None:
        channels_by_name[PULL_REQUEST] = document.channels.pull_request
    return channels_by_name


def resolve_channel_tags(document: Document) -> dict[str, ChannelTagsForm]:
    """What builds are found by, of the channels that say so."""
    written = {"dev": document.channels.dev, PULL_REQUEST: document.channels.pull_request}
    return {name: channel.tags for name, channel in written.items() if channel and channel.tags}


def is_in_channel(image: ImageSpec, channel: str) -> ImageChannelSpec | None:
    """What is special about an image in a channel; None if it is not published there."""
    special: ImageChannelSpec | bool | None = image.channels.of(channel)
    if isinstance(special, bool):
        return None
    if channel == PULL_REQUEST:
        dev = is_in_channel(image, "dev")
        if special is None:
            return dev and dataclasses.replace(dev, name=None, destinations={})
        if dev:
            return dataclasses.replace(
                special,
                platforms=special.platforms or dev.platforms,
                runners={**dev.runners, **special.runners},
                required=dev.required if special.required is None else special.required,
            )
    return special or AS_IS


def resolve_platforms(
    image: BuildSpec, special: ImageChannelSpec, defaults: BuildSpec, variant: VariantSpec
) -> tuple[str, ...]:
    """The platforms of a variant in a channel; empty if the file names none."""
    return variant.platforms or special.platforms or image.platforms or defaults.platforms or ()


def list_all_platforms(image: ImageSpec, special: ImageChannelSpec, defaults: BuildSpec) -> tuple[str, ...]:
    """The platforms that any variant of an image has in a channel."""
    names = (
        name for _, _, variant in list_variants(image) for name in resolve_platforms(image, special, defaults, variant)
    )
    return tuple(dict.fromkeys(names))


def resolve_runners(image: BuildSpec, special: ImageChannelSpec, defaults: BuildSpec) -> Mapping[str, str]:
    """The runner of each platform that has one."""
    return {**HOSTED_RUNNERS, **defaults.runners, **image.runners, **special.runners}


def make_package_name(key: str, channel: ChannelSpec, special: ImageChannelSpec, suffix: str) -> str:
    """A package's name below the namespace."""
    return grammar.fill(special.name or channel.name, {"image": key, "suffix": suffix})


def list_variants(image: ImageSpec) -> Iterator[tuple[str, str, VariantSpec]]:
    """Key, suffix and variant of each build of an image; one without key and suffix if it names none."""
    if not image.variants:
        yield "", "", VariantSpec()
    for key, variant in image.variants.items():
        suffix = "" if variant.tag else f"-{key}"
        yield key, suffix if variant.suffix is None else variant.suffix, variant


def resolve_namespace(document: Document) -> str:
    """The namespace. Repository names are lower case, an owner's name need not be."""
    return document.namespace or document.repository.partition("/")[0].lower()


def resolve_version_file(document: Document) -> str:
    """The version file as errors and changes call it: beside `release.yaml`, wherever that is."""
    if document.version_file is None:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(document.origin.place.file), document.version_file))


def resolve_tag_scheme(document: Document) -> TagScheme:
    """How the project writes its release tags."""
    return TagScheme(document.versions.prefix, POST_SPELLINGS[document.versions.post_spelling], document.image_tag)


def resolve_floating_tags(document: Document) -> tuple[str, ...]:
    """The templates of floating tags."""
    if document.floating_tags is not None:
        return document.floating_tags
    before, after = image_affixes(resolve_tag_scheme(document))
    return ("latest", f"{before}{{major}}{after}", f"{before}{{major}}.{{minor}}{after}")


def is_flavour(variant: VariantSpec) -> bool:
    """Whether a variant has tags of its own."""
    return variant.tag is not None or variant.floating_tags is not None


def resolve_flavour_scheme(document: Document, variant: VariantSpec) -> TagScheme | None:
    """How the exact tags of a flavour are written; None for a variant that has the image's tags."""
    if not is_flavour(variant):
        return None
    project = resolve_tag_scheme(document)
    return TagScheme(project, project.post_spelling, (variant.tag or GIT_TAG).replace(GIT_TAG, project.image_tag))


def resolve_flavour_floating_tags(document: Document, variant: VariantSpec) -> tuple[str, ...]:
    """The templates of a flavour's floating tags; none for a variant that has the image's tags."""
    if not is_flavour(variant):
        return ()
    form = variant.tag or GIT_TAG
    if variant.floating_tags is not None:
        return variant.floating_tags
    return tuple(form.replace(GIT_TAG, text) for text in resolve_floating_tags(document))


def resolve_levels(document: Document) -> dict[str, Level]:
    """The level of every rule about tags."""
    return {rule.name: Level(document.versions.rules[rule.name]) for rule in RULES}


def resolve_packages(document: Document) -> Iterator[Package]:
    """Every package of every channel."""
    for channel, template in resolve_channels(document).items():
        for key, image in document.images.items():
            special = is_in_channel(image, channel)
            if special is None:
                continue
            for variant, suffix, own in list_variants(image):
                below = make_package_name(key, template, special, suffix)
                name = f"{template.namespace or resolve_namespace(document)}/{below}"
                package = resolve_package(document, key, image, special, (channel, name, variant, own))
                yield package
                yield from resolve_copies(document, package, special, suffix)


def resolve_copies(document: Document, package: Package, special: ImageChannelSpec, suffix: str) -> Iterator[Package]:
    """The packages that one is copied to."""
    channel = resolve_channels(document)[package.channel]
    for key, spec in channel.destinations.items():
        own = special.destinations.get(key)
        if isinstance(own, bool):
            continue
        template = (own.name if own else None) or spec.name or special.name or channel.name
        below = grammar.fill(template, {"image": package.image, "suffix": suffix})
        namespace = spec.namespace or channel.namespace or resolve_namespace(document)
        registry = spec.registry or package.registry
        yield dataclasses.replace(
            package,
            # What another tool builds, that tool pushes to every place.
            copy_of="" if package.built_by else package.label,
            registry=registry,
            name=f"{namespace}/{below}",
            credentials=resolve_credentials(document, registry),
            destination=key,
        )


def resolve_credentials(document: Document, registry: str) -> Credentials:
    """The secrets that log in to a registry; none for the job's own token."""
    login = document.credentials.get(registry)
    return Credentials(login.username, login.password) if login else Credentials()


def resolve_package(
    document: Document, key: str, image: ImageSpec, special: ImageChannelSpec, build: tuple[str, str, str, VariantSpec]
) -> Package:
    """One package. `build` is channel, full name, and the variant's key and description."""
    channel, name, variant, own = build
    defaults = document.defaults
    context = image.context or defaults.context or "."
    registry = resolve_channels(document)[channel].registry or document.registry
    built_for = resolve_platforms(image, special, defaults, own)
    labels = resolve_runners(image, special, defaults)
    said = (special.required, image.required, defaults.required)
    if image.built_by:
        defaults, labels = BuildSpec(), {}
    return Package(
        image=key,
        variant=variant,
        channel=channel,
        registry=registry,
        name=name,
        platforms=built_for,
        runners={name: labels[name] for name in built_for if name in labels},
        context=context,
        dockerfile=own.dockerfile
        or image.dockerfile
        or defaults.dockerfile
        or posixpath.normpath(f"{context}/Dockerfile"),
        target=own.target or image.target or defaults.target or "",
        build_args={**defaults.build_args, **image.build_args, **own.build_args},
        labels={**defaults.labels, **image.labels},
        annotations={**defaults.annotations, **image.annotations},
        required=next((word for word in said if word is not None), True),
        place=document.origin.key_at("images", key),
        recipe=resolve_recipe(image, defaults),
        paths=resolve_paths(document, image),
        credentials=resolve_credentials(document, registry),
        tag_form=own.tag or GIT_TAG,
        scheme=resolve_flavour_scheme(document, own),
        floating_tags=resolve_flavour_floating_tags(document, own),
        built_by=image.built_by or "",
    )


def resolve_paths(document: Document, image: ImageSpec) -> tuple[str, ...]:
    """The globs of the files that an image is made from, those of its groups first."""
    return tuple(path for group in image.path_groups for path in document.path_groups.get(group, ())) + image.paths


def resolve_recipe(image: BuildSpec, defaults: BuildSpec) -> Recipe:
    """How an image is built."""
    prebuild = defaults.prebuild if image.prebuild is None else image.prebuild
    source = image.source or defaults.source
    provenance = image.provenance or defaults.provenance or "none"
    stage = None if isinstance(prebuild, bool) else prebuild
    return Recipe(
        secrets=resolve_secrets(defaults, image),
        prebuild_target=stage.target if stage else "",
        prebuild_secrets=stage.secrets if stage else {},
        source=Source(source.repository, source.ref, source.path, source.patch or "") if source else None,
        command=image.command or defaults.command or "",
        cache_from=image.cache_from or defaults.cache_from or (),
        cache_to=image.cache_to or defaults.cache_to or (),
        no_cache=bool(defaults.no_cache if image.no_cache is None else image.no_cache),
        provenance="false" if provenance == "none" else f"mode={provenance}",
        driver_opts=image.driver_opts or defaults.driver_opts or (),
        buildkitd_flags=image.buildkitd_flags or defaults.buildkitd_flags or "",
        scan=resolve_scan(image, defaults),
    )


def resolve_secrets(defaults: BuildSpec, image: BuildSpec) -> Mapping[str, str]:
    """The build secrets of an image."""
    if isinstance(image.secrets, bool):
        return {}
    return {**({} if isinstance(defaults.secrets, bool) else defaults.secrets), **image.secrets}


def resolve_scan(image: BuildSpec, defaults: BuildSpec) -> Scan | None:
    """How an image is scanned; None if it is not, because that was said or because nothing would be looked for."""
    said = defaults.scan if image.scan is None else image.scan
    if isinstance(said, bool):
        return None
    settings = said or building.ScanSpec()
    levels = dict(
        zip(
            SEVERITIES,
            (settings.critical, settings.high, settings.medium, settings.low, settings.unknown),
            strict=True,
        )
    )
    looked_for = tuple(severity for severity, level in levels.items() if level != building.OFF)
    if not looked_for:
        return None
    return Scan(
        severities=looked_for,
        gate=tuple(severity for severity, level in levels.items() if level == building.GATE),
        ignore_unfixed=settings.ignore_unfixed,
        skip_dirs=settings.skip_dirs,
        timeout=settings.timeout,
    )


def match_packages(pattern: str, namespace: str, names: Iterable[str]) -> Iterator[str]:
    """Full names of the packages, out of `names`, that a glob matches."""
    whole = f"{namespace}/{pattern}"
    yield from (name for name in names if fnmatch.fnmatchcase(name, whole))


def list_cleaned_packages(document: Document, published: Iterable[Package]) -> tuple[str, ...]:
    """Full names of the packages that globs of clean-up rules choose from: no rule is about those of pull requests."""
    names = (package.name for package in published if package.channel != PULL_REQUEST and is_at_home(document, package))
    return (*names, *(package.name for package in resolve_retired(document)))


def is_at_home(document: Document, package: Package) -> bool:
    """Whether a package is in the file's registry, where ghcr-cleanup and rc-teardown delete."""
    return package.registry == document.registry


def select_packages(rule: Cleanup, document: Document, published: tuple[Package, ...]) -> Iterator[str]:
    """Full names of the packages that a rule is about."""
    if rule.channel:
        yield from (
            package.name for package in published if package.channel == rule.channel and is_at_home(document, package)
        )
    if rule.channel == "release":
        yield from (package.name for package in resolve_retired(document))
    for wanted in rule.packages or ():
        if grammar.is_glob(wanted):
            yield from match_packages(wanted, resolve_namespace(document), list_cleaned_packages(document, published))
        else:
            yield f"{resolve_namespace(document)}/{wanted}"


def resolve_retired(document: Document) -> tuple[RetiredPackage, ...]:
    """The packages that are not published any more."""
    return tuple(
        RetiredPackage(
            f"{resolve_namespace(document)}/{name}",
            spec.since,
            spec.reason,
            RetiredFloats(spec.floating_tags),
            document.origin.key_at("retired", name),
        )
        for name, spec in document.retired.items()
    )


def resolve_config(document: Document) -> Config:
    """The whole configuration."""
    every = tuple(resolve_packages(document))
    published = tuple(package for package in every if package.channel != PULL_REQUEST)
    return Config(
        repository=document.repository,
        registry=document.registry,
        namespace=resolve_namespace(document),
        version_file=resolve_version_file(document),
        tag_prefix=resolve_tag_scheme(document),
        first_candidate=document.versions.first_candidate,
        final_images=FinalImages(document.versions.final),
        without_candidate=WithoutCandidate(document.versions.without_candidate),
        skip=document.versions.skip,
        floating_tags=resolve_floating_tags(document),
        published=published,
        pull_requests=tuple(package for package in every if package.channel == PULL_REQUEST),
        channel_tags=resolve_channel_tags(document),
        retired=resolve_retired(document),
        cleanup=tuple(
            CleanupRule(
                name=name,
                packages=tuple(dict.fromkeys(select_packages(rule, document, published))),
                settings=rule,
                place=document.origin.key_at("cleanup", name),
                channel=rule.channel or "",
            )
            for name, rule in document.cleanup.items()
        ),
        levels=resolve_levels(document),
        release_branches=document.versions.release_branch,
        prerelease_branch=document.versions.prerelease_branch or "",
        notes=document.notes,
        performance=document.performance,
        branches=document.branches,
        drift=document.drift,
        gate=document.gate,
        tracker=document.tracker,
        schedule=document.schedule,
        origin=document.origin,
    )
