"""Which commit the results measured: the candidate's, another, several, or none that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.errors import Place
from release_actions.performance.model import Run
from release_actions.performance.rules import Rules
from release_actions.runner.report import Finding, Level, counted

SHOWN_COMMITS = 5


def unknown_candidate(runs: Sequence[Run]) -> Iterator[Finding]:
    """That nothing was held to the candidate's commit, because it was not given."""
    said = sorted({run.commit[:12] for run in runs if run.commit})
    measured = f" They say that they measured {', '.join(said[:3])}." if said else ""
    message = (
        f"The candidate's commit was not given: whether these results are the candidate's was not checked.{measured}"
    )
    hint = "Pass the commit with --commit, or with the input commit."
    yield Finding.of(Level.NOTICE, message, hint=hint, rule="no-commit")


def commits_of_candidate(runs: Sequence[Run], commit: str, rules: Rules) -> Iterator[Finding]:
    """Results of another commit than the candidate's, and results that could name one and do not."""
    others = [run for run in runs if run.commit and not same_commit(run.commit, commit)]
    silent = [run for run in runs if not run.commit]
    level = rules.level_of("other-commit")
    if others and level:
        message = (
            f"{counted(len(others), 'run')} of the candidate measured {others[0].commit[:12]}, "
            f"not the candidate {commit[:12]}."
        )
        hint = "Run the benchmark for this commit, or give the commit that was measured as input commit."
        yield Finding.of(level, message, hint=hint, place=Place(others[0].source.file), rule="other-commit")
    level = rules.level_of("no-commit")
    named = [run for run in silent if run.names_commit]
    if named and level:
        message = f"{counted(len(named), 'run')} of the candidate do not say which commit they measured."
        hint = (
            f"Pass --metadata commit={commit} to vllm bench serve, or put a perf-run.json with the commit beside the "
            "results; performance.levels.no-commit in release.yaml sets how much that counts."
        )
        yield Finding.of(level, message, hint=hint, place=Place(named[0].source.file), rule="no-commit")
    unnamed = [run for run in silent if not run.names_commit]
    if unnamed:
        message = (
            f"{counted(len(unnamed), 'run')} of the candidate have a format that names no commit, so nothing proves "
            "what they measured."
        )
        hint = f'Put a perf-run.json beside the results: {{"commit": "{commit}"}}.'
        yield Finding.of(Level.NOTICE, message, hint=hint, place=Place(unnamed[0].source.file), rule="no-commit")


def mixed_commits(runs: Sequence[Run], side: str) -> Iterator[Finding]:
    """A side whose runs measured several commits, which then count as one release."""
    commits: dict[str, Run] = {}
    for run in runs:
        if run.commit and not any(same_commit(run.commit, other) for other in commits):
            commits[run.commit] = run
    if len(commits) > 1:
        names = ", ".join(f"{commit[:12]} in {run.source}" for commit, run in list(commits.items())[:SHOWN_COMMITS])
        message = f"The runs of the {side} measured {len(commits)} commits: {names}."
        hint = "Name only the results of the release that is meant."
        place = Place(list(commits.values())[1].source.file)
        yield Finding.of(Level.WARNING, message, hint=hint, place=place, rule="mixed-commits")


def same_commit(first: str, second: str) -> bool:
    """Whether two commits are one, where one may be shortened to at least seven digits."""
    short, long = sorted((first.lower(), second.lower()), key=len)
    least = 7
    return short == long or (len(short) >= least and long.startswith(short))
