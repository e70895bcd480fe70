"""Sharing supports: every demand is met exactly wherever a largest flow says that all can be."""

from collections import Counter
from collections.abc import Hashable
from random import Random

from optimizer.model.supply import Demand, Sharing, share_supports
from optimizer.problem import Support
from optimizer.rules.facts import Facts
from optimizer.rules.fitting import SetOfSupports
from tests.optimizer.builders import need, problem, requirement, session, support
from tests.optimizer.flow import find_largest_flow


def random_sharing(rng: Random) -> tuple[list[Support], list[Demand], dict[str, int]]:
    """Return a few supports and tight demands on them; some sessions have several, some units are taken."""
    supports = [
        support(f"R-{n}", "interpretation", quantity=rng.choice((None, 2, 4, 5, 6, 8)), per_session=most)
        for n, most in enumerate(rng.choices((None, None, 1, 2, 3), k=rng.randint(3, 8)))
    ]
    demands: list[Demand] = []
    for number in range(rng.randint(2, 8)):
        for language in rng.sample((None, "fr", "es", "ar"), rng.choice((1, 1, 2, 3))):
            givers = 1 << rng.randrange(len(supports)) | 1 << rng.randrange(len(supports))
            units = rng.randint(1, 4) if language is None else 1
            demands.append(Demand(f"S-{number}", language, units, givers & giving(supports)))
    taken = {one.id: rng.randint(0, one.quantity or 0) for one in supports if rng.random() < 0.2}
    return supports, demands, taken


def giving(supports: list[Support]) -> SetOfSupports:
    return sum(1 << place for place, one in enumerate(supports) if one.quantity)


def most_units(supports: list[Support], demands: list[Demand], taken: dict[str, int]) -> int:
    arcs: dict[tuple[Hashable, Hashable], int] = {}
    for place, one in enumerate(supports):
        arcs["source", one.id] = (one.quantity or 0) - taken.get(one.id, 0)
        for demand in demands:
            if demand.givers >> place & 1:
                hub = (one.id, demand.session)
                arcs[one.id, hub] = one.per_session if one.per_session is not None else one.quantity or 0
                arcs[hub, demand] = demand.units
    arcs |= {(demand, "sink"): demand.units for demand in demands}
    return find_largest_flow(arcs, "source", "sink")


def test_demands_are_met_wherever_a_largest_flow_meets_them_all(size):
    outcomes: Counter[tuple[bool, bool]] = Counter()
    for seed in range(12_000 if size == "full" else 3_000):
        supports, demands, taken = random_sharing(Random(seed))
        sharing = Sharing(supports, demands, taken)
        is_met = sharing.meet_all()
        wanted = sum(demand.units for demand in demands)
        assert is_met == (most_units(supports, demands, taken) == wanted), f"seed {seed}"
        if is_met:
            check_uses(supports, demands, taken, sharing.uses())
        outcomes[is_met, takes_a_chain(supports, demands, taken)] += 1
    # Many were met only by passing units on, others at once, and others cannot be met.
    assert outcomes[True, True] > 50
    assert outcomes[True, False] > 50
    assert outcomes[False, True] > 50


def check_uses(supports, demands, taken, uses) -> None:
    places = {one.id: place for place, one in enumerate(supports)}
    by_purpose = {(demand.session, demand.language): demand for demand in demands}
    met, given, in_session = Counter(), Counter(taken), Counter()
    for (support_id, session_id, language), units in uses.items():
        assert units > 0
        assert by_purpose[session_id, language].givers >> places[support_id] & 1
        met[session_id, language] += units
        given[support_id] += units
        in_session[support_id, session_id] += units
    assert met == {purpose: demand.units for purpose, demand in by_purpose.items()}
    for one in supports:
        assert given[one.id] <= (one.quantity or 0)
    for (support_id, _), units in in_session.items():
        most = supports[places[support_id]].per_session
        assert most is None or units <= most


def takes_a_chain(supports, demands, taken) -> bool:
    """Whether first come, first served leaves a demand short."""

    class WithoutChains(Sharing):
        def _find_chain(self, start):
            return None

    return not WithoutChains(supports, demands, taken).meet_all()


def test_a_session_that_may_take_no_more_from_a_support_has_its_own_demands_pass_units_on():
    # R-1 gives the session one unit, which goes to what it requires first; French can only be had from R-1.
    fluent = support("R-1", "interpretation", quantity=5, per_session=1, languages={"fr", "en"})
    other = support("R-2", "interpretation", quantity=5, languages={"es", "en"})
    one = session(languages={"en"}, requires=(requirement("interpretation", 1),))
    facts = Facts(problem([need(languages=("fr",))], [one], supports=[fluent, other]))
    uses = share_supports(facts, {("N-1", "S-1"): 5}, {("N-1", "S-1"): "fr"})
    assert uses == {("R-1", "S-1", "fr"): 1, ("R-2", "S-1", None): 1}


def test_units_that_stay_elsewhere_are_not_there_to_be_shared():
    round_ = problem(
        [need()],
        [session("S-1", requires=(requirement("venue", 1),)), session("S-2")],
        supports=[support("R-1", quantity=2)],
    )
    facts, seats = Facts(round_), {("N-1", "S-1"): 5}
    assert share_supports(facts, seats, {}, {("R-1", "S-2", None): 1}) == {("R-1", "S-1", None): 1}
    assert share_supports(facts, seats, {}, {("R-1", "S-2", None): 2}) is None
