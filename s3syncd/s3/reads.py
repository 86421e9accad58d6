"""The requests of a bucket that only read: looks, contents, listings."""

from __future__ import annotations

from s3syncd.s3.reply import Start
from s3syncd.s3.wire import WireRequest, conditions, query_of

__all__ = ["Reads"]


class Reads:
    """What `Bucket` can be asked; each method returns a `Start` that gives a `Reply`."""

    _base = ""

    def _path(self, key: str) -> str:
        raise NotImplementedError

    def _send(self, request: WireRequest) -> Start:
        raise NotImplementedError

    def head(
        self,
        key: str,
        *,
        part_number: int | None = None,
        with_checksum: bool = False,
        version_id: str | None = None,
    ) -> Start:
        """Look at one object; success has an ETag: any web server knows every page.

        Args:
            key: the full key.
            part_number: look at this part: `size_bytes` is then its size, where the store can.
            with_checksum: ask for the stored checksum headers too.
            version_id: of the version to look at; by default the present one.
        """
        pairs = [] if part_number is None else [("partNumber", str(part_number))]
        headers = (("x-amz-checksum-mode", "ENABLED"),) if with_checksum else ()
        target = self._target(key, pairs, version_id)
        return self._send(
            WireRequest("HeadObject", "HEAD", target, headers, is_effect=False, needs="etag")
        )

    def get(
        self,
        key: str,
        *,
        span: tuple[int, int] | None = None,
        if_match: str | None = None,
        version_id: str | None = None,
    ) -> Start:
        """Fetch an object, held whole in memory: ask for no more than 8 MiB at a time.

        Args:
            key: the full key.
            span: first byte and number of bytes (at least one); by default all, and the stored
                checksum headers too.
            if_match: only of the version with this ETag (no quotes).
            version_id: of the version to fetch; by default the present one.
        """
        wanted = ("x-amz-checksum-mode", "ENABLED")
        if span is not None:
            wanted = ("range", f"bytes={span[0]}-{span[0] + span[1] - 1}")
        headers = (wanted, *conditions(if_match))
        target = self._target(key, [], version_id)
        return self._send(
            WireRequest("GetObject", "GET", target, headers, is_effect=False, needs="body")
        )

    def list_page(
        self,
        prefix: str,
        *,
        token: str | None = None,
        start_after: str | None = None,
        max_keys: int = 1000,
    ) -> Start:
        """Fetch one raw page of a listing, for `listing.parse_listing`."""
        pairs = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", str(max_keys))]
        pairs.append(("prefix", prefix))
        if token is not None:
            pairs.append(("continuation-token", token))
        elif start_after is not None:
            pairs.append(("start-after", start_after))
        return self._ask("ListObjectsV2", pairs)

    def list_versions_page(self, prefix: str, *, after: tuple[str, str] | None = None) -> Start:
        """Fetch one raw page of all versions, for `versions.parse_versions`.

        Args:
            prefix: of the keys.
            after: key and version id that the page before named; the id may be empty.
        """
        pairs = [("versions", ""), ("encoding-type", "url"), ("prefix", prefix)]
        if after is not None:
            pairs.append(("key-marker", after[0]))
            if after[1]:
                pairs.append(("version-id-marker", after[1]))
        return self._ask("ListObjectVersions", pairs)

    def versioning(self) -> Start:
        """Ask whether the bucket keeps versions, for `versions.versioning_of`."""
        return self._ask("GetBucketVersioning", [("versioning", "")])

    def _ask(self, operation: str, pairs: list[tuple[str, str]]) -> Start:
        """Ask something about the bucket."""
        target = f"{self._base or '/'}?{query_of(pairs)}"
        return self._send(
            WireRequest(
                operation, "GET", target, is_effect=False, needs="body", is_bucket_wide=True
            )
        )

    def _target(self, key: str, pairs: list[tuple[str, str]], version_id: str | None) -> str:
        if version_id is not None:
            pairs = [*pairs, ("versionId", version_id)]
        return f"{self._path(key)}?{query_of(pairs)}" if pairs else self._path(key)
