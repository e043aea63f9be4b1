"""One way in for flags and variables, one way out for reports and errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import manifests
from release_actions import main
from release_actions.errors import ExitCode, InputError, Place, PolicyError, Problem, RemoteError
from release_actions.runner import inputs
from release_actions.runner.context import VARIABLES, Context
from release_actions.runner.report import Finding, Level, Output, Report
from release_actions.runner.workflow import Workflow


@dataclass(frozen=True)
class Inputs:
    """What the stand-in command takes."""

    tag: str = inputs.option(inputs.text, "", required=True)
    dry_run: bool = inputs.option(inputs.boolean, default=False, about="stop after the plan")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A command in place of validate-tag. Set `.act` to what it does."""
    holder = types.SimpleNamespace(act=lambda given, context, log: Report(outputs={"tag": given.tag}))
    module: Any = types.ModuleType("release_actions.commands.validate_tag")
    module.Inputs = Inputs
    module.OUTPUTS = ("tag", "dry", "now")

    def run(given: Inputs, context: Context, log: Workflow) -> Report:
        report: Report = holder.act(given, context, log)
        return report

    module.run = run
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(main, "ROOT", Path("/nowhere"))
    return holder


def raising(error: BaseException) -> Any:
    """A command that ends with an error."""

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        raise error

    return act


def test_without_flags_inputs_come_from_variables(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["validate-tag"], {"INPUT_TAG": "v1.2.3"}) == ExitCode.PASS
    assert capsys.readouterr().out == "tag=v1.2.3\n"


@pytest.mark.parametrize(
    ("text", "repository"),
    [("repository: acme/web\n", "acme/web"), ('version: 1\nrepository: "0x5/web"\n', "0x5/web"), ("x: acme/web", "")],
)
def test_by_hand_the_repository_is_the_one_of_release_yaml(
    command: types.SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, repository: str
) -> None:
    (tmp_path / "release.yaml").write_text(text, encoding="utf-8")
    command.act = lambda _given, context, _log: Report(outputs={"tag": context.repository})
    variables = {"GITHUB_WORKSPACE": str(tmp_path)}

    main.main(["validate-tag", "--tag", "v1.2.3"], variables)
    main.main(["validate-tag", "--tag", "v1.2.3", "--repository", "acme/other"], variables)

    assert capsys.readouterr().out == f"tag={repository}\ntag=acme/other\n"


def test_a_flag_wins_over_its_variable_and_json_is_alone_on_stdout(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        log.info("a line of the log")
        outputs: dict[str, Output] = {"tag": given.tag, "dry": given.dry_run, "now": context.now.isoformat()}
        return Report(outputs, findings=(Finding.of(Level.NOTICE, "seen"),), exit_code=ExitCode.REFUSED)

    command.act = act
    argv = ["validate-tag", "--tag", "v2.0.0", "--dry-run", "--now", "2026-02-03T09:00:00Z", "--json"]
    assert main.main(argv, {"INPUT_TAG": "v1.2.3"}) == ExitCode.REFUSED
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"tag": "v2.0.0", "dry": True, "now": "2026-02-03T09:00:00+00:00"}
    assert captured.err == "a line of the log\nnotice: seen\n"


