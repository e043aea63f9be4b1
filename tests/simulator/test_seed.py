"""A world from a file: what the keys make, and every mistake with its place."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from release_actions.errors import ConfigurationError
from release_actions.simulator import World
from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.clock import Clock
from release_actions.simulator.oci import DOCKER_LIST, OCI_INDEX
from release_actions.simulator.seed import world_from_dict, world_from_file

EXAMPLE = Path(__file__).parents[2] / "examples" / "simulator" / "seed.yaml"
ACCOUNTS = {"llm-d": {"type": "organization", "members": {"ada": "admin"}}, "ada": {}}


def load_seed(**parts: Any) -> World:
    return world_from_dict({"accounts": ACCOUNTS, **parts})


def packages(*versions: dict[str, Any], **package: Any) -> World:
    return load_seed(packages={"llm-d/x": {"versions": list(versions), **package}})


def repositories(**repository: Any) -> World:
    return load_seed(repositories={"llm-d/llm-d": repository})


def test_the_example_is_a_world_where_everything_pulls() -> None:
    world = world_from_file(EXAMPLE)
    assert list(world.tokens) == ["ghp_ada", "ghs_job"]
    for path in world.packages:
        assert [tag for tag in world.tags(path) if world.missing(path, tag)] == []
    assert world.repositories["llm-d/llm-d"].git.refs["refs/tags/v0.4.0"].type == "tag"


def test_a_file_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text('{"accounts": {"ada": {"name": "Ada"}}}', encoding="utf-8")
    account = world_from_file(path).account("ada")
    assert account is not None
    assert (account.name, account.organization) == ("Ada", False)


def test_an_empty_world_is_a_world() -> None:
    assert world_from_dict({}).dump()["packages"] == {}


def test_time_is_the_seeds_or_the_clocks() -> None:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert world_from_dict({"now": "2026-01-01T00:00:00Z"}).now() == moment
    clock = Clock(moment)
    assert world_from_dict({}, clock=clock).clock is clock


def test_tokens_of_every_kind() -> None:
    world = load_seed(
        repositories={"llm-d/llm-d": {}},
        tokens=[
            {"token": "a", "login": "ada", "scopes": ["repo"], "expires": "2027-01-01T00:00:00Z"},
            {"token": "b", "kind": "actions", "repository": "llm-d/llm-d", "permissions": {"packages": "write"}},
            {"token": "c", "kind": "app", "account": "llm-d"},
            {"token": "d", "kind": "fine-grained", "login": "ada"},
        ],
    )
    kinds = {secret: token.kind for secret, token in world.tokens.items()}
    assert list(kinds.values()) == [TokenKind.CLASSIC, TokenKind.ACTIONS, TokenKind.APP, TokenKind.FINE_GRAINED]
    assert world.tokens["a"].expires == datetime(2027, 1, 1, tzinfo=timezone.utc)
    assert world.tokens["b"].permissions == {"packages": "write"}


def test_images_are_pushed_in_order_and_later_ones_take_tags_away() -> None:
    world = packages(
        {"tags": ["v1", "latest"], "created": "2026-01-01T00:00:00Z"},
        {"tags": ["v2", "latest"], "created": "2026-01-02T00:00:00Z"},
    )
    assert world.version("llm-d/x", "v1").tags == ["v1"]
    assert world.version("llm-d/x", "latest").tags == ["v2", "latest"]
    assert world.dump()["packages"]["llm-d/x"]["created"] == "2026-01-01T00:00:00Z"


def test_images_are_what_their_keys_say() -> None:
    world = packages(
        {"tags": ["multi"], "platforms": ["linux/amd64", "linux/arm64"], "attestations": True, "signed": True},
        {"tags": ["docker"], "platforms": ["linux/amd64", "linux/arm64"], "docker": True, "downloads": 7},
        {"tags": ["one"], "index": True, "annotations": {"a": "b"}, "labels": {"c": "d"}},
        {"content": "nothing but content"},
    )
    multi = world.version("llm-d/x", "multi")
    assert multi.manifest.platforms[2:] == ("unknown/unknown", "unknown/unknown")
    assert f"{multi.digest.replace(':', '-')}.sig" in world.tags("llm-d/x")
    docker = world.version("llm-d/x", "docker")
    assert (docker.manifest.media_type, docker.downloads) == (DOCKER_LIST, 7)
    one = world.version("llm-d/x", "one")
    assert (one.manifest.media_type, b'"a": "b"' in one.manifest.body) == (OCI_INDEX, True)
    assert sum(not version.tags for version in world.packages["llm-d/x"].versions()) == 8


def test_an_image_may_lack_a_platform_or_be_deleted() -> None:
    world = packages(
        {"tags": ["broken"], "platforms": ["linux/amd64", "linux/arm64"], "lacks": ["linux/arm64"]},
        {"tags": ["gone"], "deleted": "2026-02-01T00:00:00Z"},
    )
    assert world.missing("llm-d/x", "broken") == [world.version("llm-d/x", "broken").manifest.children[1]]
    assert set(world.tags("llm-d/x")) == {"broken"}
    assert len(world.packages["llm-d/x"].restorable(world.now())) == 2


def test_a_package_with_roles_and_visibility() -> None:
    world = packages(visibility="private", repository="llm-d/llm-d", roles={"llm-d/llm-d": "write", "ada": "read"})
    package = world.packages["llm-d/x"]
    assert not package.public
    assert package.roles == {"llm-d/llm-d": Role.WRITE, "ada": Role.READ}


def test_commits_follow_one_another_unless_they_name_parents() -> None:
    world = repositories(
        commits=[
            {"id": "a", "message": "a"},
            {"id": "b", "message": "b"},
            {"id": "root", "message": "root", "parents": []},
            {"id": "merge", "message": "merge", "parents": ["b", "root"]},
        ],
        branches={"old": "a"},
    )
    git = world.repositories["llm-d/llm-d"].git
    a, b, root, merge = git.commits.values()
    assert (b.parents, root.parents, merge.parents) == ((a.sha,), (), (b.sha, root.sha))
    assert git.refs["refs/heads/main"].sha == merge.sha
    assert git.refs["refs/heads/old"].sha == a.sha


def test_releases_and_the_latest() -> None:
    world = repositories(
        commits=[{"id": "a", "message": "a"}],
        tags={"v1.0.0": {"commit": "a"}, "v2.0.0": {"commit": "a", "message": "annotated"}},
        releases=[{"tag": "v1.0.0", "latest": True}, {"tag": "v2.0.0"}, {"tag": "v3.0.0", "draft": True}],
    )
    latest = world.repositories["llm-d/llm-d"].latest_release()
    assert latest is not None
    assert latest.tag == "v1.0.0"


def test_a_seed_sets_behavior_and_limits() -> None:
    behavior = {
        "checks-children": True,
        "tag-moves-change-dates": True,
        "shuffles-versions": True,
        "stale-tag-reads": 3,
        "cuts-tags": True,
        "head-counts-as-download": True,
        "redirects-blobs": False,
        "new-packages": "public",
        "registry-token-seconds": 60,
    }
    world = load_seed(behavior=behavior, limits={"points": 900, "status": 429})
    assert {name.replace("_", "-"): value for name, value in vars(world.behavior).items()} == behavior
    assert (world.limits.points, world.limits.status, world.limits.actions) == (900, 429, 1000)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("acounts: {}\n", "2:1", "'acounts' is not a key of a seed."),
        ("now: today\n", "2:6", "'now' is 'today', which is not a time."),
        ("now: 2026-02-30T00:00:00Z\n", "2:6", "which is not a time."),
        ("packages:\n  nobody/x: {}\n", "3:13", "'nobody/x' belongs to nobody, which is no account."),
        ("repositories:\n  nobody/x: {}\n", "3:13", "'nobody/x' belongs to nobody, which is no account."),
        ("tokens:\n  - token: a\n", "3:5", "A token of the kind classic needs 'login'."),
        ("tokens:\n  - token: a\n    login: eve\n", "4:12", "A token belongs to eve, which is not in this seed."),
        ("tokens:\n  - token: a\n    kind: acts\n", "4:11", "'tokens[0].kind' is 'acts'"),
        (
            "packages:\n  ada/x:\n    versions:\n      - platforms: [linux]\n",
            "5:21",
            "'packages.ada/x.versions[0].platforms[0]' is 'linux', which is not a platform.",
        ),
        (
            "packages:\n  ada/x:\n    versions:\n      - platforms: [linux/amd64, linux/arm64]\n"
            "        lacks: [linux/s390x]\n",
            "6:16",
            "linux/s390x is no platform of this image's index.",
        ),
        (
            "repositories:\n  ada/x:\n    commits:\n      - id: a\n        message: a\n        parents: [z]\n",
            "7:18",
            "'z' is no commit of this repository.",
        ),
        (
            "repositories:\n  ada/x:\n    commits:\n      - {id: a, message: a}\n      - {id: a, message: a}\n",
            "6:14",
            "There are two commits called 'a'.",
        ),
        ("repositories:\n  ada/x:\n    branches:\n      main: z\n", "5:13", "'z' is no commit"),
        ("repositories:\n  ada/x:\n    tags:\n      v1:\n        commit: z\n", "6:17", "'z' is no commit"),
        ("repositories:\n  ada/x:\n    releases:\n      - tag: v1\n", "5:14", "'v1' is no git tag"),
        (
            "repositories:\n  ada/x:\n    pulls:\n      - {number: 1, title: a, milestone: 4}\n",
            "5:42",
            "There is no milestone 4.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("accounts: {ada: {}}\n" + text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        world_from_file(path)
    found = [str(problem.place) for problem in error.value.problems if message in problem.message]
    assert found == [f"{path}:{place}"], str(error.value)


def test_all_mistakes_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("packages:\n  a/x: {}\n  b/x: {}\ntokens:\n  - token: t\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        world_from_file(path)
    assert [problem.place.line for problem in error.value.problems if problem.place] == [2, 3, 5]


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.yaml does not exist") as error:
        world_from_file(Path("nothing.yaml"))
    assert "docs/simulator.md" in error.value.hint
