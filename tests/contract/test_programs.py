"""The marker `tools`: a missing program leaves a test out on a laptop and fails it where all tests must run."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HOOK = (Path(__file__).parent / "programs.py").read_text(encoding="utf-8")


@pytest.fixture
def marked(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(HOOK)
    pytester.makeini("[pytest]\nmarkers =\n    tools: programs\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.tools("sh")
        def test_has(): pass

        @pytest.mark.tools("sh", "no-such-program")
        def test_lacks(): pass

        @pytest.mark.tools
        def test_names_none(): pass
        """
    )
    return pytester


def test_a_missing_program_skips_with_its_name(marked: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELEASE_ACTIONS_REQUIRE_TOOLS", raising=False)
    result = marked.runpytest_subprocess("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines(["*needs no-such-program on PATH*"])


def test_a_missing_program_fails_where_all_must_run(marked: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_ACTIONS_REQUIRE_TOOLS", "1")
    result = marked.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=2)
