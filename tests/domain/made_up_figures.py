"""Made-up records for the tests of what may be told of them: a tree of subjects as the resolution has it, the
regions of States, languages and months.
"""

from random import Random

from lcm_service.domain.disclosure import Entry, Measure, Path

# Group -> its leaves. Everybody knows them, whoever tries to work out what is not told too.
TREE = {
    "4": ("FP", "CONVOY", "CAMP-SEC"),
    "5": ("PKI", "UAS"),
    "9": ("FMA", "CASEVAC", "10-1-2", "MED"),
    "10": ("C-IED", "EOD", "FIRST-AID"),
    "11": ("PERF",),
    "none": ("LOG", "ENG", "LANG", "none"),
}
LEAVES: list[Path] = [(group, leaf) for group, leaves in TREE.items() for leaf in leaves]
REGION_OF = {f"X{letter}": region for letter, region in zip("ABCDEFGHIJ", "AAAABBBCCN", strict=True)}
STATES = tuple(REGION_OF)
REGIONS = ("A", "B", "C", "N")
LANGUAGES = ("en", "fr", "ar", "none")
MONTHS = ("2027-03", "2027-04", "2027-05")
DIMENSIONS = ("area", "region", "language", "month")
MEASURE = Measure("needs", DIMENSIONS, amounts=("seats",), splits=(("placed", "open"),))
LEAVES_OF: dict[str, list[Path]] = {
    "area": LEAVES,
    "region": [(one,) for one in REGIONS],
    "language": [(one,) for one in LANGUAGES],
    "month": [(one,) for one in MONTHS],
}


def entry(state, leaf="C-IED", seats=20, placed=0, language="en", month="2027-03"):
    """One need; the group of its leaf and the region of its State are known."""
    group = next(group for group, leaves in TREE.items() if leaf in leaves)
    paths = {
        "area": (group, leaf),
        "region": (REGION_OF[state],),
        "language": (language,),
        "month": (month,),
    }
    return Entry(state, paths, {"seats": seats, "placed": placed, "open": seats - placed})


def draw_entries(seed, most=60):
    """Records spread unevenly, as they are: few States ask for much, few subjects are asked for often."""
    random = Random(seed)
    crowded = random.sample(LEAVES, 5)
    entries = []
    for _ in range(random.randint(0, most)):
        _, leaf = random.choice(crowded if random.random() < 0.6 else LEAVES)
        seats = random.choice((4, 10, 20, 20, 30, 200))
        entries.append(
            entry(
                STATES[min(int(random.expovariate(0.3)), len(STATES) - 1)],
                leaf,
                seats,
                random.choice((0, seats, seats // 2)),
                random.choice(("en", "en", "fr", "fr", *LANGUAGES)),
                random.choice(MONTHS),
            )
        )
    return entries
