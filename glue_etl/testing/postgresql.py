"""A PostgreSQL server of a test's own: made in a temporary folder, on 127.0.0.1 alone, and gone afterwards.

The programs come from PATH or from where Debian's package `postgresql` puts them. PostgreSQL refuses to run as root;
there it runs as another user of the machine.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glue_etl.errors import DatabaseError, MissingExtraError

__all__ = ["PostgreSql", "find_programs", "missing", "running_server"]

_DEBIAN = Path("/usr/lib/postgresql")
_PATIENCE = 30.0
# Who may run a server in root's place, the likeliest first.
_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class PostgreSql:
    """A server that runs.

    Attributes:
        port: Its port on 127.0.0.1.
        user: The superuser.
        password: Its password, made for this server.
        programs: The folder of `psql` and the others.
    """

    port: int
    user: str
    password: str = field(repr=False)
    programs: Path

    def url(self, database: str = "postgres") -> str:
        """The JDBC URL of a database."""
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{database}"

    def options(self, database: str = "postgres", **more: Any) -> dict[str, Any]:
        """Connection options for awsglue: url, user, password, and what is given."""
        return {"url": self.url(database), "user": self.user, "password": self.password, **more}

    def connection(self, name: str, database: str = "postgres") -> dict[str, Any]:
        """The `ConnectionInput` of a Data Catalog connection to a database."""
        properties = {"JDBC_CONNECTION_URL": self.url(database), "USERNAME": self.user, "PASSWORD": self.password}
        return {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": properties}

    def run(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """Run statements in one transaction.

        Args:
            sql: Statements, divided by semicolons.
            database: The database.

        Returns:
            The last statement's rows as texts; null is the empty text.

        Raises:
            DatabaseError: The server refuses them.
        """
        command = [
            *(str(self.programs / "psql"), "-X", "-q", "-A", "-t", "-F", "\x1f", "-1"),
            *("-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-d", database),
        ]
        done = subprocess.run(
            command, input=sql, env=_environment({"PGPASSWORD": self.password}), capture_output=True, text=True
        )
        if done.returncode:
            raise DatabaseError(f"psql failed: {done.stderr.strip()}", hint="correct the statement")
        return [line.split("\x1f") for line in done.stdout.splitlines() if line]

    def create_user(self, user: str, password: str) -> None:
        """Add a superuser with a password of the caller's choice."""
        quoted = password.replace("'", "''")
        self.run(f"CREATE ROLE \"{user}\" LOGIN SUPERUSER PASSWORD '{quoted}'")

    def create_database(self, name: str, seed: str = "") -> None:
        """Add a database, with what a script of statements makes in it."""
        command = [str(self.programs / "createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, name]
        subprocess.run(command, env=_environment({"PGPASSWORD": self.password}), check=True, capture_output=True)
        if seed:
            self.run(seed, name)


def find_programs() -> Path | None:
    """The folder with `initdb`, `postgres` and `psql`; None if there is none."""
    from glue_etl.settings import load

    places = [Path(place) for place in load().search_path.split(os.pathsep) if place]
    # The newest version first.
    places += sorted(_DEBIAN.glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    for place in places:
        if all((place / name).is_file() for name in ("initdb", "postgres", "psql")):
            return place
    return None


def missing() -> str | None:
    """Why a test with a server and its JDBC driver cannot run, and what to install; None if it can."""
    from glue_etl.engine.io.jdbc_jars import find_jars
    from glue_etl.engine.io.jdbc_vendors import VENDORS
    from glue_etl.settings import load

    if find_programs() is None:
        return "no PostgreSQL server here: apt-get install postgresql"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL refuses to run as root, and there is no user postgres or nobody"
    if not any(find_jars(VENDORS["postgresql"], load().jdbc_drivers)):
        return "no JDBC driver for PostgreSQL here: apt-get install libpostgresql-jdbc-java"
    return None


@contextmanager
def running_server() -> Iterator[PostgreSql]:
    """A server for the time of a block.

    Raises:
        MissingExtraError: PostgreSQL is not installed.
        DatabaseError: It did not start.
    """
    programs = find_programs()
    if programs is None:
        raise MissingExtraError("There is no PostgreSQL server.", hint="apt-get install postgresql")
    who = _other_user() if os.geteuid() == 0 else None
    # A test's own temporary folder may be closed to another user.
    folder = Path(tempfile.mkdtemp(prefix="glue-etl-postgresql-"))
    process = None
    try:
        password, user = secrets.token_urlsafe(24), "glue_test"
        data = _initialised(programs, folder, user, password, who)
        port = _free_port()
        process = _started(programs, data, port, who)
        server = PostgreSql(port, user, password, programs)
        _wait(server, process, folder / "log")
        yield server
    finally:
        if process is not None:
            # Ends every connection and does without a checkpoint: the data goes anyway.
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _initialised(programs: Path, folder: Path, user: str, password: str, who: pwd.struct_passwd | None) -> Path:
    secret = folder / "password"
    secret.write_text(password + "\n", encoding="utf-8")
    secret.chmod(0o600)
    if who is not None:
        os.chown(folder, who.pw_uid, who.pw_gid)
        os.chown(secret, who.pw_uid, who.pw_gid)
    command = [
        *(str(programs / "initdb"), "-D", str(folder / "data"), "-U", user, "--pwfile", str(secret)),
        *("--auth", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync"),
    ]
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, **_as(who))
    if done.returncode:
        raise DatabaseError(f"initdb failed: {done.stderr.strip()}", hint="look at the installation of PostgreSQL")
    secret.unlink()
    return folder / "data"


def _started(programs: Path, data: Path, port: int, who: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        # The data lives as long as the test.
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "shared_buffers": "32MB",
        "autovacuum": "off",
        "max_connections": "60",
    }
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    with (data.parent / "log").open("wb") as log:
        return subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), "-p", str(port), *words],
            cwd=data.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **_as(who),
        )


def _wait(server: PostgreSql, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            server.run("SELECT 1")
        except DatabaseError as error:
            if process.poll() is not None or time.monotonic() > end:
                said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise DatabaseError(f"PostgreSQL did not start: {said}", hint="look at its log") from error
            time.sleep(0.05)
        else:
            return


def _as(who: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _other_user() -> pwd.struct_passwd | None:
    for name in _USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """PG* variables of the caller would lead elsewhere."""
    from glue_etl.settings import load

    return {"PATH": load().search_path, "LC_ALL": "C", "TZ": "UTC", **(extra or {})}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0
