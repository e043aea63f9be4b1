from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from release_actions.errors import ConfigurationError
from release_actions.rehearsal.composite import ActionRun, CancelledError, Job, run_action
from release_actions.rehearsal.step_log import SUMMARY_LIMIT
from release_actions.runner.report import Level

Play = Callable[..., ActionRun]

PRINT = f"'{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"


def environment(run: ActionRun) -> dict[str, str]:
    """What a PRINT step saw, from the log, which is masked."""
    found: dict[str, str] = json.loads(next(line for line in run.log if line.startswith("{")))
    return found


def messages(run: ActionRun, level: Level = Level.ERROR) -> list[str]:
    return [annotation.message for annotation in run.annotations if annotation.level is level]


# What a step sees


def test_inputs_reach_a_step_only_where_env_maps_them(play: Play) -> None:
    inputs = {"dry-run": {"default": "true"}, "tag": {}}
    step = {"run": PRINT, "env": {"INPUT_DRY_RUN": "${{ inputs.dry-run }}"}}
    seen = environment(play(step, inputs=inputs, given={"tag": "v1"}))
    assert {name: value for name, value in seen.items() if name.startswith("INPUT")} == {"INPUT_DRY_RUN": "true"}


def test_variables_of_the_platform(play: Play, job: Job, tmp_path: Path) -> None:
    job.ref, job.event_name, job.api_url = "refs/tags/v1.2.3", "push", "http://127.0.0.1:9/api"
    seen = environment(play(PRINT))
    assert seen["GITHUB_ACTION_PATH"] == str(tmp_path / "an action")
    assert (seen["GITHUB_ACTION_REPOSITORY"], seen["GITHUB_ACTION_REF"]) == ("", "")
    assert (seen["GITHUB_REF"], seen["GITHUB_REF_NAME"], seen["GITHUB_REF_TYPE"]) == (job.ref, "v1.2.3", "tag")
    assert (seen["GITHUB_REPOSITORY"], seen["GITHUB_REPOSITORY_OWNER"]) == ("llm-d/llm-d", "llm-d")
    assert seen["GITHUB_API_URL"] == job.api_url
    assert seen["RUNNER_TEMP"] == str(job.runner_temp)
    assert seen["GITHUB_WORKSPACE"] == seen["PWD"] == str(job.workspace)
    assert (seen["CI"], seen["GITHUB_ACTIONS"]) == ("true", "true")
    assert "GITHUB_TOKEN" not in seen
    assert "ACTIONS_RUNTIME_TOKEN" not in seen


def test_the_event_is_a_file(play: Play, job: Job) -> None:
    run = play('cat "$GITHUB_EVENT_PATH"')
    assert json.loads(run.log[0]) == job.event


def test_env_of_a_step_wins_over_the_callers_and_the_jobs_but_not_over_the_platforms(play: Play, job: Job) -> None:
    job.env = {"A": "job", "B": "job", "C": "job", "D": "job"}
    job.exported["B"] = "exported"
    step = {"run": PRINT, "env": {"D": "step", "E": "${{ env.C }}", "GITHUB_REF": "mine"}}
    seen = environment(play(step, env={"C": "caller", "D": "caller"}))
    assert {name: seen[name] for name in "ABCDE"} == {
        "A": "job",
        "B": "exported",
        "C": "caller",
        "D": "step",
        "E": "caller",
    }
    assert seen["GITHUB_REF"] == "refs/heads/main"


def test_bash_stops_at_the_first_error_and_at_a_broken_pipe(play: Play) -> None:
    assert play("false\necho not reached").log == ("##[error]Process completed with exit code 1.",)
    assert play("false | cat\necho not reached").exit_code == 1


def test_unset_variables_are_no_error_by_themselves(play: Play) -> None:
    assert play('echo "<$NO_SUCH_VARIABLE>"').log == ("<>",)


@pytest.mark.parametrize(
    ("shell", "script"),
    [("sh", "echo yes"), (f'"{sys.executable}" -u {{0}}', "print('yes')"), ("bash {0}", "false; echo yes")],
)
def test_other_shells(play: Play, shell: str, script: str) -> None:
    assert play({"shell": shell, "run": script}).log == ("yes",)


