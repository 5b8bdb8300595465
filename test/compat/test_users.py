"""A server with users, used by the client of each user."""

import contextlib
import os
import subprocess
import time

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.server.auth.client import AuthServiceClient
from packaging.version import Version
from sklearn.linear_model import LogisticRegression

from conftest import CLIENT, model_name, since
from servers import ADMIN, ADMIN_PASSWORD, USERS, Millrace, millrace_binary, users_variables, without_mlflow

# Grants came with roles. Earlier releases have permissions on single experiments and models.
ROLES = CLIENT >= Version("3.17")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("users")
    with Millrace(folder, *USERS, variables=users_variables(folder)) as server:
        yield server


@pytest.fixture(autouse=True)
def tracking(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server.url)


@contextlib.contextmanager
def variables(**values):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("USERNAME", "PASSWORD", "TOKEN"):
            patch.delenv("MLFLOW_TRACKING_" + name, raising=False)
        for name, value in values.items():
            patch.setenv("MLFLOW_TRACKING_" + name.upper(), value)
        try:
            yield mlflow.MlflowClient()
        finally:
            while mlflow.active_run():
                mlflow.end_run()


def password_of(name):
    return ADMIN_PASSWORD if name == ADMIN else f"password of {name}"


def login(name, password=None):
    """Let the clients of this process be those of a user."""
    return variables(username=name, password=password or password_of(name))


def service():
    return AuthServiceClient(mlflow.get_tracking_uri())


def new_users(*names):
    with login(ADMIN):
        for name in names:
            service().create_user(name, password_of(name))


def permit(username, permission, experiment=None, model=None):
    """Grant a permission as the current user."""
    if ROLES:
        service().grant_user_permission(username, "experiment" if experiment else "registered_model", experiment or model, permission)
    elif experiment:
        service().create_experiment_permission(experiment, username, permission)
    else:
        service().create_registered_model_permission(model, username, permission)


@contextlib.contextmanager
def refused(pattern="Permission denied"):
    """A request in it gets a clear error without being sent again and again."""
    started = time.monotonic()
    # The client reports the status of transfers of files, and the message of everything else.
    with pytest.raises((MlflowException, requests.HTTPError), match=f"{pattern}|403 Client Error"):
        yield
    assert time.monotonic() - started < 10


