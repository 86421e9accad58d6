"""Certificates for servers on loopback: good ones, and those that a client must not accept."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Authority", "self_signed"]

_DAY = datetime.timedelta(days=1)
_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = _BEGIN + 36500 * _DAY


@dataclass
class Authority:
    """Signs certificates; `certificate` is what a client names in `ca_bundle` (PEM)."""

    folder: Path
    name: str = "authority"

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(self.name)
        signed = _builder(self._name, self._name, self._key.public_key(), _END, is_authority=True)
        self.certificate = self.folder / f"{self.name}.pem"
        self.certificate.write_bytes(_pem(signed.sign(self._key, hashes.SHA256())))

    def issue(
        self, *, address: str = "127.0.0.1", is_expired: bool = False, name: str = "server"
    ) -> tuple[Path, Path]:
        """Make a certificate for an IP address; give the paths of it and of its key (PEM)."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = _BEGIN + _DAY if is_expired else _END
        builder = _builder(
            _named(address), self._name, key.public_key(), end, is_authority=False
        ).add_extension(_address(address), critical=False)
        return _written(self.folder, name, builder.sign(self._key, hashes.SHA256()), key)


def self_signed(folder: Path, *, address: str = "127.0.0.1") -> tuple[Path, Path]:
    """Make a certificate that nobody else signed; give the paths of it and of its key (PEM)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named(address)
    builder = _builder(name, name, key.public_key(), _END, is_authority=True)
    signed = builder.add_extension(_address(address), critical=False).sign(key, hashes.SHA256())
    return _written(folder, "self-signed", signed, key)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _address(address: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    end: datetime.datetime,
    *,
    is_authority: bool,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )


def _written(
    folder: Path, name: str, signed: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(_pem(signed))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def _pem(signed: x509.Certificate) -> bytes:
    return signed.public_bytes(serialization.Encoding.PEM)