def test_without_bash_sh_does(play: Play, job: Job, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    job.machine = {"PATH": str(programs)}
    run = play("echo yes\nfalse\necho no")
    assert (run.log[0], run.exit_code) == ("yes", 1)


@pytest.mark.parametrize("shell", ["fish", "no-such-shell {0}", ""])
def test_an_unusable_shell_fails_the_step(play: Play, shell: str) -> None:
    run = play({"shell": shell, "run": "echo x"})
    assert run.outcome == "failure"
    assert "shell" in messages(run)[0]


def test_working_directory(play: Play, job: Job) -> None:
    (job.workspace / "sub").mkdir()
    run = play({"run": "pwd", "working-directory": "sub"}, {"run": "pwd", "working-directory": "nowhere"})
    assert run.log[0] == str(job.workspace / "sub")
    assert "nowhere does not exist" in messages(run)[0]


def test_an_expression_in_a_script_is_pasted_into_it(play: Play) -> None:
    # That is why the manifests of this repository have none there.
    run = play('echo "${{ inputs.tag }}"', inputs={"tag": {}}, given={"tag": "$(echo injected)"})
    assert run.log == ("injected",)


# Inputs


def test_a_default_may_be_an_expression(play: Play) -> None:
    inputs = {"token": {"default": "${{ github.token }}"}, "os": {"default": "${{ runner.os }}-x"}}
    step = {
        "run": 'test "$T" = ghs_0123456789; echo "$O"',
        "env": {"T": "${{ inputs.token }}", "O": "${{ inputs.OS }}"},
    }
    run = play(step, inputs=inputs)
    assert run.outcome == "success"
    assert run.log[0].endswith("-x")


def test_scalars_are_the_text_that_was_written(tmp_path: Path, job: Job) -> None:
    (tmp_path / "action.yml").write_text(
        "name: x\ndescription: x\n"
        "inputs: {a: {default: yes}, b: {default: 0x10}, c: {default: 1.0}, d: {default: false}, e: {default:}}\n"
        'runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: echo "$A $B $C $D $E."\n'
        "      env: {A: '${{ inputs.a }}', B: '${{ inputs.b }}', C: '${{ inputs.c }}', D: '${{ inputs.d }}',"
        " E: '${{ inputs.e }}'}\n",
        encoding="utf-8",
    )
    assert run_action(tmp_path, {}, job).log == ("yes 0x10 1.0 false .",)


def test_required_is_not_enforced(play: Play) -> None:
    step = {"run": 'echo "<$T>"', "env": {"T": "${{ inputs.tag }}"}}
    assert play(step, inputs={"tag": {"required": True}}).log == ("<>",)


def test_an_empty_input_does_not_take_the_default(play: Play) -> None:
    step = {"run": 'echo "<$T>"', "env": {"T": "${{ inputs.tag }}"}}
    assert play(step, inputs={"tag": {"default": "v1"}}, given={"tag": ""}).log == ("<>",)


def test_unknown_and_deprecated_inputs_are_warned_of(play: Play) -> None:
    inputs = {"tag": {"deprecationMessage": "use ref"}, "ref": {}}
    run = play("true", inputs=inputs, given={"TAG": "v1", "tga": "v1", "other": ""})
    assert messages(run, Level.WARNING) == [
        "Input 'tag' has been deprecated with message: use ref",
        "Unexpected input(s) 'tga', 'other', valid inputs are ['tag', 'ref']",
    ]
    assert run.outcome == "success"


# Outputs, environment, path, summary


def test_outputs_are_mapped_and_nothing_else_gets_out(play: Play) -> None:
    script = 'printf "tag=v1\\nlist<<E\\na\\nb\\nE\\nhidden=x\\n" >> "$GITHUB_OUTPUT"'
    outputs = {
        "tag": "${{ steps.run.outputs.tag }}",
        "list": "<${{ steps.run.outputs.list }}>",
        "none": "${{ steps.run.outputs.none }}",
    }
    run = play({"id": "run", "run": script}, outputs=outputs)
    assert run.outputs == {"tag": "v1", "list": "<a\nb>", "none": ""}
    assert run.steps[0].outputs["hidden"] == "x"


def test_outputs_of_a_failed_step_get_out(play: Play) -> None:
    run = play(
        {"id": "run", "run": 'echo a=1 >> "$GITHUB_OUTPUT"; exit 3'}, outputs={"a": "${{ steps.run.outputs.a }}"}
    )
    assert (run.outputs, run.exit_code, run.outcome) == ({"a": "1"}, 3, "failure")


def test_a_malformed_file_fails_a_step_that_succeeded(play: Play) -> None:
    step = {"id": "run", "run": 'printf "a=1\\nwrong\\nb=2\\n" >> "$GITHUB_OUTPUT"; echo X=1 >> "$GITHUB_ENV"'}
    run = play(step, outputs={"a": "${{ steps.run.outputs.a }}", "b": "${{ steps.run.outputs.b }}"})
    assert run.outcome == "failure"
    assert messages(run) == ["Unable to process file command 'output' successfully.", "Invalid format 'wrong'"]
    assert run.outputs == {"a": "1", "b": ""}
    assert run.environment == {"X": "1"}


def test_env_and_path_reach_later_steps_and_later_actions(play: Play, job: Job, tmp_path: Path) -> None:
    tool = tmp_path / "tool s" / "hello-tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    tool.chmod(0o755)
    first = play(
        f'echo "{tool.parent}" >> "$GITHUB_PATH"; echo "LEFT=behind" >> "$GITHUB_ENV"; echo "<$LEFT>"',
        {"run": 'hello-tool; echo "$LEFT ${{ env.LEFT }}"'},
    )
    assert first.log == ("<>", "hello", "behind behind")
    assert (first.environment, first.path) == ({"LEFT": "behind"}, (str(tool.parent),))
    second = play('hello-tool; echo "$LEFT"')
    assert second.log == ("hello", "behind")
    assert (second.environment, second.path) == ({}, ())


def test_the_last_path_is_searched_first(play: Play, job: Job) -> None:
    play('printf "/one\\n/two\\n" >> "$GITHUB_PATH"', 'echo /one >> "$GITHUB_PATH"')
    assert environment(play(PRINT))["PATH"].startswith("/one:/two:")


def test_node_options_cannot_be_set_for_later_steps(play: Play, job: Job) -> None:
    run = play('printf "NODE_OPTIONS=--x\\nA=1\\n" >> "$GITHUB_ENV"')
    assert messages(run) == ["Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."]
    assert job.exported == {"A": "1"}
    assert run.outcome == "success"


def test_state_is_read_but_has_no_post_step_to_go_to(play: Play) -> None:
    assert play('echo a=1 >> "$GITHUB_STATE"').steps[0].state == {"a": "1"}


def test_files_are_new_in_every_step(play: Play) -> None:
    step = {"run": 'test ! -s "$GITHUB_OUTPUT"; echo a=1 | tee -a "$GITHUB_OUTPUT" >> "$GITHUB_STEP_SUMMARY"'}
    run = play(step, step)
    assert run.outcome == "success"
    assert run.summary == "a=1\na=1\n"


def test_the_runners_files_are_gone_after_the_step(play: Play, job: Job) -> None:
    play("true")
    assert [path.name for path in job.runner_temp.iterdir()] == ["_github_workflow"]


def test_a_summary_is_masked_and_ends_with_a_newline(play: Play) -> None:
    run = play('printf "token ghs_0123456789\\nlast" >> "$GITHUB_STEP_SUMMARY"')
    assert run.summary == "token ***\nlast\n"


@pytest.mark.parametrize(("size", "kept"), [(SUMMARY_LIMIT, True), (SUMMARY_LIMIT + 1, False)])
def test_a_summary_over_its_limit_is_dropped_whole(play: Play, size: int, kept: bool) -> None:  # noqa: FBT001  # a parameter of the test
    run = play(f'head -c {size} /dev/zero | tr "\\0" x >> "$GITHUB_STEP_SUMMARY"')
    assert bool(run.summary) is kept
    assert bool(messages(run)) is not kept
    assert run.outcome == "success"


# The log and its commands


def test_both_streams_are_read(play: Play) -> None:
    run = play("echo ::notice::one; echo ::notice::two >&2; echo out; echo err >&2")
    assert sorted(messages(run, Level.NOTICE)) == ["one", "two"]
    assert {"out", "err"} < set(run.log)


def test_a_carriage_return_begins_a_line_that_can_be_a_command(play: Play) -> None:
    run = play("printf 'title\\r::error::injected\\n'; printf 'title ##[warning]injected\\n'; echo 'a ::error::b'")
    assert messages(run) == ["injected"]
    assert messages(run, Level.WARNING) == ["injected"]
    assert run.log == ("title", "##[error]injected", "##[warning]injected", "a ::error::b")


def test_annotations_have_a_place(play: Play, job: Job) -> None:
    run = play(
        'echo "::error file=$GITHUB_WORKSPACE/a b.yml,line=3,endLine=3,col=5,endColumn=7,title=One%3A two::m%0An"'
    )
    (found,) = run.annotations
    assert (found.file, found.line, found.end_line, found.column, found.end_column) == ("a b.yml", 3, 3, 5, 7)
    assert (found.title, found.message) == ("One: two", "m\nn")
    assert run.log == ("##[error]m", "n")


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ("", (0, 0, 0, 0)),
        ("line=,col=", (0, 0, 0, 0)),
        ("line=x", (0, 0, 0, 0)),
        ("endLine=4", (4, 4, 0, 0)),
        ("line=2,endColumn=4", (2, 0, 4, 4)),
        ("col=2", (0, 0, 0, 0)),
        ("line=2,endLine=4,col=1", (2, 4, 0, 0)),
        ("line=4,endLine=2", (0, 0, 0, 0)),
        ("line=4,col=5,endColumn=2", (4, 0, 0, 0)),
    ],
)
def test_places_that_make_no_sense_are_dropped(play: Play, properties: str, place: tuple[int, ...]) -> None:
    (found,) = play(f"echo '::error {properties}::m'").annotations
    assert (found.line, found.end_line, found.column, found.end_column) == place


