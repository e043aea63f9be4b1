"""The world in which a rehearsal begins: the repository with its tags, and the releases that the registry holds.

Everything in it follows from the scenario, the configuration and the seed: the same three give the same digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from release_actions.config import Config
from release_actions.rehearsal.invariants import Build, Ledger
from release_actions.rehearsal.scenario import RetiredPackage, Scenario
from release_actions.simulator import Image, World, build_image
from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.clock import Clock
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Pull, Release, Repository
from release_actions.tags.policy import Policy
from release_actions.versions.version import parse_or_none

BETWEEN_RELEASES = timedelta(days=30)
WORKFLOW_TOKEN = "ghs_rehearsalWorkflowToken0000000000000"  # noqa: S105  # opens nothing but the simulator
TEARDOWN_TOKEN = "ghs_rehearsalTeardownToken0000000000000"  # noqa: S105  # opens nothing but the simulator
NOTES_TOKEN = "ghs_rehearsalNotesToken000000000000000000"  # noqa: S105  # opens nothing but the simulator
JUDGE_TOKEN = "ghp_rehearsalJudgeToken00000000000000000"  # noqa: S105  # opens nothing but the simulator
LEADER = "release-leader"


@dataclass(frozen=True)
class RehearsalWorld:
    """A world, its repository, the ledger of what was published before the first step, and which branches tags need."""

    world: World
    repository: Repository
    ledger: Ledger
    policy: Policy = field(default_factory=Policy)

    def tag(self, name: str, at: datetime) -> str:
        """Push a git tag on a commit of its own, unless it exists. Returns its commit.

        The commit is on the branch that the configuration requires of the version, else on the default branch.
        """
        git = self.repository.git
        ref = f"refs/tags/{name}"
        with self.world.lock:
            if ref not in git.refs:
                branch = self.cut_branch(name)
                again = any(commit.message == f"Prepare {name}" for commit in git.commits.values())
                message = f"Prepare {name} once more" if again else f"Prepare {name}"
                git.refs[ref] = Target(self.commit(message, at, branch), "commit")
            return git.refs[ref].sha

    def cut_branch(self, tag: str) -> str:
        """Make the release branch of a tag from the default branch, unless it is there or none is required."""
        git, default = self.repository.git, self.repository.default_branch
        version = parse_or_none(tag, self.policy.prefix)
        branch = (self.policy.branch(version) if version else "") or default
        with self.world.lock:
            if (tip := git.refs.get(f"refs/heads/{default}")) and branch != default:
                git.refs.setdefault(f"refs/heads/{branch}", tip)
        return branch

    def move_tag(self, name: str, sha: str) -> None:
        """Put a git tag on a commit, wherever it was."""
        with self.world.lock:
            self.repository.git.refs[f"refs/tags/{name}"] = Target(sha, "commit")

    def git_tags(self) -> dict[str, str]:
        """Git tag -> the commit that it names now."""
        git = self.repository.git
        with self.world.lock:
            return {
                ref.removeprefix("refs/tags/"): git.peel(target).sha
                for ref, target in git.refs.items()
                if ref.startswith("refs/tags/")
            }

    def publish_pre_release(self, tag: str, at: datetime) -> None:
        """Publish a GitHub pre-release of a tag, as its release leader would."""
        with self.world.lock:
            branch = self.repository.default_branch
            release = Release(
                self.world.next_id("release"), tag, branch, LEADER, at, tag, prerelease=True, published=at
            )
            self.repository.releases[release.id] = release

    def publish_release(self, tag: str, body: str, at: datetime) -> None:
        """Publish a full GitHub release of a tag with notes that a person typed."""
        with self.world.lock:
            number, branch = self.world.next_id("release"), self.repository.default_branch
            self.repository.releases[number] = Release(number, tag, branch, LEADER, at, tag, body, published=at)

    def merge(self, title: str, author: str, labels: tuple[str, ...], at: datetime) -> Pull:
        """Squash a pull request onto the default branch."""
        with self.world.lock:
            if not author.endswith("[bot]") and self.world.account(author) is None:
                self.world.add_account(author)
            number, branch = len(self.repository.pulls) + 1, self.repository.default_branch
            before = self.repository.git.refs[f"refs/heads/{branch}"].sha
            sha = self.commit(f"{title} (#{number})", at, author=author)
            pull = Pull(self.world.next_id("pull"), number, title, author, branch, before, "work", sha, at, at)
            pull.state, pull.closed, pull.merged, pull.merge_commit, pull.merged_by = "closed", at, at, sha, LEADER
            pull.labels = labels
            self.repository.pulls[number] = pull
            return pull

    def full_releases(self) -> frozenset[str]:
        """The tags that have a published full release on GitHub now."""
        with self.world.lock:
            releases = self.repository.releases.values()
            return frozenset(release.tag for release in releases if not (release.draft or release.prerelease))

    def releases(self) -> frozenset[str]:
        """The tags that have a GitHub release now."""
        with self.world.lock:
            return frozenset(release.tag for release in self.repository.releases.values())

    def commit(self, message: str, at: datetime, branch: str = "", *, author: str = LEADER) -> str:
        """Add a commit to a branch, the default one unless it is named. Returns its id."""
        git = self.repository.git
        branch = f"refs/heads/{branch or self.repository.default_branch}"
        with self.world.lock:
            parents = (git.refs[branch].sha,) if branch in git.refs else ()
            commit = git.commit(message, at, parents=parents, login=author)
            git.refs[branch] = Target(commit.sha, "commit")
            return commit.sha


def build_rehearsal_world(scenario: Scenario, config: Config, seed: int) -> RehearsalWorld:
    """Make the world of a scenario."""
    world = World(Clock(scenario.starts))
    owner = scenario.repository.partition("/")[0]
    world.add_account(LEADER)
    for account in {owner, *(package.owner for package in config.published)}:
        world.add_account(account, organization=True, members={LEADER: "admin"})
    policy = Policy(
        config.tag_prefix, release_branches=config.release_branches, prerelease_branch=config.prerelease_branch
    )
    setting = RehearsalWorld(world, world.add_repository(scenario.repository), Ledger(config.floating_tags), policy)
    add_tokens(world, scenario.repository)
    begin = scenario.starts - BETWEEN_RELEASES * (len(scenario.git_tags) + 1)
    setting.commit("Begin", begin)
    for number, name in enumerate(scenario.git_tags, 1):
        setting.tag(name, begin + BETWEEN_RELEASES * number)
    for package in config.published:
        roles = {scenario.repository: Role.ADMIN}
        world.add_package(package.name, visibility="public", repository=scenario.repository, roles=roles)
    for number, name in enumerate(scenario.published):
        at = scenario.starts - BETWEEN_RELEASES * (len(scenario.published) - number)
        for package in config.packages("release"):
            publish_past(setting, package.name, package.platforms, name, at, seed)
        setting.publish_release(name, write_typed_notes(name, config), at)
    for package in config.packages("release"):
        put_floating_tags(setting, package.name)
    for retired in scenario.retired:
        add_retired(setting, retired, seed)
    world.behavior.cuts_tags = scenario.registry_cuts_tags
    return setting


def add_retired(setting: RehearsalWorld, retired: RetiredPackage, seed: int) -> None:
    """Add a package whose image is built no more, with its releases and floating tags as its last build left them."""
    world, repository, scenario_start = setting.world, setting.repository.full_name, setting.world.now()
    owner = retired.package.partition("/")[0]
    if world.account(owner) is None:
        world.add_account(owner, organization=True, members={LEADER: "admin"})
    world.add_package(retired.package, visibility="public", repository=repository, roles={repository: Role.ADMIN})
    for number, tag in enumerate(retired.published):
        at = scenario_start - BETWEEN_RELEASES * (len(retired.published) - number)
        publish_past(setting, retired.package, ("linux/amd64",), tag, at, seed)
    put_floating_tags(setting, retired.package)


def write_typed_notes(tag: str, config: Config) -> str:
    """Notes of a release long ago, with a table of its images as people typed it."""
    rows = "".join(f"| {package.name} | `{tag}` | NA | Image |\n" for package in config.packages("release"))
    head = "| Component | Version | Previous Version | Type |\n| --- | --- | --- | --- |\n"
    return f"## Component Summary\n\n{head}{rows}"


def add_tokens(world: World, repository: str) -> None:
    """The jobs' GITHUB_TOKENs with just what their actions need, and a reader's token for the judge."""
    permissions = {"contents": "read", "packages": "write", "metadata": "read", "attestations": "write"}
    world.add_token(WORKFLOW_TOKEN, TokenKind.ACTIONS, repository=repository, permissions=permissions)
    writing = {**permissions, "contents": "write"}
    world.add_token(TEARDOWN_TOKEN, TokenKind.ACTIONS, repository=repository, permissions=writing)
    drafting = {"contents": "write", "packages": "read", "pull-requests": "read", "metadata": "read"}
    world.add_token(NOTES_TOKEN, TokenKind.ACTIONS, repository=repository, permissions=drafting)
    world.add_token(JUDGE_TOKEN, TokenKind.CLASSIC, login=LEADER, scopes={"read:packages"})


def publish_past(
    setting: RehearsalWorld, package: str, platforms: tuple[str, ...], tag: str, at: datetime, seed: int
) -> None:
    """Put a release into a package as if it had been published long ago."""
    revision = setting.tag(tag, at)
    image = make_image(platforms, setting.repository.full_name, tag, revision, f"{seed}/{package}/{tag}")
    version = setting.world.push(package, image, [tag], at=at)
    setting.ledger.builds.append(Build(package, tag, version.digest))


def put_floating_tags(setting: RehearsalWorld, package: str) -> None:
    """Begin with every floating tag right."""
    ledger, world = setting.ledger, setting.world
    finals = list(ledger.of(package, stable=True).values())
    for name in ledger.names(finals):
        world.tag(package, ledger.newest(package, name, finals), name)


def make_image(platforms: tuple[str, ...], repository: str, version: str, revision: str, content: str) -> Image:
    """A small real image. One of a single platform is an index too, with an attestation, as buildx makes it today."""
    labels = {
        "org.opencontainers.image.source": f"https://github.com/{repository}",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.revision": revision,
    }
    return build_image(platforms, labels=labels, seed=content, attestations=len(platforms) == 1)


def build_platform(platform: str, labels: Mapping[str, str], content: str) -> Image:
    """A small real image of one platform with its attestation, as buildx pushes one today."""
    return build_image((platform,), labels=labels, seed=content, attestations=True)
