"""Sites are started a few at a time, and none waits for one that is silent."""

from __future__ import annotations

from s3syncd.supervisor.starts import Starts


class Life:
    """A site as far as its start goes."""

    def __init__(self) -> None:
        self.launches = 0
        self.is_leaving = False
        self.is_starting = False

    def launch(self) -> None:
        self.launches += 1
        self.is_starting = True


def lives(starts: Starts, count: int) -> list[Life]:
    made = [Life() for _ in range(count)]
    for life in made:
        starts.add(life)
    return made


def launched(made: list[Life]) -> int:
    return sum(life.launches for life in made)


def test_so_many_start_at_once_and_the_others_as_these_have_started() -> None:
    starts = Starts()
    made = lives(starts, 100)
    starts.advance(0.0)
    starts.advance(1.0)
    assert launched(made) == 32
    for life in made[:5]:
        life.is_starting = False
    starts.advance(2.0)
    assert launched(made) == 37
    assert all(life.launches == 1 for life in made[:37])


def test_a_silent_site_holds_nobody_up_for_long() -> None:
    starts = Starts()
    made = lives(starts, 40)
    starts.advance(0.0)
    starts.advance(9.9)
    assert launched(made) == 32
    starts.advance(10.0)
    assert launched(made) == 40


def test_a_site_that_is_to_go_before_its_turn_is_never_started() -> None:
    starts = Starts()
    made = lives(starts, 40)
    made[35].is_leaving = True
    starts.advance(0.0)
    starts.advance(10.0)
    assert [number for number, life in enumerate(made) if not life.launches] == [35]
