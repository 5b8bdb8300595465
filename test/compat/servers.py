"""Start Millrace and MLflow servers of our own for tests."""

import atexit
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_built = {}


def millrace_binary():
    """Return $MILLRACE_BIN, or a binary built from this tree, once per process."""
    if "MILLRACE_BIN" in os.environ:
        return os.environ["MILLRACE_BIN"]
    if "path" not in _built:
        _built["folder"] = tempfile.TemporaryDirectory()
        _built["path"] = os.path.join(_built["folder"].name, "millrace")
        subprocess.run(["go", "build", "-o", _built["path"], "./cmd/millrace"], cwd=ROOT, check=True,
                       env={**os.environ, "CGO_ENABLED": "0"})
    return _built["path"]


def without_mlflow():
    """Return the environment without what the clients of this process have set in it."""
    return {k: v for k, v in os.environ.items() if not re.match("MLFLOW_|DATABRICKS_", k)}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def database_uri(folder, sqlite):
    """Return the URI of the database that belongs to a folder.

    That is a SQLite file in it, or, if $COMPAT_DATABASE is the URI of a database
    server, a database on it that is made here and dropped at the end.
    """
    server = os.environ.get("COMPAT_DATABASE")
    if sqlite or not server:
        return "sqlite:///" + os.path.join(folder, "mlflow.db")
    import sqlalchemy

    url = sqlalchemy.make_url(server)
    url = url.set(drivername={"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}.get(url.drivername, url.drivername))
    name = "compat_" + hashlib.sha256(folder.encode()).hexdigest()[:16]

    def run(statement):
        engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(statement))
        engine.dispose()

    if name not in _built:
        _built[name] = True
        # The migrations of MLflow 3.18 fail in a database of another character set.
        run(f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if url.drivername.startswith("mysql") else ""))
        atexit.register(run, f"DROP DATABASE {name}")
    return url.set(database=name).render_as_string(hide_password=False)


ADMIN, ADMIN_PASSWORD = "admin", "password of the admin"
USERS = ("--app-name", "basic-auth")


def users_uri(folder, sqlite=False):
    """Return the URI of the users of a folder: a SQLite file of their own, or the folder's database on a server."""
    if sqlite or "COMPAT_DATABASE" not in os.environ:
        return "sqlite:///" + os.path.join(folder, "basic_auth.db")
    return database_uri(str(folder), sqlite)


def users_variables(folder, sqlite=False, default_permission="NO_PERMISSIONS"):
    """Return the environment of a server with users, after writing MLflow's ini file of them."""
    path = os.path.join(folder, "users.ini")
    settings = {
        "default_permission": default_permission,
        "database_uri": users_uri(folder, sqlite).replace("%", "%%"),
        "admin_username": ADMIN,
        "admin_password": ADMIN_PASSWORD,
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        "auth_cache_ttl_seconds": 600,  # MLflow computes the hash of a password once instead of for each request.
    }
    with open(path, "w", encoding="utf-8") as file:
        file.write("[mlflow]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    return {
        "MLFLOW_AUTH_CONFIG_PATH": path,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "key of the tests",
    }


class Server:
    """A server process on a free port; its database belongs to folder, and its artifacts are in it.

    variables are added to the environment of the process. A server that follows another one can take its port.
    """

    name = ""

    def __init__(self, folder, *options, sqlite=False, variables=None, port=None):
        self.folder = str(folder)
        self.variables = variables or {}
        self.database = database_uri(self.folder, sqlite)
        self.artifacts = os.path.join(self.folder, "artifacts")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = os.path.join(self.folder, self.name + ".log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command(), "--host", "127.0.0.1", "--port", str(self.port),
                 "--backend-store-uri", self.database,
                 "--artifacts-destination", self.artifacts, *options],
                cwd=self.folder, stdout=log, stderr=log, env=self.environment(), start_new_session=True)
        for _ in range(1800):  # MLflow takes its time on a busy machine.
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.url + "/health").read()
                return
            except urllib.error.HTTPError as e:
                if e.code == 404:  # The server has a static prefix.
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.stop()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"{self.name} does not start:\n{log.read()[-4000:]}")

    def environment(self):
        return {**without_mlflow(), **self.variables}

    def stop(self):
        """Ends the process, and those that it started: older versions of MLflow leave their workers behind."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Millrace(Server):
    name = "millrace"

    def command(self):
        return [millrace_binary(), "server"]


class MLflow(Server):
    """The MLflow that is installed beside the Python that runs this."""

    name = "mlflow"

    def command(self):
        return [os.path.join(os.path.dirname(sys.executable), "mlflow"), "server", "--workers", "1"]

    def environment(self):
        # MLflow's server of jobs takes longer to start and stop than most tests.
        return {**super().environment(), "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_MODEL_CATALOG_URI": ""}
