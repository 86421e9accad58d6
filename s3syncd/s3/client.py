"""First contact, credentials and the blocking client: the only module that knows boto3."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.httpsession import get_cert_path
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError

from s3syncd.core.retry import Failure, classify
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bounds import AnswerTooLarge, BoundedSession
from s3syncd.s3.contact import Trouble, signed_region, unavailable
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.settings import (
    CONNECT_TIMEOUT_SECONDS,
    CONTROL_READ_TIMEOUT_SECONDS,
    DEFAULT_REGION,
    PATIENT_READ_TIMEOUT_SECONDS,
    PROBE_READ_TIMEOUT_SECONDS,
)
from s3syncd.s3.trust import digest_of
from s3syncd.s3.wire import Contact, Endpoint, Frozen

if TYPE_CHECKING:
    from s3syncd.s3.bucket import BucketSettings

__all__ = ["Client"]

# Where no answer of botocore's means that nothing was sent.
_NOT_SENT: Final = frozenset({
    "ConnectTimeoutError", "EndpointConnectionError", "NoCredentialsError", "ParamValidationError",
    "PartialCredentialsError", "ProxyConnectionError", "SSLError", "CredentialRetrievalError",
})  # fmt: skip

# botocore reads answers recursively: one nested thousands deep is a RecursionError.
_FAILURES: Final = (BotoCoreError, ClientError, ResponseParserError, RecursionError)


class Client:
    """A boto3 session for one bucket.

    Args:
        settings: of the bucket.
        on_request: told the event of each request that is sent to the store.
    """

    def __init__(self, settings: BucketSettings, *, on_request: Callable[[str], None]) -> None:
        self._settings = settings
        self._on_request = on_request
        self._session: boto3.Session | None = None
        self._credentials: Any = None
        self._endpoint: Endpoint | None = None
        self._controls: dict[int, Any] = {}
        self._token = ""

    def make_contact(self, *, attempts: int = 2) -> Contact:
        """List one key and see where the request really went, and with which region.

        Args:
            attempts: how often it is tried where an error may pass.

        Raises:
            SiteUnavailable: with what is wrong and what to do about it.
        """
        settings = self._settings
        sent, is_of_role = list[Any](), False
        try:
            session = self._new_session()
            is_of_role = True  # what STS refuses is no fault of the bucket
            self._credentials.get_frozen_credentials()
            is_of_role = False
            timeout = PROBE_READ_TIMEOUT_SECONDS
            probe = self._new_client(session, read_timeout=timeout, attempts=attempts, region=None)
            probe.meta.events.register(
                "before-send.s3.ListObjectsV2", lambda request, **_: sent.append(request)
            )
            with closing(probe):
                probe.list_objects_v2(Bucket=settings.bucket, Prefix=settings.prefix, MaxKeys=1)
        except (*_FAILURES, ValueError, OSError) as error:
            signed = _signed_region(sent[-1]) if sent else ""
            trouble = _trouble(error)._replace(signed_region=signed, is_of_role=is_of_role)
            raise self._unavailable(trouble) from error
        contact = self._contact(session, sent[-1])
        used = contact.endpoint.region
        if settings.region not in {None, "", used}:  # botocore followed a redirect: to be known
            raise self._unavailable(Trouble("ClientError", "WrongRegion", 301, "", used))
        self._session, self._endpoint = session, contact.endpoint
        return contact

    def blocking(self, *, is_patient: bool = False) -> Any:
        """Give the boto3 client for control calls: one attempt. Made at first use."""
        timeout = PATIENT_READ_TIMEOUT_SECONDS if is_patient else CONTROL_READ_TIMEOUT_SECONDS
        if timeout not in self._controls:
            if self._session is None or self._endpoint is None:
                raise S3Failure(_failure_of(NoCredentialsError()))
            made = self._new_client(
                self._session, read_timeout=timeout, attempts=1, region=self._endpoint.region
            )
            if self._controls.setdefault(timeout, made) is not made:  # another worker was quicker
                made.close()
        return self._controls[timeout]

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn the exceptions of botocore into `S3Failure`."""
        try:
            yield
        except _FAILURES as error:
            raise S3Failure(_failure_of(error, self._token)) from error

    def close(self) -> None:
        """Close the connections of the control clients."""
        while self._controls:
            self._controls.popitem()[1].close()

    def _new_session(self) -> boto3.Session:
        settings = self._settings
        if bool(settings.access_key) != bool(settings.secret_access_key):  # boto3 fails much later
            missing = "secret_access_key" if settings.access_key else "access_key"
            raise PartialCredentialsError(provider="configuration", cred_var=missing)
        session = boto3.Session(
            botocore_session=_lean_session(),
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_access_key,
            aws_session_token=settings.session_token,
            profile_name=None if settings.access_key else settings.profile,
            region_name=settings.region,
        )
        session.events.register("before-send", self._note_token)
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        if settings.role_arn:
            credentials = _assumed(session, credentials, settings.role_arn)
            inner: Any = session._session  # noqa: SLF001 - no public way to set a source
            inner._credentials = credentials  # noqa: SLF001 - as above
        self._credentials = credentials
        return session

    def _note_token(self, request: Any, **_: object) -> None:
        """Remember what a store, or STS, may echo in its errors: keys are never sent, tokens are.

        Runs before each request of any client.
        """
        token = request.headers.get("X-Amz-Security-Token") or b""
        self._token = (token.decode() if isinstance(token, bytes) else token) or self._token

    def _frozen(self) -> Frozen:
        """Give the credentials of now; called before each request, and refreshes when due."""
        try:  # `failures` costs as much again, and this is in the way of each small file
            now = self._credentials.get_frozen_credentials()
        except _FAILURES as error:
            raise S3Failure(_failure_of(error, self._token)) from error
        return Frozen(now.access_key, now.secret_key, now.token)

    def _new_client(
        self, session: boto3.Session, *, read_timeout: int, attempts: int, region: str | None
    ) -> Any:
        settings = self._settings
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": _style(settings.addressing)},
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=read_timeout,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            # Anything else breaks stores that know no trailing checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            user_agent_extra="s3syncd",
        )
        verify: bool | str | None = settings.ca_bundle if settings.verify_tls else False
        if not settings.verify_tls:  # it is configured: nothing to be told at each request
            warnings.filterwarnings("ignore", message="Unverified HTTPS request")
        client = session.client(
            "s3", region_name=region or session.region_name or DEFAULT_REGION,
            endpoint_url=settings.endpoint, verify=verify, config=config,
        )  # fmt: skip
        client.meta.events.register(
            "before-send.s3", lambda event_name, **_told: self._on_request(event_name)
        )
        return client

    def _contact(self, session: boto3.Session, request: Any) -> Contact:
        """Read endpoint, addressing and region off the request that had success."""
        url = urlsplit(request.url)
        region = _signed_region(request) or session.region_name or DEFAULT_REGION
        ca_file = self._ca_file(session) if url.scheme == "https" else None
        endpoint = Endpoint(
            is_tls=url.scheme == "https",
            host=url.netloc,
            region=region,
            ca_file=ca_file,
            ca_digest=digest_of(ca_file),
            verify_tls=self._settings.verify_tls,
        )
        return Contact(endpoint, url.path.rstrip("/"), self._frozen)

    def _ca_file(self, session: boto3.Session) -> str | None:
        """Give the authorities that boto3 just trusted, so that both clients trust the same."""
        if not self._settings.verify_tls:
            return None
        configured = session._session.get_config_variable("ca_bundle")  # noqa: SLF001 - no other way
        return str(self._settings.ca_bundle or configured or get_cert_path(verify=True))

    def _unavailable(self, trouble: Trouble) -> SiteUnavailable:
        return unavailable(trouble.without(self._token), self._settings)


