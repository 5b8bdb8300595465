"""Users and permissions that MLflow wrote work in Millrace, and go back."""

import os
import subprocess

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException

import differential
from people import login, millrace, password_of, permit, service, variables
from servers import ADMIN, USERS, MLflow, Millrace, free_port, millrace_binary, users_uri, users_variables, without_mlflow

# Databases of older releases must be upgraded for Millrace, and their releases do not open them afterwards.
AS_IT_IS = mlflow.__version__ in differential.RELEASES


def start(server, folder, port):
    server = server(folder, *USERS, variables=users_variables(folder, default_permission="READ"), port=port)
    mlflow.set_tracking_uri(server.url)
    return server


def write():
    """Make users with rights on a run, and return the run's id."""
    with login(ADMIN):
        for name in ("owner", "anyone", "editor", "manager", "shut-out", "in-a-role"):
            service().create_user(name, password_of(name))
        service().create_user("other-admin", password_of("other-admin"))
        service().update_user_admin("other-admin", True)
    with login("owner") as client:
        mlflow.set_experiment("of the owner")
        client.create_registered_model("of-the-owner")
        with mlflow.start_run() as run:
            mlflow.log_text("text", "notes.txt")
        experiment = run.info.experiment_id
        for name, permission in (("editor", "EDIT"), ("manager", "MANAGE"), ("shut-out", "DENY" if AS_IT_IS else "NO_PERMISSIONS")):
            permit(name, permission, experiment=experiment)
            permit(name, permission, model="of-the-owner")
    if AS_IT_IS:
        with login(ADMIN):
            role = service().create_role("default", "editors")
            service().add_role_permission(role.id, "experiment", experiment, "EDIT")
            service().assign_role("in-a-role", role.id)
    return run.info.run_id


def allowed(request):
    """Report whether a request is permitted and finds something."""
    try:
        return request() != []
    except (MlflowException, requests.HTTPError) as e:
        assert "Permission denied" in str(e) or "403" in str(e), e
        return False


def rights(run, names):
    """What each of the users may do with the run and the model."""
    found = {}
    for name in names:
        with login(name) as client:
            may = {
                "read": lambda: client.get_run(run),
                "search": lambda: client.search_experiments(filter_string="name = 'of the owner'"),
                "download": lambda: mlflow.artifacts.load_text(f"runs:/{run}/notes.txt"),
                "write": lambda: client.set_tag(run, "k", "v"),
                "upload": lambda: client.log_text(run, "text", "more.txt"),
                "delete": lambda: (client.delete_run(run), client.restore_run(run)),
                "read model": lambda: client.get_registered_model("of-the-owner"),
                "find model": lambda: client.search_registered_models(),
                "write model": lambda: client.set_registered_model_tag("of-the-owner", "k", "v"),
                "see users": lambda: service().get_user(ADMIN),
            }
            found[name] = " ".join(what.replace(" ", "-") for what, request in may.items() if allowed(request))
    return found


READ = "read search download read-model find-model"
EDIT = "read search download write upload read-model find-model write-model"
MANAGE = EDIT.replace("upload", "upload delete")
RIGHTS = {
    "owner": MANAGE, "anyone": READ, "editor": EDIT, "manager": MANAGE, "shut-out": "", "other-admin": MANAGE + " see-users",
    **({"in-a-role": EDIT.replace(" write-model", "")} if AS_IT_IS else {}),
}


def upgrade(*databases):
    for database in databases:
        subprocess.run([millrace_binary(), "db", "upgrade", database], check=True, capture_output=True, env=without_mlflow())


def test_there_and_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    port = free_port()  # The client keeps what it knows about a run's files.
    if os.environ.get("COMPAT_DATABASE", "").startswith("mysql:"):
        # MLflow cannot make its tables on MariaDB, because it gives two constraints the same name.
        start(Millrace, tmp_path, port).stop()
    with start(MLflow, tmp_path, port) as server:
        run = write()
        assert rights(run, RIGHTS) == RIGHTS
        database = server.database
    if not AS_IT_IS:
        upgrade(database, users_uri(tmp_path))

    with start(Millrace, tmp_path, port):
        assert rights(run, RIGHTS) == RIGHTS
        with login("manager") as client:
            experiment = client.get_run(run).info.experiment_id
        with login(ADMIN):
            for name in ("newcomer", "passer-by"):
                service().create_user(name, password_of(name))
            service().update_user_password("anyone", password_of("somebody"))
        with login("manager"):
            permit("newcomer", "EDIT", experiment=experiment)
        with login("newcomer"):
            token = millrace("tokens/create", name="of the newcomer")["secret"]
    if not AS_IT_IS:
        return

    now = {**RIGHTS, "newcomer": EDIT.replace(" write-model", ""), "passer-by": READ}
    now.pop("anyone")
    with start(MLflow, tmp_path, port) as server:
        assert rights(run, now) == now
        with login("anyone", password_of("somebody")):
            mlflow.search_experiments()
        with login(ADMIN):
            service().delete_user("passer-by")
            service().create_user("latecomer", password_of("latecomer"))
        with open(server.log, encoding="utf-8", errors="replace") as log:
            assert "Running upgrade" not in log.read()

    now["latecomer"] = now.pop("passer-by")
    with start(Millrace, tmp_path, port):
        assert rights(run, now) == now
        with variables(token=token) as client:
            client.set_tag(run, "k", "v")
        with login("passer-by"), pytest.raises(MlflowException, match="not authenticated"):
            mlflow.search_experiments()


@pytest.mark.skipif(mlflow.__version__ != differential.RELEASES[-1], reason=f"a new database is made as MLflow {differential.RELEASES[-1]} makes it")
def test_users_made_by_millrace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    port = free_port()
    with start(Millrace, tmp_path, port):
        run = write()
        assert rights(run, RIGHTS) == RIGHTS
    with start(MLflow, tmp_path, port):
        assert rights(run, RIGHTS) == RIGHTS
