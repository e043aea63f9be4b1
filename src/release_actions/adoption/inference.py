"""From what is published today to what `release.yaml` has to say so that the same is published. Pure.

Reads references, not the rules that made them: what comes out is the same whether an action, a literal or a script's
variable said it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from release_actions.adoption.events import SHA, Event, Occasion
from release_actions.adoption.publications import BuildRecipe, Publication, Today, merge_recipes
from release_actions.adoption.templates import SHORT, Form, make_argument, make_dev_template, make_float, read_exact
from release_actions.config.channel_tags import BRANCH, EVERY, PULL, SCHEDULE, TRUNK

RELEASES = (Occasion.FINAL, Occasion.CANDIDATE)
DEV = {Occasion.TRUNK: TRUNK, Occasion.BRANCH: BRANCH, Occasion.PULL: PULL, Occasion.NIGHT: SCHEDULE}
BY_HAND = "by-hand"
OCCASIONS = {**DEV, Occasion.BY_HAND: BY_HAND}
HOME = "ghcr.io"


@dataclass(frozen=True)
class BuildKey:
    """What tells one build from another, whatever the event."""

    context: str
    file: str
    target: str
    arguments: tuple[tuple[str, str], ...]


@dataclass
class FlavourPlan:
    """One way to tag one build: its form and floating tags."""

    form: Form
    build: BuildKey
    recipe: BuildRecipe
    floats: list[str] = field(default_factory=list)


@dataclass
class ImagePlan:
    """An image: the packages that it is published as, by channel, and its flavours."""

    names: tuple[str, ...]
    flavours: list[FlavourPlan] = field(default_factory=list)
    channels: dict[str, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The last part of its first name."""
        return self.names[0].rpartition("/")[2]


@dataclass
class AdoptionPlan:
    """What the file says. `by_hand`: build arguments whose values a person has to write, by image."""

    images: list[ImagePlan] = field(default_factory=list)
    keeps_prefix: bool = True
    prefix: str = "v"
    occasions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def has_pull_channel(self) -> bool:
        """Whether pull requests are published to packages of their own, which releases and other builds have not."""
        pulls = {name for image in self.images for name in image.channels["pull-request"]}
        others = {name for image in self.images for each in ("release", "dev") for name in image.channels[each]}
        return bool(pulls) and not pulls & others

    by_hand: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Observed:
    """What was published as one name: build -> event -> tags."""

    name: str
    tags: Mapping[BuildKey, Mapping[Event, tuple[str, ...]]]
    recipes: Mapping[BuildKey, BuildRecipe]

    def of(self, *occasions: Occasion) -> set[str]:
        """The tags of some kinds of events."""
        events = (each for tags in self.tags.values() for each in tags.items())
        return {tag for event, tags in events if event.occasion in occasions for tag in tags}


def plan_adoption(today: Today, happening: Iterable[Event], prefix: str, now: datetime) -> AdoptionPlan:
    """The plan for what is published today. `happening`: every event that starts a workflow that publishes."""
    plan = AdoptionPlan(prefix=prefix)
    observed = observe(today, plan)
    groups: dict[tuple[object, ...], list[Observed]] = defaultdict(list)
    for each in observed:
        groups[frozenset(each.tags), tuple(sorted(each.of(Occasion.FINAL)))].append(each)
    for group in groups.values():
        home_first = sorted(group, key=lambda each: (not each.name.startswith(HOME), each.name))
        plan.images.append(plan_image(home_first, plan))
    plan.images = [image for image in plan.images if image.flavours]
    plan.occasions = plan_occasions(observed, plan, set(happening), now)
    return plan


def observe(today: Today, plan: AdoptionPlan) -> list[Observed]:
    """What is published, by name and build."""
    tags: dict[str, dict[BuildKey, dict[Event, list[str]]]] = {}
    recipes: dict[BuildKey, list[BuildRecipe]] = defaultdict(list)
    for event, published in today.publications.items():
        for each in published:
            key = make_key(each, event, plan)
            recipes[key].append(each.recipe)
            tags.setdefault(each.name, {}).setdefault(key, {}).setdefault(event, []).append(each.tag)
    merged = {key: merge_recipes(all_of) for key, all_of in recipes.items()}
    return [
        Observed(name, {key: {event: tuple(own) for event, own in of.items()} for key, of in by_key.items()}, merged)
        for name, by_key in tags.items()
    ]


def make_key(publication: Publication, event: Event, plan: AdoptionPlan) -> BuildKey:
    """What the build of a publication is, with its arguments as templates. Those that cannot be said are left out."""
    recipe = publication.recipe
    arguments = []
    for name, value in recipe.arguments:
        template = make_argument(value, event)
        if template is None or "\u27e6" in value:
            names = plan.by_hand.setdefault(publication.name, [])
            names += [name] if name not in names else []
        else:
            arguments.append((name, template))
    return BuildKey(recipe.context, recipe.file, recipe.target, tuple(arguments))


