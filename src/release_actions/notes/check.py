"""Checks a file of release notes: reads it, collects what it is held against, and reports what cannot be right.

Changes nothing but the SARIF file that was asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from release_actions.config.source import read_text
from release_actions.errors import InputError
from release_actions.http.client import Http
from release_actions.notes import gather, lint_report, reading, sarif
from release_actions.notes.inputs import Inputs
from release_actions.notes.lint import judge
from release_actions.notes.lint_report import LintResult
from release_actions.runner.context import Context
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow


def check(given: Inputs, context: Context, log: Workflow) -> Report:
    """Check the notes in a file. Raises `InputError` and `ConfigurationError` for files that cannot be used."""
    file, sarif_file = given.file, given.sarif_file
    text = read_text(context.path(file), name=file, hint="Say where the notes are with 'file'.")
    files = gather.read_files(given, context)
    if sarif_file and not context.path(sarif_file).parent.is_dir():
        refuse_sarif_file(sarif_file, "there is no such folder")  # before any request
    here = gather.start_evidence(given, context, files)
    heading = here.document.heading if here.document else ""
    notes = reading.read(text, file, server=here.server, heading=heading)
    with Http(log=log.info, redactor=log.redactor) as http:
        evidence = gather.gather(given, context, notes, here, http, log)
    checked = LintResult(file, evidence, judge(notes, evidence), sarif_file)
    if sarif_file:
        save_sarif(sarif.write(checked.found, checked.idle, text, file), context.path(sarif_file), sarif_file)
    return lint_report.make_report(checked)


def save_sarif(text: str, path: Path, name: str) -> None:
    """Write the SARIF file. Raises `InputError` where it cannot be written."""
    hint = "Name a file in a folder that may be written to with 'sarif-file'."
    write_workspace_file(path, name, text, hint=hint)


def refuse_sarif_file(name: str, why: str) -> NoReturn:
    """Raise `InputError` for a SARIF file that cannot be written."""
    message = f"{name} cannot be written: {why}."
    raise InputError(message, hint="Name a file in a folder that exists with 'sarif-file'.") from None
