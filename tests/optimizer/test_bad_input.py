"""Whatever a problem file holds, the answer is a line that names the place, and nothing is harmed."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.optimizer.run_command import run
from tests.optimizer.sample_files import change, whole_problem

NOISE_BYTES = 50_000_000
A_SURROGATE = "\ud800"


def refuse(folder: Path, content: bytes, place: str) -> None:
    """Both commands refuse the file with a line that begins with the place, and touch no older plan."""
    problem, plan = folder / "problem.json", folder / "plan.json"
    problem.write_bytes(content)
    plan.write_text("an older plan")
    for command in (("check", str(problem)), ("solve", str(problem), "-o", str(plan))):
        answer = run(*command)
        assert answer.status == 2
        assert answer.out == ""
        shown = [fault.replace(str(problem), "FILE") for fault in answer.faults]
        assert any(fault.startswith(place) for fault in shown), shown
    assert plan.read_text() == "an older plan"
    assert sorted(os.listdir(folder)) == ["plan.json", "problem.json"]


# -- files that are no JSON document --

WHOLE = json.dumps(whole_problem())
ROUND = WHOLE.encode()


def nested(levels: int) -> bytes:
    """A problem whose policy hides a list in a list in a list."""
    return WHOLE[:-1].encode() + b', "x": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def with_text(old: str, new: str) -> bytes:
    """The whole problem with one piece of its text replaced."""
    assert old in WHOLE
    return WHOLE.replace(old, new, 1).encode()


BROKEN_TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "FILE: is empty"),
    "white space": (b" \n\t ", "FILE: is empty"),
    "UTF-8 with a byte order mark": (b"\xef\xbb\xbf" + ROUND, "FILE: begins with a byte order mark"),
    "UTF-16": (WHOLE.encode("utf-16"), "FILE: is not UTF-8 but seems to be UTF-16"),
    "UTF-16, the other way round": (b"\xfe\xff" + WHOLE.encode("utf-16-be"), "FILE: is not UTF-8"),
    "UTF-16 without a mark": (WHOLE.encode("utf-16-le"), "FILE, line 1, column 2: is not JSON"),
    "UTF-32": (WHOLE.encode("utf-32"), "FILE: is not UTF-8"),
    "Latin-1": ('{"format": "Côte d\'Ivoire"}'.encode("latin-1"), "FILE, byte 13: is not UTF-8"),
    "a broken UTF-8 sequence at the end": (ROUND + b"\xe2\x82", f"FILE, byte {len(ROUND)}: is not UTF-8"),
    "an overlong UTF-8 sequence": (b'{"a": "\xc0\xaf"}', "FILE, byte 7: is not UTF-8"),
    "a surrogate written in UTF-8": (b'{"a": "\xed\xa0\x80"}', "FILE, byte 7: is not UTF-8"),
    "cut in half": (ROUND[: len(ROUND) // 2], "FILE, line 1, column "),
    "cut before its last bracket": (ROUND[:-1], "FILE, line 1, column "),
    "cut after its first bracket": (b"{", "FILE, line 1, column 2: is not JSON"),
    "one bracket too many": (ROUND + b"}", "FILE, line 1, column "),
    "two documents": (ROUND + b"\n" + ROUND, "FILE, line 2, column 1: is not JSON"),
    "a comma too many": (with_text('"seats": 60,', '"seats": 60,,'), "FILE, line 1, column "),
    "a comma at the end": (b'{\n"needs": [],\n}', "FILE, line 2, column 12: is not JSON"),
    "a comma missing": (b'{\n"a": 1\n"b": 2}', "FILE, line 3, column 1: is not JSON"),
    "single quotes": (b"{'format': 'lcm-problem/1'}", "FILE, line 1, column 2: is not JSON"),
    "keys without quotes": (b'{format: "lcm-problem/1"}', "FILE, line 1, column 2: is not JSON"),
    "a comment": (b"{} // a round", "FILE, line 1, column 4: is not JSON"),
    "an octal number": (with_text('"seats": 60', '"seats": 060'), "FILE, line 1, column "),
    "a hexadecimal number": (with_text('"seats": 60', '"seats": 0x60'), "FILE, line 1, column "),
    "a plus sign": (with_text('"seats": 60', '"seats": +60'), "FILE, line 1, column "),
    "Python's words": (with_text('"whole": true', '"whole": True'), "FILE, line 1, column "),
    "a text that never ends": (b'{"format": "lcm-problem/1', "FILE, line 1, column 12: is not JSON"),
    "an escape that is none": (b'{"a": "\\x41"}', "FILE, line 1, column "),
    "a line break inside a text": (b'{"a": "one\ntwo"}', "FILE, line 1, column "),
    "a NUL": (ROUND[:50] + b"\x00" + ROUND[50:], "FILE, line 1, column "),
    "a web page": (b"<!DOCTYPE html>\n<html></html>", "FILE, line 1, column 1: is not JSON"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\xdf\xa4", "FILE"),
    "a compressed file": (b"\x1f\x8b\x08\x00" + ROUND[:20], "FILE, byte 1: is not UTF-8"),
    "comma-separated values": (b"id,seats\nN-1,60\n", "FILE, line 1, column 1: is not JSON"),
    "21 levels": (nested(21), "FILE, character "),
    "100,000 levels of lists": (
        b"[" * 100_000 + b"]" * 100_000,
        "FILE, character 21: is nested more than 20",
    ),
    "100,000 levels of objects": (
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "FILE, character 101: is nested",
    ),
    "100,000 levels that never close": (b"[" * 100_000, "FILE, character 21: is nested more than 20"),
}


@pytest.mark.parametrize("name", BROKEN_TEXTS)
def test_a_file_that_is_no_json_document_is_refused_with_the_place(tmp_path, name):
    content, place = BROKEN_TEXTS[name]
    refuse(tmp_path, content, place)


def test_brackets_inside_texts_are_no_nesting(tmp_path):
    text = "[" * 50 + '"{[\\'
    refuse(tmp_path, json.dumps({"format": text}).encode(), "format: must be")


def test_20_levels_are_read_and_21_are_not(tmp_path):
    refuse(tmp_path, nested(20), "x: is not a field of a problem")


NOISES: dict[str, tuple[Callable[[], bytes], str]] = {
    "bytes": (lambda: b"\x80" + random.Random(1).randbytes(NOISE_BYTES), "FILE, byte 0: is not UTF-8"),
    "letters and brackets": (
        lambda: (
            random.Random(2).randbytes(NOISE_BYTES).translate(b'abcdefgh [{]},:"0123456789\\\n' * 9 + b"abcd")
        ),
        "FILE",
    ),
    "one quotation mark and no second": (
        lambda: b'"' + b"x" * NOISE_BYTES,
        "FILE, line 1, column 1: is not JSON",
    ),
    "opening brackets": (lambda: b"[" * NOISE_BYTES, "FILE, character 21: is nested more than 20 levels"),
    "backslashes": (lambda: b'"' + b"\\" * NOISE_BYTES, "FILE, line 1, column 1: is not JSON"),
    "one number": (lambda: b'{"format": ' + b"7" * NOISE_BYTES + b"}", "format: must be"),
    "one id": (
        lambda: with_text('"id": "N-1"', '"id": "' + "N" * NOISE_BYTES + '"'),
        'scores[0].need: "N-1" is not declared in needs',
    ),
    "one key": (lambda: with_text('"women_only"', '"' + "k" * NOISE_BYTES + '"'), 'sessions[0]["kkk'),
    "zeroes": (lambda: bytes(NOISE_BYTES), "FILE, line 1, column 1: is not JSON"),
}


@pytest.mark.parametrize("name", NOISES)
def test_50_megabytes_of_noise_are_refused_with_the_place(tmp_path, name):
    make, place = NOISES[name]
    refuse(tmp_path, make(), place)


# -- JSON documents that are no problem --

# What each raw JSON text does in place of the seats of the first need.
BROKEN_NUMBERS = {
    "NaN": "must be a whole number, not NaN",
    "Infinity": "must be a whole number, not Infinity",
    "-Infinity": "must be a whole number, not -Infinity",
    "1e400": "must be a whole number, not Infinity",
    "60.0": "must be a whole number, not 60.0",
    "6e1": "must be a whole number, not 60.0",
    "1e30": "must be a whole number, not 1e+30",
    "1" + "0" * 30: "must be at most 1000000000000",
    "1000000000001": "must be at most 1000000000000",
    "9" * 5_000: "must be at most 1000000000000",
    "-" + "9" * 5_000: "must be at least 1",
    "-0": "must be at least 1",
    "-5": "must be at least 1",
    "true": "must be a whole number, not true",
    '"60"': 'must be a whole number, not "60"',
    "[60]": "must be a whole number, not a list",
    "{}": "must be a whole number, not an object",
}


@pytest.mark.parametrize("text", BROKEN_NUMBERS, ids=lambda text: text[:20])
def test_seats_that_are_no_whole_number_within_the_limits_are_refused(tmp_path, text):
    refuse(tmp_path, with_text('"seats": 60', f'"seats": {text}'), f"needs[0].seats: {BROKEN_NUMBERS[text]}")


REPEATED_KEYS = {
    '"format": "lcm-problem/1", ': "format: appears twice in one object",
    '"needs": [], ': "needs: appears twice in one object",
}


@pytest.mark.parametrize("text", REPEATED_KEYS)
def test_a_key_that_a_problem_names_twice_is_refused(tmp_path, text):
    refuse(tmp_path, b"{" + text.encode() + WHOLE[1:].encode(), REPEATED_KEYS[text])


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"seats": 60', '"seats": 60, "seats": 60', "needs[0].seats"),
        ('"fit": 90', '"fit": 90, "fit": 10', "scores[0].fit"),
        ('"high": 3', '"high": 3, "high": 2', "policy.weights.high"),
        ('"kind": "venue"', '"kind": "venue", "kind": "funds"', "sessions[0].requires[0].kind"),
    ],
)
def test_a_key_that_a_record_names_twice_is_refused_with_the_place(tmp_path, old, new, place):
    refuse(tmp_path, with_text(old, new), f"{place}: appears twice in one object")


@pytest.mark.parametrize("text", ["null", "true", "1", "1e999", '"lcm-problem/1"', "[]", "[{}]"])
def test_a_json_document_that_is_no_object_is_refused(tmp_path, text):
    refuse(tmp_path, text.encode(), "document: must be an object, not ")


BROKEN_VALUES: list[tuple[str, object, str]] = [
    ("format", "lcm-problem/2", "format: must be"),
    ("format", "lcm-plan/1", "format: must be"),
    ("needs", {}, "needs: must be a list, not an object"),
    ("needs", "N-1", 'needs: must be a list, not "N-1"'),
    ("needs[0]", None, "needs[0]: must be an object, not null"),
    ("needs[0]", [], "needs[0]: must be an object, not a list"),
    ("needs[0].id", "N-2", 'needs[1].id: "N-2" is the id of needs[0] already'),
    ("sessions[1].id", "S-1", 'sessions[1].id: "S-1" is the id of sessions[0] already'),
    ("needs[0].id", A_SURROGATE, "needs[0].id: holds half of a surrogate pair"),
    ("needs[0].recipient", "XZZ", 'needs[0].recipient: "XZZ" is not declared in recipients'),
    ("sessions[0].offer", "O-9", 'sessions[0].offer: "O-9" is not declared in offers'),
    ("pinned[0].session", "S-9", 'pinned[0].session: "S-9" is not declared in sessions'),
    (
        "supports[1].provider",
        "\n\x1b[2J",
        'supports[1].provider: "\\n\\u001b[2J" is not declared in providers',
    ),
    ("needs[0].areas", [], "needs[0].areas: must not be an empty list"),
    ("needs[0].areas", ["any", "MED"], 'needs[0].areas: "any" must stand alone'),
    ("needs[0].personnel", ["cavalry"], "needs[0].personnel[0]: must be one of"),
    ("needs[0].earliest", "2027-02-30", 'needs[0].earliest: "2027-02-30" is not a day of the calendar'),
    ("needs[0].earliest", "March 2027", "needs[0].earliest: must be a day written YYYY-MM-DD"),
    ("needs[0].latest", "2027-01-01", "needs[0].latest: must not be before earliest"),
    ("needs[0].women", 61, "needs[0].women: must be at most seats (60), not 61"),
    ("needs[0].colour", "blue", "needs[0].colour: is not a field of a need"),
    ("sessions[0].min_seats", 41, "sessions[0].min_seats: must be at most seats (40), not 41"),
    ("sessions[0].end", "2027-04-04", "sessions[0].end: must not be before start"),
    ("sessions[0].mode", "by_post", "sessions[0].mode: must be one of"),
    ("sessions[0].requires[0]", {"kind": "venue"}, "sessions[0].requires[0].quantity: must be stated"),
    ("substitutions[0].fit", 100, "substitutions[0].fit: must be at most 99"),
    ("policy.objectives", [], "policy.objectives: must not be an empty list"),
    ("policy.objectives", ["quality", "quality"], "policy.objectives[1]: "),
    ("policy.fit.area", 41, "policy.fit: must sum to 100, not 101"),
    ("policy.quarters", [1, 2, 3, 4], "policy.quarters[1]: must be at most 1"),
    ("policy.se\nats", 1, 'policy["se\\nats"]: is not a field of a policy'),
]


@pytest.mark.parametrize(("path", "value", "place"), BROKEN_VALUES)
def test_a_problem_that_breaks_the_contract_is_refused_with_the_place(tmp_path, path, value, place):
    refuse(tmp_path, json.dumps(change(whole_problem(), path, value)).encode(), place)


def test_rows_past_the_limit_are_refused(tmp_path):
    rows = b"[" + b"0," * 1_000_000 + b"0]"
    content = with_text('"previous": [{"need": "N-1", "session": "S-1", "seats": 20}]', '"previous": ROWS')
    refuse(tmp_path, content.replace(b"ROWS", rows), "previous: holds 1000001 rows; at most 1000000 are read")


# -- files that cannot be read --


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "is a directory, not a file"),
        (lambda path: path.symlink_to("nowhere"), "cannot be read: No such file or directory"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: path.symlink_to("/dev/null"), "is a device, not a file"),
    ],
    ids=["missing", "directory", "broken link", "link to itself", "endless device", "empty device"],
)
def test_a_path_that_is_no_file_is_refused_by_name(tmp_path, make, message):
    path = tmp_path / "problem.json"
    make(path)
    for command in ("check", "solve"):
        answer = run(command, str(path))
        assert (answer.status, answer.faults) == (2, [f"{path}: {message}"])


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "line\nbreak", A_SURROGATE, ""])
def test_a_file_name_that_no_file_has_is_refused_on_one_line(name):
    answer = run("check", name)
    assert answer.status == 2
    assert len(answer.faults) == 1
    assert "cannot be read" in answer.faults[0] or "is a directory" in answer.faults[0]
