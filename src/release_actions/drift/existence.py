"""Asks servers whether the versions in files exist. What cannot be found out is raised."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from release_actions.components.upstream import Upstream
from release_actions.drift.audit import Audit
from release_actions.drift.catalogue import Kind
from release_actions.drift.classes import Judged, VersionClass
from release_actions.drift.reference import Reference
from release_actions.errors import ActionError

PARALLEL_QUESTIONS = 8

Question = tuple[str, str]
"""A name and a version of it."""


def find_missing(audit: Audit, upstream: Upstream) -> frozenset[Question]:
    """What no server has, of what an audit came upon. Raises `ActionError` for what cannot be found out."""
    questions = {make_question(item.reference): item.reference for item in audit.judged if _is_asked(item)}
    with ThreadPoolExecutor(PARALLEL_QUESTIONS, thread_name_prefix="exists") as pool:
        asked = pool.map(lambda reference: _check_exists(reference, upstream), questions.values())
        answers = dict(zip(questions, asked, strict=True))
    errors = [problem for answer in answers.values() if isinstance(answer, ActionError) for problem in answer.problems]
    if errors:
        raise ActionError(problems=errors)
    return frozenset(question for question, answer in answers.items() if answer is False)


def make_question(reference: Reference) -> Question:
    """What is asked about a reference."""
    return reference.name.text, reference.token


def _is_asked(item: Judged) -> bool:
    """Whether a reference names something that a server can confirm: no template, no branch, no missing tag."""
    reference = item.reference
    return bool(reference.token) and item.verdict not in {VersionClass.UNKNOWN, VersionClass.BRANCH}


def _check_exists(reference: Reference, upstream: Upstream) -> bool | ActionError:
    try:
        if reference.name.kind is Kind.REPOSITORY:
            return upstream.has_git_tag(reference.name.text, reference.token)
        # Tags have no +, so Helm writes _ for it (helm/helm#10166).
        return upstream.has_image(reference.name.text, reference.token.replace("+", "_"))
    except ActionError as error:
        return error
