"""api-guard as a command, in checkouts with releases."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from release_actions import main
from release_actions.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
REPORT_SCHEMA = json.loads((ROOT / "schema" / "report.schema.json").read_text(encoding="utf-8"))

ACTION = "inputs:\n  mode: {default: check}\n  tag: {required: true}\nruns: {using: node20}\n"
WORKFLOW = "on: {workflow_call: {inputs: {push: {type: boolean}}}}\njobs: {a: {permissions: {contents: read}}}\n"
SCHEMA = '{"type": "object", "additionalProperties": false, "properties": {"mode": {"enum": ["a", "b"]}}}'

Guard = Callable[..., tuple[int, dict[str, Any]]]


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "tag.gpgSign=false")
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True)


def commit(folder: Path, *tags: str, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--no-gpg-sign", "--message=change")
    for tag in tags:
        git(folder, "tag", tag)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "v1.0.0", "v1", action_yml=ACTION, schema_json=SCHEMA)
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "build.yml").write_text(WORKFLOW, encoding="utf-8")
    (folder / ".github" / "workflows" / "ci.yml").write_text("on: push\njobs: {}\n", encoding="utf-8")
    commit(folder, "v1.1.0")
    return folder


@pytest.fixture
def guard(checkout: Path, capsys: pytest.CaptureFixture[str]) -> Guard:
    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        command = ["api-guard", "--workspace", str(checkout), "--now", "2026-12-01T00:00:00Z", "--json", *arguments]
        code = main.main(command, {})
        printed = capsys.readouterr().out
        return code, json.loads(printed) if printed else {}

    return run


def rules(answer: dict[str, Any], effect: str = "breaking") -> list[str]:
    return [change["rule"] for change in answer["changes"] if change["effect"] == effect]


def test_an_unchanged_interface_passes(guard: Guard) -> None:
    code, answer = guard()

    assert (code, answer["verdict"], answer["base"], answer["changes"]) == (ExitCode.PASS, "pass", "v1.1.0", [])


def test_what_breaks_callers_is_refused(guard: Guard, checkout: Path) -> None:
    (checkout / "action.yml").write_text(ACTION.replace("  mode: {default: check}\n", ""), encoding="utf-8")

    code, answer = guard()

    assert code == ExitCode.REFUSED
    assert (answer["verdict"], answer["breaking"], rules(answer)) == ("fail", 1, ["input-removed"])
    assert answer["errors"] == [
        {
            "rule": "input-removed",
            "message": "The input 'mode' of action.yml is gone.",
            "hint": "Keep it until the next major version; an input that does nothing can say so in "
            "deprecationMessage.",
            "file": "action.yml",
        }
    ]


def test_mode_report_refuses_nothing(guard: Guard, checkout: Path) -> None:
    (checkout / "action.yml").unlink()

    code, answer = guard("--mode", "report")

    assert (code, answer["verdict"], rules(answer)) == (ExitCode.PASS, "fail", ["interface-removed"])


@pytest.mark.parametrize(
    ("tag", "code"), [("v2.0.0", ExitCode.PASS), ("v2.0.0-rc.1", ExitCode.PASS), ("v1.2.0", ExitCode.REFUSED)]
)
def test_only_a_new_major_version_may_break_callers(guard: Guard, checkout: Path, tag: str, code: ExitCode) -> None:
    (checkout / "action.yml").write_text(ACTION.replace("check", "enforce"), encoding="utf-8")

    ended, answer = guard("--tag", tag)

    assert (ended, rules(answer)) == (code, ["default-changed"])


def test_before_1_0_a_new_minor_version_may_break_callers(guard: Guard, checkout: Path) -> None:
    git(checkout, "tag", "--delete", "v1.0.0", "v1.1.0")
    git(checkout, "tag", "v0.1.0")
    (checkout / "action.yml").write_text(ACTION.replace("check", "enforce"), encoding="utf-8")

    assert guard("--tag", "v0.2.0")[0] == ExitCode.PASS
    assert guard("--tag", "v0.1.1")[0] == ExitCode.REFUSED


def test_a_patch_of_an_older_line_is_held_to_that_line(guard: Guard, checkout: Path) -> None:
    git(checkout, "checkout", "--quiet", "-b", "release-1.0", "v1.0.0")
    commit(checkout, x="y")

    code, answer = guard("--tag", "v1.0.1")

    # The workflow of v1.1.0 is not missing: v1.1.0 is not in this history.
    assert (code, answer["base"], answer["changes"]) == (ExitCode.PASS, "v1.0.0", [])


def test_two_revisions_are_compared(guard: Guard) -> None:
    code, answer = guard("--base", "v1.0.0", "--head", "v1.1.0")

    assert (code, rules(answer, "compatible")) == (ExitCode.PASS, ["interface-added"])
    code, answer = guard("--base", "v1.1.0", "--head", "v1.0.0")
    assert (code, rules(answer)) == (ExitCode.REFUSED, ["interface-removed"])


def test_a_captured_surface_is_compared(guard: Guard, checkout: Path) -> None:
    code, answer = guard("--mode", "capture", "--surface", "interface.json")
    assert (code, answer["surface"]) == (ExitCode.PASS, "interface.json")
    commit(checkout, "v1.2.0")
    (checkout / "action.yml").write_text(ACTION.replace("  tag: {required: true}\n", ""), encoding="utf-8")

    for base in ("interface.json", "v1.2.0:interface.json", "release:interface.json"):
        code, answer = guard("--base", base)

        assert (code, rules(answer)) == (ExitCode.REFUSED, ["input-removed"])
    assert guard("--base", "release:interface.json", "--head", "interface.json")[1]["changes"] == []


def test_schemas_are_compared_where_they_are_named(guard: Guard, checkout: Path) -> None:
    (checkout / "schema.json").write_text(SCHEMA.replace('"a", "b"', '"a"'), encoding="utf-8")

    assert guard()[1]["changes"] == []
    assert guard("--schemas", "*.json")[0] == ExitCode.REFUSED
    assert guard("--document-schemas", "*.json")[0] == ExitCode.PASS


def test_what_cannot_be_judged_is_no_pass(guard: Guard, checkout: Path) -> None:
    patterned = '{"type": "string", "pattern": "PATTERN"}'
    commit(checkout, "v1.2.0", schema_json=patterned)
    (checkout / "schema.json").write_text(patterned.replace("PATTERN", "[a-z]+"), encoding="utf-8")

    code, answer = guard("--schemas", "*.json")

    assert (code, answer["verdict"], answer["unclear"]) == (ExitCode.UNKNOWN, "inconclusive", 1)


def test_a_waiver_lets_a_change_through(guard: Guard, checkout: Path) -> None:
    (checkout / "action.yml").write_text(ACTION.replace("check", "enforce"), encoding="utf-8")
    waiver = "{change: default-changed, file: action.yml, who: ada, why: 'it was a mistake', until: '2026-12-31'}"
    (checkout / "api-waivers.yaml").write_text(f"waivers:\n  - {waiver}\n", encoding="utf-8")

    code, answer = guard()

    assert (code, answer["verdict"], answer["breaking"]) == (ExitCode.PASS, "pass", 0)
    assert answer["changes"][0]["waiver"] == {"who": "ada", "why": "it was a mistake", "until": "2026-12-31"}
    assert guard("--now", "2027-01-01T00:00:00Z")[0] == ExitCode.REFUSED


def test_before_the_first_release_nothing_is_promised(guard: Guard, checkout: Path) -> None:
    git(checkout, "tag", "--delete", "v1", "v1.0.0", "v1.1.0")

    code, answer = guard("--report", "report.json")

    assert (code, answer["verdict"], answer["base"]) == (ExitCode.PASS, "pass", "")
    jsonschema.validate(json.loads((checkout / "report.json").read_text(encoding="utf-8")), REPORT_SCHEMA)


def test_a_shallow_checkout_is_no_proof_that_there_is_no_release(checkout: Path, tmp_path: Path, guard: Guard) -> None:
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{checkout}", str(shallow)], check=True)

    code, answer = guard("--workspace", str(shallow))

    assert code == ExitCode.BAD_INPUT
    assert "shallow" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--base", "nowhere"), "The checkout has no revision 'nowhere'."),
        (("--base=--upload-pack=x",), "The checkout has no revision '--upload-pack=x'."),
        (("--base", "v1.0.0:interface.json"), "The file interface.json of"),
        (("--head", "missing.json"), "missing.json does not exist."),
        (("--files", "none/**"), "Nothing that others call or write was found"),
        (("--mode", "capture"), "Mode capture needs the input 'surface'"),
        (("--waivers", "none.yaml"), "none.yaml does not exist."),
        (("--config", "none.yaml"), "none.yaml does not exist."),
        (("--tag", "v1.x"), "v1.x"),
    ],
)
def test_bad_input_is_said_in_words(guard: Guard, arguments: tuple[str, ...], message: str) -> None:
    code, answer = guard(*arguments)

    assert code in {ExitCode.BAD_INPUT, ExitCode.REFUSED}
    assert message in answer["errors"][0]["message"]


def test_a_broken_manifest_is_named_with_its_line(guard: Guard, checkout: Path) -> None:
    (checkout / "action.yml").write_text("inputs: {\n", encoding="utf-8")

    code, answer = guard()

    assert (code, answer["errors"][0]["file"]) == (ExitCode.BAD_INPUT, "action.yml")


def test_the_report_has_the_form_of_every_report(guard: Guard, checkout: Path) -> None:
    (checkout / "action.yml").write_text(ACTION.replace("check", "enforce"), encoding="utf-8")

    _, answer = guard("--report", "report.json", "--sha", "a" * 40)

    content = (checkout / "report.json").read_bytes()
    assert answer["report-digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    report = json.loads((checkout / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, REPORT_SCHEMA)
    assert (report["report"], report["verdict"], report["commit"]) == ("api-guard", "fail", "a" * 40)
    assert [finding["rule"] for finding in report["findings"]] == ["default-changed"]
    assert report["findings"][0]["place"] == {"file": "action.yml", "line": 2, "column": 3}


def test_the_prefix_of_versions_comes_from_the_configuration(guard: Guard, checkout: Path) -> None:
    text = (ROOT / "examples" / "single-image" / "release.yaml").read_text(encoding="utf-8")
    commit(checkout, "r2.0.0")
    (checkout / "release.yaml").write_text(f"{text}versions: {{prefix: r}}\n", encoding="utf-8")

    assert guard()[1]["base"] == "r2.0.0"
