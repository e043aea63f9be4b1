"""The page about the simulator: its generated parts are current, and what it shows works."""

from __future__ import annotations

import re

import pytest
import requests

import simulator_reference
from release_actions.simulator.seed_file import SEED


def test_the_page_is_current() -> None:
    assert simulator_reference.main(["--check"]) == 0


def test_a_stale_page_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(simulator_reference, "presets", lambda: "something else")
    assert simulator_reference.main(["--check"]) == 1
    assert "docs/simulator.md is stale" in capsys.readouterr().err


def test_every_key_of_a_seed_is_on_the_page() -> None:
    text = simulator_reference.sections()["seed"]
    for key in SEED.keys:
        assert f"| `{key.name}` |" in text


def test_the_code_on_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = simulator_reference.PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(code, "docs/simulator.md", "exec"), {"requests": requests})  # the page's own lines
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")
