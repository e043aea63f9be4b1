"""Makes the catalogue of names from `release.yaml` and `components.yaml`. Pure: the versions come from the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from release_actions.components.document import ComponentsFile, MatrixPart, title_of
from release_actions.components.sources import FoundVersion, MissingVersion
from release_actions.components.version_source import FromRelease
from release_actions.config.model import Config
from release_actions.drift.catalogue import Catalogue, Kind, Name, Wanted, list_unique, strip_scheme
from release_actions.versions.grammar import image_tag_of

DOCKER_HUB = "docker.io"

OWN = "release:"
"""Before the key of an image that `release.yaml` builds and no component describes."""


def make_catalogue(
    config: Config | None,
    document: ComponentsFile | None,
    versions: Mapping[str, FoundVersion | MissingVersion],
    *,
    tag: str,
    branch: str,
    trunk: str,
    repository: str,
) -> Catalogue:
    """All names and what is wanted of each. `versions` has what the source of each component gave."""
    prefix = config.tag_prefix if config else "v"
    wanted: dict[str, Wanted] = {}
    names: list[Name] = []
    if document:
        for _, id_, part in document.parts():
            wanted[id_] = _choose_wanted(id_, part, versions.get(id_), prefix)
            names += _names_of(id_, part)
    names += _names_of_images(config, names, wanted, tag, prefix) if config else ()
    if repository and not any(name.kind is Kind.REPOSITORY and name.text == repository for name in names):
        wanted[f"{OWN}repository"] = Wanted(f"{OWN}repository", repository, tag, prefix=prefix, is_release=True)
        names.append(Name(repository, Kind.REPOSITORY, f"{OWN}repository"))
    elif repository:
        names = [_release_first(name, names, wanted, repository) for name in names]
    names += [replace(name, text=short) for name in names if (short := _shorten_docker_hub(name))]
    return Catalogue(list_unique(names), wanted, repository, branch, trunk)


def _shorten_docker_hub(name: Name) -> str:
    """How files write an image of Docker Hub, which programs look for there when no host is named; "" for others."""
    host, _, rest = name.text.partition("/")
    return rest if host == DOCKER_HUB and name.kind is Kind.IMAGE and "/" in rest else ""


def _release_first(name: Name, names: list[Name], wanted: Mapping[str, Wanted], repository: str) -> Name:
    """The releasing repository has many components; a link to it means the release, whichever is listed first."""
    if name.kind is not Kind.REPOSITORY or name.text != repository:
        return name
    return next((other for other in names if other.text == repository and wanted[other.component].is_release), name)


def _choose_wanted(id_: str, part: MatrixPart, source: FoundVersion | MissingVersion | None, prefix: str) -> Wanted:
    templates = {Kind.IMAGE: part.image_tag, Kind.CHART: part.chart_version, Kind.REPOSITORY: part.git_tag}
    version = source.version if isinstance(source, FoundVersion) else ""
    why = source.message if isinstance(source, MissingVersion) else "its version was not asked for"
    return Wanted(
        id_,
        title_of(id_, part),
        version,
        "" if version else why.rstrip("."),
        prefix,
        templates,
        is_release=isinstance(part.version, FromRelease),
    )


def _names_of(id_: str, part: MatrixPart) -> Iterator[Name]:
    current = []
    if part.image:
        current.append(Name(part.image, Kind.IMAGE, id_))
    if part.chart:
        current.append(Name(strip_scheme(part.chart), Kind.CHART, id_))
    if part.repository:
        current.append(Name(part.repository, Kind.REPOSITORY, id_))
    yield from current
    for name in current:
        for earlier in _list_earlier_texts(name, (*part.renamed_from, *part.aliases)):
            yield Name(earlier, name.kind, id_, current=name.text)


def _list_earlier_texts(name: Name, old_names: Iterable[str]) -> Iterator[str]:
    """What the name was before: with an earlier last part, or in another organisation."""
    for old in old_names:
        owner, _, basename = old.rpartition("/")
        if " " in old or not basename or old in {name.text, name.basename}:
            continue
        if name.kind is Kind.REPOSITORY:
            yield old if owner else f"{name.folder}/{basename}"
        else:
            host, _, namespace = name.folder.partition("/")
            yield f"{host}/{owner or namespace}/{basename}"
            if owner and owner != namespace:
                yield f"{host}/{namespace}/{basename}"


def _names_of_images(
    config: Config, known: Iterable[Name], wanted: dict[str, Wanted], tag: str, prefix: str
) -> Iterator[Name]:
    """The packages of `release.yaml`. A dev package belongs to the component of the release package of its image."""
    components = {name.text: name.component for name in known if name.kind is Kind.IMAGE}
    released = {package.reference for package in config.packages("release")}
    of_image: dict[str, str] = {}
    for package in config.packages("release"):
        component = components.get(package.reference) or (
            of_image[package.image] if package.copy_of else f"{OWN}{package.image}"
        )
        # The template has no placeholder left: the version of a release's images is that of the release.
        exact = {Kind.IMAGE: image_tag_of(tag, package.scheme or prefix)} if tag else {}
        release = Wanted(component, package.reference, tag, prefix=prefix, templates=exact, is_release=True)
        wanted.setdefault(component, release)
        of_image.setdefault(package.image, component)
        yield Name(package.reference, Kind.IMAGE, component)
    for package in (*config.packages("dev"), *config.pull_requests):
        if package.reference not in released:
            component = of_image.get(package.image, f"{OWN}{package.image}")
            wanted.setdefault(component, Wanted(component, package.reference, "", "only development builds exist"))
            yield Name(package.reference, Kind.IMAGE, component, is_dev=True)


def find_unbuilt(config: Config, document: ComponentsFile) -> Iterator[tuple[str, str]]:
    """What no build gives, and what no component describes: an id or an image, and the rule that says so."""
    built = {package.reference for package in config.packages("release") if not package.copy_of}
    described = {part.image for part in document.components.values() if part.image}
    for id_, part in document.components.items():
        if isinstance(part.version, FromRelease) and part.image and part.image not in built:
            yield id_, "component-without-build"
    for reference in sorted(built - described):
        yield reference, "build-without-component"
