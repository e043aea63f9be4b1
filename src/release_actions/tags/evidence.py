"""Finds out what the rules about a tag have to know, and nothing that could not change the answer.

A rule that is off reads nothing. The registry is asked only while the tag is not refused already, and for a candidate's
number only. What is given by hand is asked nowhere. Whatever cannot be found out is an error, and what was not asked is
said, with the reason. This module must never guess: no answer leaves a rule without evidence, and that is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from release_actions.errors import InputError, RemoteError
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import CHECKOUT, TAG_REF, Tags
from release_actions.tags.offers import make_history
from release_actions.tags.policy import Policy
from release_actions.versions import history
from release_actions.versions.history import Evidence, History, Level
from release_actions.versions.version import Version, known, read_misspelt_candidates

if TYPE_CHECKING:
    from release_actions.http.client import Http
    from release_actions.tags.origin import Origin
    from release_actions.tags.published import Published

OVER_BOTH = ("candidate-number", "candidate-spelling")
"""Rules that git alone may break for a candidate that follows what only the registry has."""

AT_THE_PUSH = "the tag has not been pushed"
BEFORE_THE_PUSH = "told before the push, by mode check with history checkout"
BY_HAND = "existing-tags was given, and stands for everything that was released"
NO_BRANCH = "no branch is required"
NOT_OF_THE_PUSH = "the run is not of the tag's push"
REPEATED = "the run is one repeated"
NO_REPOSITORY = "the repository is not known"


@dataclass
class Inquiry:
    """One tag and whom to ask about it.

    `pushed`: the tag is judged for its release; False when it is only asked what would happen. `commit`: the one that
    is or would be released, empty if not known. `source`: where the tags came from. `unasked`: rule -> why it was not
    judged.
    """

    version: Version
    tags: Tags
    policy: Policy
    context: Context
    log: Workflow
    pushed: bool = True
    commit: str = ""
    source: str = ""
    token: str = ""
    registry_token: str = ""
    registry_user: str = ""
    login_host: str = ""
    unasked: dict[str, str] = field(default_factory=dict)
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _http: Http | None = None

    def gather(self) -> History:
        """Everything that the rules need. Raises `RemoteError` for what could not be read."""
        with self._closing:
            about = Evidence(self.pushed, self.commit, self.tags.commit)
            about = replace(about, push=self._push(), branch=self._branch(), tag_object=self._tag_object())
            releases = self._releases()
            about = replace(about, released=self._released(releases), unpushed=self._unpushed())
            tags, prefix = self.tags.names, self.policy.prefix
            # A release is one also where its tag is gone.
            gone = known(set(releases).difference(tags), prefix)
            return self._with_registry(replace(make_history(tags, self.policy), released=gone, about=about))

    def _on(self, *rules: str) -> bool:
        return self.policy.asks(*rules)

    def _not_asked(self, why: str, *rules: str) -> None:
        self.unasked.update(dict.fromkeys((rule for rule in rules if self._on(rule)), why))

    # The event and GitHub

    def _push(self) -> history.Push | None:
        if not self.pushed:
            self._not_asked(AT_THE_PUSH, "moved-tag")
            return None
        if not self._on("moved-tag"):
            return None
        if self._deleted():
            return history.Push(deleted=True)
        if self.context.event_name != "push":
            return None
        from release_actions.tags.origin import push_of

        return push_of(self.context, self.version.tag)

    def _deleted(self) -> bool:
        """Whether the tag that the run is of is not on GitHub any more. A list may lag behind a push: asked again."""
        if self.tags.given or self.version.tag in self.tags.names or self.context.ref != TAG_REF + self.version.tag:
            return False
        return self._origin("moved-tag").tag_object(self.version.tag) is None

    def _branch(self) -> history.Branch | None:
        name = self.policy.branch(self.version)
        if not name:
            self._not_asked(NO_BRANCH, "release-branch")
            return None
        if not self._on("release-branch"):
            return None
        return self._origin("release-branch").branch(name, self.commit or self.tags.commit)

    def _tag_object(self) -> history.TagObject | None:
        rules = [rule for rule in ("annotated-tag", "signed-tag") if self._on(rule)]
        if not rules:
            return None
        if not self.pushed:
            self._not_asked(AT_THE_PUSH, *rules)
            return None
        found = self._origin(rules[0]).tag_object(self.version.tag)
        if found is None:
            message = f"{self.version.tag} is not on GitHub, so nobody can tell how it was made."
            raise InputError(message, hint="Push the tag first, or ask what would happen with mode: check.")
        return found

    def _releases(self) -> dict[str, str]:
        """Tag -> when its release was published, of every release on GitHub that ever was."""
        if not self._on("release-exists"):
            return {}
        if self.tags.given or not self.policy.repository:
            self._not_asked(BY_HAND if self.tags.given else NO_REPOSITORY, "release-exists")
            return {}
        from release_actions.github.releases import Releases

        found = Releases(self._session(), self.context.api_url, self.policy.repository, token=self.token).all()
        return {release.tag: release.published for release in found if release.published}

    def _released(self, releases: Mapping[str, str]) -> str:
        """When a release of the tag itself was published, if that was before the tag's push."""
        published = releases.get(self.version.tag, "")
        if not self.pushed or "release-exists" in self.unasked:
            return published
        from release_actions.tags.origin import before_its_push, pushed_at

        moment = pushed_at(self.context)
        if moment is None or not self._about_the_push():
            self._not_asked(NOT_OF_THE_PUSH, "release-exists")
            return ""
        return published if published and before_its_push(published, moment) else ""

    def _about_the_push(self) -> bool:
        return self.context.event_name == "push" and self.context.ref == TAG_REF + self.version.tag

    def _unpushed(self) -> tuple[str, ...]:
        if not self._on("unpushed-tags"):
            return ()
        if self.pushed or self.source != CHECKOUT or self.tags.given:
            self._not_asked(BEFORE_THE_PUSH, "unpushed-tags")
            return ()
        if not self.policy.repository:
            self._not_asked(NO_REPOSITORY, "unpushed-tags")
            return ()
        from release_actions.github import repository

        found = repository.tags(self._session(), self.context.api_url, self.policy.repository, token=self.token)
        there = {tag.name for tag in found}
        missing = known(there.difference(self.tags.names), self.policy.prefix)
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            message = (
                f"The checkout lacks {missing[-1]}{more}, which GitHub has, so its tags are not the whole history."
            )
            raise InputError(message, hint="Run git fetch --tags.")
        return tuple(sorted(set(self.tags.names) - there))

    def _origin(self, rule: str) -> Origin:
        if not self.policy.repository:
            message = f"The rule {rule} cannot be judged: {NO_REPOSITORY}."
            raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or switch the rule off.")
        from release_actions.tags.origin import Origin

        return Origin(self._session(), self.context.api_url, self.policy.repository, self.token)

    # The registry

    def _with_registry(self, past: History) -> History:
        """The history with what the registry has, as far as it can change the answer."""
        rules = [rule for rule in ("already-published", "deleted-candidate") if self._on(rule)]
        if not self.version.is_candidate and "deleted-candidate" in rules:
            rules.remove("deleted-candidate")
        if not self.policy.packages or self.tags.given:
            self._not_asked(BY_HAND if self.tags.given else "no package is configured", *rules)
            return past
        judged = history.judge(self.version, past, self.policy.levels)
        mendable = OVER_BOTH if "deleted-candidate" in rules else ()
        refused = any(each.level is Level.ERROR and each.rule not in mendable for each in judged)
        # A run repeated is fine whatever has come since. Only the image can tell.
        repeated = self.pushed and bool(self.commit)
        if refused and not repeated:
            self._not_asked("refused already", *rules)
            return past
        published = self._published()
        try:
            if "already-published" in rules:
                images = published.revisions(self.version.tag)
                past = replace(past, about=replace(past.about, images=images))
                whole = past.about.is_published and published.whole(self.version.tag, self.commit, images)
                past = replace(past, about=replace(past.about, whole=whole))
                rules.remove("already-published")
            if "deleted-candidate" in rules and not refused and not past.about.repeats:
                names, prefix = published.tags(), self.policy.prefix
                past = replace(past, published=(*known(names, prefix), *read_misspelt_candidates(names, prefix)))
                rules.remove("deleted-candidate")
        except RemoteError as error:
            raise with_way_out(error) from None
        self._not_asked("refused already", *rules)
        if past.about.repeats:
            self._not_asked(REPEATED, *self.policy.levels)
            self.log.info(f"The images under {self.version.tag} were built from this commit: the run is one repeated.")
        return past

    def _published(self) -> Published:
        from release_actions.images.registry_access import Login, connect_to
        from release_actions.tags.published import Published

        login, host = Login(self.registry_token, self.registry_user, self.login_host), self.policy.registry
        registry = connect_to(self._session(), host, login, self.context, self.log, for_github=self.token)
        return Published(registry, self.policy.packages)

    def _session(self) -> Http:
        """The one session for everything, made when the first thing is asked."""
        if self._http is None:
            from release_actions.http.client import Http

            self._http = self._closing.enter_context(Http(log=self.log.info, redactor=self.log.redactor))
        return self._http


def with_way_out(error: RemoteError) -> RemoteError:
    """The same error of the registry with what else a person can do about it."""
    way = "A job that may not read the packages can switch the rules already-published and deleted-candidate off."
    return RemoteError(
        error.problems[0].message,
        hint=f"{error.hint} {way}".strip(),
        method=error.method,
        path=error.path,
        status=error.status,
        request_id=error.request_id,
    )