def test_annotations_have_a_budget_for_the_whole_action(play: Play) -> None:
    loop = "for n in $(seq 7); do echo ::error::$n; echo ::warning::$n; done"
    run = play(loop, loop)
    assert messages(run) == ["1", "2", "3", "4", "5", "6", "7", "1", "2", "3"]
    assert len(messages(run, Level.WARNING)) == 10
    assert run.log.count("##[error]7") == 2


def test_a_long_annotation_is_cut(play: Play) -> None:
    run = play('echo "::error::$(head -c 5000 /dev/zero | tr "\\0" x)"')
    assert messages(run) == ["x" * 4096]


def test_masks_hold_from_the_moment_they_are_added_and_in_later_actions(play: Play) -> None:
    run = play("echo hunter2; echo ::add-mask::hunter2; echo hunter2; echo ::error::hunter2; echo ghs_0123456789")
    assert run.log == ("hunter2", "***", "##[error]***", "***")
    assert messages(run) == ["***"]
    assert run.masks == ("ghs_0123456789", "hunter2")
    assert play("echo hunter2").log == ("***",)


def test_an_empty_mask_is_warned_of(play: Play) -> None:
    run = play("echo '::add-mask:: '")
    assert messages(run, Level.WARNING) == ["Can't add secret mask for empty string in ##[add-mask] command."]


