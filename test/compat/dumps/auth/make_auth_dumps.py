"""Write the dumps of MLflow's tables of users at each of their revisions, and of what
the newest migration makes of them.

    python make_auth_dumps.py POSTGRESQL_URI

The Python has MLflow 3.17 or later with basic-auth, and psycopg2. The URI names a server
that databases can be made on. REVISION-DATABASE.sql.gz is the database at that revision,
REVISION-DATABASE.upgraded-3.17.sql.gz the same after the upgrade. Those that begin with
models- also have MLflow's table of the tags of models, which tells prompts from models.
MLflow cannot make these tables on MySQL.
"""

import os
import sys
import tempfile

import sqlalchemy
from mlflow.server.auth.db.utils import migrate

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import make_dumps  # noqa: E402

make_dumps.HERE = HERE

REVISIONS = ["8606fa83a998", "0965eb92f5f0", "a1b2c3d4e5f6", "2ed73881770d", "c3d4e5f6a7b8", "e5f6a7b8c9d0", "f1a2b3c4d5e6"]

# The rows that are possible from a revision on. Users 2 to 5 have one permission of each level on most things.
ROWS = {
    "8606fa83a998": """
INSERT INTO users (username, password_hash, is_admin) VALUES ('admin', 'scrypt:1:1:1$a$00', true), ('alice', 'x', false), ('bob', 'x', false),
 ('Grüße', 'x', false), ('a:b', NULL, NULL), ('nobody', 'x', false);
INSERT INTO experiment_permissions (experiment_id, user_id, permission) VALUES ('1', 2, 'READ'), ('1', 3, 'EDIT'), ('2', 3, 'NO_PERMISSIONS'),
 ('1', 4, 'MANAGE'), ('3', 5, 'NO_PERMISSIONS'), ('4', 2, 'NONSENSE'), ('5', 2, NULL), ('1', 5, 'READ');
INSERT INTO registered_model_permissions (name, user_id, permission) VALUES ('model', 2, 'READ'), ('model', 3, 'NO_PERMISSIONS'),
 ('prompt', 2, 'EDIT'), ('prompt', 3, 'NO_PERMISSIONS'), ('a/b c', 4, 'MANAGE'), ('*', 2, 'READ');
""",
    "0965eb92f5f0": """
INSERT INTO scorer_permissions (experiment_id, scorer_name, user_id, permission) VALUES ('1', 'scorer', 2, 'READ'), ('1', 'a/b ü%~-_.', 3, 'EDIT'),
 ('2', 'scorer', 3, 'NO_PERMISSIONS'), ('2', 'x+y&z', 2, 'NO_PERMISSIONS');
""",
    "a1b2c3d4e5f6": """
INSERT INTO gateway_secret_permissions (secret_id, user_id, permission) VALUES ('s-1', 2, 'USE'), ('s-2', 3, 'NO_PERMISSIONS');
INSERT INTO gateway_endpoint_permissions (endpoint_id, user_id, permission) VALUES ('e-1', 2, 'MANAGE'), ('e-2', 3, 'NO_PERMISSIONS');
INSERT INTO gateway_model_definition_permissions (model_definition_id, user_id, permission) VALUES ('d-1', 4, 'EDIT'), ('d-1', 3, 'NO_PERMISSIONS');
""",
    "2ed73881770d": """
INSERT INTO workspace_permissions (workspace, user_id, permission) VALUES ('default', 2, 'READ'), ('default', 3, 'EDIT'), ('default', 5, 'NO_PERMISSIONS'),
 ('other', 2, 'MANAGE'), ('other', 3, 'USE'), ('other', 4, 'NONSENSE'), ('other', 5, 'EDIT');
INSERT INTO registered_model_permissions (name, user_id, permission, workspace) VALUES ('model', 2, 'EDIT', 'other'), ('prompt', 3, 'READ', 'other');
""",
    "c3d4e5f6a7b8": """
INSERT INTO roles (name, workspace, description) VALUES ('readers', 'default', 'They read.'), ('__user_3__', 'default', NULL), ('__user_x__', 'default', NULL);
INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission) VALUES (1, 'experiment', '*', 'READ'), (2, 'experiment', '1', 'READ'),
 (1, 'registered_model', 'prompt', 'READ');
INSERT INTO user_role_assignments (user_id, role_id) VALUES (2, 1), (3, 1), (3, 2);
""",
}

MODELS = """
CREATE TABLE registered_model_tags (key VARCHAR(250) NOT NULL, value VARCHAR(5000), name VARCHAR(256) NOT NULL, workspace VARCHAR(63) NOT NULL,
 PRIMARY KEY (workspace, key, name));
INSERT INTO registered_model_tags (key, value, name, workspace) VALUES ('mlflow.prompt.is_prompt', 'True', 'prompt', 'default'),
 ('mlflow.prompt.is_prompt', 'false', 'model', 'default'), ('other', 'true', 'model', 'other');
"""


def execute(engine, text):
    with engine.begin() as connection:
        for statement in filter(str.strip, text.split(";\n")):
            connection.exec_driver_sql(statement.replace("%", "%%") if engine.name != "sqlite" else statement)


def dump(database, folder, revision, models):
    database.make()
    engine = sqlalchemy.create_engine(database.uri)
    for at in REVISIONS[: REVISIONS.index(revision) + 1]:
        migrate(engine, at)
        execute(engine, ROWS.get(at, ""))
    if models:
        execute(engine, MODELS)
    if revision == REVISIONS[0]:  # Releases before 3.6 called their table so.
        execute(engine, f"""DROP TABLE alembic_version_auth;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('{revision}')""")
    engine.dispose()
    name = f"{'models-' if models else ''}{revision}-{database.name}"
    make_dumps.write(name, database.dump(), folder)
    if revision != REVISIONS[-1]:
        migrate(engine, "head")
        engine.dispose()
        make_dumps.write(name + ".upgraded-3.17", database.dump(), folder)


def main(postgresql):
    with tempfile.TemporaryDirectory() as folder:
        for database in make_dumps.SQLite(folder), make_dumps.PostgreSQL(postgresql):
            for revision in REVISIONS:
                dump(database, folder, revision, models=False)
            for revision in REVISIONS[0], REVISIONS[5]:
                dump(database, folder, revision, models=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
