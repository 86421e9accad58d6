"""The server that costs almost nothing is a right one: ETags, listings, parts, encodings."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import shutil

import pytest

from bench.server import sink

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


def md5(body):
    return hashlib.md5(body, usedforsecurity=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sink(tmp_path_factory.mktemp("sink") / "objects") as server:
        yield server


@pytest.fixture
def ask(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def ask(method, path, body=b"", headers=None):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    yield ask
    connection.close()


def keys(page):
    return re.findall(r"<Key>(.*?)</Key>", page.decode())


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 4096, 300_000])
def test_the_etag_is_the_md5_of_the_body(ask, size):
    body = bytes(range(256)) * (size // 256 + 1)
    status, headers, _ = ask("PUT", f"/b/etag/{size}", body[:size])
    assert (status, headers["ETag"]) == (200, f'"{md5(body[:size]).hexdigest()}"')
    status, headers, _ = ask("HEAD", f"/b/etag/{size}")
    assert (status, headers["Content-Length"]) == (200, str(size))


def test_a_body_that_is_not_what_its_md5_says_is_refused(ask):
    right = base64.b64encode(md5(b"right").digest()).decode()
    assert ask("PUT", "/b/md5", b"right", {"Content-MD5": right})[0] == 200
    assert ask("PUT", "/b/md5", b"wrong", {"Content-MD5": right})[0] == 400


def test_what_is_missing_is_named_to_whoever_asks_for_it(ask):
    """A HEAD cannot say what is missing; the site then asks by GET before it forgets a file."""
    assert ask("HEAD", "/b/nowhere")[0] == 404
    status, _, body = ask("GET", "/b/nowhere")
    assert (status, b"<Code>NoSuchKey</Code>" in body) == (404, True)


def test_chunks_with_trailers_are_decoded(ask):
    body = b"5;chunk-signature=ab\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    _, answer, _ = ask("PUT", "/b/chunked", body, headers)
    assert answer["ETag"] == f'"{md5(b"hello world").hexdigest()}"'


def test_metadata_comes_back(ask):
    ask("PUT", "/b/meta", b"x", {"x-amz-meta-mtime": "12.5", "Content-Type": "text/plain"})
    _, headers, _ = ask("HEAD", "/b/meta")
    assert headers["x-amz-meta-mtime"] == "12.5"
    assert headers["Content-Type"] == "text/plain"


def test_pages_of_a_listing_hold_every_key_once_in_order(ask):
    names = sorted(f"page/{number % 7}/{number:03d}" for number in range(50))
    for name in names:
        ask("PUT", f"/b/{name}", b"x")
    seen, token = [], ""
    while True:
        query = f"list-type=2&prefix=page/&max-keys=7&continuation-token={token}"
        _, _, page = ask("GET", f"/b?{query}")
        seen += keys(page)
        if b"<IsTruncated>false" in page:
            break
        token = re.findall(r"<NextContinuationToken>(.*?)<", page.decode())[0]
    assert seen == names


def test_a_prefix_lists_no_neighbour(ask):
    for name in ("near/x", "near2/x", "nea/x"):
        ask("PUT", f"/b/{name}", b"x")
    assert keys(ask("GET", "/b?list-type=2&prefix=near/")[2]) == ["near/x"]


def test_a_delimiter_folds_directories(ask):
    for name in ("fold/a/1", "fold/a/2", "fold/b", "fold/c/1"):
        ask("PUT", f"/b/{name}", b"x")
    _, _, page = ask("GET", "/b?list-type=2&prefix=fold/&delimiter=/")
    assert keys(page) == ["fold/b"]
    folded = re.findall(r"<CommonPrefixes><Prefix>(.*?)<", page.decode())
    assert folded == ["fold/a/", "fold/c/"]


def test_names_are_encoded_as_asked(ask):
    ask("PUT", "/b/odd/%3C%26%20%C3%A4", b"x")
    assert keys(ask("GET", "/b?list-type=2&prefix=odd/")[2]) == ["odd/&lt;&amp; ä"]
    encoded = keys(ask("GET", "/b?list-type=2&prefix=odd/&encoding-type=url")[2])
    assert encoded == ["odd/%3C%26%20%C3%A4"]


def test_parts_become_one_object(ask):
    upload = re.findall(rb"<UploadId>(.*?)<", ask("POST", "/b/parts?uploads")[2])[0].decode()
    for number, body in ((2, b"tail"), (1, b"x" * 100)):
        ask("PUT", f"/b/parts?partNumber={number}&uploadId={upload}", body)
    listed = ask("GET", f"/b/parts?uploadId={upload}")[2]
    assert re.findall(rb"<Size>(.*?)<", listed) == [b"100", b"4"]
    ask("POST", f"/b/parts?uploadId={upload}", b"<CompleteMultipartUpload/>")
    joined = md5(md5(b"x" * 100).digest() + md5(b"tail").digest()).hexdigest()
    _, headers, _ = ask("HEAD", "/b/parts")
    assert (headers["ETag"], headers["Content-Length"]) == (f'"{joined}-2"', "104")
    _, headers, _ = ask("HEAD", "/b/parts?partNumber=1")
    assert (headers["Content-Length"], headers["x-amz-mp-parts-count"]) == ("100", "2")


def test_an_aborted_upload_leaves_nothing(ask):
    upload = re.findall(rb"<UploadId>(.*?)<", ask("POST", "/b/aborted?uploads")[2])[0].decode()
    assert b"b/aborted" not in ask("GET", "/b?uploads&prefix=other")[2]
    assert b"<Key>aborted</Key>" in ask("GET", "/b?uploads&prefix=aborted")[2]
    assert ask("DELETE", f"/b/aborted?uploadId={upload}")[0] == 204
    assert ask("GET", f"/b/aborted?uploadId={upload}")[0] == 404
    assert ask("HEAD", "/b/aborted")[0] == 404


def test_conditions_are_kept(ask):
    ask("PUT", "/b/cond", b"one")
    etag = md5(b"one").hexdigest()
    assert ask("PUT", "/b/cond", b"two", {"If-None-Match": "*"})[0] == 412
    assert ask("DELETE", "/b/cond", headers={"If-Match": '"0123"'})[0] == 412
    assert ask("DELETE", "/b/cond", headers={"If-Match": f'"{etag}"'})[0] == 204
    assert ask("HEAD", "/b/cond")[0] == 404
    assert keys(ask("GET", "/b?list-type=2&prefix=cond")[2]) == []


def test_every_request_is_counted_but_our_own(server, ask):
    before = server.requests()
    for number in range(5):
        ask("PUT", f"/b/count/{number}", b"x")
    ask("HEAD", "/b/count/0")
    ask("GET", "/b?list-type=2&prefix=count")
    assert server.requests() - before == 7


def test_a_delayed_server_answers_everybody(tmp_path):
    with sink(tmp_path / "objects", delay_ms=300) as server:
        connections = [
            http.client.HTTPConnection("127.0.0.1", server.port, timeout=10) for _ in range(8)
        ]
        for connection in connections:
            connection.request("PUT", "/b/late", b"x")
        statuses = [connection.getresponse().status for connection in connections]
        stored = server.stored_at()["b/late"]
        for connection in connections:
            connection.close()
    assert statuses == [200] * 8
    assert stored > 0


def test_a_preloaded_listing_is_there(tmp_path):
    listing = tmp_path / "listing"
    listing.write_text("b/x/one two\t12\t0123456789abcdef0123456789abcdef\nb/y\t0\tff\n")
    with sink(tmp_path / "objects", preload=listing) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/b?list-type=2")
        page = connection.getresponse().read()
        connection.close()
    assert keys(page) == ["x/one two", "y"]
    assert b"<Size>12</Size>" in page