def test_json_tells_a_program_what_is_wrong(command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = (Problem("No ghp_0123456789.", "Mend it.", Place("release.yaml", 2, 3)), Problem("Nor this."))
    command.act = raising(InputError(problems=wrong))
    argv = ["validate-tag", "--tag", "v1", "--token", "ghp_0123456789", "--json"]
    assert main.main(argv, {}) == ExitCode.BAD_INPUT
    assert json.loads(capsys.readouterr().out) == {
        "errors": [
            {"message": "No ***.", "hint": "Mend it.", "file": "release.yaml", "line": 2, "column": 3},
            {"message": "Nor this."},
        ]
    }


def test_json_has_outputs_and_the_rules_that_say_no(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = (Finding.of(Level.ERROR, "It drifted.", rule="drift"), Finding.of(Level.WARNING, "Mind the gap."))
    command.act = lambda *_: Report({"tag": "v1.2.3"}, findings=findings, exit_code=ExitCode.REFUSED)
    assert main.main(["validate-tag", "--tag", "v1", "--json"], {}) == ExitCode.REFUSED
    expected = {"tag": "v1.2.3", "errors": [{"rule": "drift", "message": "It drifted."}]}
    assert json.loads(capsys.readouterr().out) == expected


def test_the_context_comes_from_flags_too(command: types.SimpleNamespace, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"created": true}')
    seen: list[Context] = []

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        seen.append(context)
        return Report()

    command.act = act
    flags = ["--event-name", "push", "--event-path", str(event), "--repository", "a/b", "--api-url", "http://x/"]
    assert main.main(["validate-tag", "--tag", "v1", *flags], {"GITHUB_REF": "refs/tags/v1"}) == ExitCode.PASS
    assert (seen[0].event_name, seen[0].event, seen[0].owner, seen[0].api_url, seen[0].ref) == (
        "push",
        {"created": True},
        "a",
        "http://x",
        "refs/tags/v1",
    )


def test_every_value_of_the_platform_has_a_flag(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(["validate-tag", "--help"], {})
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(f"--{flag} VALUE" in out for flag in VARIABLES)
    assert "--dry-run [true|false]" in out
    inputs_shown, _, advanced = out.partition("advanced:")
    assert "GITHUB_" not in inputs_shown
    assert "GITHUB_REF" in advanced
    assert "stop after the plan" in out


def test_a_token_is_taken_from_the_environment_of_a_laptop(command: types.SimpleNamespace) -> None:
    seen: list[str] = []

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        seen.append(given.token)
        return Report()

    command.act = act
    main.main(["validate-tag", "--tag", "v1"], {"GITHUB_TOKEN": "ghp_laptop"})
    main.main(["validate-tag", "--tag", "v1"], {"GITHUB_TOKEN": "ghp_laptop", "INPUT_TOKEN": "ghp_input"})
    assert seen == ["ghp_laptop", "ghp_input"]


@pytest.mark.parametrize(
    ("flags", "environ", "tokens"),
    [
        ([], {"GITHUB_TOKEN": "ghp_laptop"}, ("ghp_laptop", "ghp_laptop")),
        (["--token", "ghp_flag"], {"GITHUB_TOKEN": "ghp_laptop"}, ("ghp_flag", "ghp_flag")),
        (["--registry-token", "robot"], {"GITHUB_TOKEN": "ghp_laptop"}, ("ghp_laptop", "robot")),
        (["--registry-token", ""], {"GITHUB_TOKEN": "ghp_laptop"}, ("ghp_laptop", "")),
        ([], {"GITHUB_TOKEN": "ghp_laptop", "INPUT_REGISTRY_TOKEN": ""}, ("ghp_laptop", "")),
        ([], {"INPUT_TOKEN": "ghs_job", "INPUT_REGISTRY_TOKEN": "robot"}, ("ghs_job", "robot")),
    ],
)
def test_the_registry_gets_the_token_unless_one_of_its_own_or_none_is_given(
    command: types.SimpleNamespace, flags: list[str], environ: dict[str, str], tokens: tuple[str, str]
) -> None:
    seen: list[tuple[str, str]] = []

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        seen.append((given.token, given.registry_token))
        return Report()

    command.act = act
    assert main.main(["validate-tag", "--tag", "v1", *flags], environ) == ExitCode.PASS
    assert seen == [tokens]


def test_a_refusal_is_annotated_with_its_place_and_hint(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    summary = tmp_path / "summary"
    problem = Problem("`v0` is no release.", "Push v0.1.0.", Place("release.yaml", 2, 3))
    command.act = raising(PolicyError(problems=[problem]))
    environ = {"INPUT_TAG": "v0", "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    assert main.main(["validate-tag"], environ) == ExitCode.REFUSED
    assert capsys.readouterr().out == (
        "::error title=release-actions,file=release.yaml,line=2,endLine=2,col=3,endColumn=3::"
        "`v0` is no release.%0APush v0.1.0.\n"
    )
    assert "release\\.yaml" not in summary.read_text()
    assert "no release." in summary.read_text()


def test_an_error_shows_no_traceback_but_a_bug_does(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    command.act = raising(RemoteError("GitHub did not answer.", method="GET", path="/x", status=502))
    assert main.main(["validate-tag", "--tag", "v1"], {}) == ExitCode.UNKNOWN
    assert capsys.readouterr().out == "error: GitHub did not answer.\n"
    command.act = raising(ZeroDivisionError("by zero"))
    assert main.main(["validate-tag", "--tag", "v1"], {}) == ExitCode.UNKNOWN
    out = capsys.readouterr().out
    assert "Traceback (most recent call last)" in out
    assert "validate-tag stopped on a bug in release-actions: ZeroDivisionError: by zero" in out
    assert main.ISSUES in out


def test_a_machine_without_a_wheel_of_pyyaml_is_named(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    command.act = raising(ModuleNotFoundError("No module named 'yaml'", name="yaml"))

    assert main.main(["validate-tag", "--tag", "v1"], {}) == ExitCode.UNKNOWN
    assert capsys.readouterr().out == (
        "error: validate-tag reads YAML, and PyYAML has no wheel for this machine (riscv64).\n"
        "Run it on x86-64, arm64 or s390x. Nothing was changed.\n"
    )


def test_a_bug_never_shows_the_token(command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    command.act = raising(KeyError("ghp_0123456789"))
    main.main(["validate-tag", "--tag", "v1", "--token", "ghp_0123456789"], {})
    assert "ghp_0123456789" not in capsys.readouterr().out


def test_a_signal_ends_with_130(command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    command.act = raising(KeyboardInterrupt())
    assert main.main(["validate-tag", "--tag", "v1"], {}) == ExitCode.INTERRUPTED
    assert capsys.readouterr().out == "error: Stopped by a signal before the end.\n"


def test_a_signal_to_terminate_is_a_signal_to_stop(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        signal.raise_signal(signal.SIGTERM)
        return Report()

    command.act = act
    assert main.main(["validate-tag", "--tag", "v1"], {}) == ExitCode.INTERRUPTED
    assert capsys.readouterr().out == "error: Stopped by a signal before the end.\n"
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["validate-tags"], "error: release-actions has no command 'validate-tags'.\nDid you mean validate-tag?\n"),
        (
            ["x"],
            "error: release-actions has no command 'x'.\nRun release-actions --help to see the commands.\n",
        ),
        (
            ["validate-tag", "--tga", "v1"],
            "error: release-actions validate-tag: unrecognized arguments: --tga v1.\n"
            "Did you mean --tag? Run release-actions validate-tag --help to see the flags.\n",
        ),
        (
            ["validate-tag", "--tag", "v1", "--now", "noon"],
            "error: 'noon' is not a time.\nWrite it as 2026-02-03T09:00:00Z.\n",
        ),
    ],
)
def test_mistakes_on_the_command_line(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    assert main.main(argv, {}) == ExitCode.BAD_INPUT
    assert capsys.readouterr().out == message


@pytest.mark.parametrize("content", ["[1]", "{", None])
def test_a_bad_event_payload_is_an_error(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "event.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=r"The event payload .*event\.json (could not be read|is not a JSON)"):
        _ = Context(event_path=str(file)).event


def test_an_undeclared_output_is_a_bug(command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    command.act = lambda given, context, log: Report(outputs={"surprise": "x"})
    assert main.main(["validate-tag", "--tag", "v1"], {}) == ExitCode.UNKNOWN
    assert "outputs it does not declare: surprise" in capsys.readouterr().out


@pytest.mark.parametrize(("argv", "code"), [([], ExitCode.BAD_INPUT), (["--help"], ExitCode.PASS)])
def test_the_commands_are_listed(argv: list[str], code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(argv, {}) == code
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in [*main.ACTIONS, *main.TOOLS, "test"])


def test_an_output_file_that_is_not_there_is_an_error_without_traceback(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    environ = {"GITHUB_OUTPUT": str(tmp_path / "gone")}
    assert main.main(["validate-tag", "--tag", "v1"], environ) == ExitCode.BAD_INPUT
    assert capsys.readouterr().out == (
        f"error: GITHUB_OUTPUT names {tmp_path / 'gone'}, which does not exist.\n"
        "Unset GITHUB_OUTPUT to run outside a workflow.\n"
    )


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "true"}])
def test_outputs_that_cannot_be_written_stop_a_run_before_it_does_anything(
    command: types.SimpleNamespace, tmp_path: Path, environ: dict[str, str]
) -> None:
    done: list[str] = []
    command.act = lambda *_: done.append("deleted")
    for unwritable in (tmp_path / "gone", tmp_path, tmp_path / "no" / "folder"):
        code = main.main(["validate-tag", "--tag", "v1"], {**environ, "GITHUB_OUTPUT": str(unwritable)})
        assert code == ExitCode.BAD_INPUT
    assert done == []


def test_the_output_file_is_neither_made_nor_changed_by_the_check(
    command: types.SimpleNamespace, tmp_path: Path
) -> None:
    file = tmp_path / "out"
    file.write_text("of an earlier command\n")
    seen: list[str] = []

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        seen.append(file.read_text())
        return Report()

    command.act = act

    main.main(["validate-tag", "--tag", "v1"], {"GITHUB_OUTPUT": str(file)})

    assert seen == ["of an earlier command\n"]


def test_outputs_that_get_lost_after_the_work_are_not_called_bad_input(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "out"
    file.touch()

    def act(given: Inputs, context: Context, log: Workflow) -> Report:
        file.unlink()
        return Report({"tag": "v1"}, lines=("deleted v1",))

    command.act = act

    assert main.main(["validate-tag", "--tag", "v1"], {"GITHUB_OUTPUT": str(file)}) == ExitCode.UNKNOWN
    assert capsys.readouterr().out == (
        "deleted v1\n"
        f"error: GITHUB_OUTPUT names {file}, which does not exist. Later steps do not get the outputs.\n"
        "What was done is not undone; the log says what. Run it again.\n"
    )


def test_a_summary_that_cannot_be_written_is_a_warning(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command.act = lambda *_: Report({"tag": "v1"}, summary="All is well.")

    assert main.main(["validate-tag", "--tag", "v1"], {"GITHUB_STEP_SUMMARY": str(tmp_path)}) == ExitCode.PASS
    assert capsys.readouterr().out == (
        f"tag=v1\nwarning: The job summary {tmp_path} could not be written: Is a directory.\n"
    )


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["--version"], ["validate-tag", "--help"]])
def test_a_reader_who_leaves_ends_the_help_quietly(argv: list[str]) -> None:
    program = Path(main.__file__).with_name("__main__.py")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-I", str(program), *argv]
    ended = subprocess.run(command, env={}, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (ExitCode.PASS, b"")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_reader_who_leaves_is_no_bug(tmp_path: Path, flags: tuple[str, ...]) -> None:
    program = Path(main.__file__).parents[2] / "actions" / "validate-tag" / "main.py"
    command = [sys.executable, "-I", "-u", str(program), "--tag", "v1.2.3", "--existing-tags", "v1.2.2", *flags]
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(command, cwd=tmp_path, env={}, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert ended.returncode == ExitCode.PASS
    assert b"Traceback" not in ended.stderr
    assert b"bug" not in ended.stderr


def test_every_public_action_is_in_one_group_and_parts_of_workflows_are_in_none() -> None:
    grouped = [name for names in main.GROUPS.values() for name in names]

    assert sorted(grouped) == sorted(set(main.ACTIONS) - manifests.INTERNAL)
    assert len(main.GROUPS) == 4


def test_the_front_page_stays_small_and_names_no_part_of_a_workflow() -> None:
    page = (manifests.ROOT / "README.md").read_text(encoding="utf-8")

    assert len(page.splitlines()) < 150
    assert [name for name in manifests.INTERNAL if f"`{name}`" in page] == []
    assert [title for title in main.GROUPS if f"| {title[:1].upper()}{title[1:]} |" not in page] == []


WRITTEN_FILES = {
    "api-guard": ["report", "surface"],
    "branch-audit": ["report"],
    "component-matrix": ["report"],
    "perf-gate": ["report", "plot"],
    "promote": ["report"],
    "protect-latest": ["report"],
    "release-gate": ["page", "report"],
    "release-notes": ["report"],
    "release-tracker": ["ics", "report"],
    "validate-tag": ["report"],
    "verify-images": ["report"],
    "version-audit": ["patch-file", "report", "sarif-file"],
}
REQUIRED = {"promote": ["--to", "v0.5.0"], "verify-images": ["--image-list", "[]", "--revision", "a" * 40]}


def test_every_report_of_an_action_is_an_input_that_is_tried_first() -> None:
    declared = {name: inputs.specs(main.load(name).Inputs) for name in main.ACTIONS}
    tried = {name: sorted(s.name for s in specs if s.parse is inputs.written_file) for name, specs in declared.items()}
    reports = {name for name in main.ACTIONS if "report-digest" in main.load(name).OUTPUTS}

    assert {name: names for name, names in tried.items() if names} == {n: sorted(f) for n, f in WRITTEN_FILES.items()}
    assert {name for name, names in tried.items() if "report" in names} == reports


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, names in WRITTEN_FILES.items() for option in names]
)
def test_a_file_that_cannot_be_written_stops_a_command_before_it_begins(
    name: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(main.load(name), "run", lambda *_: pytest.fail("it began"))
    flags = [*REQUIRED.get(name, []), f"--{option}", "file/x"]

    code = main.main([name, *flags], {"GITHUB_WORKSPACE": str(tmp_path)})

    assert code == ExitCode.BAD_INPUT
    assert "file/x could not be written" in capsys.readouterr().out
