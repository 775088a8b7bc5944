"""Snowflake's protocol for as long as a `with` lasts: what starts snowflake_emulator.py."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PASSPHRASE = "of-a-test"
PATIENCE = 60  # seconds until it has to be ready


@dataclass(frozen=True)
class Emulator:
    port: int

    def query(self, sql: str) -> list[tuple]:
        """The rows of a statement, by Snowflake's own connector."""
        import snowflake.connector

        with snowflake.connector.connect(
            user="TEST",
            password="TEST",
            account="TEST",
            host=HOST,
            port=self.port,
            protocol="http",
            database="ANALYTICS",
            schema="PUBLIC",
        ) as connection:
            return connection.cursor().execute(sql).fetchall()

    def settings(self, key: Path) -> dict[str, str]:
        """The variables of .env with which a project connects, by the key pair in a file."""
        return {
            "SNOWFLAKE_ACCOUNT": "ORGNAME-ACCOUNTNAME",
            "SNOWFLAKE_USER": "A_DEVELOPER",
            "SNOWFLAKE_ROLE": "TRANSFORMER",
            "SNOWFLAKE_WAREHOUSE": "TRANSFORMING",
            "SNOWFLAKE_PRIVATE_KEY_PATH": str(key),
            "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": PASSPHRASE,
            "SNOWFLAKE_HOST": HOST,
            "SNOWFLAKE_PORT": str(self.port),
            "SNOWFLAKE_PROTOCOL": "http",
        }


def make_key(folder: Path) -> Path:
    """A private key with a passphrase, made as .env.example tells."""
    key = folder / "snowflake_key.p8"
    subprocess.run(
        f"openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes256 -passout env:PHRASE -out '{key}'",
        shell=True,
        env={**os.environ, "PHRASE": PASSPHRASE},
        check=True,
        capture_output=True,
    )
    return key


@contextlib.contextmanager
def running(data: Path) -> Iterator[Emulator]:
    """Start the emulator with the TPC-H files of a folder; raises RuntimeError if it does not."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    program = Path(__file__).with_name("snowflake_emulator.py")
    with tempfile.NamedTemporaryFile("r", prefix="snowflake-", suffix=".log") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", program, str(port), data],
            stdin=subprocess.PIPE,  # it serves until this ends
            stdout=log.fileno(),
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while "ready\n" not in Path(log.name).read_text():
                if process.poll() is not None or time.monotonic() > deadline:
                    text = Path(log.name).read_text()
                    raise RuntimeError(f"The emulator of Snowflake did not start:\n{text}")
                time.sleep(0.1)
            yield Emulator(port)
        finally:
            process.terminate()
            process.communicate()
