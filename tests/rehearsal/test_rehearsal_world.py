"""The world that a rehearsal begins in."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from release_actions.config import load_config
from release_actions.config.model import Config
from release_actions.rehearsal.rehearsal_world import RehearsalWorld, build_rehearsal_world
from release_actions.rehearsal.scenario import load_scenario

EXAMPLE = Path(__file__).parents[2] / "examples" / "llm-d"
NOON = datetime(2026, 2, 3, 12, 0, tzinfo=timezone.utc)


def begin(config: Config) -> RehearsalWorld:
    return build_rehearsal_world(load_scenario(EXAMPLE / "rehearsal.yaml"), config, seed=0)


def tips(setting: RehearsalWorld) -> dict[str, str]:
    git = setting.repository.git
    prefix = "refs/heads/"
    return {ref.removeprefix(prefix): target.sha for ref, target in git.refs.items() if ref.startswith(prefix)}


def test_releases_are_on_the_branch_that_the_configuration_requires() -> None:
    setting = begin(load_config(EXAMPLE / "release.yaml"))
    assert set(tips(setting)) == {"main", "release-0.1", "release-0.2", "release-0.3", "release-0.4"}
    assert tips(setting)["release-0.3"] == setting.git_tags()["v0.3.1"]
    backport = setting.tag("v0.4.1", NOON)
    assert tips(setting)["release-0.4"] == backport
    assert setting.repository.git.commits[backport].parents == (setting.git_tags()["v0.4.0"],)
    trunk = tips(setting)["main"]
    setting.cut_branch("v0.5.0-rc.1")
    assert tips(setting)["release-0.5"] == trunk
    assert tips(setting)["main"] == trunk
    assert setting.tag("v0.6.0-dev.1", NOON) == tips(setting)["main"] != trunk


def test_without_a_required_branch_everything_is_on_the_trunk(tmp_path: Path) -> None:
    text = (EXAMPLE / "release.yaml").read_text(encoding="utf-8")
    (tmp_path / "release.yaml").write_text(text.replace("  release-branch:", "  # release-branch:"), encoding="utf-8")
    (tmp_path / "docker").symlink_to(EXAMPLE / "docker")
    setting = begin(load_config(tmp_path / "release.yaml"))
    assert set(tips(setting)) == {"main"}
    assert setting.tag("v0.4.1", NOON) == tips(setting)["main"]
