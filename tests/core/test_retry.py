import botocore.exceptions
import pytest
from awscrt import exceptions as crt
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core import retry
from s3syncd.core.retry import FailureKind, classify, delay_seconds, is_known
from s3syncd.core.window import Window

K = FailureKind


def kind(status=None, code="", name="", **more):
    return classify(status=status, code=code, name=name, **more)


@pytest.mark.parametrize("word", retry.TABLE)
def test_every_row_of_the_table_is_found(word):
    sample = word.replace("*", "SOME_NEW_NAME")
    expected = retry.TABLE[word]
    if word.isdigit():
        assert kind(status=int(word)) is expected
    elif word in retry._GENERIC_NAMES:
        assert kind(status=None, name=sample) is K.TRANSIENT
    else:
        assert kind(name=sample) is expected
        assert kind(status=418, code=sample) is expected


def test_no_word_is_judged_twice():
    words = [word for text in retry._BY_KIND.values() for word in text.split()]
    assert sorted(words) == sorted(set(words))
    assert {retry.TABLE[word] for word in words} == set(K)


def crt_names():
    # The CRT numbers its errors in blocks of 1,024 per library: common, io, http, auth, s3.
    blocks = [0, 1, 2, 6, 14]
    names = {
        getattr(error, "name", type(error).__name__)
        for block in blocks
        for error in map(crt.from_code, range(1024 * block + 1, 1024 * block + 300))
    }
    return sorted(names - {"Unknown", "Unknown Error Code"})


def test_the_crt_has_names_to_judge():
    assert {"AWS_ERROR_S3_SLOW_DOWN", "AWS_IO_SOCKET_CLOSED"} <= set(crt_names())


@pytest.mark.parametrize("name", crt_names())
def test_every_error_of_the_installed_crt_is_judged(name):
    assert is_known(name)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, thing in vars(botocore.exceptions).items()
        if isinstance(thing, type)
        and issubclass(thing, Exception)
        and not issubclass(thing, Warning)
        and thing is not botocore.exceptions.BotoCoreError
    ],
)
def test_every_error_of_the_installed_botocore_is_judged(name):
    assert is_known(name)


@pytest.mark.parametrize(
    ("status", "code", "name", "expected"),
    [
        pytest.param(503, "SlowDown", "", K.THROTTLED, id="the store asks for less"),
        pytest.param(None, "", "AWS_ERROR_S3_SLOW_DOWN", K.THROTTLED, id="so it does by the CRT"),
        pytest.param(429, "", "", K.THROTTLED, id="so it does by its status"),
        pytest.param(500, "", "", K.TRANSIENT, id="the server stumbled"),
        pytest.param(599, "", "", K.TRANSIENT, id="an unheard-of 5xx is tried again"),
        pytest.param(None, "", "AWS_IO_SOCKET_CLOSED", K.TRANSIENT, id="a lost connection"),
        pytest.param(None, "", "BrokenPipeError", K.TRANSIENT, id="a lost connection as builtin"),
        pytest.param(400, "BadDigest", "", K.TRANSIENT, id="bytes broke on the way"),
        pytest.param(400, "RequestTimeout", "", K.TRANSIENT, id="our bytes came too slowly"),
        pytest.param(200, "InternalError", "", K.TRANSIENT, id="an error inside a 200"),
        pytest.param(200, "", "", K.TRANSIENT, id="a success in name only"),
        pytest.param(403, "ExpiredToken", "", K.CREDENTIALS, id="expired credentials"),
        pytest.param(403, "SignatureDoesNotMatch", "", K.CREDENTIALS, id="a wrong secret"),
        pytest.param(None, "", "AWS_AUTH_SIGNING_NO_CREDENTIALS", K.CREDENTIALS, id="no secret"),
        pytest.param(None, "", "NoCredentialsError", K.CREDENTIALS, id="no credentials"),
        pytest.param(403, "RequestTimeTooSkewed", "", K.CLOCK, id="a wrong clock"),
        pytest.param(301, "PermanentRedirect", "", K.BUCKET, id="the wrong region"),
        pytest.param(404, "NoSuchBucket", "", K.BUCKET, id="no such bucket"),
        pytest.param(None, "", "AWS_IO_DNS_QUERY_FAILED", K.BUCKET, id="no such host"),
        pytest.param(None, "", "AWS_IO_SOCKET_CONNECTION_REFUSED", K.BUCKET, id="nobody there"),
        pytest.param(None, "", "EndpointConnectionError", K.BUCKET, id="nobody there, by boto"),
        pytest.param(None, "", "AWS_IO_SOCKET_TIMEOUT", K.BUCKET, id="a black hole"),
        pytest.param(None, "", "ConnectTimeoutError", K.BUCKET, id="a black hole, by boto"),
        pytest.param(412, "PreconditionFailed", "", K.PRECONDITION, id="another version"),
        pytest.param(412, "", "AWS_ERROR_S3_INVALID_RESPONSE_STATUS", K.PRECONDITION, id="by HEAD"),
        pytest.param(404, "", "", K.MISSING, id="no such object"),
        pytest.param(404, "NoSuchUpload", "ClientError", K.MISSING, id="no such upload"),
        pytest.param(409, "ConditionalRequestConflict", "", K.CONFLICT, id="somebody else writes"),
        pytest.param(400, "InvalidPart", "", K.CONFLICT, id="our parts are gone"),
        pytest.param(403, "AccessDenied", "", K.REFUSED, id="this key is forbidden"),
        pytest.param(403, "InvalidObjectState", "", K.REFUSED, id="an archived object"),
        pytest.param(400, "KeyTooLongError", "", K.REFUSED, id="too long a key"),
        pytest.param(418, "NeverHeardOf", "", K.REFUSED, id="an unheard-of 4xx is refused"),
        pytest.param(None, "", "NeverHeardOf", K.TRANSIENT, id="an unheard-of name is tried again"),
        pytest.param(None, "", "", K.TRANSIENT, id="silence is tried again"),
        pytest.param(None, "", "AWS_ERROR_S3_INCORRECT_CONTENT_LENGTH", K.LOCAL, id="file shrank"),
        pytest.param(None, "", "AWS_ERROR_HTTP_INVALID_PATH", K.LOCAL, id="we asked wrongly"),
        pytest.param(None, "", "AWS_ERROR_S3_CANCELED", K.CANCELED, id="we ended it"),
        pytest.param(503, "NeverHeardOf", "", K.THROTTLED, id="the status speaks for a new code"),
    ],
)
def test_meaning_of_a_failure(status, code, name, expected):
    assert kind(status, code, name) is expected


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "AccessDenied", K.BUCKET),
        (403, "", K.BUCKET),
        (404, "", K.BUCKET),
        (503, "SlowDown", K.THROTTLED),
        (403, "ExpiredToken", K.CREDENTIALS),
    ],
)
def test_a_refused_listing_is_the_sites_trouble(status, code, expected):
    assert kind(status, code, is_bucket_wide=True) is expected


