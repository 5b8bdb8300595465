"""What users may do with experiments and models, by the client of each user."""

import mlflow
from packaging.version import Version

from conftest import CLIENT
from people import login, new_users, permit, read, refused, server, tracking, works, write
from servers import ADMIN


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
