"""A name with several addresses, of which some refuse, are silent or are gone."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from s3syncd.s3.addresses import Addresses
from s3syncd.s3.connection import Broken
from s3syncd.s3.direct import Direct
from s3syncd.s3.link import Address
from s3syncd.s3.poller import Poller
from s3syncd.s3.wire import Endpoint
from tests.s3.direct.rig import (
    CLOSING,
    PUT,
    Asked,
    Rig,
    Store,
    assert_closed_by_client,
    serve,
)


def refused_address() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return socket.AF_INET, listener.getsockname()


def both_turns(rig: Rig, dead: Address, alive: Store) -> Asked:
    """Ask so that the dead address is the first."""
    direct = rig.open(dead, alive.address)
    direct._addresses._turn = 1  # the next is 2: the first of two again
    return rig.ask(direct)


def test_another_address_is_tried_where_one_refuses(rig: Rig, store: Store) -> None:
    asked = both_turns(rig, refused_address(), store)
    serve(store.accept())
    assert asked.wait() is None


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_a_family_that_is_not_there_is_passed_over(rig: Rig, store: Store) -> None:
    nowhere: Address = (socket.AF_INET6, ("100::1", 9, 0, 0))  # the discard prefix
    direct = rig.open(nowhere, store.address)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    direct.expire(rig.now + 5)  # where it is not unreachable at once
    serve(store.accept())
    assert asked.wait() is None


def test_a_store_is_reached_by_ipv6(rig: Rig) -> None:
    try:
        store = Store(socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on loopback")
    try:
        asked = rig.ask(rig.open(store.address))
        serve(store.accept())
        assert asked.wait() is None
    finally:
        store.close()


def test_no_address_that_accepts_is_a_refusal_without_doubt(rig: Rig) -> None:
    asked = rig.ask(rig.open(refused_address(), refused_address()))
    assert asked.broken.name == "AWS_IO_SOCKET_CONNECTION_REFUSED"
    assert not asked.is_unknown


def test_another_address_is_tried_where_one_is_silent(
    rig: Rig, store: Store, black_hole: Address
) -> None:
    direct = rig.open(black_hole, store.address)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    direct.expire(rig.now + 4.9)
    assert not store.has_caller()
    direct.expire(rig.now + 5.0)
    serve(store.accept())
    assert asked.wait() is None


def test_silence_everywhere_is_a_timeout_without_doubt(rig: Rig, black_hole: Address) -> None:
    direct = rig.open(black_hole, black_hole)
    asked = rig.ask(direct)
    direct.expire(rig.now + 5)
    assert not asked.ends
    direct.expire(rig.now + 9.9)  # the second address has its own time
    assert not asked.ends
    direct.expire(rig.now + 10)
    assert asked.broken.name == "AWS_IO_SOCKET_TIMEOUT"
    assert not asked.is_unknown


@pytest.fixture(params=["refuses", "is silent"])
def dead(request: pytest.FixtureRequest, black_hole: Address) -> Address:
    return black_hole if request.param == "is silent" else refused_address()


def ask_by_the_second(rig: Rig, direct: Direct, store: Store) -> None:
    """Send a request whose first address is dead."""
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    rig.now += 5
    direct.expire(rig.now)
    serve(store.accept(), CLOSING)
    assert asked.wait() is None


def ask_at_once(rig: Rig, direct: Direct, store: Store) -> None:
    """Send a request, in the dead one's turn, that waits for no address."""
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    (connection,) = direct._connections
    assert connection._untried, "the first address does"
    serve(store.accept(), CLOSING)
    assert asked.wait() is None


def test_an_address_that_failed_is_tried_last_for_a_while(
    rig: Rig, store: Store, dead: Address
) -> None:
    direct = rig.open(dead, store.address)
    ask_by_the_second(rig, direct, store)
    for shift in (0.0, 150.0, 144.9):  # a refusal may have been noted five seconds earlier
        rig.now += shift
        ask_at_once(rig, direct, store)


def test_after_a_while_one_request_tries_an_address_again_and_others_do_not(
    rig: Rig, store: Store, black_hole: Address
) -> None:
    direct = rig.open(black_hole, store.address)
    ask_by_the_second(rig, direct, store)
    rig.now += 300
    direct._addresses._turn = 1
    probing = rig.ask(direct)
    (connection,) = direct._connections
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    serve(store.accept(), CLOSING)
    assert asked.wait() is None
    assert not probing.ends
    connection.try_next(rig.now + 5)
    serve(store.accept(), CLOSING)
    assert probing.wait() is None
    ask_at_once(rig, direct, store)