@cache
def _loader(data_path: str | None) -> Any:
    return create_loader(data_path)


def _lean_session() -> BoundedSession:
    """Give a session that shares what botocore reads from its files: 10 MiB, and 0.1 s of CPU.

    Else each attempt of an outage would leave as much behind in its thread's part of the heap.
    """
    session = BoundedSession()
    loader = _loader(session.get_config_variable("data_path"))
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # boto3 adds its own each time
    session.register_component("data_loader", loader)
    return session


def _style(addressing: str) -> Literal["auto", "virtual", "path"]:
    return "path" if addressing == "path" else "virtual" if addressing == "virtual" else "auto"


def _signed_region(request: Any) -> str:
    return signed_region(request.headers.get("Authorization", ""))


def _assumed(session: boto3.Session, source: Any, role_arn: str) -> Any:
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session._session.create_client,  # noqa: SLF001 - what botocore passes itself
        source_credentials=source,
        role_arn=role_arn,
        extra_args={"RoleSessionName": "s3syncd"},
    )
    return DeferredRefreshableCredentials(
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )


def _trouble(error: Exception) -> Trouble:
    if not isinstance(error, ClientError):
        name = (ResponseParserError if _is_no_document(error) else type(error)).__name__
        inner = str(getattr(error, "kwargs", {}).get("error") or "")
        told = inner if name == "SSLError" else str(error)
        return Trouble(name, "", None, told if inner in told else f"{told} {inner}", "")
    name = "ClientError"
    response: Mapping[str, Any] = error.response
    said, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    region = said.get("Region") or meta.get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
    code, text = str(said.get("Code", "")), str(said.get("Message", ""))
    return Trouble(name, code, meta.get("HTTPStatusCode"), text, str(region))


def _is_no_document(error: Exception) -> bool:
    """Whether there was an answer that nobody can read; botocore wraps what its reader raises."""
    inner = getattr(error, "kwargs", {}).get("error")
    return isinstance(error, RecursionError) or isinstance(inner, AnswerTooLarge)


def _failure_of(error: Exception, token: str = "") -> Failure:
    trouble = _trouble(error).without(token)
    status, code = trouble.status, trouble.code
    is_unknown = trouble.name not in _NOT_SENT if status is None else status >= 500
    kind = classify(status=status, code="" if code.isdigit() else code, name=trouble.name)
    return Failure(kind, code or trouble.name, status, trouble.text, is_unknown)