def write(mark, **registered):
    """Log some of everything, as the current user."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with open("notes.txt", "w", encoding="utf-8") as file:
        file.write(mark)
    with mlflow.start_run() as run:
        mlflow.log_param("mark", mark)
        mlflow.log_metrics({"loss": 0.5})
        mlflow.log_artifact("notes.txt", "docs")
        info = mlflow.sklearn.log_model(model, **model_name("model"), pip_requirements=["scikit-learn"], **registered)
    return run.info.run_id, info


def works(model_uri):
    return list(mlflow.pyfunc.load_model(model_uri).predict([[0.0], [1.0]])) == [0, 1]


def read(client, run, experiment, mark):
    """Everything that a reader may do."""
    assert client.get_run(run).data.params == {"mark": mark}
    assert client.get_run(run).data.metrics == {"loss": 0.5}
    assert [m.value for m in client.get_metric_history(run, "loss")] == [0.5]
    assert [r.info.run_id for r in client.search_runs([experiment])] == [run]
    assert [e.experiment_id for e in client.search_experiments() if e.experiment_id == experiment] == [experiment]
    assert "docs" in [f.path for f in client.list_artifacts(run)]
    assert mlflow.artifacts.load_text(f"runs:/{run}/docs/notes.txt") == mark


def test_experiment(server):
    new_users("alice", "bob", "reader", "editor", "manager")
    with login("alice") as client:
        experiment = mlflow.set_experiment("of alice").experiment_id
        run, info = write("of alice")
        read(client, run, experiment, "of alice")
        assert works(info.model_uri)
        for name, permission in (("reader", "READ"), ("editor", "EDIT"), ("manager", "MANAGE")):
            permit(name, permission, experiment=experiment)

    with login("bob") as client:
        assert client.search_experiments() == []
        assert list(client.search_runs([experiment])) == []
        assert mlflow.search_runs(search_all_experiments=True).empty
        if CLIENT >= Version("3"):
            assert list(client.search_logged_models([experiment])) == []
        for request in (
            lambda: client.get_experiment(experiment), lambda: client.get_experiment_by_name("of alice"), lambda: client.get_run(run),
            lambda: mlflow.set_experiment("of alice"), lambda: client.get_metric_history(run, "loss"), lambda: client.list_artifacts(run),
            lambda: mlflow.artifacts.load_text(f"runs:/{run}/docs/notes.txt"), lambda: mlflow.pyfunc.load_model(info.model_uri),
            lambda: client.create_run(experiment), lambda: client.log_metric(run, "loss", 1), lambda: client.delete_run(run),
            lambda: permit("bob", "READ", experiment=experiment),
        ):
            with refused():
                request()

    with login("reader") as client:
        read(client, run, experiment, "of alice")
        assert works(info.model_uri)
        for request in (
            lambda: client.log_metric(run, "loss", 1), lambda: client.log_param(run, "p", 1), lambda: client.set_tag(run, "t", 1),
            lambda: client.log_artifact(run, "notes.txt"), lambda: client.create_run(experiment), lambda: client.set_terminated(run),
            lambda: client.set_experiment_tag(experiment, "t", "1"), lambda: client.delete_run(run), lambda: client.delete_experiment(experiment),
            lambda: permit("bob", "READ", experiment=experiment),
        ):
            with refused():
                request()

    with login("editor") as client:
        mlflow.set_experiment("of alice")
        second, info = write("of the editor")
        assert works(info.model_uri)
        client.set_tag(run, "edited", "yes")
        client.log_artifact(run, "notes.txt", "more")
        client.set_experiment_tag(experiment, "edited", "yes")
        for request in (
            lambda: client.delete_run(second), lambda: client.delete_experiment(experiment), lambda: permit("bob", "READ", experiment=experiment),
        ):
            with refused():
                request()

    with login("manager") as client:
        client.delete_run(second)
        client.restore_run(second)
        client.delete_run(second)
        permit("bob", "READ", experiment=experiment)
        with login("bob") as bob:
            assert bob.get_run(run).data.tags["edited"] == "yes"
        client.delete_experiment(experiment)
        client.restore_experiment(experiment)


def test_registered_model(server):
    new_users("maker", "stranger", "model-reader", "model-editor", "model-manager")
    with login("maker") as client:
        experiment = mlflow.set_experiment("of the maker").experiment_id
        write("of the maker", registered_model_name="shop")
        client.set_registered_model_alias("shop", "best", "1")
        for name, permission in (("model-reader", "READ"), ("model-editor", "EDIT"), ("model-manager", "MANAGE")):
            permit(name, permission, model="shop")
            permit(name, "READ", experiment=experiment)
        assert works("models:/shop/1")

    with login("stranger") as client:
        assert list(client.search_registered_models()) == []
        assert list(client.search_model_versions()) == []
        for request in (
            lambda: client.get_registered_model("shop"), lambda: client.get_model_version("shop", "1"),
            lambda: client.get_model_version_by_alias("shop", "best"), lambda: mlflow.pyfunc.load_model("models:/shop/1"),
            lambda: client.create_model_version("shop", "models:/shop/1"), lambda: client.delete_registered_model("shop"),
        ):
            with refused():
                request()
        with refused("already exists"):  # Names are the server's, so this cannot be hidden.
            client.create_registered_model("shop")

    with login("model-reader") as client:
        assert [m.name for m in client.search_registered_models()] == ["shop"]
        assert [v.version for v in client.search_model_versions("name = 'shop'")] in ([1], ["1"])
        assert works("models:/shop@best")
        for request in (
            lambda: client.update_registered_model("shop", description="d"), lambda: client.set_model_version_tag("shop", "1", "k", "v"),
            lambda: client.set_registered_model_alias("shop", "mine", "1"), lambda: client.rename_registered_model("shop", "other"),
            lambda: client.delete_model_version("shop", "1"),
        ):
            with refused():
                request()

    with login("model-editor") as client:
        client.update_registered_model("shop", description="d")
        client.set_registered_model_alias("shop", "mine", "1")
        version = client.create_model_version("shop", "models:/shop/1").version
        for request in (lambda: client.delete_model_version("shop", version), lambda: client.delete_registered_model("shop")):
            with refused():
                request()

    with login("model-manager") as client:
        client.delete_model_version("shop", version)
    with login("maker") as client:
        client.rename_registered_model("shop", "store")
    with login("model-reader"):
        assert works("models:/store/1")
    with login("model-manager") as client:
        client.delete_registered_model("store")
    with login("stranger") as client:
        client.create_registered_model("store")
    with login("model-reader") as client, refused():
        client.get_registered_model("store")


def pages(search):
    """Return the sizes of the pages of a search."""
    sizes, token = [], None
    while True:
        page = search(token)
        sizes.append(len(page))
        token = page.token
        if not token:
            return sizes
        assert len(sizes) < 20


def test_pages(server):
    new_users("pia")
    names = [f"page-{i}" for i in range(12)]
    with login(ADMIN) as client:
        experiments = [client.create_experiment(name) for name in names]
        for name, experiment in zip(names, experiments):
            run = client.create_run(experiment).info
            client.create_registered_model(name)
            client.create_model_version(name, run.artifact_uri, run.run_id)
            if CLIENT >= Version("3"):
                client.create_logged_model(experiment, name)
        for i in (1, 6, 10):
            permit("pia", "READ", experiment=experiments[i])
            permit("pia", "READ", model=names[i])
    with login("pia") as client:
        full = [2, 1]
        assert pages(lambda token: client.search_experiments(max_results=2, page_token=token)) == full
        assert pages(lambda token: client.search_runs(experiments, max_results=2, page_token=token)) == full
        assert pages(lambda token: client.search_registered_models(max_results=2, page_token=token)) == full
        assert pages(lambda token: client.search_model_versions(max_results=2, page_token=token)) == full
        if CLIENT >= Version("3"):
            assert pages(lambda token: client.search_logged_models(experiments, max_results=2, page_token=token)) == full


class Recorded:
    """Passes calls on and notes the methods."""

    def __init__(self, target):
        self.target, self.called = target, set()

    def __getattr__(self, name):
        self.called.add(name)
        return getattr(self.target, name)

    def check_all(self):
        assert self.called == {name for name in dir(self.target) if not name.startswith("_")} - {"tracking_uri"}


def of_user(s):
    """The methods that every release has."""
    user = s.create_user("sam", "password of sam")
    assert (user.username, user.is_admin) == ("sam", False)
    assert s.get_user("sam").id == user.id
    with refused("already exists"):
        s.create_user("sam", "password of sam")
    s.update_user_admin("sam", True)
    assert s.get_user("sam").is_admin
    s.update_user_admin("sam", False)
    s.update_user_password("sam", "other password of sam")
    with login("sam", "other password of sam"):
        assert service().get_user("sam").username == "sam"
        with refused():
            service().get_user(ADMIN)
    s.delete_user("sam")
    with refused("User with username=sam not found"):
        s.get_user("sam")
    with login("sam", "other password of sam"), refused("not authenticated"):
        service().get_user("sam")


@pytest.mark.skipif(ROLES, reason=f"MLflow {CLIENT} has grants instead")
def test_service_of_permissions(server):
    new_users("peter")
    with login(ADMIN) as client:
        s = Recorded(service())
        of_user(s)
        experiment = client.create_experiment("classic")
        client.create_registered_model("classic")
        for kind, key, create, get, update, delete in (
            ("experiment", experiment, s.create_experiment_permission, s.get_experiment_permission, s.update_experiment_permission,
             s.delete_experiment_permission),
            ("registered_model", "classic", s.create_registered_model_permission, s.get_registered_model_permission,
             s.update_registered_model_permission, s.delete_registered_model_permission),
        ):
            assert create(key, "peter", "READ").permission == "READ"
            with refused("already exists"):
                create(key, "peter", "READ")
            with refused("Invalid permission"):
                update(key, "peter", "WRITE")
            update(key, "peter", "EDIT")
            assert get(key, "peter").permission == "EDIT"
            assert get(key, "peter").user_id == s.get_user("peter").id
            held = getattr(s.get_user("peter"), kind + "_permissions")
            assert [p.permission for p in held] == ["EDIT"]
            update(key, "peter", "NO_PERMISSIONS")
            assert get(key, "peter").permission == "NO_PERMISSIONS"
            delete(key, "peter")
            with refused("not found"):
                get(key, "peter")
            with refused("User with username=nobody not found"):
                create(key, "nobody", "READ")
        s.check_all()


@since("3.17", "roles")
def test_service_of_roles(server):
    new_users("rose")
    with login(ADMIN) as client:
        s = Recorded(service())
        of_user(s)
        experiment = client.create_experiment("of roles")
        role = s.create_role("default", "team", "Our team")
        assert (role.name, role.workspace, role.description) == ("team", "default", "Our team")
        with refused("already exists"):
            s.create_role("default", "team")
        part = s.add_role_permission(role.id, "experiment", experiment, "READ")
        assert (part.role_id, part.resource_type, part.resource_pattern, part.permission) == (role.id, "experiment", experiment, "READ")
        assert s.update_role_permission(part.id, "EDIT").permission == "EDIT"
        assert [p.id for p in s.list_role_permissions(role.id)] == [part.id]
        assert [p.permission for p in s.get_role(role.id).permissions] == ["EDIT"]
        assert s.update_role(role.id, name="crew").name == "crew"
        assert "crew" in [r.name for r in s.list_roles("default")] and "crew" in [r.name for r in s.list_all_roles()]

        assignment = s.assign_role("rose", role.id)
        assert [a.id for a in s.list_role_users(role.id)] == [assignment.id]
        assert [r.name for r in s.list_user_roles("rose")] == ["crew"]
        result = s.get_user_permission("rose", "experiment", experiment)
        assert (result.allowed, result.permission) == (True, "EDIT")
        with login("rose") as rose:
            rose.set_experiment_tag(experiment, "k", "v")
        s.grant_user_permission("rose", "run", "*", "DENY")
        with login("rose") as rose, refused():
            rose.create_run(experiment)
        s.revoke_user_permission("rose", "run", "*")
        with refused("not found"):
            s.revoke_user_permission("rose", "run", "*")
        s.remove_role_permission(part.id)
        with login("rose") as rose, refused():
            rose.get_experiment(experiment)
        s.unassign_role("rose", role.id)
        s.delete_role(role.id)
        with refused("not found"):
            s.get_role(role.id)
        s.check_all()


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


def millrace(method, **body):
    """Send a request of Millrace's own API as the current user."""
    auth = os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]
    response = requests.post(f"{mlflow.get_tracking_uri()}/ajax-api/millrace/{method}", auth=auth, json=body, timeout=10)
    assert response.status_code == 200, response.text
    return response.json()


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
