"""The whole comparison: both sides, all groups and metrics, one verdict. Pure.

Any failure fails; otherwise anything not known is inconclusive; a comparison of nothing is inconclusive too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from release_actions.errors import InputError, Problem
from release_actions.performance import (
    broken_findings,
    coherence,
    commit_findings,
    findings,
    looks,
    numbering,
    order_findings,
    ranks,
    wording,
    work_findings,
)
from release_actions.performance.copies import pairs_of
from release_actions.performance.groups import Group, group_runs, has_settings
from release_actions.performance.judging import Comparison, compare_metric, values_of
from release_actions.performance.model import Run
from release_actions.performance.reading import Results
from release_actions.performance.rules import MetricRule, Rules, Waiver
from release_actions.performance.verdict_findings import expired_waivers, findings_of_verdict
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Finding, Level, counted

SIDES: tuple[tuple[broken_findings.Side, bool], ...] = (("candidate", False), ("baseline", True))
"""The sides, and whether a broken run of it is a doubt only."""


@dataclass(frozen=True)
class Judged:
    """A comparison with what became of it: the waiver that covers it, and its p adjusted for all comparisons."""

    comparison: Comparison
    waiver: Waiver | None = None
    adjusted_p: float | None = None

    @property
    def verdict(self) -> Verdict:
        """What counts: a waived doubt or failure warns."""
        return self.comparison.verdict if self.waiver is None else Verdict.WARN


@dataclass(frozen=True)
class Outcome:
    """Everything that came of a comparison. `gated` decides, worst first; `reported` is only shown."""

    verdict: Verdict
    gated: tuple[Judged, ...]
    reported: tuple[Comparison, ...]
    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]
    warm_ups: tuple[Run, ...] = ()
    marks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)

    @property
    def spent_alpha(self) -> float:
        """What this look spent of alpha. Runs that are too few to decide anything spend nothing."""
        return self.rules.look_alpha if any(item.comparison.can_decide for item in self.gated) else 0.0


@dataclass
class _Account:
    """Findings while they are collected, with what they do to the verdict."""

    findings: list[Finding] = field(default_factory=list)
    fails: bool = False
    doubts: bool = False

    def add(self, items: Iterable[Finding], *, doubt: bool = False) -> None:
        """Take findings up. An error fails, or is a doubt when the caller says so."""
        for item in items:
            self.findings.append(item)
            if item.level is Level.ERROR:
                self.doubts |= doubt
                self.fails |= not doubt


def refuse_same_sides(baseline: Results, candidate: Results, commit: str) -> None:
    """Raise `InputError` when both sides hold the same file or run, or measured the same commit."""
    problems = []
    shared = baseline.digests.keys() & candidate.digests.keys()
    if shared:
        digest = min(shared)
        message = f"The same result is on both sides: {baseline.digests[digest]} and {candidate.digests[digest]}."
        problems.append(Problem(message, "Pass the results of the release before as baseline."))
    twice = next(pairs_of(baseline.runs, candidate.runs), None)
    if twice and not shared:
        message = f"The same run is on both sides: {twice[0].source} and {twice[1].source}."
        problems.append(Problem(message, "Pass the results of the release before as baseline."))
    before = {run.commit for run in baseline.runs if run.commit}
    both = sorted(
        run.commit for run in candidate.runs if any(commit_findings.same_commit(run.commit, other) for other in before)
    )
    if both:
        message = f"Both sides measured the commit {both[0][:12]}."
        problems.append(Problem(message, "A commit cannot be slower than itself: check which results are which."))
    elif any(commit and commit_findings.same_commit(commit, other) for other in before):
        message = f"The baseline measured the commit {commit[:12]}, which is the candidate's."
        problems.append(Problem(message, "Pass the results of the release before as baseline."))
    if problems:
        raise InputError(problems=problems)


def compare(
    baseline: Results, candidate: Results, rules: Rules, *, commit: str, today: date, missing: str = ""
) -> Outcome:
    """Compare two sides. Raises `InputError` when they are the same.

    `commit`: the candidate's, empty when it is not known. `missing`: why there is no baseline, which is a doubt and
    makes everything about pairs pointless; empty when there is one.
    """
    refuse_same_sides(baseline, candidate, commit)
    account = _Account()
    account.add(findings.no_baseline(missing), doubt=True)
    account.add(findings.files_that_gave_nothing(candidate, "candidate"))
    account.add(findings.files_that_gave_nothing(baseline, "baseline"), doubt=True)
    if commit:
        account.add(commit_findings.commits_of_candidate(candidate.runs, commit, rules))
    else:
        account.add(commit_findings.unknown_candidate(candidate.runs))
        account.add(commit_findings.mixed_commits(candidate.runs, "candidate"))
    account.add(commit_findings.mixed_commits(baseline.runs, "baseline"))
    measured = group_runs(baseline.runs, candidate.runs, rules.match)
    groups, warm_ups = warmed_up(measured, rules.warm_ups)
    used_up = [finding for group in measured for finding in broken_findings.nothing_but_warm_ups(group, rules.warm_ups)]
    account.add(used_up, doubt=True)
    account.add(finding for group in measured for finding in broken_findings.broken_warm_ups(group, rules))
    if not missing:
        account.add(findings.unmatched_groups(measured, rules))
        account.add(findings.required_groups(measured, rules))
        account.add(coherence.unused_rules((*baseline.runs, *candidate.runs), rules))
    for side, is_doubt in SIDES:
        for group in groups:
            account.add(broken_findings.broken_runs(group, side, rules), doubt=is_doubt)
    account.add(order_findings.too_few_for_drift(groups))
    for name, results in (("candidate", candidate), ("baseline", baseline)):
        account.add(numbering.missing_runs(results, name, rules), doubt=True)
    gated, reported = compare_groups(groups, rules, account)
    if not missing:
        account.add(findings.required_metrics((*gated, *reported), rules))
        account.add(() if used_up else nothing_gated(groups, gated), doubt=True)
    account.add(expired_waivers(rules.waivers, today))
    judged = judge(gated, rules, today)
    account.findings[:0] = [
        finding
        for item in judged
        if not has_broken_run(item.comparison.group)
        for finding in findings_of_verdict(item.comparison, wording.sentence(item.comparison), item.waiver, rules)
    ]
    return Outcome(
        verdict_of(judged, account),
        judged,
        tuple(reported),
        groups,
        tuple(account.findings),
        warm_ups,
        looks.marks_of(baseline.runs, candidate.runs),
        rules,
    )


def warmed_up(groups: Sequence[Group], warm_ups: int) -> tuple[tuple[Group, ...], tuple[Run, ...]]:
    """Groups without their declared warm-up runs, and those runs."""
    kept = tuple(Group(group.key, group.baseline[warm_ups:], group.candidate[warm_ups:]) for group in groups)
    left_out = [run for group in groups for run in (*group.baseline[:warm_ups], *group.candidate[:warm_ups])]
    return kept, tuple(left_out)


def compare_groups(
    groups: Sequence[Group], rules: Rules, account: _Account
) -> tuple[list[Comparison], list[Comparison]]:
    """The gated and the reported comparisons of all groups that both sides have."""
    gated: list[Comparison] = []
    reported: list[Comparison] = []
    for group in groups:
        if not group.is_paired:
            continue
        mixed_work = tuple(work_findings.mixed_work(group))
        other_work = None if mixed_work else work_findings.different_work(group)
        account.add((*mixed_work, *([other_work] if other_work else ())), doubt=True)
        account.add(() if mixed_work or other_work else work_findings.drawn_lengths(group))
        account.add(coherence.other_settings(group))
        account.add(order_findings.circumstances(group))
        account.add(order_findings.shared_servers(group, rules), doubt=True)
        account.add(coherence.mixed_settings(group))
        account.add(coherence.unnamed_model(group))
        account.add(coherence.unmeasured_metrics(group, rules))
        present = rules_of(group, rules)
        account.add(order_findings.order_of_runs(group, [rule for rule in present if rule.is_gated]))
        for rule in present:
            comparison = compare_or_miss(group, rule, rules)
            (gated if rule.is_gated else reported).append(comparison)
    return gated, reported


def rules_of(group: Group, rules: Rules) -> list[MetricRule]:
    """The rules of the metrics that a group has, in the order of the files."""
    runs = (*group.baseline, *group.candidate)
    # What every run has as null was not measured: the time to the first token of an answer that was not streamed.
    names = dict.fromkeys(name for run in runs for name in run.metrics if name not in run.unmeasured)
    is_saturated = all(run.is_saturated for run in runs)
    present = [rule for name in names if (rule := rules.of(name)) is not None]
    return [rule if is_saturated or not rule.needs_saturation else ungated(rule) for rule in present]


def ungated(rule: MetricRule) -> MetricRule:
    """A rule that only reports."""
    return MetricRule(rule.name, rule.direction, rule.tolerance, unit=rule.unit)


def compare_or_miss(group: Group, rule: MetricRule, rules: Rules) -> Comparison:
    """Compare a metric that at least one side has."""
    before, after = values_of(group.baseline, rule.name), values_of(group.candidate, rule.name)
    if not has_broken_run(group) and not (before and after):
        side = "candidate" if before else "baseline"
        is_failure = rule.is_required and side == "candidate"
        verdict = Verdict.FAIL if is_failure else Verdict.INCONCLUSIVE
        return Comparison(group, rule, before, after, verdict, f"no run of the {side} has it", is_broken=True)
    return compare_metric(group, rule, rules)


def has_broken_run(group: Group) -> bool:
    """Whether a run of a group has defects, which then are said once for the group and not for every metric."""
    return any(run.defects for run in (*group.baseline, *group.candidate))


def nothing_gated(groups: Sequence[Group], gated: Sequence[Comparison]) -> list[Finding]:
    """A finding when nothing decides: no group has both sides, or no metric of one is gated."""
    if gated:
        return []
    if not any(group.is_paired for group in groups):
        message = f"Nothing was compared: of {counted(len(groups), 'group')}, none has runs on both sides."
        hint = "Check the paths of baseline and candidate, and that both ran the same benchmark."
    else:
        message = "Nothing was judged: no metric of the compared groups is gated."
        hint = "Name the metrics that decide under performance.metrics in release.yaml, with their direction."
    return [Finding.of(Level.ERROR, message, hint=hint, rule="nothing-compared")]


def judge(gated: Sequence[Comparison], rules: Rules, today: date) -> tuple[Judged, ...]:
    """Comparisons with waivers and adjusted p, worst first."""
    with_p = [comparison.p for comparison in gated if comparison.p is not None]
    adjusted = iter(ranks.holm(with_p))
    judged = [
        Judged(
            comparison,
            waiver_of(comparison, rules.waivers, today),
            None if comparison.p is None else next(adjusted),
        )
        for comparison in gated
    ]
    return tuple(sorted(judged, key=badness))


ORDER: Mapping[Verdict, int] = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1, Verdict.WARN: 2, Verdict.PASS: 3}


def badness(item: Judged) -> tuple[int, float]:
    """Sorts the worst first: by verdict, then by how far beyond the tolerance."""
    worse = item.comparison.worse_by
    excess = float("inf") if worse is None else worse - item.comparison.rule.limit
    return ORDER[item.verdict], -excess


def waiver_of(comparison: Comparison, waivers: Sequence[Waiver], today: date) -> Waiver | None:
    """The waiver in force for a failure or a doubt. A broken run is no matter of opinion and cannot be waived."""
    if comparison.verdict is Verdict.PASS or comparison.is_broken:
        return None
    for waiver in waivers:
        is_meant = waiver.metric == comparison.rule.name and has_settings(comparison.group.key, waiver.group)
        if is_meant and waiver.until >= today:
            return waiver
    return None


def verdict_of(judged: Sequence[Judged], account: _Account) -> Verdict:
    """One verdict for all."""
    verdicts = {item.verdict for item in judged}
    if account.fails or Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if account.doubts or Verdict.INCONCLUSIVE in verdicts:
        return Verdict.INCONCLUSIVE
    is_warned = any(finding.level is Level.WARNING for finding in account.findings)
    return Verdict.WARN if is_warned else Verdict.PASS
