"""Reads a board from GitHub by its GraphQL API, in batches: complete, or an error. Changes nothing.

Of the own repository everything has to be readable. An item of another one that the token may not see is reported as
such, since a tracking issue may name anything.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from release_actions.errors import InputError, RemoteError
from release_actions.github import pygithub
from release_actions.http.client import Http
from release_actions.people.from_github import (
    ACTOR,
    COMMENTS,
    REVIEWS,
    parse_files,
    select_files,
)
from release_actions.people.owners import ALIASES, OWNERS, Owners, parse_owners
from release_actions.tracker import queries
from release_actions.tracker.model import Board, Item, Milestone, Proposal, Ref, TrackedLine
from release_actions.tracker.proposals import list_proposals, parse_proposal
from release_actions.tracker.tasks import list_tasks

ITEMS_PER_QUERY = 20
PROPOSALS_PER_QUERY = 20
PAGES = 50
"""Pages of one list that are read at most: more is no list of a release."""

GONE = "it does not exist there any more, or the token may not see it"
PERMISSION = "The token needs the permission issues: read, and pull-requests: read, in {repository}."


class BoardReader:
    """Reads one repository and what its trackers name. `requests` counts."""

    def __init__(self, api_url: str, repository: str, *, token: str, http: Http | None = None) -> None:
        self.repository = repository
        self.requests = 0
        self.milestones: tuple[Milestone, ...] = ()
        self.trunk = ""
        self.owners: Owners | None = None
        self.github = pygithub.open_client(api_url, token=token, http=http)

    def close(self) -> None:
        """Close the connections."""
        self.github.close()

    def read_repository(self) -> None:
        """The milestones, the trunk and who owns the repository. Raises `RemoteError`."""
        what = f"read the milestones of {self.repository}"
        files = (OWNERS, ALIASES)
        fields = f"defaultBranchRef {{ name }} {queries.MILESTONES % 'null'} {select_files('HEAD', files)}"
        node = self.query_own(fields, what)
        self.trunk = str((node["defaultBranchRef"] or {}).get("name") or "")
        texts = parse_files(node, files, what)
        self.owners = parse_owners(texts) if texts else None
        nodes = [*node["milestones"]["nodes"]]
        for page in self.list_pages("milestones", node["milestones"], queries.MILESTONES, what):
            nodes += page
        with pygithub.translate_answers(what):
            self.milestones = tuple(queries.parse_milestone(each) for each in nodes)

    def find_milestone(self, title: str) -> Milestone:
        """A milestone by its title. Raises `InputError` with the nearest ones that there are."""
        for milestone in self.milestones:
            if milestone.title.strip().lower() == title.strip().lower():
                return milestone
        open_titles = [milestone.title for milestone in self.milestones if milestone.is_open]
        every = [milestone.title for milestone in self.milestones]
        near = difflib.get_close_matches(title, every, n=3, cutoff=0.5) or open_titles[:3]
        hint = f"Did you mean {' or '.join(near)}?" if near else f"{self.repository} has no milestones yet."
        message = f"{self.repository} has no milestone {title!r}."
        raise InputError(message, hint=f"{hint} Set the input milestone, or tracker.milestone in release.yaml.")

    def read_board(self, milestone: Milestone | None, label: str, trackers: Collection[int]) -> Board:
        """All that milestone, label and tracking issues name. Raises `RemoteError`."""
        in_milestone = frozenset(self._list_members(milestone)) if milestone else frozenset()
        labelled = frozenset(self._list_labelled(label)) if label else frozenset()
        tracking = self._read_trackers(trackers)
        lines = [line for item, subs in tracking.values() for line in (*list_tasks(item.body, item.ref), *subs)]
        named = {line.ref for line in lines if line.ref}
        wanted = sorted((in_milestone | labelled | named) - set(tracking))
        items, unreadable, renamed = self._read_items(wanted)
        lines = [_rename(line, renamed) for line in lines]
        return Board(
            milestone,
            label,
            items,
            in_milestone,
            labelled,
            tuple(lines),
            {ref: item for ref, (item, _) in tracking.items()},
            unreadable,
        )

    def read_item(self, number: int) -> Item:
        """One issue or pull request of the own repository. Raises `RemoteError`."""
        ref = Ref(self.repository, number)
        items, unreadable, renamed = self._read_items([ref])
        if ref in unreadable:
            message = f"Could not read {ref}: {unreadable[ref]}."
            raise RemoteError(message, hint=PERMISSION.format(repository=self.repository))
        return items[renamed.get(ref, ref)]

    def read_proposals(self, board: Board, paths: Collection[str], labels: Collection[str]) -> Board:
        """The proposals of the items that need one: what their text or their pull requests link, or bring."""
        wanted: dict[Ref, tuple[str, ...]] = {}
        for ref, item in board.items.items():
            if item.has_label(*labels):
                wanted[ref] = list_proposals(item, paths)
        every = sorted({path for named in wanted.values() for path in named})
        read: dict[str, Proposal] = {}
        for start in range(0, len(every), PROPOSALS_PER_QUERY):
            read |= self._read_proposals(every[start : start + PROPOSALS_PER_QUERY])
        linked = {ref: tuple(read[path] for path in named) for ref, named in wanted.items()}
        return replace(board, proposals=linked)

    def _read_proposals(self, paths: Sequence[str]) -> dict[str, Proposal]:
        what = f"read the proposals of {self.repository}"
        pull = f"number url merged author {ACTOR} {COMMENTS % 'null'} {REVIEWS % 'null'}"
        history = " ".join(
            f"h{index}: history(path: {json.dumps(path)}, first: 5) "
            f"{{ nodes {{ associatedPullRequests(first: 3) {{ nodes {{ {pull} }} }} }} }}"
            for index, path in enumerate(paths)
        )
        fields = f"{select_files('HEAD', paths)} defaultBranchRef {{ target {{ ... on Commit {{ {history} }} }} }}"
        node = self.query_own(fields, what)
        texts = parse_files(node, paths, what)
        with pygithub.translate_answers(what):
            target = node["defaultBranchRef"]["target"]
            return {
                path: parse_proposal(path, texts.get(path), target[f"h{index}"]["nodes"])
                for index, path in enumerate(paths)
            }

    def _list_members(self, milestone: Milestone) -> Iterator[Ref]:
        what = f"list the items of the milestone {milestone.title}"
        connection = f"(first: 100, after: %s) {{ nodes {{ number }} {queries.PAGE} }}"
        both = f"issues{connection} pullRequests{connection}" % ("null", "null")
        node = self.query_own(f"milestone(number: {milestone.number}) {{ {both} }}", what)["milestone"]
        for name in ("issues", "pullRequests"):
            pages = self._pages_below(
                f"milestone(number: {milestone.number})", "milestone", name, node[name], connection, what
            )
            for page in (node[name]["nodes"], *pages):
                yield from (Ref(self.repository, int(each["number"])) for each in page)

    def _list_labelled(self, label: str) -> Iterator[Ref]:
        what = f"list the items with the label {label}"
        names = json.dumps([label]).replace("%", "%%")
        connection = f"(labels: {names}, first: 100, after: %s) {{ nodes {{ number }} {queries.PAGE} }}"
        node = self.query_own(f"issues{connection} pullRequests{connection}" % ("null", "null"), what)
        for name in ("issues", "pullRequests"):
            pages = self.list_pages(name, node[name], f"{name}{connection}", what)
            for page in (node[name]["nodes"], *pages):
                yield from (Ref(self.repository, int(each["number"])) for each in page)

    def _read_trackers(self, numbers: Collection[int]) -> dict[Ref, tuple[Item, tuple[TrackedLine, ...]]]:
        """Tracking issues with their sub-issues."""
        read = {}
        for number in sorted(set(numbers)):
            item = self.read_item(number)
            what = f"read the sub-issues of {item.ref}"
            fields = f"... on Issue {{ {queries.SUB_ISSUES % 'null'} }}"
            node = self.query_own(queries.select_number(item.ref, fields), what)[f"i{number}"]
            nodes = [*(node or {}).get("subIssues", {}).get("nodes", ())]
            if nodes:
                parent = f"i{number}: issueOrPullRequest(number: {number})"
                inner = queries.SUB_ISSUES.removeprefix("subIssues")
                for page in self._pages_below(
                    parent, f"i{number}", "subIssues", node["subIssues"], inner, what, "Issue"
                ):
                    nodes += page
            with pygithub.translate_answers(what):
                subs = tuple(
                    TrackedLine(
                        item.ref,
                        queries.flatten_title(each["title"]),
                        each["state"] == "CLOSED",
                        queries.parse_ref(each),
                        is_sub_issue=True,
                    )
                    for each in nodes
                )
            read[item.ref] = item, subs
        return read

    def _read_items(self, refs: Sequence[Ref]) -> tuple[dict[Ref, Item], dict[Ref, str], dict[Ref, Ref]]:
        """The items, why others are not readable, and what asked ones are called today."""
        items: dict[Ref, Item] = {}
        unreadable: dict[Ref, str] = {}
        renamed: dict[Ref, Ref] = {}
        own = [ref for ref in refs if ref.repository.lower() == self.repository.lower()]
        others = [ref for ref in refs if ref not in own]
        for group in (own, others):
            for start in range(0, len(group), ITEMS_PER_QUERY):
                batch = group[start : start + ITEMS_PER_QUERY]
                try:
                    nodes = self._query_items(batch)
                except RemoteError as error:
                    if group is own or error.status:
                        raise
                    unreadable |= dict.fromkeys(batch, "GitHub does not let the token read it")
                    continue
                for ref in batch:
                    node = nodes.get(ref)
                    if node is None:
                        unreadable[ref] = GONE
                        continue
                    what = f"read {ref}"
                    self.complete(node, ref, what)
                    with pygithub.translate_answers(what):
                        item = queries.parse_item(node)
                    items[item.ref] = item
                    if item.ref != ref:
                        renamed[ref] = item.ref
        return items, unreadable, renamed

    def _query_items(self, batch: Sequence[Ref]) -> dict[Ref, Mapping[str, Any] | None]:
        repositories = sorted({ref.repository for ref in batch})
        parts = [
            queries.select_repository(
                f"r{index}",
                repository,
                " ".join(queries.select_number(ref, queries.ITEM) for ref in batch if ref.repository == repository),
            )
            for index, repository in enumerate(repositories)
        ]
        what = f"read {len(batch)} items of the release"
        data = self._query(f"query {{ {' '.join(parts)} }}", {}, what, lenient=True)
        return {ref: (data.get(f"r{repositories.index(ref.repository)}") or {}).get(f"i{ref.number}") for ref in batch}

    def complete(self, node: Mapping[str, Any], ref: Ref, what: str) -> None:
        """Read on where a connection of an item has more pages, and those of the pull requests that close it."""
        kind = node["__typename"]
        for name in ("timelineItems", "comments", "reviews", "closedByPullRequestsReferences", "files"):
            connection = node.get(name)
            if connection:
                self._read_on(connection, ref, kind, name, what)
        for pull in (node.get("closedByPullRequestsReferences") or {"nodes": ()})["nodes"]:
            if pull["files"]:
                self._read_on(pull["files"], queries.parse_ref(pull), "PullRequest", "files", what)

    def _read_on(self, connection: Mapping[str, Any], ref: Ref, kind: str, name: str, what: str) -> None:
        fields = queries.CONNECTIONS[name]
        for _ in range(PAGES):
            if not connection["pageInfo"]["hasNextPage"]:
                return
            after = json.dumps(connection["pageInfo"]["endCursor"])
            body = queries.select_number(ref, f"... on {kind} {{ {fields % after} }}")
            data = self._query(f"query {{ {queries.select_repository('r', ref.repository, body)} }}", {}, what)
            page = data["r"][f"i{ref.number}"][name]
            connection["nodes"].extend(page["nodes"])
            connection["pageInfo"].update(page["pageInfo"])
        message = f"Could not {what}: there are more than {PAGES} pages of {name}."
        raise RemoteError(message)

    def list_pages(self, name: str, first: Mapping[str, Any], query: str, what: str) -> Iterator[list[Any]]:
        """The pages after the first one of a connection of the own repository."""
        info = first["pageInfo"]
        while info["hasNextPage"]:
            page = self.query_own(query % json.dumps(info["endCursor"]), what)[name]
            yield page["nodes"]
            info = page["pageInfo"]

    def _pages_below(
        self, parent: str, alias: str, name: str, first: Mapping[str, Any], connection: str, what: str, kind: str = ""
    ) -> Iterator[list[Any]]:
        info = first["pageInfo"]
        while info["hasNextPage"]:
            fields = f"{name}{connection % json.dumps(info['endCursor'])}"
            inner = f"... on {kind} {{ {fields} }}" if kind else fields
            page = self.query_own(f"{parent} {{ {inner} }}", what)[alias][name]
            yield page["nodes"]
            info = page["pageInfo"]

    def query_own(self, fields: str, what: str) -> Mapping[str, Any]:
        """Fields of the own repository. Raises `RemoteError`."""
        owner, _, name = self.repository.partition("/")
        head = "query($owner: String!, $name: String!)"
        body = f"{head} {{ repository(owner: $owner, name: $name) {{ {fields} }} }}"
        data = self._query(body, {"owner": owner, "name": name}, what)
        repository: Mapping[str, Any] = data["repository"]
        return repository

    def _query(self, text: str, variables: Mapping[str, str], what: str, *, lenient: bool = False) -> dict[str, Any]:
        self.requests += 1
        try:
            return pygithub.encode_query(self.github, text, variables, what, lenient=lenient)
        except RemoteError as error:
            if "not accessible" not in str(error):
                raise
            hint = PERMISSION.format(repository=self.repository)
            raise RemoteError(error.problems[0].message, hint=hint, method="POST", path="/graphql") from None


def _rename(line: TrackedLine, renamed: Mapping[Ref, Ref]) -> TrackedLine:
    if line.ref is None or line.ref not in renamed:
        return line
    return TrackedLine(line.tracker, line.text, line.is_ticked, renamed[line.ref], line.line, line.is_sub_issue)