def plan_image(group: list[Observed], plan: AdoptionPlan) -> ImagePlan:
    """One image from the names that it is published as."""
    image = ImagePlan(tuple(each.name for each in group))
    first = group[0]
    released = bool(first.of(Occasion.FINAL))
    for key, by_event in first.tags.items():
        final = next((event for event in by_event if event.occasion is Occasion.FINAL), None)
        tags = by_event[final] if final else ()
        read = {tag: read_exact(tag, final.tag, plan.prefix) for tag in tags} if final else {}
        exact = [each for each in read.values() if each]
        forms = list(dict.fromkeys(each.form for each in exact)) or ([] if released else [Form()])
        plan.keeps_prefix = exact[0].keeps_prefix if exact else plan.keeps_prefix
        flavours = [FlavourPlan(form, key, first.recipes[key]) for form in sorted(forms, key=lambda form: form.key)]
        for tag in (tag for tag, each in read.items() if each is None and final):
            owner = choose_owner(tag, flavours)
            # A release has its exact tag, and its labels say the commit.
            if owner and final and SHA[:SHORT] not in tag:
                owner.floats.append(make_float(tag, final.tag, plan.prefix))
        image.flavours += flavours
    drop_repeated(image)
    for channel, occasions in CHANNELS.items():
        image.channels[channel] = [each.name for each in group if each.of(*occasions)]
    return image


CHANNELS = {
    "release": RELEASES,
    "dev": (Occasion.TRUNK, Occasion.BRANCH, Occasion.NIGHT, Occasion.BY_HAND),
    "pull-request": (Occasion.PULL,),
}


def choose_owner(tag: str, flavours: list[FlavourPlan]) -> FlavourPlan | None:
    """The flavour that a floating tag belongs to: the one whose form it has most of."""
    fitting = [each for each in flavours if each.form.strip(tag) is not None]
    fitting.sort(key=lambda each: -len(each.form.before + each.form.behind))
    return next(iter(fitting or flavours), None)


def drop_repeated(image: ImagePlan) -> None:
    """One form is one flavour, and one floating tag is one flavour's: that of the plain one where several had it."""
    unique: dict[Form, FlavourPlan] = {}
    for each in image.flavours:
        unique.setdefault(each.form, each).floats += each.floats
    image.flavours = sorted(unique.values(), key=lambda each: (not each.form.is_plain, each.form.key))
    seen: set[str] = set()
    for each in image.flavours:
        each.floats = [text for text in dict.fromkeys(each.floats) if text not in seen]
        seen |= set(each.floats)


def plan_occasions(
    observed: list[Observed], plan: AdoptionPlan, happening: set[Event], now: datetime
) -> dict[str, list[str]]:
    """The tags of builds that are no release, by occasion, so that each that happens gives its own and no more."""
    floats = {text for image in plan.images for each in image.flavours for text in each.floats}
    forms = sorted(
        {each.form for image in plan.images for each in image.flavours},
        key=lambda form: -len(form.before + form.behind),
    )
    seen: dict[str, set[str]] = {OCCASIONS[event.occasion]: set() for event in happening if event.occasion in OCCASIONS}
    for each in observed:
        for by_event in each.tags.values():
            for event, tags in by_event.items():
                if event.occasion in OCCASIONS:
                    templates = (make_dev_template(strip_form(tag, forms), event, now) for tag in tags)
                    seen.setdefault(OCCASIONS[event.occasion], set()).update(
                        text for text in templates if text and text not in floats
                    )
    return settle_occasions(seen)


def strip_form(tag: str, forms: Iterable[Form]) -> str:
    """A tag without what a flavour puts around it."""
    inner = (form.strip(tag) for form in forms if not form.is_plain)
    return next((text for text in inner if text is not None), tag)


def settle_occasions(seen: dict[str, set[str]]) -> dict[str, list[str]]:
    """Occasion -> templates. A build has those of every occasion that it is, so each template is said once."""
    by_hand = seen.pop(BY_HAND, set())
    if TRUNK not in seen:
        # What is built by hand stands for the default branch where no push builds it. A night has the tags of the
        # default branch as well, and never those of a branch.
        nights = seen.get(SCHEDULE, by_hand)
        seen = {**seen, TRUNK: by_hand, BRANCH: seen.get(BRANCH, by_hand - nights)}
    every = set.intersection(*seen.values()) if len(seen) > 1 else set()
    every = {text for text in every if not re.search(r"\{(?:branch|number)\}", text)}
    branch = seen.get(BRANCH, {text for text in seen.get(TRUNK, set()) if "{" in text})
    trunk = seen.get(TRUNK, set()) - branch
    settled = {
        EVERY: every,
        BRANCH: (branch & seen.get(TRUNK, branch)) - every,
        TRUNK: trunk - every,
        PULL: seen.get(PULL, set()) - every,
        SCHEDULE: seen.get(SCHEDULE, set()) - every - trunk,
    }
    return {occasion: sorted(texts) for occasion, texts in settled.items() if texts}
