"""A run in a process of its own: it is told whole, and one that takes too much is ended with its reason."""

import os
import subprocess
import time

import pytest

from tests.bench.apart import Teller, run_apart
from tests.bench.memory import forget_peak, own_peak_mib, own_resident_mib, tree_of

PLENTY_MIB = 4_000.0


def work_well(teller: Teller, number: int) -> None:
    teller.begin("counting", 30)
    teller.tell(count=number + 1)


def sleep_long(teller: Teller) -> None:
    teller.tell(pid=os.getpid())
    teller.begin("sleeping", 0.5)
    time.sleep(600)


def hold_much(teller: Teller) -> None:
    teller.tell(before=own_resident_mib())
    teller.begin("holding", 120)
    held = []
    while True:
        held.append(bytearray(20 * 2**20))
        time.sleep(0.02)


def die(teller: Teller) -> None:
    teller.begin("dying", 30)
    os._exit(7)


def raise_error(teller: Teller) -> None:
    teller.tell(count=1)
    raise ValueError("no such round")


def test_what_the_work_finds_is_told():
    told = run_apart(work_well, 4, most_mib=PLENTY_MIB)
    assert (told.ending, told.found) == ("finished", {"count": 5})


def test_work_that_takes_too_long_is_ended_and_keeps_what_it_had_told():
    told = run_apart(sleep_long, most_mib=PLENTY_MIB)
    assert told.ending == "not done with sleeping after 0.5 s"
    with pytest.raises(ProcessLookupError):
        os.kill(told.found["pid"], 0)


def test_work_that_holds_too_much_memory_is_ended():
    told = run_apart(hold_much, most_mib=500)
    assert told.ending == "over 500 MiB while holding"
    assert told.peak_mib["holding"] > 500 > told.found["before"]


def test_work_that_dies_or_fails_says_how():
    assert run_apart(die, most_mib=PLENTY_MIB).ending == "broke down while dying, exit code 7"
    told = run_apart(raise_error, most_mib=PLENTY_MIB)
    assert (told.ending, told.found) == ("ValueError: no such round", {"count": 1})


def test_the_peak_of_memory_is_that_since_it_was_forgotten():
    block = bytearray(80 * 2**20)
    assert own_peak_mib() > 80
    del block
    forget_peak()
    rest = own_peak_mib()
    block = bytearray(60 * 2**20)
    assert 55 < own_peak_mib() - rest < 75
    del block


def test_the_tree_of_a_process_holds_it_and_what_it_has_started():
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            assert set(tree_of(os.getpid())) >= {os.getpid(), sleeper.pid}
        finally:
            sleeper.kill()
