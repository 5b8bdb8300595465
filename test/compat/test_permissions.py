"""Who may do what, in Millrace and in MLflow with its users: the same requests of the same users to both."""

import base64
import contextlib
import json

import mlflow
import pytest

import differential
from differential import Request, Side
from permission_accepted import PARTS_OF, ROUTES
from permission_requests import API, PARTS, RESOURCES, ROWS, SETUP, SETUP_USERS, V3
from servers import ADMIN, ADMIN_PASSWORD, USERS, MLflow, Millrace, users_variables

pytestmark = pytest.mark.skipif(
    mlflow.__version__ != differential.RELEASES[0], reason=f"the table is of MLflow {differential.RELEASES[0]}")

ON_ALL = ("READ", "USE", "EDIT", "MANAGE", "DENY")


def login(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


class Column:
    """A user of a server with resources of its own, and what the user's requests achieve."""

    def __init__(self, server, name, grants=(), role=(), login=True, owner=False, admin=False):
        self.side = Side(server)
        self.password = f"password of {name}"
        self.login = login
        self.side.saved = {"c": name, "me": f"user-{name}", "password": self.password}
        self.ask_admin("POST", f"{API}/users/create", {"username": "$me", "password": "$password"})
        if admin:
            self.ask_admin("PATCH", f"{API}/users/update-admin", {"username": "$me", "is_admin": True})
        for save, where, method, path, body in SETUP:
            self.ask(login_of_user(self) if owner else login_of_admin(), method, path, body, save, where)
        for save, where, method, path, body in SETUP_USERS:
            self.ask(login_of_admin(), method, path, body, save, where)
        for kind, id, permission in grants:
            self.ask_admin("POST", f"{V3}/users/permissions/grant",
                           {"username": "$me", "resource_type": kind, "resource_id": id, "permission": permission})
        if role:
            self.ask(login_of_admin(), "POST", f"{V3}/roles/create", {"name": "readers-of-$c", "workspace": "default"}, "readers", ["role", "id"])
            for kind, id, permission in role:
                self.ask_admin("POST", f"{V3}/roles/permissions/add",
                               {"role_id": "$readers", "resource_type": kind, "resource_pattern": id, "permission": permission})
            self.ask_admin("POST", f"{V3}/roles/assign", {"username": "$me", "role_id": "$readers"})

    def ask_admin(self, *request):
        self.ask(login_of_admin(), *request)

    def ask(self, headers, method, path, body, save=None, where=None):
        """Send a request of the setup, which must succeed."""
        answer = self.side.send(Request("setup", method, path, body, {save: where} if save else None, dict(headers)))
        assert answer.status == 200, (self.side.server.name, method, path, self.side.fill(body), answer)
        if save:
            self.side.saved[save] = str(self.side.saved[save])

    def play(self, rows):
        """Return what the user achieves with each of the requests."""
        headers = login_of_user(self) if self.login else {}
        return {row.title: outcome(row, self.side.send(Request(row.title, row.method, row.path, row.body, None, headers))) for row in rows}


def login_of_user(column):
    return login(column.side.saved["me"], column.password)


def login_of_admin():
    return login(ADMIN, ADMIN_PASSWORD)


def outcome(row, answer):
    """Return the status, and whether the answer has what it is about, or how many of it."""
    if answer.status != 200 or not row.shown:
        return str(answer.status)
    value = json.loads(answer.body)
    for key in row.shown.split("."):
        value = value.get(key) if value else None
    if isinstance(value, list):
        return f"200, {len(value)}"
    if row.shown == "permission":
        return f"200, {value}"
    return "200, shown" if value else "200, hidden"


def on_own(permission):
    return [(kind, id, permission) for kind, id in RESOURCES]


COLUMNS = {
    "none": {},
    **{permission: {"grants": on_own(permission)} for permission in ON_ALL},
    "owner": {"owner": True},
    "admin": {"admin": True},
    "nobody": {"login": False},
    "reader": {"role": on_own("READ")},
    "workspace": {"role": [("workspace", "*", "MANAGE")]},
}

EXPERIMENT, MODEL, GONE = ("experiment", "$exp"), ("registered_model", "$c-rm"), ("registered_model", "$c-old-rm")
OWN_READ = on_own("READ")
OWN_EDIT = on_own("EDIT")
OWN_MANAGE = on_own("MANAGE")

# The grants of the table of parts.
PART_COLUMNS = {
    "read": OWN_READ,
    "run-deny": [*OWN_READ, ("run", "*", "DENY")],
    "run-edit": [*OWN_READ, ("run", "*", "EDIT")],
    "run-manage": [*OWN_READ, ("run", "*", "MANAGE")],
    "only-runs": [("run", "*", "MANAGE")],
    "manage-run-deny": [*OWN_MANAGE, ("run", "*", "DENY")],
    "manage-run-read": [*OWN_MANAGE, ("run", "*", "READ")],
    "logged-deny": [*OWN_EDIT, ("logged_model", "*", "DENY")],
    "manage-logged-deny": [*OWN_MANAGE, ("logged_model", "*", "DENY")],
    "logged-manage": [*OWN_READ, ("logged_model", "*", "MANAGE")],
    "trace-deny": [*OWN_MANAGE, ("trace", "*", "DENY")],
    "version-deny": [*OWN_EDIT, ("registered_model_version", "*", "DENY")],
    "manage-version-deny": [*OWN_MANAGE, ("registered_model_version", "*", "DENY")],
    "version-manage": [*OWN_READ, ("registered_model_version", "*", "MANAGE")],
    "prompt-version-deny": [*OWN_MANAGE, ("prompt_version", "*", "DENY")],
    "all-read": [("experiment", "*", "READ"), ("registered_model", "*", "READ")],
    "all-manage-deny": [("experiment", "*", "MANAGE"), ("registered_model", "*", "MANAGE"), (*EXPERIMENT, "DENY"), (*MODEL, "DENY")],
    "all-deny-edit": [("experiment", "*", "DENY"), ("registered_model", "*", "DENY"), (*EXPERIMENT, "EDIT"), (*MODEL, "EDIT")],
    "prompts-deny": [*OWN_MANAGE, ("prompt", "*", "DENY")],
}


@contextlib.contextmanager
def pair(tmp_path_factory, default_permission):
    """MLflow and Millrace with the same default permission."""
    theirs, ours = tmp_path_factory.mktemp("mlflow"), tmp_path_factory.mktemp("millrace")
    with MLflow(theirs, *USERS, sqlite=True, variables=users_variables(theirs, True, default_permission)) as m, \
            Millrace(ours, *USERS, variables=users_variables(ours, default_permission=default_permission)) as r:
        yield m, r


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with pair(tmp_path_factory, "NO_PERMISSIONS") as both:
        yield both


def compare(both, rows, columns, accepted):
    """Play the table on both servers and return the differences that are not accepted, and the accepted ones that do not occur."""
    # All users exist before the first request, so that a request that asks for all of them finds the same.
    theirs, ours = ({name: Column(server, name, **settings) for name, settings in columns.items()} for server in both)
    found, counts = {}, {}
    for name in columns:
        answers, our_answers = theirs[name].play(rows), ours[name].play(rows)
        for title, answer in answers.items():
            counts[answer] = counts.get(answer, 0) + 1
            if our_answers[title] != answer:
                found[title, name] = f"{answer} -> {our_answers[title]}"
    expected = {(title, name): change for (title, change), (names, _) in accepted.items() for name in names.split()}
    bad = {}
    for title, name in [*found, *(key for key in expected if key not in found)]:
        change = found.get((title, name), "no difference")
        if change != expected.get((title, name)):
            bad.setdefault((title, change), []).append(name)
    return [f"{title}: {change}: {' '.join(names)}" for (title, change), names in bad.items()], counts


def test_routes(both):
    assert len({row.title for row in ROWS}) == len(ROWS)
    bad, counts = compare(both, ROWS, COLUMNS, ROUTES)
    assert not bad, "\n".join(bad)
    assert all(counts[status] > 200 for status in ("200", "403", "401")), counts


def test_parts(both):
    assert len({row.title for row in PARTS}) == len(PARTS)
    bad, counts = compare(both, PARTS, {name: {"grants": grants} for name, grants in PART_COLUMNS.items()}, PARTS_OF)
    assert not bad, "\n".join(bad)
    assert counts["200"] > 200 and counts["403"] > 100, counts


# With READ as the default permission, a grant can raise it, and only DENY lowers it.
READ_COLUMNS = {
    "none": [], "edit": OWN_EDIT, "deny": on_own("DENY"), "run-deny": [("run", "*", "DENY")], "run-edit": [("run", "*", "EDIT")],
    "all-deny": [("experiment", "*", "DENY"), (*EXPERIMENT, "MANAGE"), ("registered_model", "*", "DENY"), (*MODEL, "MANAGE")],
}


def test_read_by_default(tmp_path_factory):
    rows = PARTS + [row for row in ROWS if row.title.endswith(("outside", "list root", "search of all", "of none"))]
    with pair(tmp_path_factory, "READ") as both:
        bad, counts = compare(both, rows, {name: {"grants": grants} for name, grants in READ_COLUMNS.items()}, {})
    assert not bad, "\n".join(bad)
    assert counts["200"] > 50 and counts["403"] > 80, counts
