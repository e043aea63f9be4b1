"""Rules about where a tag comes from: its push, its commit and branch, its object, and what was published under it.

Each judges by `Evidence`, and only by what is known of it: whoever wants a rule kept has to read what it needs first.
None of them reads anything.
"""

from __future__ import annotations

from release_actions.versions.history.model import History, Level, Objection, Rule, Source
from release_actions.versions.history.neighbours import find_following
from release_actions.versions.version import Version

COMMIT_DIGITS = 12
"""Digits of a commit that a sentence repeats."""

NAMES_SHOWN = 3
"""Names that a sentence lists before it counts the rest."""


def _already_released(version: Version, history: History) -> Objection | None:
    """The tag exists already.

    A tag means one commit for ever: whoever built, tested or signed it relies on that.
    """
    about = history.about
    if all(other.tag != version.tag for other in history.tags) or (about.pushed and about.commit and about.names):
        return None
    where = f", on commit {about.names[:COMMIT_DIGITS]}" if about.names and about.names != about.commit else ""
    return _published(f"{version.tag} exists already{where}.", version, history)


def _moved_tag(version: Version, history: History) -> Objection | None:
    """The tag was put on another commit: its push replaced one, or it was moved or deleted since.

    A tag that was deleted and pushed again is a new one to GitHub, whose event then says so. `already-published` finds
    that.
    """
    about = history.about
    if about.push and about.push.deleted:
        message = f"{version.tag} was deleted since its push: GitHub has no such tag any more."
        return Objection(message, "Push it again if you want to release it. If not, there is nothing to do.")
    if about.push and (about.push.forced or not about.push.created):
        before = f" from {about.push.before[:COMMIT_DIGITS]}" if about.push.before else ""
        here = f" to {about.commit[:COMMIT_DIGITS]}" if about.commit else ""
        return _moved(f"{version.tag} existed before, and this push moved it{before}{here}.", version, history)
    if about.pushed and about.commit and about.names and about.names != about.commit:
        message = (
            f"{version.tag} was moved since its push: it now names {about.names[:COMMIT_DIGITS]}, but this run is "
            f"for {about.commit[:COMMIT_DIGITS]}."
        )
        return _moved(message, version, history)
    return None


def _moved(message: str, version: Version, history: History) -> Objection:
    """What to do about a tag that names another commit now."""
    hint, otherwise = "Put it back where it was, and push {offer}.", "Put it back where it was."
    return Objection(message, hint, find_following(version, history), otherwise, tag_stays=True)


def _already_published(version: Version, history: History) -> Objection | None:
    """A released package has an image under the exact tag that was built from another commit.

    Its label org.opencontainers.image.revision says from which. The same commit means a repeated run: then no other
    rule applies. This finds a tag that was deleted in git and made again.
    """
    about = history.about
    others = {name: built for name, built in about.images.items() if not about.commit or built != about.commit}
    if not others:
        return None
    name, built = next(iter(others.items()))
    rest = len(others) - 1
    more = f" (and so {'is' if rest == 1 else 'are'} {rest} more)" if rest else ""
    if not built:
        message = f"{name}:{version.tag} is already published{more}, and its image does not name its commit."
        return _published(message, version, history)
    here = f", and this is {about.commit[:COMMIT_DIGITS]}" if about.commit else ""
    message = f"{name}:{version.tag} is already published{more}, built from {built[:COMMIT_DIGITS]}{here}."
    return _published(message, version, history)


def _release_exists(version: Version, history: History) -> Objection | None:
    """A GitHub release of the tag was published before the tag was pushed.

    Then the tag was deleted and made again, while the release and what people downloaded from it stayed. A release that
    makes its own tag is not meant, nor is a draft that was never published. While this rule is on, releases whose git
    tag is gone count for all others too; if it is off, git alone decides.
    """
    about = history.about
    if not about.released or (not about.pushed and any(other.tag == version.tag for other in history.tags)):
        return None  # a tag that is there has its release: already-released says so
    message = f"{version.tag} has a GitHub release already, published on {about.released[:10]}, before this tag."
    return _published(message, version, history)