def test_an_address_that_is_well_again_has_its_turns_again(
    rig: Rig, store: Store, other: Store
) -> None:
    direct = rig.open(store.address, other.address)
    direct._addresses.failed(store.address)
    rig.now += 300
    for _ in range(2):
        direct._addresses._turn = 1
        asked = rig.ask(direct)
        serve(store.accept(), CLOSING)
        assert asked.wait() is None


def test_where_every_address_failed_each_is_tried(rig: Rig, store: Store) -> None:
    direct = rig.open(refused_address(), store.address)
    for address in direct._addresses.in_turn():
        direct._addresses.failed(address)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    serve(store.accept(), CLOSING)
    assert asked.wait() is None
    ask_at_once(rig, direct, store)


def test_an_address_that_the_name_has_no_longer_is_forgotten(rig: Rig, store: Store) -> None:
    answers = [(refused_address(), store.address), (store.address,)]
    addresses = Addresses("store.example", 80, clock=lambda: rig.now, look_up=lambda *_: answers[0])
    addresses.renew()
    addresses.failed(answers[0][0])
    answers.pop(0)
    rig.now += 60
    addresses.renew()
    assert addresses.in_turn() == (store.address,)
    assert not addresses._avoided_until


def test_what_happens_in_vain_does_not_open_a_connection(rig: Rig, black_hole: Address) -> None:
    """A descriptor that was just somebody else's: the poller may tell its new owner."""
    direct = rig.open(black_hole)
    asked = rig.ask(direct)
    (connection,) = direct._connections
    connection._happened()
    assert connection.opening_since == rig.now
    direct.expire(rig.now + 5)
    assert asked.broken.name == "AWS_IO_SOCKET_TIMEOUT"


def test_an_address_of_no_family_here_is_told_as_a_connection_that_failed(rig: Rig) -> None:
    asked = rig.ask(rig.open((socket.AF_UNIX, ("not a path",))))
    assert isinstance(asked.wait(), Broken)
    assert asked.broken.name == "ConnectionError"
    assert not asked.is_unknown


def test_a_poller_that_watches_no_more_fails_the_request_and_leaks_nothing(store: Store) -> None:
    class Full(Poller):
        def watch(self, fd: int, owner: Callable[[], None], *, is_for_room: bool) -> None:
            raise OSError(28, "No space left on device")

    poller = Full()
    rig = Rig(poller)
    asked = rig.ask(rig.open(store.address))
    assert asked.broken.name == "ConnectionError"
    assert not asked.is_unknown
    assert_closed_by_client(store.accept())
    rig.close()
    poller.close()


def test_the_name_is_looked_up_once_a_minute_and_an_old_answer_serves_meanwhile(
    rig: Rig, store: Store
) -> None:
    asked: list[float] = []

    def look_up(_host: str, _port: int) -> tuple[Address, ...]:
        asked.append(rig.now)
        if len(asked) == 1:
            return (store.address,)
        raise [OSError("no resolver"), UnicodeError("label too long")][len(asked) % 2]

    direct = Direct(
        Endpoint(False, "store.example:1234", "us-east-1"), rig.poller,
        clock=lambda: rig.now, wall=lambda: 0.0, look_up=look_up,
    )  # fmt: skip
    assert not direct.takes(PUT)
    for shift in (0.0, 59.9, 0.1, 60.0):
        rig.now += shift
        direct.prepare()
        assert direct.takes(PUT)
    assert asked == [1000.0, 1060.0, 1120.0]


@pytest.mark.parametrize(
    ("host", "is_tls", "expected"),
    [
        ("store.example", False, ("store.example", 80)),
        ("store.example", True, ("store.example", 443)),
        ("store.example:9000", True, ("store.example", 9000)),
        ("[::1]:9000", False, ("::1", 9000)),
        ("[::1]", False, ("::1", 80)),
    ],
)
def test_host_and_port_are_read_from_the_endpoint(
    rig: Rig, host: str, is_tls: bool, expected: tuple[str, int]
) -> None:
    asked: list[tuple[str, int]] = []

    def look_up(host: str, port: int) -> tuple[Address, ...]:
        asked.append((host, port))
        return ()

    direct = Direct(
        Endpoint(is_tls, host, "us-east-1"), rig.poller,
        clock=lambda: 0.0, wall=lambda: 0.0, look_up=look_up,
    )  # fmt: skip
    direct.prepare()
    assert asked == [expected]
    assert not direct.takes(PUT)
