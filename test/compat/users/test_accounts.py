"""Accounts, passwords and access tokens."""

import subprocess

import mlflow
import requests

from people import ROLES, login, millrace, new_users, password_of, read, refused, server, service, tracking, variables, works, write
from servers import ADMIN, millrace_binary, without_mlflow


def change_password(username, password, current):
    """Change a password by oneself. The methods of earlier releases do not send the current one."""
    if ROLES:
        service().update_user_password(username, password, current_password=current)
        return
    response = requests.patch(mlflow.get_tracking_uri() + "/api/2.0/mlflow/users/update-password", auth=(username, current), timeout=10,
                              json={"username": username, "password": password, "current_password": current})
    assert response.status_code == 200, response.text


def test_accounts(server):
    new_users("carl")
    with login(ADMIN):
        with refused("already exists"):
            service().create_user("carl", "password of carl")
        with refused("at least 12 characters"):
            service().create_user("carla", "short")
        with refused("at least 12 characters"):
            service().update_user_password("carl", "short")
        with refused("Users cannot delete their own account"):
            service().delete_user(ADMIN)
    with login("carl"):
        with refused("Current password is required"):
            service().update_user_password("carl", "changed by carl")
        for request in (
            lambda: service().create_user("carla", "password of carla"), lambda: service().update_user_password(ADMIN, "password of carl"),
            lambda: service().update_user_admin("carl", True), lambda: service().delete_user("bob"),
        ):
            with refused():
                request()
        change_password("carl", "changed by carl", password_of("carl"))
    with login("carl"), refused("not authenticated"):
        mlflow.search_experiments()
    with login("carl", "changed by carl"):
        mlflow.search_experiments()
    with login(ADMIN):
        service().update_user_password("carl", "changed by the admin")
    with login("carl", "changed by carl"), refused("not authenticated"):
        mlflow.search_experiments()
    with login("carl", "changed by the admin"):
        mlflow.search_experiments()
    with login(ADMIN):
        service().delete_user("carl")
    with login("carl", "changed by the admin"), refused("not authenticated"):
        mlflow.search_experiments()


def test_last_administrator(server):
    with login(ADMIN):
        service().update_user_admin(ADMIN, False)  # As in MLflow.
        with refused():
            service().create_user("late", password_of("late"))
        subprocess.run([millrace_binary(), "users", "set-admin", ADMIN], check=True, capture_output=True,
                       cwd=server.folder, env={**without_mlflow(), **server.variables})
        service().create_user("late", password_of("late"))


def test_nobody(server):
    with variables(), refused("Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        mlflow.set_experiment("of nobody")
    with login("nobody"), refused("the user name and the password do not belong together"):
        with mlflow.start_run():
            pass
    with login(ADMIN, "wrong password"), refused("the user name and the password do not belong together"):
        service().get_user(ADMIN)


def test_access_tokens(server):
    new_users("tim")
    with login("tim"):
        experiment = mlflow.set_experiment("of tim").experiment_id
        other = mlflow.create_experiment("other of tim")
        run, info = write("of tim")
        made = {name: millrace("tokens/create", name=name, **scope) for name, scope in (
            ("all", {}), ("read", {"read_only": True}), ("one", {"experiment_ids": [experiment]}))}

    ways = {name: (variables(token=t["secret"]), variables(username="tim", password=t["secret"])) for name, t in made.items()}
    for way in ways["all"]:
        with way as client:
            assert sorted(e.experiment_id for e in client.search_experiments()) == sorted([experiment, other])
            mlflow.set_experiment("of tim")
            with mlflow.start_run(run_id=run):
                mlflow.log_artifact("notes.txt", "token")
            assert client.get_run(run).data.params == {"mark": "of tim"}
            assert works(info.model_uri)
    for way in ways["read"]:
        with way as client:
            read(client, run, experiment, "of tim")
            for request in (
                lambda: client.log_metric(run, "loss", 1), lambda: client.create_experiment("by a token"), lambda: client.log_artifact(run, "notes.txt"),
                lambda: client.delete_run(run), lambda: client.create_registered_model("by a token"),
            ):
                with refused():
                    request()
    for way in ways["one"]:
        with way as client:
            read(client, run, experiment, "of tim")
            client.set_tag(run, "by", "a token")
            assert [e.experiment_id for e in client.search_experiments()] == [experiment]
            assert list(client.search_registered_models()) == []
            for request in (
                lambda: client.get_experiment(other), lambda: client.create_run(other), lambda: client.create_experiment("by a token"),
            ):
                with refused():
                    request()
    with login("tim"):
        for token in made.values():
            millrace("tokens/revoke", id=token["token"]["id"])
    for token in made.values():
        for way in (variables(token=token["secret"]), variables(username="tim", password=token["secret"])):
            with way, refused("access token is unknown, expired or revoked"):
                mlflow.search_experiments()
