"""Finds out what the rules about a tag have to know, and nothing that could not change the answer.

A rule that is off reads nothing. The registry is asked only while the tag is not refused already, for a candidate's
number only, and for the tag to offer in place of a refused one. If the tags are given by hand, the network is not
asked. What cannot be found out is an error.
Each rule that was not judged is reported with the reason. This module must never guess.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from release_actions.errors import InputError, RemoteError
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import Tags, TagSource
from release_actions.tags.offers import TakenTags, make_history
from release_actions.tags.policy import Policy
from release_actions.tags.requested import Mode, TagRequest
from release_actions.versions import history
from release_actions.versions.grammar import git_tag_of
from release_actions.versions.history import Evidence, History, Level
from release_actions.versions.version import Version, parse_known, read_misspelt_candidates

if TYPE_CHECKING:
    from release_actions.http.client import Http
    from release_actions.tags.github_refs import GitHubRefs
    from release_actions.tags.published import Published

RULES_THE_REGISTRY_CAN_LIFT = ("candidate-number", "candidate-spelling")
"""Rules that git alone may break for a candidate that follows what only the registry has."""

AT_THE_PUSH = "the tag has not been pushed"
BEFORE_THE_PUSH = "only mode check with history checkout judges it, before the push"
BY_HAND = "existing-tags was given, so no server is asked"
NO_BRANCH = "no branch is required"
NOT_OF_THE_PUSH = "the push of the tag did not start this run"
REPEATED = "this run repeats an earlier one"
NO_REPOSITORY = "the repository is not known"


class EvidenceGatherer:
    """Asks about one tag. `commit`: the one that is or would be released, empty if not known.

    `not_judged`: rule -> why it was not judged.
    """

    def __init__(
        self, version: Version, tags: Tags, policy: Policy, request: TagRequest, context: Context, log: Workflow
    ) -> None:
        self._version = version
        self._tags = tags
        self._policy = policy
        self._request = request
        self._context = context
        self._log = log
        self._commit = find_commit(request, version, context)
        self._closing = contextlib.ExitStack()
        self._http: Http | None = None
        self.not_judged: dict[str, str] = {}

    def gather(self) -> History:
        """Everything that the rules need. Raises `RemoteError` for what could not be read."""
        with self._closing:
            about = Evidence(self._request.is_pushed, self._commit, self._tags.commit)
            about = replace(about, push=self._push(), branch=self._branch(), tag_object=self._tag_object())
            releases = self._releases()
            about = replace(about, released=self._released(releases), unpushed=self._unpushed())
            tags, prefix = self._tags.names, self._policy.prefix
            # A release counts even if its tag is gone.
            gone = parse_known(set(releases).difference(tags), prefix)
            past = self._with_registry(replace(make_history(tags, self._policy), released=gone, about=about))
            return replace(past, with_image=self._list_images(past))

    def list_taken(self) -> TakenTags:
        """What tags, releases and images there are, as far as rules ask for them. Raises `RemoteError`."""
        with self._closing:
            released = tuple(self._releases())
            published = self._list_published(self._published()) if self._reads_registry else ()
            return TakenTags(self._tags.names, released, published)

    @property
    def _reads_registry(self) -> bool:
        """Whether the next run would refuse a tag because of an image that the registry has."""
        asks = self._policy.asks("already-published", "deleted-candidate")
        return asks and bool(self._policy.packages) and not self._tags.given

    def _list_images(self, past: History) -> tuple[Version, ...] | None:
        """The versions that the registry has an image of, where a refusal offers one; None if it cannot be read."""
        if past.published or not self._reads_registry:
            return past.published
        if not any(violation.offer for violation in history.judge(self._version, past, self._policy.levels)):
            return ()
        try:
            return self._list_published(self._published())
        except RemoteError:
            # The tag is refused in any case, so what cannot be read is no error here.
            return None

    def _is_on(self, *rules: str) -> bool:
        return self._policy.asks(*rules)

    def _skip(self, why: str, *rules: str) -> None:
        self.not_judged.update(dict.fromkeys((rule for rule in rules if self._is_on(rule)), why))

    # The event and GitHub

    def _push(self) -> history.Push | None:
        if not self._request.is_pushed:
            self._skip(AT_THE_PUSH, "moved-tag")
            return None
        if not self._is_on("moved-tag"):
            return None
        if self._deleted():
            return history.Push(deleted=True)
        if self._context.event_name != "push":
            return None
        from release_actions.tags.github_refs import read_push

        return read_push(self._context, self._version.tag)

    def _deleted(self) -> bool:
        """Whether the tag that the run is of is not on GitHub any more. A list may lag behind a push: asked again."""
        if (
            self._tags.given
            or self._version.tag in self._tags.names
            or self._context.ref != TAG_REF + self._version.tag
        ):
            return False
        return self._github("moved-tag").read_tag_object(self._version.tag) is None

    def _branch(self) -> history.Branch | None:
        names = self._policy.branches(self._version)
        if not names or self._tags.given:
            self._skip(BY_HAND if names else NO_BRANCH, "release-branch")
            return None
        if not self._is_on("release-branch"):
            return None
        return self._github("release-branch").find_branch(names, self._commit or self._tags.commit)

    def _tag_object(self) -> history.TagObject | None:
        rules = [rule for rule in ("annotated-tag", "signed-tag") if self._is_on(rule)]
        if not rules:
            return None
        if not self._request.is_pushed or self._tags.given:
            self._skip(AT_THE_PUSH if not self._request.is_pushed else BY_HAND, *rules)
            return None
        tag_object = self._github(rules[0]).read_tag_object(self._version.tag)
        if tag_object is None:
            message = f"{self._version.tag} is not on GitHub, so its tag object cannot be read."
            raise InputError(message, hint="Push the tag first, or ask what would happen with mode: check.")
        return tag_object

    def _releases(self) -> dict[str, str]:
        """Tag -> when its release was published, of every release on GitHub that ever was."""
        if not self._is_on("release-exists"):
            return {}
        if self._tags.given or not self._policy.repository:
            self._skip(BY_HAND if self._tags.given else NO_REPOSITORY, "release-exists")
            return {}
        from release_actions.github.releases import Releases

        releases = Releases(
            self._session(), self._context.api_url, self._policy.repository, token=self._request.token
        ).all()
        return {release.tag: release.published for release in releases if release.published}

    def _released(self, releases: Mapping[str, str]) -> str:
        """When a release of the tag itself was published, if that was before the tag's push."""
        published = releases.get(self._version.tag, "")
        if not self._request.is_pushed or "release-exists" in self.not_judged:
            return published
        from release_actions.tags.github_refs import find_push_time, is_before_push

        moment = find_push_time(self._context)
        if moment is None or not self._about_the_push():
            self._skip(NOT_OF_THE_PUSH, "release-exists")
            return ""
        return published if published and is_before_push(published, moment) else ""

    def _about_the_push(self) -> bool:
        return self._context.event_name == "push" and self._context.ref == TAG_REF + self._version.tag

    def _unpushed(self) -> tuple[str, ...]:
        if not self._is_on("unpushed-tags"):
            return ()
        if self._request.is_pushed or self._request.source is not TagSource.CHECKOUT or self._tags.given:
            self._skip(BEFORE_THE_PUSH, "unpushed-tags")
            return ()
        if not self._policy.repository:
            self._skip(NO_REPOSITORY, "unpushed-tags")
            return ()
        from release_actions.github import repository

        refs = repository.list_tags(
            self._session(), self._context.api_url, self._policy.repository, token=self._request.token
        )
        on_github = {tag.name for tag in refs}
        missing = parse_known(on_github.difference(self._tags.names), self._policy.prefix)
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            message = (
                f"The checkout lacks {missing[-1]}{more}, which GitHub has, so its tags are not the whole history."
            )
            raise InputError(message, hint="Run git fetch --tags.")
        return tuple(sorted(set(self._tags.names) - on_github))

    def _github(self, rule: str) -> GitHubRefs:
        if not self._policy.repository:
            message = f"The rule {rule} cannot be judged: {NO_REPOSITORY}."
            raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or switch the rule off.")
        from release_actions.tags.github_refs import GitHubRefs

        return GitHubRefs(self._session(), self._context.api_url, self._policy.repository, self._request.token)

    # The registry

    def _with_registry(self, past: History) -> History:
        """The history with what the registry has, as far as it can change the answer."""
        rules = [rule for rule in ("already-published", "deleted-candidate") if self._is_on(rule)]
        if not self._version.is_candidate and "deleted-candidate" in rules:
            rules.remove("deleted-candidate")
        if not self._policy.packages or self._tags.given:
            self._skip(BY_HAND if self._tags.given else "no package is configured", *rules)
            return past
        judged = history.judge(self._version, past, self._policy.levels)
        liftable = RULES_THE_REGISTRY_CAN_LIFT if "deleted-candidate" in rules else ()
        refused = any(each.level is Level.ERROR and each.rule not in liftable for each in judged)
        # A repeated run is right whatever was released since. Only the image shows that it is one.
        repeated = self._request.is_pushed and bool(self._commit)
        if refused and not repeated:
            self._skip("refused already", *rules)
            return past
        published = self._published()
        try:
            if "already-published" in rules:
                images = published.revisions(self._version)
                past = replace(past, about=replace(past.about, images=images))
                whole = past.about.is_published and published.whole(self._version, self._commit, images)
                past = replace(past, about=replace(past.about, whole=whole))
                rules.remove("already-published")
            if "deleted-candidate" in rules and not refused and not past.about.repeats:
                past = replace(past, published=self._list_published(published))
                rules.remove("deleted-candidate")
        except RemoteError as error:
            raise add_way_out(error) from None
        self._skip("refused already", *rules)
        if past.about.repeats:
            self._skip(REPEATED, *self._policy.levels)
            self._log.info(
                f"The images under {self._version.tag} were built from this commit: this run repeats an earlier one."
            )
        return past

    def _list_published(self, published: Published) -> tuple[Version, ...]:
        prefix = self._policy.prefix
        # Each flavour's tags are read by its own scheme. Schemes of one prefix are equal, so none is left out.
        schemes = [package.scheme or prefix for package in self._policy.packages]
        tags = published.tags()
        names = {name for scheme in schemes for tag in tags if (name := git_tag_of(tag, scheme))}
        return (*parse_known(names, prefix), *read_misspelt_candidates(names, prefix))

    def _published(self) -> Published:
        from release_actions.images.registry_access import connect, list_package_hosts
        from release_actions.tags.published import Published

        registries = connect(
            self._session(),
            list_package_hosts(self._policy.packages),
            self._request.login,
            self._context,
            self._log,
            for_github=self._request.token,
        )
        return Published(registries, self._policy.packages)

    def _session(self) -> Http:
        """The one session for everything, made when the first thing is asked."""
        if self._http is None:
            from release_actions.http.client import Http

            self._http = self._closing.enter_context(Http(log=self._log.info, redactor=self._log.redactor))
        return self._http


def add_way_out(error: RemoteError) -> RemoteError:
    """The same error of the registry with what else a person can do about it."""
    way = "If the job may not read the packages, set versions.rules.already-published and deleted-candidate to off."
    return RemoteError(
        error.problems[0].message,
        hint=f"{error.hint} {way}".strip(),
        method=error.method,
        path=error.path,
        status=error.status,
        request_id=error.request_id,
    )


def find_commit(request: TagRequest, version: Version, context: Context) -> str:
    """The commit that is or would be released; empty when it is not known. Raises `InputError` for another text."""
    if request.mode is Mode.RELEASE:
        if request.commit:
            message = "Input 'commit' is only for mode check: a pushed tag has a commit already."
            raise InputError(message, hint="Remove it, or set mode to check.")
        return context.sha if context.ref == TAG_REF + version.tag else ""
    if request.commit:
        if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", request.commit):
            message = f"Input 'commit' is {request.commit[:80]!r}, which is not the full id of a commit."
            raise InputError(message, hint="Pass what git rev-parse HEAD prints.")
        return request.commit
    if request.source is TagSource.CHECKOUT and not request.existing_tags:
        from release_actions.git import checkout

        return checkout.read_head(context.workspace)
    return ""
