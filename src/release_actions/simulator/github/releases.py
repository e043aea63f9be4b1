"""Routes of releases. A draft has no tag in git; publishing makes the tag where there is none.

"Latest" is either the release that was last marked so, or by GitHub's rule: of those neither draft nor prerelease the
highest version, then the newest.
"""

from __future__ import annotations

from typing import Any

from release_actions.simulator.accounts import Role
from release_actions.simulator.clock import stamp
from release_actions.simulator.git import Target
from release_actions.simulator.github.answers import http_error, invalid, not_found, number, paged_list, sent
from release_actions.simulator.github.bodies import WEB, Bodies, node_id, shown_tag
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable, writable
from release_actions.simulator.origin import Answer, Call, HttpError, Route
from release_actions.simulator.repositories import Release, Repository

PAGE = "releases/releases"
LATEST = f"{PAGE}#get-the-latest-release"
BY_TAG = f"{PAGE}#get-a-release-by-tag-name"
ONE = f"{PAGE}#get-a-release"
CREATE = f"{PAGE}#create-a-release"
UPDATE = f"{PAGE}#update-a-release"
DELETE = f"{PAGE}#delete-a-release"
FIELDS = {"tag_name": "tag", "target_commitish": "target", "name": "name", "body": "body"}
FLAGS = ("draft", "prerelease")
LONGEST_BODY = 125_000
"""Characters; see https://github.com/cli/cli/issues/7705."""


def list_releases(call: Call, owner: str, repo: str) -> Answer:
    """Releases, newest first. Drafts are shown to those who may write only."""
    repository = readable(call, owner, repo, PAGE)
    releases = [release for release in repository.releases.values() if visible(call, repository, release)]
    releases.sort(key=lambda release: (release.created, release.id), reverse=True)
    return paged_list(call, releases, lambda release: body_of(call, repository, release))


def latest_release(call: Call, owner: str, repo: str) -> Answer:
    """The latest release."""
    repository = readable(call, owner, repo, PAGE)
    release = repository.latest_release()
    if release is None:
        raise not_found(LATEST)
    return Answer(200, body_of(call, repository, release))


def release_by_tag(call: Call, owner: str, repo: str, tag: str) -> Answer:
    """The published release of a tag."""
    repository = readable(call, owner, repo, PAGE)
    for release in repository.releases.values():
        if release.tag == tag and not release.draft:
            return Answer(200, body_of(call, repository, release))
    raise not_found(BY_TAG)


def get_release(call: Call, owner: str, repo: str, release_id: str) -> Answer:
    """One release by its id."""
    repository = readable(call, owner, repo, PAGE)
    return Answer(200, body_of(call, repository, one(call, repository, release_id)))


def create_release(call: Call, owner: str, repo: str) -> Answer:
    """A new release, published at once unless `draft`."""
    repository = writable(call, owner, repo, CREATE)
    body = sent(call)
    tag = body.get("tag_name")
    if not isinstance(tag, str) or not tag:
        raise invalid(CREATE, "Release", "tag_name", "missing_field")
    login = (call.token.login if call.token else "") or "github-actions[bot]"
    release = Release(call.world.next_id("release"), tag, repository.default_branch, login, call.world.now())
    change(call, repository, release, body)
    repository.releases[release.id] = release
    shown = body_of(call, repository, release)
    return Answer(201, shown, {"Location": shown["url"]})


def update_release(call: Call, owner: str, repo: str, release_id: str) -> Answer:
    """Change a release; `draft: false` publishes it."""
    repository = writable(call, owner, repo, UPDATE)
    release = one(call, repository, release_id)
    change(call, repository, release, sent(call))
    return Answer(200, body_of(call, repository, release))


def delete_release(call: Call, owner: str, repo: str, release_id: str) -> Answer:
    """Remove a release; its tag stays."""
    repository = writable(call, owner, repo, DELETE)
    release = one(call, repository, release_id)
    del repository.releases[release.id]
    if repository.latest == release.id:
        repository.latest = 0
    return Answer(204)


