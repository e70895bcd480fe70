"""Sentences remember of what they are made, and everything that is refused is said by one.

What the source says is read here (ast), so that a refusal in English alone cannot come back.
"""

import ast
import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lcm_service.domain import errors
from lcm_service.domain.sentences import Coded, Sentence, counted, sentence
from lcm_service.web.words import VOCABULARIES

ROOT = Path(__file__).resolve().parents[2]
FAMILY = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.LcmError)
}
SENTENCES = "lcm_service.domain.sentences"
# How many arguments each takes that are no values.
MARKS = {"sentence": 1, "counted": 3}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# What only the type checker sees to be a sentence: `LcmError` takes nothing else.
KNOWN = {
    ("lcm_service/services/accounts.py", "faults[0]"),
    ("lcm_service/services/figures.py", "found.refusal"),
    ("lcm_service/web/dates.py", "refusal.message"),
}


def test_a_sentence_is_its_english_text_and_remembers_of_what_it_is_made() -> None:
    made = sentence("Round %(round)s closes on %(day)s.", round="R-1", day=date(2027, 3, 31))
    assert made == "Round R-1 closes on 2027-03-31."
    assert made.msgid == "Round %(round)s closes on %(day)s."
    assert made.values == {"round": "R-1", "day": date(2027, 3, 31)}
    assert json.dumps(made) == '"Round R-1 closes on 2027-03-31."'


def test_a_sentence_without_values_is_no_pattern() -> None:
    assert sentence("100 % of %(what)s") == "100 % of %(what)s"
    assert sentence("100 %% of %(what)s", what="it") == "100 % of it"


def test_a_value_is_a_sentence_a_list_a_code_or_a_moment_and_reads_as_english() -> None:
    pairs = [sentence("%(need)s in %(session)s", need=need, session="O-1-S1") for need in ("N-1", "N-2")]
    at = datetime(2027, 3, 31, 8, 30, 0, 5, tzinfo=UTC)
    made = sentence("%(pairs)s: %(state)s at %(at)s.", pairs=pairs, state=Coded("plan_state", "draft"), at=at)
    assert made == "N-1 in O-1-S1, N-2 in O-1-S1: draft at 2027-03-31T08:30:00+00:00."


@pytest.mark.parametrize(("number", "text"), [(0, "0 seats"), (1, "1 seat"), (2, "2 seats")])
def test_a_sentence_counts_in_english(number: int, text: str) -> None:
    made = counted("%(num)s seat of %(need)s", "%(num)s seats of %(need)s", number, need="N-1")
    assert made == f"{text} of N-1"
    assert (made.msgid, made.plural, made.number) == (
        "%(num)s seat of %(need)s",
        "%(num)s seats of %(need)s",
        number,
    )


def test_a_copied_sentence_remembers_the_same() -> None:
    made = sentence("There is no need %(reference)s.", reference="N-1")
    again = copy.deepcopy(made)
    assert (again, again.msgid, again.values) == (made, made.msgid, made.values)


# -- What the source says ------------------------------------------------------------------------------


@cache
def sources() -> dict[str, ast.Module]:
    files = sorted((ROOT / "lcm_service").rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in files}


@cache
def givers() -> frozenset[str]:
    """The functions of which the source says that they give a sentence."""
    return frozenset(
        node.name
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Name("")) == "Sentence"
    )


def calls_of(tree: ast.AST, names: set[str]) -> Iterator[Any]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def constant_of(path: str, node: ast.expr) -> object:
    """What a name written in capitals stands for in the module, also by the module that it is read from."""
    found: object = import_module(path.removesuffix(".py").replace("/", "."))
    for name in ast.unparse(node).split("."):
        found = getattr(found, name)
    return found


def says_a_sentence(path: str, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {*MARKS, *givers()}
    if (path, ast.unparse(node)) in KNOWN:
        return True
    if isinstance(node, ast.Subscript):
        found = constant_of(path, node.value)
        return isinstance(found, dict) and all(isinstance(one, Sentence) for one in found.values())
    if re.fullmatch(r"(\w+\.)?[A-Z_]+", ast.unparse(node)):
        return isinstance(constant_of(path, node), Sentence)
    return False


def lists_of_faults(tree: ast.AST) -> Iterator[ast.List]:
    """What is said of a field: where it is refused, and where a service gathers its ``faults``."""
    for call in calls_of(tree, FAMILY):
        beside = [*call.args[1:], *(one.value for one in call.keywords)]
        values = [value for one in beside if isinstance(one, ast.Dict) for value in one.values]
        yield from (one for one in values if isinstance(one, ast.List))
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.Assign)):
        if isinstance(node.value, ast.List) and ast.unparse(node.targets[0]).startswith("faults["):
            yield node.value


