"""A stage that no Dockerfile has is reported before it fails every build."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.builds.stage_check import find_missing_stages
from release_actions.config import load_text

CONFIG = """\
repository: acme/app
defaults: {platforms: [linux/amd64, linux/arm64]}
images:
  app: IMAGE
"""


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("{target: Runtime}", []),
        ("{target: '1'}", []),
        ("{}", []),
        (
            "{target: runtme}",
            [
                "release.yaml:4:17: Dockerfile has no stage 'runtme', which the image 'app' is built from. "
                "Did you mean 'runtime'?"
            ],
        ),
        (
            "{target: runtime, prebuild: {target: build}}",
            [
                "release.yaml:4:45: Dockerfile has no stage 'build', which the image 'app' is built from. "
                "Did you mean 'builder'?"
            ],
        ),
    ],
)
def test_a_stage_that_is_missing_names_the_nearest_once(tmp_path: Path, image: str, expected: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x AS builder\nFROM y AS runtime\n", encoding="utf-8")
    config = load_text(CONFIG.replace("IMAGE", image))

    found = [str(problem) for problem in find_missing_stages(config, config.packages(), tmp_path)]

    assert found == expected
