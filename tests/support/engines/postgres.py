"""A PostgreSQL server for the tests: Debian's own, for as long as a `with` lasts.

It runs as a user without privileges, listens on the loopback address only, on a port that was free,
keeps its files in a folder of its own, speaks TLS with a certificate made for it, and takes
passwords, as a server of a client does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
# nothing here has to outlive the tests
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",  # it could lock what a test drops
}
PATIENCE = 60  # seconds until it has to answer


def programs() -> Path | None:
    """The folder with the server's programs, the newest; None when it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")  # Debian keeps them off PATH
    versions = {
        int(folder.parent.name): folder for folder in folders if (folder / "initdb").exists()
    }
    return versions[max(versions)] if versions else None


@dataclass(frozen=True)
class Server:
    """A server that runs. The user `postgres` may do everything."""

    port: int
    password: str
    certificate: Path
    """The certificate authority that vouches for the server: itself."""

    def settings(self, user: str, password: str, role: str = "") -> dict[str, str]:
        """The variables of .env with which a project connects as a user."""
        return {
            "POSTGRES_HOST": HOST,
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_USER": user,
            "POSTGRES_PASSWORD": password,
            "POSTGRES_ROLE": role,
            "POSTGRES_SSLROOTCERT": str(self.certificate),
        }

    def connect(self, database: str, user: str = "postgres", password: str | None = None) -> Any:
        """A connection of psycopg2 in which each statement is a transaction."""
        import psycopg2

        connection = psycopg2.connect(
            host=HOST,
            port=self.port,
            dbname=database,
            user=user,
            password=password or self.password,
            sslmode="verify-full",
            sslrootcert=str(self.certificate),
        )
        connection.autocommit = True
        return connection

    def query(self, database: str, sql: str, **login: str) -> list[tuple]:
        """The rows of a statement; none where it returns nothing."""
        with (
            contextlib.closing(self.connect(database, **login)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


def _die_with_the_tests() -> None:
    """In the server's process: end it when the tests are killed and cannot."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _user() -> str | None:
    """Whom to run as: the server refuses to be root's. None when we are someone else already."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server, and stop it at the end and remove its files. Raises RuntimeError if none is
    installed, or if it does not start."""
    folder_of_programs = programs()
    if not folder_of_programs:
        raise RuntimeError(
            "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
        )
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = _user()
    if user:
        shutil.chown(folder, user)

    def run(*command: str | Path) -> None:
        done = subprocess.run(
            command, cwd=folder, user=user, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")

    server = Server(_free_port(), secrets.token_hex(16), folder / "server.crt")
    data, log = folder / "data", folder / "log"
    try:
        (folder / "password").write_text(server.password)
        (folder / "password").chmod(0o644)  # the folder itself is closed to others
        run(
            *(folder_of_programs / "initdb", "--pgdata", data, "--username", "postgres"),
            *("--auth", "scram-sha-256", "--pwfile", folder / "password", "--encoding", "UTF8"),
            *("--locale", "C.UTF-8", "--no-sync"),
        )
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}"),
            *("-keyout", folder / "server.key", "-out", server.certificate),
        )
        settings = SETTINGS | {
            "listen_addresses": HOST,
            "port": str(server.port),
            "unix_socket_directories": str(folder),
            "ssl": "on",
            "ssl_cert_file": str(server.certificate),
            "ssl_key_file": str(folder / "server.key"),
        }
        command = [folder_of_programs / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                user=user,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_the_tests,  # noqa: PLW1509 - no threads here
            )
        try:
            _wait(process, server, log)
            # what it wrote as its own user has to be read by ours
            folder.chmod(0o755)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: connections are cut
            process.wait(timeout=PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen, server: Server, log: Path) -> None:
    """Return when the server answers; raise RuntimeError when it ends or never does."""
    import psycopg2

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.connect("postgres").close()
        except psycopg2.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