def mute_refusals(path: str, tree: ast.AST) -> Iterator[str]:
    """Refusals whose message, or one of whose faults, is no sentence."""
    for call in calls_of(tree, FAMILY):
        message = call.args[0] if call.args else next(k.value for k in call.keywords if k.arg == "message")
        if not says_a_sentence(path, message):
            yield f"{path}:{call.lineno}: {ast.unparse(message)}"
    for texts in lists_of_faults(tree):
        if any(isinstance(one, ast.JoinedStr | ast.Constant) for one in texts.elts):
            yield f"{path}:{texts.lineno}: {ast.unparse(texts)}"


def test_every_refusal_is_a_sentence() -> None:
    refusals = [call for tree in sources().values() for call in calls_of(tree, FAMILY)]
    assert len(refusals) > 250
    assert [line for path, tree in sources().items() for line in mute_refusals(path, tree)] == []


@pytest.mark.parametrize(
    ("code", "is_mute"),
    [
        ('Conflict(sentence("The round is closed."))', False),
        ('Conflict(no_such("need", reference))', False),
        ("NotValid(FAULTY, faults)", False),
        ('NotValid(FAULTY, {"code": [FAULTY]})', False),
        ('Conflict("The round is closed.")', True),
        ('Conflict(f"The round {code} is closed.")', True),
        ('Conflict(sentence("The round is closed.") + " Ask.")', True),
        ("Conflict(str(error))", True),
        ("Conflict(KINDS)", True),
        ('NotValid(FAULTY, {"code": ["Shorten it."]})', True),
        ('NotValid(FAULTY, faults={"code": [f"At most {most}."]})', True),
        ('faults["code"] = [FAULTY]', False),
        ('faults["code"] = ["Shorten it."]', True),
    ],
)
def test_a_refusal_in_english_alone_is_found(code: str, is_mute: bool) -> None:
    assert bool(list(mute_refusals("lcm_service/services/records.py", ast.parse(code)))) is is_mute


def marks_of(tree: ast.AST) -> set[str]:
    """By which names the file makes sentences."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    taken = {one.name for node in imports if node.module == SENTENCES for one in node.names}
    return taken & set(MARKS)


def holds_just(text: str, given: set[str | None]) -> bool:
    """Whether a text has a place for each value that it is given, and none for another, nor a bare %."""
    if set(PLACEHOLDER.findall(text)) != given:
        return False
    return not given or "%" not in PLACEHOLDER.sub("", text).replace("%%", "")


def unlike_values(tree: ast.AST, marks: set[str]) -> Iterator[str]:
    """Sentences that leave a placeholder without its value, hold a value nowhere, or are no plain text."""
    for call in calls_of(tree, marks):
        is_counted = call.func.id == "counted"
        given = {one.arg for one in call.keywords} | ({"num"} if is_counted else set())
        for text in call.args[: 2 if is_counted else 1]:
            is_text = isinstance(text, ast.Constant) and isinstance(text.value, str)
            if not is_text or not holds_just(text.value, given):
                yield ast.unparse(call)
        if len(call.args) != MARKS[call.func.id]:
            yield ast.unparse(call)


def test_every_sentence_is_given_the_values_that_it_holds() -> None:
    assert [line for tree in sources().values() for line in unlike_values(tree, marks_of(tree))] == []


@pytest.mark.parametrize(
    ("code", "is_unlike"),
    [
        ('sentence("Round %(round)s.", round=code)', False),
        ('counted("%(num)s seat.", "%(num)s seats.", number)', False),
        ('sentence("Round %(round)s.")', True),
        ('sentence("100 %% of %(round)s.", round=code)', False),
        ('sentence("100 % of %(round)s.", round=code)', True),
        ('sentence("Round.", round=code)', True),
        ('sentence("Round %(code)s.", round=code)', True),
        ("sentence(text)", True),
        ('counted("A seat.", "%(num)s seats.", number)', True),
        ('counted("%(num)s seat.", "%(num)s seats.")', True),
    ],
)
def test_a_sentence_without_a_value_is_found(code: str, is_unlike: bool) -> None:
    assert bool(list(unlike_values(ast.parse(code), set(MARKS)))) is is_unlike


def test_every_code_in_a_sentence_is_of_a_vocabulary_that_pages_can_show() -> None:
    named = [call.args[0] for tree in sources().values() for call in calls_of(tree, {"Coded"})]
    assert len(named) > 20
    vocabularies = {one.value for one in named if isinstance(one, ast.Constant)}
    assert len(vocabularies) > 5
    assert all(isinstance(one, ast.Constant) for one in named)
    assert vocabularies - set(VOCABULARIES) == {"field", "limit", "participant"}
