"""An authority of one test, and the certificates of its servers."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import clock

_PEM = serialization.Encoding.PEM


class Authority:
    """Its own certificate is ``file``; whoever trusts that trusts each ``server``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("An authority of a test")
        ours = self._certificate(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(ours.sign(self._key, hashes.SHA256()).public_bytes(_PEM))

    def server(self, name: str) -> Path:
        """A file with the key and the certificate of a server of that name or address."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            own: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            own = x509.DNSName(name)
        unsigned = self._certificate(_named(name), key.public_key())
        signed = unsigned.add_extension(x509.SubjectAlternativeName([own]), critical=False)
        file = self._folder / f"{name}.pem"
        secret = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(secret + signed.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        return file

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = clock.real_now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