def test_what_nobody_judged_is_told_apart():
    assert not is_known("NeverHeardOf")
    assert not is_known("999")
    assert is_known("ClientError")


@given(attempt=st.integers(-1, 10**9), jitter=st.floats(0, 1, exclude_max=True))
def test_delays_stay_between_nothing_and_the_cap(attempt, jitter):
    assert 0 <= delay_seconds(attempt, jitter) < 300


@pytest.mark.parametrize(("attempt", "most"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300)])
def test_delays_double_up_to_the_cap(attempt, most):
    assert delay_seconds(attempt, 1.0) == most
    assert delay_seconds(attempt, 0.0) == 0
    assert delay_seconds(attempt, 0.5, base=2, cap=100) == min(100, 2 * most) / 2


def test_a_burst_of_slow_downs_halves_the_window_once():
    window = Window(256)
    for _ in range(256):
        window.throttled()
    assert window.limit == 128
    window.throttled()
    assert window.limit == 64


def test_a_window_that_cannot_get_narrower_rests_ever_longer():
    window = Window(2)
    window.throttled()
    assert (window.limit, window.rest_seconds) == (1, 0)
    window.throttled()  # sent before the first: says nothing new
    rests = []
    for _ in range(100):
        window.throttled()
        rests.append(window.rest_seconds)
    assert rests[:9] == [0, 0, 0, 0, 1, 2, 4, 5, 5]
    assert rests[-1] == 5
    window.succeeded()
    assert window.rest_seconds == 0


def test_the_window_grows_by_one_per_full_window():
    window = Window(8)
    window.throttled()
    assert window.limit == 4
    for _ in range(3):
        window.succeeded()
    assert window.limit == 4
    window.succeeded()
    assert window.limit == 5


def test_answers_of_any_kind_end_the_deaf_time_after_a_slow_down():
    window = Window(4)
    window.throttled()
    for _ in range(3):
        window.succeeded()
    window.throttled()
    assert window.limit == 1


@given(st.lists(st.booleans(), max_size=500))
def test_the_window_stays_in_its_bounds(answers):
    window = Window(16, least=2)
    for is_success in answers:
        window.succeeded() if is_success else window.throttled()
        assert 2 <= window.limit <= 16


def test_the_window_recovers_fully():
    window = Window(16)
    for _ in range(200):
        window.throttled()
    assert window.limit == 1
    for _ in range(1000):
        window.succeeded()
    assert window.limit == 16


def answers(window: Window, seconds: float | None) -> int:
    """Let one full window of answers come; give how wide it is then."""
    for _ in range(window.limit):
        window.succeeded(seconds=seconds)
    return window.limit


def test_a_window_doubles_while_the_latency_holds():
    window = Window(256, first=64)
    assert [answers(window, 0.02) for _ in range(3)] == [128, 256, 256]


def test_a_window_does_not_widen_where_answers_only_come_later():
    window = Window(256, first=64)
    assert answers(window, 0.02) == 128
    assert [answers(window, 0.05) for _ in range(3)] == [128, 128, 128]
    assert answers(window, 0.02) == 129, "from the first doubt on by one"


def test_a_way_that_is_slower_for_good_is_taken_as_it_is():
    window = Window(256, first=64)
    answers(window, 0.02)
    widths = [answers(window, 0.05) for _ in range(200)]
    assert widths[-1] > 128


def test_a_slow_down_ends_the_doubling():
    window = Window(256, first=64)
    answers(window, 0.02)
    window.throttled()
    assert window.limit == 64
    for _ in range(63):
        window.succeeded(seconds=0.02)  # sent before: the rest of the burst
    assert window.limit == 64
    assert answers(window, 0.02) == 65


def test_a_trickle_tells_nothing_of_what_a_store_bears():
    window = Window(256, first=64)
    for _ in range(1000):
        window.succeeded(seconds=0.001, is_full=False)
    assert window.limit == 64


def test_large_bodies_do_not_tell_the_latency():
    window = Window(256, first=4)
    assert answers(window, 0.001) == 8
    assert answers(window, None) == 16


def test_a_window_never_begins_wider_than_it_may_get():
    assert Window(8, first=64).limit == 8