def test_groups_and_debug(play: Play, job: Job) -> None:
    script = "echo ::group::Title; echo x; echo ::endgroup::; echo ::debug::hidden"
    assert play(script).log == ("##[group]Title", "x", "##[endgroup]")
    job.debug = True
    run = play(script + '; echo "$RUNNER_DEBUG"')
    assert "##[debug]hidden" in run.log
    assert run.log[-1] == "1"


def test_commands_can_be_stopped_and_resumed(play: Play) -> None:
    run = play("echo ::stop-commands::ToKen; echo ::error::no; echo '::token::'; echo ::error::yes")
    assert messages(run) == ["yes"]
    assert run.log == ("::stop-commands::ToKen", "::error::no", "::token::", "##[error]yes")


def test_stopped_commands_work_again_in_the_next_step(play: Play) -> None:
    assert messages(play("echo ::stop-commands::x", "echo ::error::yes")) == ["yes"]


def test_echo_shows_commands(play: Play) -> None:
    run = play("echo ::echo::on; echo ::set-output name=a::1; echo ::add-mask::hunter2; echo ::echo::off")
    assert "::set-output name=a::1" in run.log
    assert "::add-mask::***" in run.log


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("::set-env name=A::1", "The `set-env` command is disabled."),
        ("::add-path::/x", "The `add-path` command is disabled."),
        ("::stop-commands::", "Cannot use an endToken that is an empty string"),
        ("::stop-commands::error", "another workflow command"),
        ("::echo::maybe", "Invalid echo command value."),
        ("::set-output::x", "Required field 'name' is missing in ##[set-output] command."),
        ("::add-matcher::x.json", "add-matcher is not emulated by this runner."),
    ],
)
def test_a_command_that_cannot_be_processed_fails_the_step(play: Play, job: Job, command: str, message: str) -> None:
    run = play(f"echo '{command}'")
    assert (run.outcome, run.exit_code) == ("failure", 1)
    assert messages(run)[0] == f"Unable to process command '{command}' successfully."
    assert message in messages(run)[1]
    assert job.exported == {}


