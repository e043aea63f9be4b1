"""Routes of release assets. Uploads go to a host of their own, and contents come by signed address from storage.

A draft's assets are shown to those who may write, as the draft is.
"""

from __future__ import annotations

import re

from release_actions.simulator import storage
from release_actions.simulator.github.answers import http_error, invalid, not_found, number, paged_list
from release_actions.simulator.github.bodies import Bodies
from release_actions.simulator.github.lookup import readable, writable
from release_actions.simulator.github.releases import one, visible
from release_actions.simulator.oci import digest_of
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Asset, Release, Repository

PAGE = "releases/assets"
LIST = f"{PAGE}#list-release-assets"
GET = f"{PAGE}#get-a-release-asset"
UPLOAD = f"{PAGE}#upload-a-release-asset"
DELETE = f"{PAGE}#delete-a-release-asset"
BINARY = "application/octet-stream"


def list_assets(call: Call, owner: str, repo: str, release_id: str) -> Answer:
    """The assets of a release, oldest first."""
    repository = readable(call, owner, repo, LIST)
    release = one(call, repository, release_id)
    bodies = Bodies(call.world, call.base)
    return paged_list(
        call, list(release.assets.values()), lambda asset: bodies.release_asset(repository, release, asset)
    )


def get_asset(call: Call, owner: str, repo: str, asset_id: str) -> Answer:
    """An asset's description, or where its content is to be had for a client that takes nothing but bytes."""
    repository = readable(call, owner, repo, GET)
    release, asset = find(call, repository, asset_id)
    if BINARY not in call.request.accept_mimetypes.values():
        return Answer(200, Bodies(call.world, call.base).release_asset(repository, release, asset))
    asset.downloads += 1
    return Answer(302, None, {"Location": storage.address(call.world, call.urls["storage"], asset.digest)})


def upload_asset(call: Call, owner: str, repo: str, release_id: str) -> Answer:
    """Add an asset: its name is in the query, its content is the body. A name that is taken stays taken."""
    repository = writable(call, owner, repo, UPLOAD)
    release = one(call, repository, release_id)
    if release.immutable:
        raise http_error(422, "Cannot upload assets to an immutable release.", UPLOAD)
    name = accepted(call.arg("name"))
    if not name:
        raise invalid(UPLOAD, "ReleaseAsset", "name", "missing_field")
    if any(asset.name == name for asset in release.assets.values()):
        raise invalid(UPLOAD, "ReleaseAsset", "name", "already_exists")
    login = (call.token.login if call.token else "") or "github-actions[bot]"
    digest = digest_of(call.body)
    call.world.blobs.setdefault(digest, call.body)
    media = call.request.headers.get("Content-Type", "") or BINARY
    now = call.world.now()
    asset = Asset(call.world.next_id("asset"), name, digest, len(call.body), login, now, media, call.arg("label"))
    release.assets[asset.id] = asset
    shown = Bodies(call.world, call.urls["api"]).release_asset(repository, release, asset)
    return Answer(201, shown, {"Location": shown["url"]})


def delete_asset(call: Call, owner: str, repo: str, asset_id: str) -> Answer:
    """Remove an asset."""
    repository = writable(call, owner, repo, DELETE)
    release, asset = find(call, repository, asset_id)
    if release.immutable:
        raise http_error(422, "Cannot delete assets of an immutable release.", DELETE)
    del release.assets[asset.id]
    return Answer(204)


def find(call: Call, repository: Repository, asset_id: str) -> tuple[Release, Asset]:
    """An asset and its release by the id in a route. Raises `HttpError`."""
    for release in repository.releases.values():
        asset = release.assets.get(number(asset_id))
        if asset is not None and visible(call, repository, release):
            return release, asset
    raise not_found(GET)


def accepted(name: str) -> str:
    """The name that GitHub makes of a file's: runs of special characters become a dot, dots at the ends go."""
    return re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9_@+.-]+", ".", name)).strip(".")


ROOT = "/repos/<owner>/<repo>/releases"

ROUTES: tuple[Route, ...] = (
    ("GET", f"{ROOT}/<release_id>/assets", list_assets),
    ("GET", f"{ROOT}/assets/<asset_id>", get_asset),
    ("DELETE", f"{ROOT}/assets/<asset_id>", delete_asset),
)

UPLOADS: tuple[Route, ...] = (("POST", f"{ROOT}/<release_id>/assets", upload_asset),)
"""What the host for uploads serves."""
