"""Several people at once: whose page is drawn first?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from estimator.dashboard.session.turns import Turns

PATIENCE_S = 20.0
FOR_GOOD_S = 1e3


class People:
    """Who draws with some turns, in the order in which they do."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.drew: list[str] = []
        self._threads: list[threading.Thread] = []

    def wait(self, draw: Callable[[], None]) -> None:
        """Let somebody draw in a thread, and go on once they wait for their turn."""
        waiting = len(self.turns._waiting)
        self._threads.append(threading.Thread(target=draw, daemon=True))
        self._threads[-1].start()
        until(lambda: len(self.turns._waiting) > waiting)

    def leave(self) -> list[str]:
        """Wait until all have drawn."""
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        return self.drew


def until(holds: Callable[[], bool]) -> None:
    look = threading.Event()
    for _ in range(int(PATIENCE_S / 0.005)):
        if holds():
            return
        look.wait(0.005)
    raise AssertionError("it does not happen")


@pytest.fixture
def people():
    return People(Turns(longest_s=FOR_GOOD_S))


def drawing(people: People, name: str) -> Callable[[], None]:
    def draw() -> None:
        with people.turns.one():
            people.drew.append(f"{name}: answer")
            people.turns.step_back()
            people.drew.append(f"{name}: picture")
            people.turns.step_back()
            people.drew.append(f"{name}: all")

    return draw


def test_all_have_an_answer_before_anybody_has_a_picture(people):
    with people.turns.one():
        people.wait(drawing(people, "Ada"))
        people.wait(drawing(people, "Ben"))
        people.wait(drawing(people, "Cy"))
    assert people.leave() == [
        f"{name}: {what}" for what in ("answer", "picture", "all") for name in ("Ada", "Ben", "Cy")
    ]


def test_who_comes_later_and_has_nothing_goes_before_who_has_an_answer(people):
    with people.turns.one():
        people.wait(drawing(people, "Ada"))
        people.drew.append("first: answer")
        people.turns.step_back()
        people.drew.append("first: picture")
    assert people.leave()[:3] == ["first: answer", "Ada: answer", "first: picture"]


def test_a_run_that_is_cut_off_gives_its_turn_back(people):
    def fails() -> None:
        with suppress(KeyError), people.turns.one():
            raise KeyError

    with people.turns.one():
        people.wait(fails)
        people.wait(drawing(people, "Ada"))
    assert len(people.leave()) == 3


def test_nobody_waits_for_what_takes_longer_than_a_turn():
    people = People(Turns(longest_s=0.05))
    with people.turns.one():
        people.wait(drawing(people, "Ada"))
        assert people.leave()[-1] == "Ada: all"


def test_who_took_too_long_takes_no_turn_from_who_draws_by_then():
    people, may_end = People(Turns(longest_s=0.05)), threading.Event()

    def draw() -> None:
        with people.turns.one():
            people.drew.append("Ada")
            may_end.wait(PATIENCE_S)

    with people.turns.one():
        people.wait(draw)
        until(lambda: people.drew == ["Ada"])
        hers = people.turns._drawing
    assert people.turns._drawing is hers
    may_end.set()
    people.leave()
    assert people.turns._drawing is None


def test_who_waits_in_vain_leaves_and_holds_nobody_up():
    outdated = threading.Event()

    def check() -> None:
        if outdated.is_set() and threading.current_thread().name == "outdated":
            raise KeyError

    people = People(Turns(longest_s=FOR_GOOD_S, check=check))

    def waits() -> None:
        threading.current_thread().name = "outdated"
        with suppress(KeyError), people.turns.one():
            people.drew.append("outdated")

    with people.turns.one():
        people.wait(waits)
        people.wait(drawing(people, "Ada"))
        outdated.set()
        until(lambda: len(people.turns._waiting) == 1)
    assert people.leave() == ["Ada: answer", "Ada: picture", "Ada: all"]


def test_what_draws_without_a_turn_goes_on():
    turns = Turns(longest_s=FOR_GOOD_S)
    turns.step_back()
    with turns.one():
        alone = threading.Thread(target=turns.step_back, daemon=True)
        alone.start()
        alone.join(PATIENCE_S)
        assert not alone.is_alive()
