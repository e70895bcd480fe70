"""All that one reader is answered, so that what it reads in two worlds can be compared byte by byte."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from tests.walk.asking import READS, Walk, may, plain
from tests.walk.walking import SHOWING, chosen

type Reading = dict[tuple[str, str], Any]
# What happens in secret to a match that is known raises its version, and every version in between has gaps
# (docs/decisions.md, 29): that something happened can be guessed, and not what.
VERSIONS = (
    (r'"version": ?\d+', "VERSION"),
    (r'name="version" value="\d+"', "VERSION"),
)
# The page of a plan tells coordinators who took it out as a file, the walk's own reading among them.
TELLS_OF_READING = "plans.show"


def read_all(walk: Walk, role: str) -> Reading:
    """Every page, call and export that the reader may read, and one of each that it may not."""
    read: Reading = {}
    for rule, method in walk.rules(READS):
        if rule.endpoint == TELLS_OF_READING:
            continue
        cases = walk.cases_of(rule)
        open_ = [case for case in cases if may(role, rule, case)]
        refused = [case for case in cases if not may(role, rule, case)]
        shown = open_ if rule.endpoint.endswith(SHOWING) else chosen(open_, rule, role)
        for case in (*shown, *chosen(refused, rule, role)[:1]):
            status, text, headers = plain(walk.ask(role, rule, method, case), case)
            for found, put in VERSIONS:
                text = re.sub(found, put, text)
            read[rule.endpoint, case.name if case else ""] = (status, text, headers)
    return read


def differences(before: Reading, after: Reading) -> list[str]:
    """What reads otherwise, with the first lines that do."""
    found = []
    for what in before.keys() | after.keys():
        if before.get(what) != after.get(what):
            lines = difflib.unified_diff(_lines(before.get(what)), _lines(after.get(what)), lineterm="", n=0)
            found.append(f"{what}: " + "\n  ".join(list(lines)[2:14]))
    return sorted(found)


def _lines(answer: Any) -> list[str]:
    return [] if answer is None else [str(answer[0]), *answer[1].splitlines(), *map(str, answer[2])]


def added_lines(before: Reading, after: Reading) -> Mapping[tuple[str, str], str]:
    """What each answer says that it did not say before."""
    found = {}
    for what, answer in after.items():
        known = set(_lines(before.get(what)))
        found[what] = "\n".join(line for line in _lines(answer) if line not in known)
    return found
