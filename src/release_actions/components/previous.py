"""Finds what the previous full release published: in a file that was named, or in the release on GitHub.

Without it every previous version would be a guess, so what cannot be read is an error.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.components import manifest, table
from release_actions.components.assemble import PreviousRelease
from release_actions.components.document import ComponentsFile
from release_actions.components.upstream import Upstream, list_full_releases
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, InputError
from release_actions.github.releases import Release
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.versions.history import previous_stable
from release_actions.versions.version import Version, parse_known

NO_PREVIOUS = "none"
"""What the input `previous` says for a first release, since an empty input means "not given"."""


@dataclass(frozen=True)
class PreviousRequest:
    """Which release is wanted: by `tag` and `file` of the inputs, else the newest full one below `version`."""

    tag: str
    file: str
    version: Version
    document: ComponentsFile
    context: Context


def find_previous_release(request: PreviousRequest, upstream: Upstream, log: Workflow) -> PreviousRelease | None:
    """What the previous full release published; None for a first one. Raises `ConfigurationError` and `InputError`."""
    if request.file:
        if request.tag == NO_PREVIOUS:
            message = "Input 'previous' says that there is no previous release, and 'previous-file' names one."
            raise InputError(message, hint="Keep one of them.")
        text = read_text(request.context.path(request.file), name=request.file)
        return read_previous_text(text, request.file, request.tag, request.document)
    if request.tag == NO_PREVIOUS:
        return None
    repository = request.context.repository
    if not repository:
        message = "The previous release is not known: neither a repository nor a file was given."
        hint = "Set GITHUB_REPOSITORY or --repository, or pass previous-file, or previous: none for a first release."
        raise InputError(message, hint=hint)
    release = find_release(request, list_full_releases(upstream.releases(repository)))
    if release is None:
        log.info(f"{repository} has no full release below {request.version}.")
        return None
    log.info(f"The previous full release of {repository} is {release.tag}.")
    return read_release(release, repository, request.document, upstream)


def find_release(request: PreviousRequest, releases: tuple[Release, ...]) -> Release | None:
    """The release that is wanted; None where there is none below the version. Raises `InputError`."""
    by_tag = {release.tag: release for release in releases}
    if not request.tag:
        newest = previous_stable(request.version, parse_known(by_tag, request.version.prefix))
        return by_tag[newest.tag] if newest else None
    if request.tag not in by_tag:
        message = f"{request.context.repository} has no full release {request.tag}."
        raise InputError(message, hint="Correct 'previous', or leave it empty for the newest release below the tag.")
    return by_tag[request.tag]


def read_release(release: Release, repository: str, document: ComponentsFile, upstream: Upstream) -> PreviousRelease:
    """What a release on GitHub published: by its components.json, else by the tables of its notes."""
    if manifest.FILE in release.files:
        text = upstream.asset(repository, release, manifest.FILE)
        return read_previous_text(text, f"{manifest.FILE} of {release.tag}", release.tag, document)
    return read_previous_text(release.body, f"notes of {release.tag}", release.tag, document)


def read_previous_text(text: str, file: str, tag: str, document: ComponentsFile) -> PreviousRelease:
    """What a `components.json` or the notes of a release say that it published. Raises `ConfigurationError`.

    `tag` may be empty for a `components.json`, which names its release itself.
    """
    if text.lstrip().startswith("{"):
        made = manifest.read(text, file=file)
        if tag and made.release != tag:
            message = f"{file} is of the release {made.release}, and {tag} was asked for."
            raise ConfigurationError(message, hint="Pass the file of that release.", place=made.origin.at("release"))
        return PreviousRelease.of_manifest(made)
    if not tag:
        message = f"{file} does not say which release it is of."
        raise InputError(message, hint="Pass the release's tag with 'previous', or its components.json.")
    previous = PreviousRelease.of_tables(tag, table.read(text, file=file), document.headings)
    if previous is None:
        message = f"{file}: there is no table below '{document.heading}' or another heading with Component Summary."
        hint = "Pass components.json or other notes with previous-file, or previous: none for a first release."
        raise ConfigurationError(message, hint=hint)
    return previous
