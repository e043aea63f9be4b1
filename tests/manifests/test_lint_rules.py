"""The reference of the rules about release notes is what the rules say of themselves."""

from __future__ import annotations

import re

import pytest

import lint_rules
from release_actions.notes.lint import RULES


def test_the_page_is_up_to_date() -> None:
    assert lint_rules.generated() == lint_rules.PAGE.read_text(encoding="utf-8")


def test_a_stale_page_is_told_and_written_anew(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path_factory.mktemp("docs") / "page.md"
    current = lint_rules.PAGE.read_text(encoding="utf-8")
    page.write_text(current.replace("#### placeholder", "#### something"), encoding="utf-8")
    monkeypatch.setattr(lint_rules, "PAGE", page)
    assert lint_rules.main(["--check"]) == 1
    assert "page.md is stale" in capsys.readouterr().err
    assert lint_rules.main([]) == 0
    assert page.read_text(encoding="utf-8") == current
    assert lint_rules.main(["--check"]) == 0


def test_each_rule_has_a_section_and_a_sentence() -> None:
    headings = re.findall(r"(?m)^#### (.+)$", lint_rules.reference())
    assert headings == list(RULES)
    for rule in RULES.values():
        assert re.fullmatch(r"[A-Z].*\.", rule.about), rule.name
