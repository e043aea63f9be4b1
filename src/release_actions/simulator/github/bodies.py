"""GitHub's objects as JSON, complete: every field that GitHub's own description requires is there.

`Bodies` knows the address that the API was reached at, since GitHub's objects name each other by URL.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any
from urllib.parse import quote

from release_actions.simulator.accounts import Account
from release_actions.simulator.clock import stamp
from release_actions.simulator.packages import Package, Version
from release_actions.simulator.repositories import Asset, Release, Repository
from release_actions.simulator.world import World

WEB = "https://github.com"
"""Addresses for people. They are text here: the simulator has no web pages."""

ACCOUNT_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}

REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def node_id(kind: str, number: int | str) -> str:
    """The opaque id of GraphQL."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()


def shown_tag(release: Release) -> str:
    """The tag in a release's web addresses; a draft has none yet."""
    return f"untagged-{release.id:x}" if release.draft else release.tag


class Bodies:
    """Objects of a world as JSON, with URLs under `base`."""

    def __init__(self, world: World, base: str) -> None:
        self.world = world
        self.base = base

    # Accounts

    def simple_user(self, account: Account) -> dict[str, Any]:
        """GitHub's `simple-user`."""
        url = f"{self.base}/users/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("Organization" if account.organization else "User", account.id),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{WEB}/{account.login}",
            **{key: url + rest for key, rest in ACCOUNT_LINKS.items()},
            "type": "Organization" if account.organization else "Bot" if account.login.endswith("[bot]") else "User",
            "user_view_type": "public",
            "site_admin": False,
        }

    def author(self, login: str) -> dict[str, Any]:
        """`simple-user` of a login, which may be a bot's or that of somebody who is no account here."""
        number = 10_000_000 + zlib.crc32(login.lower().encode())
        return self.user_by_login(login) or self.simple_user(Account(number, login, self.world.now()))

    def user_by_login(self, login: str) -> dict[str, Any] | None:
        """`simple-user` of a login; None for one that is no account here."""
        account = self.world.account(login)
        return self.simple_user(account) if account else None

    def user(self, account: Account) -> dict[str, Any]:
        """GitHub's `public-user`."""
        return {
            **self.simple_user(account),
            "name": account.name or None,
            "company": None,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "twitter_username": None,
            "public_repos": self._repositories(account, private=False),
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": stamp(account.created),
            "updated_at": stamp(account.created),
        }

    def private_user(self, account: Account) -> dict[str, Any]:
        """GitHub's `private-user`: what an account sees of itself."""
        return {
            **self.user(account),
            "user_view_type": "private",
            "private_gists": 0,
            "total_private_repos": self._repositories(account, private=True),
            "owned_private_repos": self._repositories(account, private=True),
            "disk_usage": 0,
            "collaborators": 0,
            "two_factor_authentication": True,
        }

    def organization(self, account: Account) -> dict[str, Any]:
        """GitHub's `organization-full`."""
        url = f"{self.base}/orgs/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("Organization", account.id),
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
            "description": None,
            "name": account.name or account.login,
            "html_url": f"{WEB}/{account.login}",
            "is_verified": False,
            "has_organization_projects": True,
            "has_repository_projects": True,
            "public_repos": self._repositories(account, private=False),
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": stamp(account.created),
            "updated_at": stamp(account.created),
            "archived_at": None,
            "type": "Organization",
        }

    def _repositories(self, account: Account, *, private: bool) -> int:
        return sum(
            repository.owner is account and repository.private == private
            for repository in self.world.repositories.values()
        )

    # Repositories

    def minimal_repository(self, repository: Repository) -> dict[str, Any]:
        """GitHub's `minimal-repository`."""
        url = f"{self.base}/repos/{repository.full_name}"
        return {
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.simple_user(repository.owner),
            "html_url": f"{WEB}/{repository.full_name}",
            "description": repository.description or None,
            "fork": bool(repository.fork_of),
            "url": url,
            **{key: url + rest for key, rest in REPOSITORY_LINKS.items()},
        }

    def repository(self, repository: Repository) -> dict[str, Any]:
        """GitHub's `repository`, as other objects hold it."""
        web = f"{WEB}/{repository.full_name}"
        pushed = max((commit.date for commit in repository.git.commits.values()), default=repository.created)
        open_issues = sum(pull.state == "open" for pull in repository.pulls.values())
        return {
            **self.minimal_repository(repository),
            "clone_url": f"{web}.git",
            "git_url": f"git://github.com/{repository.full_name}.git",
            "ssh_url": f"git@github.com:{repository.full_name}.git",
            "svn_url": web,
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "forks": 0,
            "forks_count": 0,
            "stargazers_count": 0,
            "watchers": 0,
            "watchers_count": 0,
            "size": 0,
            "default_branch": repository.default_branch,
            "open_issues": open_issues,
            "open_issues_count": open_issues,
            "has_issues": True,
            "has_projects": True,
            "has_wiki": False,
            "has_pages": False,
            "has_downloads": True,
            "has_discussions": False,
            "archived": repository.archived,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "license": None,
            "topics": [],
            "is_template": False,
            "allow_forking": True,
            "web_commit_signoff_required": False,
            "pushed_at": stamp(pushed),
            "created_at": stamp(repository.created),
            "updated_at": stamp(pushed),
        }

    def full_repository(self, repository: Repository) -> dict[str, Any]:
        """GitHub's `full-repository`, as its own route gives it."""
        return {
            **self.repository(repository),
            "network_count": 0,
            "subscribers_count": 0,
            **({"organization": self.simple_user(repository.owner)} if repository.owner.organization else {}),
        }

    # Releases

    def release_asset(self, repository: Repository, release: Release, asset: Asset) -> dict[str, Any]:
        """GitHub's `release-asset`."""
        return {
            "url": f"{self.base}/repos/{repository.full_name}/releases/assets/{asset.id}",
            "browser_download_url": f"{WEB}/{repository.full_name}/releases/download/{shown_tag(release)}/{asset.name}",
            "id": asset.id,
            "node_id": node_id("ReleaseAsset", asset.id),
            "name": asset.name,
            "label": asset.label,
            "state": "uploaded",
            "content_type": asset.media_type,
            "size": asset.size,
            "digest": asset.digest,
            "download_count": asset.downloads,
            "created_at": stamp(asset.created),
            "updated_at": stamp(asset.created),
            "uploader": self.author(asset.uploader),
        }

    # Packages

    def package(self, package: Package) -> dict[str, Any]:
        """GitHub's `package`."""
        owner = self.world.accounts[package.owner.lower()]
        repository = self.world.repository(package.repository)
        space = "orgs" if owner.organization else "users"
        name = quote(package.name, safe="")
        return {
            "id": package.id,
            "name": package.name,
            "package_type": "container",
            "owner": self.simple_user(owner),
            "version_count": len(package.versions()),
            "visibility": package.visibility,
            "url": f"{self.base}/{space}/{owner.login}/packages/container/{name}",
            "html_url": f"{WEB}/{space}/{owner.login}/packages/container/package/{name}",
            "created_at": stamp(package.created),
            "updated_at": stamp(package.updated),
            **({"repository": self.minimal_repository(repository)} if repository else {}),
        }

    def package_version(self, package: Package, version: Version) -> dict[str, Any]:
        """GitHub's `package-version` of a container."""
        owner = self.world.accounts[package.owner.lower()]
        space = "orgs" if owner.organization else "users"
        name = quote(package.name, safe="")
        web = f"{WEB}/{space}/{owner.login}/packages/container"
        return {
            "id": version.id,
            "name": version.digest,
            "url": f"{self.base}/{space}/{owner.login}/packages/container/{name}/versions/{version.id}",
            "package_html_url": f"{web}/package/{name}",
            "html_url": f"{web}/{name}/{version.id}",
            "created_at": stamp(version.created),
            "updated_at": stamp(version.updated),
            **({"deleted_at": stamp(version.deleted)} if version.deleted else {}),
            "metadata": {"package_type": "container", "container": {"tags": list(version.tags)}},
        }
