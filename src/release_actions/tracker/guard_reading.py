"""Reads what the guard has to know of pull requests: two requests for up to twenty, one more for each hundred files.

Files come from the REST API, which alone names both paths of a rename: a file that moves from `src/` to `docs/` is no
documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from release_actions.builds import path_filter
from release_actions.errors import InputError
from release_actions.github import pygithub
from release_actions.tracker import queries
from release_actions.tracker.guarding import GuardedPull, Landing, LandingJudgement
from release_actions.tracker.model import Ref
from release_actions.tracker.plan import Change
from release_actions.tracker.reading import ITEMS_PER_QUERY, BoardReader

FILES_PER_PAGE = 100
LISTED_FILES = 3000
"""Files that GitHub lists of a pull request."""

STATES = {Landing.YES: "success", Landing.NO: "failure", Landing.UNKNOWN: "error"}
DESCRIPTION_LENGTH = 140
"""Characters that GitHub shows of a commit status."""


class GuardReader(BoardReader):
    """Reads pull requests of one repository, and sets statuses on their commits where it is asked to."""

    def read_pulls(self, numbers: Sequence[int]) -> tuple[GuardedPull, ...]:
        """Pull requests without their files. Raises `InputError` for a number that is none."""
        pulls = []
        what = f"read pull requests of {self.repository}"
        for start in range(0, len(numbers), ITEMS_PER_QUERY):
            batch = numbers[start : start + ITEMS_PER_QUERY]
            fields = " ".join(queries.select_number(Ref(self.repository, number), queries.GUARDED) for number in batch)
            node = self.query_own(fields, what)
            for number in batch:
                each = node[f"i{number}"]
                if each["__typename"] != "PullRequest":
                    message = f"{self.repository}#{number} is an issue, not a pull request."
                    raise InputError(message, hint="Set the input pull-request to the number of a pull request.")
                self.complete(each, Ref(self.repository, number), what)
                for issue in (each["closingIssuesReferences"] or {"nodes": ()})["nodes"]:
                    self.complete(issue, queries.parse_ref(issue), what)
                with pygithub.translate_answers(what):
                    pull, count = queries.parse_guarded(each)
                pulls.append(replace(pull, is_whole=count <= LISTED_FILES))
        return tuple(pulls)

    def list_open(self, branches: Sequence[str]) -> tuple[int, ...]:
        """The numbers of the open pull requests to branches that match a glob."""
        what = f"list the open pull requests of {self.repository}"
        first = self.query_own(queries.OPEN_PULLS % "null", what)["pullRequests"]
        pages = self.list_pages("pullRequests", first, queries.OPEN_PULLS, what)
        nodes = [node for page in (first["nodes"], *pages) for node in page]
        return tuple(int(node["number"]) for node in nodes if path_filter.matches(branches, node["baseRefName"]))

    def read_files(self, pull: GuardedPull) -> GuardedPull:
        """A pull request with every path that it changes, a renamed file's both. Not asked for where none helps."""
        if not pull.is_whole:
            return pull
        what = f"read the files of {pull.item.ref}"
        paths: list[str] = []
        page = 1
        while True:
            files = self._get(f"pulls/{pull.item.ref.number}/files", {"per_page": FILES_PER_PAGE, "page": page}, what)
            with pygithub.translate_answers(what):
                paths += [str(file["filename"]) for file in files]
                paths += [str(file["previous_filename"]) for file in files if file.get("previous_filename")]
            if len(files) < FILES_PER_PAGE:
                return replace(pull, paths=tuple(dict.fromkeys(paths)))
            page += 1

    def set_status(
        self, pull: GuardedPull, judgement: LandingJudgement, context: str, target: str, commit: str = ""
    ) -> None:
        """Say it on a commit, without one on the head of the pull request, so that what was green is judged again."""
        what = f"set the status {context} of {pull.item.ref}"
        sentence = f"{judgement.why[:1].upper()}{judgement.why[1:]}"
        given: dict[str, Any] = {
            "state": STATES[judgement.landing],
            "context": context,
            "description": sentence[:DESCRIPTION_LENGTH],
        }
        if target:
            given["target_url"] = target
        url = f"/repos/{self.repository}/statuses/{commit or pull.head}"
        self.requests += 1
        pygithub.ask(lambda: self.github.requester.requestJsonAndCheck("POST", url, input=given), what, url)

    def send(self, change: Change) -> None:
        """Carry one change out. Raises `RemoteError`."""
        url = f"/repos/{self.repository}/{change.path}"
        what = f"{change.words[:1].lower()}{change.words[1:].rstrip('.')}"
        self.requests += 1
        pygithub.ask(
            lambda: self.github.requester.requestJsonAndCheck(change.method, url, input=change.body), what, url
        )

    def _get(self, path: str, parameters: dict[str, Any], what: str) -> list[Any]:
        url = f"/repos/{self.repository}/{path}"
        self.requests += 1
        _, listed = pygithub.ask(
            lambda: self.github.requester.requestJsonAndCheck("GET", url, parameters=parameters), what, url
        )
        with pygithub.translate_answers(what):
            return [*listed]
