"""Certificates of the tests' own authorities, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: object) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    command = [program, *(str(each) for each in arguments)]
    subprocess.run(command, check=True, capture_output=True)


class Authority:
    """Whoever trusts `file` trusts what it signs.

    Args:
        folder: of all its files.
        name: of its own.
    """

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key, self.file = folder / f"{name}.key", folder / f"{name}.pem"
        # What Python looks for since 3.13 (VERIFY_X509_STRICT), here and below.
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        subject = ("-subj", f"/CN={name}", "-days", 2)
        _openssl("req", "-x509", *_CURVE, *subject, *usage, "-keyout", self._key, "-out", self.file)

    def sign(self, name: str, *, names: str = "IP:127.0.0.1", days: int = 2) -> tuple[Path, Path]:
        """A key and a certificate; one that has expired for -1 days."""
        key, file = self._folder / f"{name}.key", self._folder / f"{name}.pem"
        asked, extra = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extra.write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
        _openssl("req", *_CURVE, "-subj", f"/CN={name}", "-keyout", key, "-out", asked)
        signing = ("-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-extfile", extra)
        _openssl("x509", "-req", "-in", asked, *signing, "-days", days, "-out", file)
        return key, file