def _release_branch(version: Version, history: History) -> Objection | None:
    """The branch that the version requires does not exist, or the tag's commit is not on it.

    `versions.release-branch` and `versions.prerelease-branch` of `release.yaml` name the branches; without them this
    rule says nothing. The whole name counts, and GitHub is asked: what a push event says about branches is a guess.
    """
    branch, commit = history.about.branch, history.about.commit
    if branch is None:
        return None
    if not branch.tip:
        near = f" There is {_list_names(branch.near)}." if branch.near else ""
        also = f" or {' or '.join(branch.others)}, none of which exists" if branch.others else ", which does not exist"
        message = f"{version.tag} has to be on the branch {branch.name}{also}.{near}"
        name = branch.name.replace("{newest}", str(version.patch))
        return Objection(message, f"Make {name} with cut-branch or by hand, then push the tag.")
    if branch.holds is False:
        message = f"{version.tag} is on commit {commit[:COMMIT_DIGITS]}, which is not on the branch {branch.name}."
        return Objection(message, f"Merge the commit into {branch.name}, or tag one that is on it.")
    return None


def _annotated_tag(version: Version, history: History) -> Objection | None:
    """The tag is lightweight.

    An annotated tag says who made it, when and why; a lightweight one is only a name. Off unless a project asks for it.
    """
    tag = history.about.tag_object
    if tag is None or tag.annotated:
        return None
    message = f"{version.tag} is a lightweight tag, and release tags here are annotated."
    return Objection(message, "Push the next version's tag, made with git tag --annotate.")


def _signed_tag(version: Version, history: History) -> Objection | None:
    """The tag has no signature that GitHub has verified.

    Asks for a key that the person who made the tag has registered with GitHub. Off unless a project asks for it.
    """
    tag = history.about.tag_object
    if tag is None or tag.verified:
        return None
    why = f" ({tag.why})" if tag.annotated and tag.why else ""
    message = f"{version.tag} has no signature that GitHub has verified{why}, and release tags here are signed."
    return Objection(message, "Push the next version's tag, made with git tag --sign by a key that GitHub knows.")


def _unpushed_tags(version: Version, history: History) -> Objection | None:
    """The checkout has more tags that GitHub does not have: git push --tags would push them all.

    More than three tags in one push start no workflow at all, and no run can report it afterwards. Fewer release what
    was not meant to be released any more. So this is reported before the push, where `mode: check` reads the checkout.
    """
    others = tuple(tag for tag in history.about.unpushed if tag != version.tag)
    if not others:
        return None
    count = f"{len(others)} other tags" if len(others) > 1 else "1 other tag"
    silent = (
        " If one push contains more than three tags, GitHub starts no workflow." if len(others) >= NAMES_SHOWN else ""
    )
    message = f"The checkout has {count} that GitHub does not have: {_list_names(others)}."
    return Objection(message + silent, f"Push only this tag: git push origin refs/tags/{version.tag}.")


def _published(message: str, version: Version, history: History) -> Objection:
    """What to do about a tag that is in use."""
    rule = "A published version never changes."
    return Objection(message, f"{rule} Push {{offer}}.", find_following(version, history), rule, tag_stays=True)


def _list_names(names: tuple[str, ...]) -> str:
    """The first names, and how many more there are. Names of refs come from outside: on one line, in ASCII."""
    shown = [ascii(name)[1:-1][:80] for name in names[:NAMES_SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else "")


RULES = (
    Rule("already-released", Level.ERROR, _already_released, whole=True),
    Rule("already-published", Level.ERROR, _already_published, Source.IMAGES),
    Rule("release-exists", Level.ERROR, _release_exists, Source.RELEASES, whole=True),
    Rule("moved-tag", Level.ERROR, _moved_tag, Source.EVENT),
    Rule("release-branch", Level.ERROR, _release_branch, Source.BRANCH),
    Rule("annotated-tag", Level.OFF, _annotated_tag, Source.TAG_OBJECT),
    Rule("signed-tag", Level.OFF, _signed_tag, Source.TAG_OBJECT),
    Rule("unpushed-tags", Level.WARN, _unpushed_tags, Source.CHECKOUT),
)
"""Every rule of this module with its default level, in the order they are documented."""
