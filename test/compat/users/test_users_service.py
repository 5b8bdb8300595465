"""The service of users, permissions and roles, by its client."""

import pytest

from conftest import CLIENT, since
from people import ROLES, login, new_users, refused, server, service, tracking
from servers import ADMIN


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