def test_old_commands_work_with_a_warning(play: Play) -> None:
    step = {"id": "run", "run": "echo ::set-output name=a::1; echo ::save-state name=b::2"}
    run = play(step, outputs={"a": "${{ steps.run.outputs.a }}"})
    assert run.outputs == {"a": "1"}
    assert run.steps[0].state == {"b": "2"}
    assert len(messages(run, Level.WARNING)) == 2


def test_lines_are_handed_on_as_they_come(play: Play) -> None:
    seen: list[str] = []
    run = play("echo one; echo ::notice::two; echo ghs_0123456789", on_line=seen.append)
    assert tuple(seen) == run.log == ("one", "##[notice]two", "***")


def test_bytes_that_are_no_text_do_not_stop_the_log(play: Play) -> None:
    assert play("printf 'a\\377b\\n'; echo next").log == ("a\ufffdb", "next")


# Conditions


def test_a_failure_skips_what_follows_except_what_asks_for_it(play: Play) -> None:
    run = play(
        {"id": "one", "run": "exit 4"},
        "echo not reached",
        {"if": "failure()", "run": "echo failed ${{ steps.one.outcome }} ${{ job.status }}"},
        {"if": "${{ always() }}", "run": "echo always"},
        {"if": "success()", "run": "echo not reached"},
    )
    assert run.log == ("##[error]Process completed with exit code 4.", "failed failure failure", "always")
    assert [step.conclusion for step in run.steps] == ["failure", "skipped", "success", "success", "skipped"]
    assert (run.outcome, run.exit_code) == ("failure", 4)


def test_continue_on_error_of_an_inner_step(play: Play) -> None:
    run = play(
        {"id": "one", "run": "exit 4", "continue-on-error": "${{ inputs.soft }}"},
        "echo ${{ steps.one.outcome }} ${{ steps.one.conclusion }}",
        inputs={"soft": {"default": "true"}},
    )
    assert run.log[-1] == "failure success"
    assert (run.outcome, run.exit_code) == ("success", 0)


def test_continue_on_error_of_the_calling_step(play: Play) -> None:
    run = play("exit 4", continue_on_error=True)
    assert (run.outcome, run.conclusion, run.exit_code) == ("failure", "success", 4)


def test_conditions_see_env_and_outputs_of_earlier_steps(play: Play) -> None:
    run = play(
        {"id": "one", "run": 'echo any=false >> "$GITHUB_OUTPUT"; echo WHO=me >> "$GITHUB_ENV"'},
        {"if": "steps.one.outputs.any == 'true'", "run": "echo no"},
        {"if": "env.WHO == 'me' && steps.one.outputs.any == 'false'", "run": "echo yes"},
    )
    assert run.log == ("yes",)


# Time and interruption

WAIT = """
import os, signal, time
def stopped(number, frame):  # may come in the middle of a print, which cannot be entered twice
    os.write(1, b"stopped by " + signal.Signals(number).name.encode() + b"\\n")
    os._exit(130)
signal.signal(signal.SIGINT, stopped)
print("ready", flush=True)
time.sleep(60)
"""


def test_a_step_that_takes_too_long_is_stopped_and_fails(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    late = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + late)
    monkeypatch.setattr("release_actions.rehearsal.shell.time", clock)
    monkeypatch.setattr("release_actions.rehearsal.composite.time", clock)

    def hear(line: str) -> None:
        nonlocal late
        late = 3600.0 if line == "ready" else late

    run = play({"shell": f"'{sys.executable}' {{0}}", "run": WAIT}, timeout=1800.0, on_line=hear)
    assert run.log == ("ready", "stopped by SIGINT", "##[error]The action 'Tiny' has timed out.")
    assert (run.outcome, run.exit_code) == ("failure", 130)


def interrupt_at(wanted: str) -> Callable[[str], None]:
    def hear(line: str) -> None:
        if line == wanted:
            raise KeyboardInterrupt

    return hear


def test_an_interrupt_reaches_the_step_and_ends_the_action(play: Play) -> None:
    step = {"shell": f"'{sys.executable}' {{0}}", "run": WAIT}
    with pytest.raises(CancelledError) as caught:
        play(step, "echo no", {"if": "cancelled()", "run": "echo cleaned up"}, on_line=interrupt_at("ready"))
    run = caught.value.run
    assert run.log == ("ready", "stopped by SIGINT", "##[error]The operation was canceled.", "cleaned up")
    assert (run.outcome, run.exit_code) == ("cancelled", 130)


