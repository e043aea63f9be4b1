"""A world from a seed file: accounts, tokens, repositories with their history, packages with their versions.

The file is YAML or JSON (which is YAML). Every mistake is reported with file, line and column, names that are used and
nowhere explained too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from release_actions.config.shapes import Record, in_file_order, load, load_file
from release_actions.errors import ConfigurationError, Problem
from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.behavior import RegistryBehavior
from release_actions.simulator.clock import Clock, stamp
from release_actions.simulator.git import Commit, Target
from release_actions.simulator.image_factory import attachment, attachment_tag, build_image
from release_actions.simulator.limits import Limits
from release_actions.simulator.oci import digest_of
from release_actions.simulator.repositories import Asset, Milestone, Pull, Release, Repository
from release_actions.simulator.rules import TagRules
from release_actions.simulator.seed_file import (
    SEED,
    MilestoneSeed,
    PackageSeed,
    PullSeed,
    ReleaseSeed,
    RepositorySeed,
    Seed,
    TokenSeed,
    VersionSeed,
)
from release_actions.simulator.seed_issues import add_issue, make_comments, make_events, make_reviews
from release_actions.simulator.world import World


def world_from_file(path: Path, *, clock: Clock | None = None) -> World:
    """The world that a seed file describes. Raises `ConfigurationError` with every mistake and its place."""
    return build_world(load_file(path, SEED, hint="Pass a seed file; docs/simulator.md describes it."), clock=clock)


def world_from_dict(seed: Mapping[str, Any], *, clock: Clock | None = None) -> World:
    """The world that a seed as JSON values describes. Raises `ConfigurationError`."""
    return build_world(load(json.dumps(seed, ensure_ascii=False), SEED, file="seed"), clock=clock)


def build_world(seed: Seed, *, clock: Clock | None = None) -> World:
    """Make the world. Raises `ConfigurationError` for a name that is used and nowhere explained."""
    world = World(clock or Clock(seed.now, ticking=seed.ticking), behavior=behavior_of(seed), limits=limits_of(seed))
    loader = SeedLoader(world)
    for login, account in seed.accounts.items():
        world.add_account(
            login, organization=account.type == "organization", members=account.members, name=account.name
        )
    for full_name, repository in seed.repositories.items():
        loader.repository(full_name, repository)
    for path, package in seed.packages.items():
        loader.package(path, package)
    for token in seed.tokens:
        loader.token(token)
    if loader.problems:
        raise ConfigurationError(problems=in_file_order(loader.problems))
    return world


def behavior_of(seed: Seed) -> RegistryBehavior:
    """The registry behavior that a seed asks for."""
    behavior = seed.behavior
    return RegistryBehavior(
        checks_children=behavior.checks_children,
        tag_moves_change_dates=behavior.tag_moves_change_dates,
        shuffles_versions=behavior.shuffles_versions,
        stale_tag_reads=behavior.stale_tag_reads,
        cuts_tags=behavior.cuts_tags,
        head_counts_as_download=behavior.head_counts_as_download,
        redirects_blobs=behavior.redirects_blobs,
        new_packages=behavior.new_packages,
        registry_token_seconds=behavior.registry_token_seconds,
    )


def limits_of(seed: Seed) -> Limits:
    """The limits of a seed."""
    limits = seed.limits
    return Limits(
        actions=limits.actions,
        personal=limits.personal,
        anonymous=limits.anonymous,
        points=limits.points,
        concurrent=limits.concurrent,
        registry=limits.registry,
        status=limits.status,
    )


class SeedLoader:
    """Puts the parts of a seed into a world and collects what does not fit together."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.problems: list[Problem] = []

    def refuse(self, record: Record, message: str, hint: str, *steps: str | int) -> None:
        """Remember a problem at a key of a record."""
        self.problems.append(Problem(message, hint, record.origin.at(*steps)))

    def owned(self, record: Record, path: str) -> bool:
        """Whether the owner of `owner/name` is there; otherwise a problem is remembered."""
        owner = path.partition("/")[0]
        if self.world.account(owner) is not None:
            return True
        self.refuse(record, f"'{path}' belongs to {owner}, which is no account.", f"Add {owner} under 'accounts'.")
        return False

    def token(self, seed: TokenSeed) -> None:
        """Add a token that names what its kind needs."""
        needs = {"classic": "login", "fine-grained": "login", "actions": "repository", "app": "account"}[seed.kind]
        if not getattr(seed, needs):
            self.refuse(seed, f"A token of the kind {seed.kind} needs '{needs}'.", f"Add '{needs}:'.")
            return
        known = self.world.repository(seed.repository) if needs == "repository" else None
        account = self.world.account(seed.login or seed.account)
        if known is None and account is None:
            named = getattr(seed, needs)
            self.refuse(seed, f"A token belongs to {named}, which is not in this seed.", "Add it.", needs)
            return
        self.world.add_token(
            seed.token,
            TokenKind(seed.kind),
            login=seed.login,
            repository=seed.repository,
            account=seed.account,
            scopes=seed.scopes,
            permissions=seed.permissions,
            expires=seed.expires,
        )

    # Packages

    def package(self, path: str, seed: PackageSeed) -> None:
        """Add a package and push its images."""
        if not self.owned(seed, path):
            return
        roles = {who: Role[role.upper()] for who, role in seed.roles.items()}
        package = self.world.add_package(path, visibility=seed.visibility, repository=seed.repository, roles=roles)
        for number, version in enumerate(seed.versions):
            self.version(path, number, version)
        dates = [version.created for version in package.versions()]
        package.created = min(dates, default=package.created)

    def version(self, path: str, number: int, seed: VersionSeed) -> None:
        """Push an image as it was pushed once, then let go what went."""
        at = seed.created or self.world.now()
        image = build_image(
            seed.platforms,
            labels=seed.labels,
            annotations=seed.annotations,
            seed=seed.content or f"{path} {' '.join(seed.tags) or number}",
            docker=seed.docker,
            attestations=seed.attestations,
            index=seed.index,
            created=stamp(at),
        )
        root = self.world.push(path, image, seed.tags, at=at)
        root.downloads = seed.downloads
        if seed.signed:
            self.world.push(path, attachment(root.digest), [attachment_tag(root.digest, ".sig")], at=at)
        package = self.world.packages[path.lower()]
        children = dict(zip(image.root.platforms, image.root.children, strict=False))
        for platform in seed.lacks:
            gone = package.find(children.get(platform, "sha256:"))
            if gone is None:
                self.refuse(seed, f"{platform} is no platform of this image's index.", "Add it there.", "lacks")
            else:
                package.drop(gone, at)
        if seed.deleted:
            package.drop(root, seed.deleted)

    # Repositories

    def repository(self, full_name: str, seed: RepositorySeed) -> None:
        """Add a repository with all that it holds."""
        if not self.owned(seed, full_name):
            return
        repository = self.world.add_repository(
            full_name,
            private=seed.visibility == "private",
            default_branch=seed.default_branch,
            description=seed.description,
        )
        repository.collaborators = {login: Role[role.upper()] for login, role in seed.collaborators.items()}
        repository.labels = dict(seed.labels)
        commits = self.commits(repository, seed)
        self.refs(repository, seed, commits)
        repository.immutable_releases = seed.immutable_releases
        repository.tag_rules = tuple(TagRules(rules.tags, rules.restricts) for rules in seed.tag_rules)
        for release in seed.releases:
            self.release(repository, release)
        for milestone in seed.milestones:
            self.milestone(repository, milestone)
        repository.files = dict(seed.files)
        for pull in seed.pulls:
            self.pull(repository, pull, commits)
        for issue in seed.issues:
            add_issue(self.world, repository, issue)

    def commits(self, repository: Repository, seed: RepositorySeed) -> dict[str, Commit]:
        """Make the commits. Returns them by the names that the file gives them."""
        commits: dict[str, Commit] = {}
        last: tuple[str, ...] = ()
        for told in seed.commits:
            wanted = last if told.parents is None else told.parents
            parents = [self.commit(told, commits, name, "parents") for name in wanted]
            if told.id in commits:
                self.refuse(told, f"There are two commits called '{told.id}'.", "Give one another name.", "id")
            commits[told.id] = repository.git.commit(
                told.message,
                told.date or self.world.now(),
                parents=tuple(parent.sha for parent in parents if parent),
                author=told.author,
                login=told.login,
                files=told.files,
            )
            last = (told.id,)
        return commits

    def commit(self, record: Record, commits: Mapping[str, Commit], name: str, *steps: str) -> Commit | None:
        """A commit by the name the file gives it; otherwise a problem is remembered."""
        if name not in commits:
            self.refuse(record, f"'{name}' is no commit of this repository.", "Use an 'id' from 'commits'.", *steps)
        return commits.get(name)

    def refs(self, repository: Repository, seed: RepositorySeed, commits: Mapping[str, Commit]) -> None:
        """Make branches and tags."""
        git = repository.git
        branches = dict(seed.branches)
        if commits:
            branches.setdefault(seed.default_branch, seed.commits[-1].id)
        for name, commit in branches.items():
            sha = self.commit(seed, commits, commit, "branches", name)
            if sha:
                git.refs[f"refs/heads/{name}"] = Target(sha.sha, "commit")
        for name, tag in seed.tags.items():
            sha = self.commit(tag, commits, tag.commit, "commit")
            if not sha:
                continue
            target = Target(sha.sha, "commit")
            if tag.message:
                made = git.annotate(name, target, tag.message, tag.date or sha.date)
                target = Target(made.sha, "tag")
            git.refs[f"refs/tags/{name}"] = target

    def release(self, repository: Repository, seed: ReleaseSeed) -> None:
        """Add a release of a tag that is there, or a draft of any."""
        created = seed.created or self.world.now()
        if not seed.draft and f"refs/tags/{seed.tag}" not in repository.git.refs:
            self.refuse(seed, f"'{seed.tag}' is no git tag of this repository.", "Add it under 'tags'.", "tag")
        release = Release(
            self.world.next_id("release"),
            seed.tag,
            repository.default_branch,
            seed.author,
            created,
            seed.name,
            seed.body,
            seed.draft,
            seed.prerelease,
            None if seed.draft else created,
            immutable=seed.immutable,
        )
        if seed.immutable:
            repository.reserved.add(seed.tag)
        for name, text in seed.assets.items():
            content = text.encode()
            digest = digest_of(content)
            self.world.blobs.setdefault(digest, content)
            number = self.world.next_id("asset")
            release.assets[number] = Asset(number, name, digest, len(content), seed.author, created)
        repository.releases[release.id] = release
        if seed.latest:
            repository.latest = release.id

    def milestone(self, repository: Repository, seed: MilestoneSeed) -> None:
        """Add a milestone."""
        now = self.world.now()
        repository.milestones[seed.number] = Milestone(
            self.world.next_id("milestone"),
            seed.number,
            seed.title,
            repository.owner.login,
            now,
            now,
            seed.state,
            seed.description,
            seed.due,
            now if seed.state == "closed" else None,
        )

    def pull(self, repository: Repository, seed: PullSeed, commits: Mapping[str, Commit]) -> None:
        """Add a pull request."""
        shas = [self.commit(seed, commits, name, "commits") for name in seed.commits]
        brought = [commit for commit in shas if commit]
        merge = self.commit(seed, commits, seed.merge_commit, "merge-commit") if seed.merge_commit else None
        if seed.milestone and seed.milestone not in repository.milestones:
            self.refuse(seed, f"There is no milestone {seed.milestone}.", "Add it under 'milestones'.", "milestone")
        base = seed.base or repository.default_branch
        tip = repository.git.resolve(base)
        before = brought[0].parents if brought else ()
        created = seed.created or self.world.now()
        closed = None if seed.state == "open" else seed.closed or created
        merged = seed.state == "merged"
        nothing = "0" * 40
        repository.pulls[seed.number] = Pull(
            id=self.world.next_id("pull"),
            number=seed.number,
            title=seed.title,
            author=seed.author,
            base=base,
            base_sha=before[0] if before else tip.sha if tip else nothing,
            head=seed.head,
            head_sha=brought[-1].sha if brought else tip.sha if tip else nothing,
            created=created,
            updated=closed or created,
            body=seed.body,
            draft=seed.draft,
            state="open" if seed.state == "open" else "closed",
            closed=closed,
            merged=closed if merged else None,
            merge_commit=merge.sha if merge else "",
            merged_by=seed.merged_by if merged else "",
            labels=seed.labels,
            milestone=seed.milestone,
            commits=tuple(commit.sha for commit in brought),
            head_owner=seed.head_owner,
            files=seed.files,
            comments=make_comments(self.world, seed.comments),
            reviews=make_reviews(self.world, seed.reviews, brought[-1].sha if brought else ""),
            events=make_events(self.world, seed.events),
        )
