"""Where a tag that is about to be released exists already: in git, as a release, or as a tag of a released package.

Reads the same places as the judgement of a tag. A place that cannot be read is an error, never an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator

from release_actions.components.upstream import Upstream
from release_actions.config import Package
from release_actions.errors import ActionError
from release_actions.versions.grammar import image_tag_of


def find_uses(
    upstream: Upstream, repository: str, tag: str, packages: tuple[Package, ...], prefix: str = "v"
) -> Iterator[str]:
    """Each place that has the tag, as the beginning of a sentence. Raises `RemoteError` for one that cannot be read.

    `prefix` is the project's, which says what tags of images look like.
    """
    if repository and upstream.has_git_tag(repository, tag):
        yield f"{repository} has the git tag {tag}"
    if repository and any(release.tag == tag for release in upstream.releases(repository)):
        yield f"{repository} has a release {tag}"
    # The images of a project or a variant may have a tag of another form than git.
    image_tags = [image_tag_of(tag, package.scheme or prefix) for package in packages]
    answers = [
        _ask(upstream, package.reference, image_tag) for package, image_tag in zip(packages, image_tags, strict=True)
    ]
    unknown = [problem for answer in answers if isinstance(answer, ActionError) for problem in answer.problems]
    if unknown:
        raise ActionError(problems=unknown)
    for package, image_tag, has_tag in zip(packages, image_tags, answers, strict=True):
        if has_tag:
            yield f"{package.reference} has the tag {image_tag}"


def _ask(upstream: Upstream, reference: str, tag: str) -> bool | ActionError:
    """Whether a package has a tag, or why that could not be found out: the others are asked all the same."""
    try:
        return upstream.has_image(reference, tag)
    except ActionError as error:
        return error
