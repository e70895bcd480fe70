"""The tests of this room have an identity provider of their own at work."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server, socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.identity_provider.fixtures import local  # noqa: F401


@pytest.fixture
def tls_address(tmp_path: Path) -> Iterator[str]:
    """An address that answers by TLS, with a certificate that it has given to itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path / "both.pem"))
    with create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_greet_once, args=(server, context))
        thread.start()
        yield f"https://localhost:{server.getsockname()[1]}"
        thread.join()


def _greet_once(server: socket, context: ssl.SSLContext) -> None:
    line, _ = server.accept()
    try:
        context.wrap_socket(line, server_side=True).close()
    except OSError:
        # The other side has hung up, as it should.
        line.close()


def _self_signed(path: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return path
