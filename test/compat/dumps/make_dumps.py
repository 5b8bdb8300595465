"""Write the dumps of databases that MLflow releases made, and of what the
`mlflow db upgrade` of a later release makes of them.

    python make_dumps.py POSTGRESQL_URI MYSQL_URI fill PYTHON...
    python make_dumps.py POSTGRESQL_URI MYSQL_URI upgrade PYTHON...

The URIs name servers that databases can be made on, each PYTHON has a release of
MLflow with psycopg2 and pymysql. Old releases want sqlalchemy<2.1 and, to log
traces, opentelemetry-sdk<1.34. The server's own programs pg_dump, psql, mariadb-dump
and mariadb write and read the text.

fill writes RELEASE-DATABASE.sql.gz, the database as the release left it. upgrade
writes RELEASE-DATABASE.upgraded-X.Y.sql.gz for each of those that are older than X.Y,
which is the release that upgrades.
"""

import contextlib
import glob
import gzip
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "millrace_dump"


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


class SQLite:
    name = "sqlite"

    def __init__(self, folder):
        self.path = os.path.join(folder, "mlflow.db")
        self.uri = "sqlite:///" + self.path

    def make(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.path)

    def dump(self):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return "\n".join(connection.iterdump()) + "\n"

    def load(self, text):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(text)


class PostgreSQL:
    name = "postgresql"

    def __init__(self, server):
        self.server = server
        self.plain = urlsplit(server)._replace(path="/" + NAME).geturl()
        self.uri = self.plain.replace("postgresql://", "postgresql+psycopg2://")

    def make(self):
        run("psql", "-qw", self.server, "-c", f"DROP DATABASE IF EXISTS {NAME}", "-c", f"CREATE DATABASE {NAME}")

    def dump(self):
        text = run("pg_dump", "-w", "--inserts", "--no-owner", "--no-privileges", "--no-comments", self.plain, text=True)
        # Settings of the session, and commands of psql, are not for other programs.
        text = re.sub(r"(?m)^(SET|SELECT pg_catalog\.set_config|\\(un)?restrict)\b.*\n", "", text)
        return re.sub(r"(?m)^--.*\n|^\n", "", text).replace("public.", "")

    def load(self, text):
        run("psql", "-qw", "-v", "ON_ERROR_STOP=1", self.plain, input=text, text=True)


class MySQL:
    name = "mysql"

    def __init__(self, server):
        url = urlsplit(server)
        self.login = [f"-h{url.hostname}", f"-P{url.port or 3306}", f"-u{url.username}", f"-p{url.password or ''}"]
        self.uri = url._replace(scheme="mysql+pymysql", path="/" + NAME).geturl()

    def make(self):
        run("mariadb", *self.login, "-e", f"DROP DATABASE IF EXISTS {NAME}; CREATE DATABASE {NAME} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")

    def dump(self):
        text = run("mariadb-dump", *self.login, "--skip-comments", "--compact", "--hex-blob", "--skip-triggers", "--default-character-set=utf8mb4", NAME, text=True)
        return re.sub(r"(?m)^/\*.*\*/ ?;?\n", "", text)

    def load(self, text):
        settings = "SET foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO';\n"
        run("mariadb", *self.login, "--default-character-set=utf8mb4", NAME, input=settings + text, text=True)


def write(name, text, folder):
    text = text.replace(folder, "/srv/mlflow").replace("/tmp/millrace-dumps", "/srv/traces")
    path = os.path.join(HERE, name + ".sql.gz")
    with open(path, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(text.encode())
    print(f"{os.path.basename(path)}: {os.path.getsize(path)} bytes")


def upgrade(python, release, database, folder, environment):
    for path in sorted(glob.glob(os.path.join(HERE, f"*-{database.name}.sql.gz"))):
        name = os.path.basename(path).removesuffix(".sql.gz")
        made_by = name.removesuffix("-" + database.name).split(".")[:2]
        if list(map(int, made_by)) >= list(map(int, release.split(".")[:2])):
            continue
        database.make()
        with gzip.open(path, "rt", encoding="utf-8") as file:
            database.load(file.read())
        run(python, "-m", "mlflow", "db", "upgrade", database.uri, cwd=folder, env=environment)
        write(f"{name}.upgraded-{'.'.join(release.split('.')[:2])}", database.dump(), folder)


def main(postgresql, mysql, what, *pythons):
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        for python in pythons:
            release = run(python, "-c", "import mlflow; print(mlflow.__version__)", text=True, env=environment).strip()
            for database in (SQLite(folder), PostgreSQL(postgresql), MySQL(mysql)):
                if what == "upgrade":
                    upgrade(python, release, database, folder, environment)
                    continue
                database.make()
                run(python, os.path.join(HERE, "fill.py"), database.uri, cwd=folder, env=environment)
                write(f"{release}-{database.name}", database.dump(), folder)
    shutil.rmtree("/tmp/millrace-dumps", ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
