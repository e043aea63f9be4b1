"""Versions in YAML whose name stands under another key: Helm values, kustomizations, charts, helmfiles, variables.

A name may be split into registry, namespace and repository, in any order of keys. Placeholders of kustomize
(`name: REPLACE_IMAGE`, `newName: ghcr.io/…`) are followed from file to file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from release_actions.drift.catalogue import Catalogue, Kind, Name
from release_actions.drift.mappings import Block, Scalar, read_blocks
from release_actions.drift.reference import Form, Reference, Text

REGISTRY_KEYS = ("registry", "hub", "imageRegistry", "registryUrl")
NAMESPACE_KEYS = ("namespace", "organization", "organisation", "org", "owner")
IMAGE_KEYS = ("repository", "image", "imageName", "name")
CHART_KEYS = ("chart", "name")
CHART_SOURCE_KEYS = ("repository", "repoURL", "repo", "url", "registry")
TAG_KEYS = ("tag", "imageTag", "version", "imageVersion")
CHART_VERSION_KEYS = ("version", "targetRevision", "chartVersion")
REVISION_KEYS = ("ref", "branch", "tag", "targetRevision", "revision", "version")
REPOSITORY_KEYS = ("repoURL", "url", "repository", "repo")


@dataclass(frozen=True)
class Placeholder:
    """A name that kustomizations replace, and the project's image that takes its place."""

    text: str
    name: Name


def read_placeholders(blocks: Iterable[Block], catalogue: Catalogue) -> Iterator[Placeholder]:
    """What kustomizations call the project's images in other files."""
    for block in blocks:
        name, new_name = block.get("name"), block.get("newName")
        image = catalogue.find(new_name.text, Kind.IMAGE) if new_name else None
        if name and image and not catalogue.find(name.text, Kind.IMAGE):
            yield Placeholder(name.text, image)


def read_yaml(
    text: Text, blocks: Iterable[Block], catalogue: Catalogue, placeholders: Mapping[str, Name]
) -> Iterator[Reference]:
    """Every version in a file that is bound by the keys of one mapping."""
    is_chart = PurePosixPath(text.path).name == "Chart.yaml"
    for block in blocks:
        if is_chart and block.above is None:
            yield from _read_chart_file(text, block, catalogue)
            continue
        references = (
            _read_kustomize(text, block, catalogue, placeholders)
            or _read_image(text, block, catalogue)
            or _read_chart(text, block, catalogue)
            or _read_repository(text, block, catalogue)
        )
        if references:
            yield references


def _read_kustomize(
    text: Text, block: Block, catalogue: Catalogue, placeholders: Mapping[str, Name]
) -> Reference | None:
    tag = block.get("newTag")
    if tag is None:
        return None
    written = block.get("newName", "name")
    name = catalogue.find(written.text, Kind.IMAGE) if written else None
    if name is None and written and "newName" not in block.values:
        name = placeholders.get(written.text)
    return _bind(text, name, Form.KUSTOMIZE, tag)


def _read_image(text: Text, block: Block, catalogue: Catalogue) -> Reference | None:
    tag = block.get(*TAG_KEYS)
    written = block.get(*IMAGE_KEYS)
    if tag is None or written is None or written is tag:
        return None
    name = None
    for candidate in _join_name(block, written):
        name = name or catalogue.find(candidate, Kind.IMAGE)
    if name is None and not block.get_inherited(*REGISTRY_KEYS) and "/" not in written.text and "tag" in block.values:
        name = catalogue.find_basename(written.text, Kind.IMAGE)
    return _bind(text, name, Form.VALUES, tag)


def _join_name(block: Block, written: Scalar) -> Iterator[str]:
    """The whole name of an image, from the keys that it may be split into."""
    yield written.text
    registry = block.get_inherited(*REGISTRY_KEYS)
    if registry:
        host = registry.text.rstrip("/")
        yield f"{host}/{written.text}"
        namespace = block.get_inherited(*NAMESPACE_KEYS)
        if namespace:
            yield f"{host}/{namespace.text}/{written.text}"


def _read_chart(text: Text, block: Block, catalogue: Catalogue) -> Reference | None:
    version = block.get(*CHART_VERSION_KEYS)
    if version is None:
        return None
    name = None
    for chart in filter(None, (block.get("chart"), block.get("chartName"), block.get("name"))):
        source = block.get(*CHART_SOURCE_KEYS)
        name = name or catalogue.find(chart.text, Kind.CHART)
        if source:
            name = name or catalogue.find(f"{source.text.rstrip('/')}/{chart.text}", Kind.CHART)
        # helmfile and `helm repo add` name a chart REPOSITORY/CHART with a local name for the repository.
        if "chart" in block.values and chart is block.values["chart"]:
            name = name or catalogue.find_basename(chart.text.rpartition("/")[2], Kind.CHART)
    for address in filter(None, (block.get("url"), block.get("repository"), block.get("ociRepository"))):
        name = name or catalogue.find(address.text, Kind.CHART)
    return _bind(text, name, Form.CHART, version)


def _read_repository(text: Text, block: Block, catalogue: Catalogue) -> Reference | None:
    revision = block.get(*REVISION_KEYS)
    address = block.get(*REPOSITORY_KEYS)
    if revision is None or address is None:
        return None
    path = address.text.removesuffix(".git").removesuffix("/")
    owner_and_name = "/".join(path.replace(":", "/").split("/")[-2:])
    is_github = "github.com" in path or path == owner_and_name
    name = catalogue.find(owner_and_name, Kind.REPOSITORY) if is_github else None
    return _bind(text, name, Form.SOURCE, revision)


def _read_chart_file(text: Text, block: Block, catalogue: Catalogue) -> Iterator[Reference]:
    """A chart of the project itself: its version, and its application's, which keeps its own spelling."""
    written = block.get("name")
    name = catalogue.find_basename(written.text, Kind.CHART) if written else None
    for key in ("version", "appVersion"):
        value = block.get(key)
        bound = _bind(text, name, Form.CHART_FILE, value) if value else None
        if bound:
            yield bound


def _bind(text: Text, name: Name | None, form: Form, token: Scalar) -> Reference | None:
    return text.reference(name, form, token.start, token.end) if name and token.text else None


YAML = (".yaml", ".yml", ".gotmpl", ".tpl", ".j2", ".tmpl")


def blocks_of(text: Text) -> tuple[Block, ...]:
    """The mappings with versions of a file that may be YAML; none of another kind of file."""
    return tuple(read_blocks(text)) if any(suffix in text.path for suffix in YAML) else ()
