"""The marker `tools`: `@pytest.mark.tools("skopeo", "crane")` on a test that runs these programs."""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test whose programs are missing, with their names; fail it where all must run.

    `.ci/run` sets RELEASE_ACTIONS_REQUIRE_TOOLS=1, so that nothing is left out unseen there.
    """
    for marker in item.iter_markers("tools"):
        if not marker.args:
            pytest.fail("the marker 'tools' names no program", pytrace=False)
        missing = [program for program in marker.args if shutil.which(program) is None]
        if missing:
            reason = f"needs {', '.join(missing)} on PATH"
            if os.environ.get("RELEASE_ACTIONS_REQUIRE_TOOLS") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
