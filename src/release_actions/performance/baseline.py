"""The results that the release before published: which release that is, and its `performance.json`.

The release before is decided by version order, never by date. What GitHub knows of the file's digest is held to it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.errors import ActionError, InputError
from release_actions.github.assets import Assets
from release_actions.github.releases import Asset, Release, Releases
from release_actions.http.client import Http
from release_actions.performance.reading import Results, read_results
from release_actions.versions.history import previous_stable
from release_actions.versions.version import Version, parse_known


@dataclass(frozen=True)
class Published:
    """What the release before has. `missing`: why there are no results, as a sentence; empty when there are."""

    tag: str = ""
    results: Results = field(default_factory=Results)
    missing: str = ""


@dataclass(frozen=True)
class Publications:
    """The releases of one repository, with the files they have."""

    http: Http
    api_url: str
    repository: str
    token: str

    def find(self, version: Version | None, *, tag: str, file: str) -> Published:
        """The results of the release `tag`, or without one of the release before a version.

        Raises `RemoteError`, and `InputError` when neither a tag nor a version is known.
        """
        releases = Releases(self.http, self.api_url, self.repository, token=self.token).all()
        full = [release for release in releases if not release.draft and not release.prerelease]
        if tag:
            # A candidate may be named by hand.
            release = next((release for release in releases if release.tag == tag and not release.draft), None)
            if release is None:
                message = f"{self.repository} has no release {tag}."
                raise InputError(message, hint="Correct baseline, or write release for the one before.")
        else:
            release = release_before(full, version)
            if release is None:
                return Published(missing=f"{self.repository} has no full release before {version}.")
        return self._read(release, file)

    def _read(self, release: Release, file: str) -> Published:
        asset = next((asset for asset in release.assets if asset.name == file and asset.whole), None)
        if asset is None:
            return Published(release.tag, missing=f"The release {release.tag} has no file {file}.")
        text = Assets(self.http, self.api_url, self.repository, token=self.token).text(release, asset)
        check_digest(text, asset, release)
        return Published(release.tag, read_text(text, file, release.tag))


def release_before(releases: Sequence[Release], version: Version | None) -> Release | None:
    """The full release before a version; None when it is the first. Raises `InputError` without a version."""
    if version is None:
        message = "The release before is not known, because no tag was given."
        raise InputError(message, hint="Set the input tag, or name the results of the baseline.")
    by_tag = {release.tag: release for release in releases}
    newest = previous_stable(version, parse_known(by_tag, version.prefix))
    return by_tag[newest.tag] if newest else None


def check_digest(text: str, asset: Asset, release: Release) -> None:
    """Hold a file to the digest that GitHub has of it. Raises `ActionError`."""
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if asset.digest and asset.digest != digest:
        message = f"{asset.name} of {release.tag} is not what GitHub has the digest of: {digest}, not {asset.digest}."
        raise ActionError(message, hint="Run it again. If the message is the same, do not trust the file.")


def read_text(text: str, file: str, tag: str) -> Results:
    """The results of a file that was fetched, by the name `TAG/FILE`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / tag / file
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8", newline="")
        return read_results([f"{tag}/{file}"], Path(folder))