def change(call: Call, repository: Repository, release: Release, body: dict[str, Any]) -> None:
    """Set what a request sends. Raises `HttpError` and changes nothing where it does not validate."""
    wanted = {name: body[field] for field, name in FIELDS.items() if body.get(field) is not None}
    flags = {name: bool(body.get(name, getattr(release, name))) for name in FLAGS}
    mark = str(body.get("make_latest", "legacy" if release.published else "true")).lower()
    tag = wanted.get("tag", release.tag)
    publishes = not flags["draft"]
    check_values(str(wanted.get("body", "")), mark)
    if release.immutable and (tag != release.tag or not publishes):
        words = "Cannot change the tag of an immutable release, nor make it a draft"
        raise custom(words, "tag_name")
    commit = repository.git.resolve(str(wanted.get("target", release.target)))
    if publishes:
        check_publishing(repository, release, tag, can_tag=commit is not None)
    for name, value in {**wanted, **flags}.items():
        setattr(release, name, value)
    if not publishes:
        return
    ref = f"refs/tags/{tag}"
    if ref not in repository.git.refs and commit is not None:
        repository.git.refs[ref] = Target(commit.sha, "commit")
    if repository.immutable_releases and not release.published:
        release.immutable = True
        repository.reserved.add(tag)
    release.published = release.published or call.world.now()
    if mark == "true" and not release.prerelease:
        repository.latest = release.id
    elif repository.latest == release.id and (mark == "false" or release.prerelease):
        repository.latest = 0
    release.never_latest = mark == "false"


def check_values(text: str, mark: str) -> None:
    """Let the notes and `make_latest` of a request pass, or raise `HttpError`."""
    if mark not in {"true", "false", "legacy"}:
        raise invalid(CREATE, "Release", "make_latest", "invalid")
    if len(text) > LONGEST_BODY:
        words = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise custom(words, "body")


def check_publishing(repository: Repository, release: Release, tag: str, *, can_tag: bool) -> None:
    """Let a release be published under a tag, or raise `HttpError`. `can_tag`: its target is there."""
    ref = f"refs/tags/{tag}"
    twins = (other for other in repository.releases.values() if other.tag == tag and not other.draft)
    if any(other is not release for other in twins):
        raise invalid(CREATE, "Release", "tag_name", "already_exists")
    if not release.published and tag in repository.reserved:
        words = "tag_name was used by an immutable release"
        raise custom(words, "tag_name")
    if ref in repository.git.refs:
        return
    if not can_tag:
        raise invalid(CREATE, "Release", "target_commitish", "invalid")
    refused = repository.protected_tags.find_violation(ref, "creation")
    if refused:
        words = f"pre_receive {refused}"
        raise custom(words, "pre_receive")


def custom(words: str, field: str) -> HttpError:
    """422 with words of its own about a field."""
    error = {"resource": "Release", "code": "custom", "field": field, "message": words}
    return http_error(422, "Validation Failed", CREATE, errors=[error])


def visible(call: Call, repository: Repository, release: Release) -> bool:
    """Whether a client may see a release."""
    return not release.draft or repository.role(call.token) >= Role.WRITE


def one(call: Call, repository: Repository, release_id: str) -> Release:
    """A release by the id in a route. Raises `HttpError`."""
    release = repository.releases.get(number(release_id))
    if release is None or not visible(call, repository, release):
        raise not_found(ONE)
    return release


def body_of(call: Call, repository: Repository, release: Release) -> dict[str, Any]:
    """GitHub's `release`."""
    bodies = Bodies(call.world, call.base)
    url = url_of(call, repository, f"releases/{release.id}")
    uploads = f"{call.urls['uploads']}/repos/{repository.full_name}/releases/{release.id}/assets{{?name,label}}"
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": uploads,
        "html_url": f"{WEB}/{repository.full_name}/releases/tag/{shown_tag(release)}",
        "id": release.id,
        "author": bodies.author(release.author),
        "node_id": node_id("Release", release.id),
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name or None,
        "draft": release.draft,
        "immutable": release.immutable,
        "prerelease": release.prerelease,
        "created_at": stamp(release.created),
        "updated_at": stamp(release.published or release.created),
        "published_at": stamp(release.published) if release.published else None,
        "assets": [bodies.release_asset(repository, release, asset) for asset in release.assets.values()],
        "tarball_url": None if release.draft else url_of(call, repository, f"tarball/{release.tag}"),
        "zipball_url": None if release.draft else url_of(call, repository, f"zipball/{release.tag}"),
        "body": release.body or None,
    }


ROOT = "/repos/<owner>/<repo>/releases"

ROUTES: tuple[Route, ...] = (
    ("GET", ROOT, list_releases),
    ("POST", ROOT, create_release),
    ("GET", f"{ROOT}/latest", latest_release),
    ("GET", f"{ROOT}/tags/<path:tag>", release_by_tag),
    ("GET", f"{ROOT}/<release_id>", get_release),
    ("PATCH", f"{ROOT}/<release_id>", update_release),
    ("DELETE", f"{ROOT}/<release_id>", delete_release),
)