def test_a_shell_that_did_not_exec_keeps_the_signal_from_its_program(play: Play, tmp_path: Path) -> None:
    # bash waits for its program before it acts on the signal: only `exec` lets an action end in time.
    script = tmp_path / "wait.py"
    script.write_text(WAIT.replace("sleep(60)", "sleep(1)") + "print('never heard of it')\n", encoding="utf-8")
    with pytest.raises(CancelledError) as caught:
        play(f"'{sys.executable}' '{script}'; echo after", on_line=interrupt_at("ready"))
    assert "never heard of it" in caught.value.run.log
    with pytest.raises(CancelledError) as caught:
        play(f"exec '{sys.executable}' '{script}'", on_line=interrupt_at("ready"))
    assert "stopped by SIGINT" in caught.value.run.log


def test_a_second_interrupt_does_not_wait(play: Play) -> None:
    def hear(line: str) -> None:
        if line in {"ready", "again"}:
            raise KeyboardInterrupt

    deaf = "trap 'echo again' INT; trap 'echo terminated; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    with pytest.raises(CancelledError) as caught:
        play(deaf, on_line=hear)
    assert caught.value.run.log[:3] == ("ready", "again", "terminated")
    assert caught.value.run.exit_code == 9


def test_ctrl_c_in_the_terminal_reaches_a_step_only_through_the_runner(play: Play) -> None:
    script = "import os; print(os.getsid(0) == os.getpid())"
    assert play({"shell": f"'{sys.executable}' {{0}}", "run": script}).log == ("True",)


def test_a_step_that_dies_by_a_signal(play: Play) -> None:
    assert play("kill -KILL $$").exit_code == 137


# Manifests that are refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "The manifest is not YAML"),
        ("- x", "The manifest is not a mapping."),
        ("runs: {using: node24, main: x.js}", "Only composite actions can be run, this one says using: 'node24'."),
        ("runs: {using: composite, steps: {}}", "'runs.steps' is not a list."),
        (
            "runs: {using: composite, steps: [{uses: actions/checkout@v7}]}",
            "Step 1 uses 'actions/checkout@v7': nested actions are not run here.",
        ),
        ("runs: {using: composite, steps: [{run: x}]}", "Step 1 has no 'shell'"),
        ("runs: {using: composite, steps: [{shell: bash}]}", "Step 1 has no 'run'"),
        (
            "runs: {using: composite, steps: [{run: x, shell: bash, timeout-minutes: 3}]}",
            "Step 1 has the key 'timeout-minutes'",
        ),
        ("inputs: {a: [x]}\nruns: {using: composite}", "The input 'a' is not a mapping."),
        ("outputs: {a: {description: x}}\nruns: {using: composite}", "The output 'a' has no value."),
        (
            "inputs: {a: {default: '${{ secrets.A }}'}}\nruns: {using: composite}",
            "The expression 'secrets.A' cannot be evaluated",
        ),
        (
            "runs: {using: composite, steps: [{run: 'echo ${{ needs.a.outputs.b }}', shell: bash}]}",
            "The expression 'needs.a.outputs.b' cannot be evaluated",
        ),
    ],
)
def test_a_manifest_that_is_wrong_runs_nothing(tmp_path: Path, job: Job, text: str, message: str) -> None:
    (tmp_path / "action.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        run_action(tmp_path, {}, job)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.place
    assert problem.place.file == str(tmp_path / "action.yml")


def test_a_folder_without_an_action(tmp_path: Path, job: Job) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no action\.yml in"):
        run_action(tmp_path, {}, job)


def test_an_expression_that_fails_while_running_fails_the_step(play: Play) -> None:
    run = play({"run": "echo x", "env": {"A": "${{ fromJSON(inputs.a) }}"}}, inputs={"a": {"default": "{"}})
    assert run.outcome == "failure"
    assert "The expression 'fromJSON(inputs.a)' cannot be evaluated" in messages(run)[0]


def test_names_of_steps(play: Play) -> None:
    steps: list[dict[str, Any]] = [{"name": "First", "run": "true"}, {"run": "true"}]
    assert [step.name for step in play(*steps).steps] == ["First", "step 2"]
