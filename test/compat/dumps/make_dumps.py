"""Write the dumps of databases that older MLflow releases made, and of what
`mlflow db upgrade` of the reference release makes of them.

    python make_dumps.py POSTGRESQL_URI MYSQL_URI REFERENCE_PYTHON PYTHON...

The URIs name servers that databases can be made on, each PYTHON has a release of
MLflow with psycopg2 and pymysql. Old releases want sqlalchemy<2.1 and, to log
traces, opentelemetry-sdk<1.34. The server's own programs pg_dump and mariadb-dump
write the text. RELEASE-DATABASE.sql.gz is the database as the release left it,
RELEASE-DATABASE.upgraded.sql.gz what the reference makes of it.
"""

import contextlib
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


def write(name, text, folder):
    text = text.replace(folder, "/srv/mlflow").replace("/tmp/millrace-dumps", "/srv/traces")
    path = os.path.join(HERE, name + ".sql.gz")
    with open(path, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(text.encode())
    print(f"{os.path.basename(path)}: {os.path.getsize(path)} bytes")


def main(postgresql, mysql, reference, *releases):
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        for python in releases:
            release = run(python, "-c", "import mlflow; print(mlflow.__version__)", text=True, env=environment).strip()
            for database in (SQLite(folder), PostgreSQL(postgresql), MySQL(mysql)):
                database.make()
                run(python, os.path.join(HERE, "fill.py"), database.uri, cwd=folder, env=environment)
                write(f"{release}-{database.name}", database.dump(), folder)
                run(reference, "-m", "mlflow", "db", "upgrade", database.uri, cwd=folder, env=environment)
                write(f"{release}-{database.name}.upgraded", database.dump(), folder)
    shutil.rmtree("/tmp/millrace-dumps", ignore_errors=True)


main(*sys.argv[1:])
