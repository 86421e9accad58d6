"""Answers arrive in any pieces; what is none, or too large, is said to be broken, and only that."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3syncd.s3.http1 import MAX_BODY_BYTES, MAX_HEAD_BYTES, Answer, BrokenAnswer

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Told:
    """An answer on the wire, and what is to be read from it."""

    raw: bytes
    status: int
    headers: dict[str, str]
    body: bytes
    keeps_alive: bool
    has_body: bool = True
    ends_by_close: bool = False


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    raw, rest = b"", body
    while rest:
        size = draw(st.integers(1, len(rest)))
        extension = draw(st.sampled_from([b"", b";a", b' ; name="v"']))
        digits = draw(st.sampled_from([b"%x", b"%X", b"%05x"])) % size
        raw += digits + extension + b"\r\n" + rest[:size] + b"\r\n"
        rest = rest[size:]
    trailers = draw(st.sampled_from([b"", b"x-a: b\r\n", b"x-a: b\r\nx-c:\r\n"]))
    return raw + draw(st.sampled_from([b"0", b"000", b"0;last"])) + b"\r\n" + trailers + b"\r\n"


@st.composite
def answers(draw: st.DrawFn) -> Told:
    status = draw(st.sampled_from([200, 201, 204, 301, 304, 400, 403, 404, 412, 500, 503]))
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    reason = draw(st.sampled_from([" OK", " ", "", " Not  Quite: so"]))
    headers = draw(
        st.dictionaries(
            st.from_regex(r"[xX]-[A-Za-z0-9-]{1,12}", fullmatch=True).map(str.title),
            st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"])
                    ).map(str.strip),
            max_size=4,
        )
    )  # fmt: skip
    is_closing = draw(st.booleans())
    if is_closing:
        headers["Connection"] = draw(st.sampled_from(["close", "Close", "x, close", "close,x"]))
    elif draw(st.booleans()):
        headers["Connection"] = "Keep-Alive"
    is_head = draw(st.booleans())
    has_none = is_head or status in {204, 304}
    body = b"" if has_none else draw(st.binary(max_size=60))
    framing = draw(st.sampled_from(["length", "chunked", "none"]))
    payload = body
    if framing == "length":
        size = draw(st.sampled_from([0, 7, 5 * 2**40])) if has_none else len(body)
        headers[draw(st.sampled_from(["Content-Length", "content-length"]))] = str(size)
    elif framing == "chunked":
        headers["Transfer-Encoding"] = draw(st.sampled_from(["chunked", "Chunked"]))
        payload = b"" if has_none else draw(chunked(body))
    space = draw(st.sampled_from(["", " ", "  ", "\t"]))
    lines = [f"HTTP/{version} {status}{reason}"]
    lines += [f"{name}:{space}{value}{space}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    before = b"".join(
        draw(st.lists(st.sampled_from([b"HTTP/1.1 100 Continue\r\n\r\n",
                                       b"HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n"]), max_size=2))
    )  # fmt: skip
    ends_by_close = framing == "none" and not has_none
    return Told(
        before + head + payload, status, {name.lower(): value for name, value in headers.items()},
        body, version == "1.1" and not is_closing and not ends_by_close, not is_head, ends_by_close,
    )  # fmt: skip


def pieces_of(raw: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[start:end] for start, end in pairwise(at)]


def assert_read(answer: Answer, told: Told) -> None:
    assert (answer.status, answer.headers) == (told.status, told.headers)
    assert answer.body == told.body
    assert answer.keeps_alive is told.keeps_alive


@settings(max_examples=25)
@given(told=answers(), cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_an_answer_is_the_same_however_it_is_split(told: Told, cuts: list[int]) -> None:
    answer = Answer(has_body=told.has_body)
    *pieces, last = pieces_of(told.raw, cuts)

    assert not any(answer.feed(piece) for piece in pieces)
    assert answer.feed(last) is not told.ends_by_close
    if told.ends_by_close:
        assert answer.end()
    assert_read(answer, told)


@settings(max_examples=25)
@given(told=answers())
def test_an_answer_may_come_byte_by_byte(told: Told) -> None:
    answer = Answer(has_body=told.has_body)
    complete = [answer.feed(told.raw[at : at + 1]) for at in range(len(told.raw))]
    assert not any(complete[:-1])
    assert complete[-1] or answer.end()
    assert_read(answer, told)


@settings(max_examples=25)
@given(told=answers(), cut=st.integers(0, 10_000))
def test_an_end_before_the_end_is_no_answer(told: Told, cut: int) -> None:
    answer = Answer(has_body=told.has_body)
    if not answer.feed(told.raw[: cut % len(told.raw)]):
        is_head_whole = answer.status != 0
        assert answer.end() is (told.ends_by_close and is_head_whole)
        assert not answer.keeps_alive


@settings(max_examples=25)
@given(told=answers(), more=st.binary(min_size=1, max_size=20))
def test_what_follows_an_answer_ends_the_connection(told: Told, more: bytes) -> None:
    if told.ends_by_close:
        return
    answer = Answer(has_body=told.has_body)
    assert answer.feed(told.raw + more)
    assert answer.body == told.body
    assert not answer.keeps_alive


@settings(max_examples=25)
@given(told=answers(), data=st.data())
def test_damage_gives_a_broken_answer_or_some_answer_and_never_another_exception(
    told: Told, data: st.DataObject
) -> None:
    raw = bytearray(told.raw)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"\r\n", b":", b"\r\n\r\n", b"\x00", b"\xb2"])
        )
    answer = Answer(has_body=told.has_body)
    try:
        for piece in pieces_of(bytes(raw), data.draw(st.lists(st.integers(0, 999), max_size=4))):
            if answer.feed(piece):
                break
        else:
            answer.end()
    except BrokenAnswer:
        return
    assert answer.status == 0 or 200 <= answer.status <= 999
    assert len(answer.body) <= len(raw)


@given(raw=st.binary(max_size=200))
@example(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
@example(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
def test_noise_is_no_answer(raw: bytes) -> None:
    answer = Answer()
    try:
        assert not answer.feed(raw)
    except BrokenAnswer:
        return
    assert not answer.end()


BROKEN = {
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http/2 status": b"HTTP/2 200\r\n\r\n",
    "http/0.9": b"HTTP/0.9 200 OK\r\n\r\n",
    "lower case": b"http/1.1 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "empty status": b"HTTP/1.1 \r\n\r\n",
    "short status": b"HTTP/1.1 20\r\n\r\n",
    "long status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status of nothing": b"HTTP/1.1 000 OK\r\n\r\n",
    "negative status": b"HTTP/1.1 -20 OK\r\n\r\n",
    "status in other digits": b"HTTP/1.1 2\xb2\xb3 OK\r\n\r\n",
    "empty head": b"\r\n\r\n",
    "no colon": OK + b"Content-Length 0\r\n\r\n",
    "folded": OK + b"X-A: b\r\n c: d\r\n\r\n",
    "space before colon": OK + b"Content-Length : 0\r\n\r\n",
    "no name": OK + b": x\r\n\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "lengths in one": OK + b"Content-Length: 1, 2\r\n\r\nab",
    "two encodings": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
    "huge length": OK + b"Content-Length: 99999999999999999999\r\n\r\n",
    "endless length": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "negative length": OK + b"Content-Length: -1\r\n\r\n",
    "signed length": OK + b"Content-Length: +1\r\n\r\na",
    "length with underscore": OK + b"Content-Length: 1_0\r\n\r\n",
    "no length": OK + b"Content-Length:\r\n\r\n",
    "length in hex": OK + b"Content-Length: 0x1\r\n\r\na",
    "length in other digits": OK + b"Content-Length: \xb2\r\n\r\n",
    "gzip": OK + b"Transfer-Encoding: gzip\r\n\r\n",
    "gzip, chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "too much": OK + b"\r\n" + b"x" * (MAX_BODY_BYTES + 1),
}
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BROKEN |= {
    f"chunk {size!r}": CHUNKED + size + b"\r\n"
    for size in (b"", b"-1", b"+1", b"1_0", b"0x1", b"0X1", b"g", b"1 1", b"\xb2", b"f" * 20,
                 b"%x" % (MAX_BODY_BYTES + 1), b";a")
}  # fmt: skip
BROKEN |= {"chunk longer than told": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n"}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_what_no_store_means_is_broken(raw: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        Answer().feed(raw)


ENDLESS = {
    "head": (OK, b"x-a: b\r\n"),
    "line": (b"", b"x"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (OK + b"\r\n", b"x"),
    "announced body": (OK + b"Content-Length: 9999999\r\n\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "chunk line": (CHUNKED, b"0"),
    "trailers": (CHUNKED + b"0\r\n", b"x-a: b\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_given_up_with_little_in_memory(name: str) -> None:
    start, again = ENDLESS[name]
    piece = again * (64 * 1024 // len(again))
    answer = Answer()
    answer.feed(start)
    fed_bytes = 0
    with pytest.raises(BrokenAnswer):
        while fed_bytes < 10 * MAX_BODY_BYTES:
            fed_bytes += len(piece)
            answer.feed(piece)
    assert fed_bytes <= MAX_BODY_BYTES + len(piece)  # what is kept is no more


def test_interim_answers_count_as_one_head() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    answer = Answer()
    for _ in range(MAX_HEAD_BYTES // len(interim)):
        assert not answer.feed(interim)
    with pytest.raises(BrokenAnswer):
        answer.feed(EMPTY)


def test_a_body_of_the_largest_size_is_taken() -> None:
    body = b"x" * (MAX_BODY_BYTES - 1)
    answer = Answer()
    assert not answer.feed(OK + b"Content-Length: %d\r\n\r\n" % len(body))
    assert answer.feed(body)
    assert answer.body == body


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_long_body_may_be_allowed(is_chunked: bool) -> None:
    body = bytes(range(256)) * (3 * MAX_BODY_BYTES // 256)
    raw = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if is_chunked:
        raw = CHUNKED + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    answer = Answer(most_bytes=4 * MAX_BODY_BYTES)
    pieces = [raw[at : at + 65536] for at in range(0, len(raw), 65536)]

    assert [answer.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert answer.body == body
    assert isinstance(answer.body, bytes)


def test_the_same_length_twice_is_one() -> None:
    answer = Answer()
    assert answer.feed(OK + b"Content-Length: 1\r\ncontent-length: 1\r\n\r\na")
    assert answer.body == b"a"


def test_a_second_header_may_say_that_the_connection_ends() -> None:
    answer = Answer()
    assert answer.feed(
        OK + b"Connection: keep-alive\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    assert not answer.keeps_alive


def test_of_two_headers_alike_the_first_counts() -> None:
    answer = Answer()
    assert answer.feed(OK + b"ETag: a\r\nETag: b\r\nContent-Length: 0\r\n\r\n")
    assert answer.headers["etag"] == "a"
