"""Where Millrace permits something else than MLflow, on purpose: see test_permissions.py."""

USERS = "none READ USE EDIT MANAGE DENY owner reader"
MANAGERS = "MANAGE owner workspace"

HIDDEN = "of several runs, it is not told which one is missing"
IN_PARTS = "files can be uploaded in parts to every store and have signed URLs"
NO_ROUTE = "which routes there are is no secret"
CLASSIC = "the routes of MLflow 3.1 are kept for its clients"
PROMPTS = "permissions on prompts are granted and asked for as those on models are"
WORKSPACE = "the permission on everything is refused to those who may not grant it before its type is"
ADMIN = "an administrator may do everything; MLflow ignores that in this answer"
EVERYTHING = "who manages everything is told what is missing"
OUTSIDE = "who manages everything manages files that belong to no experiment, too"
FILES = "there are no files of prompts"

# (request, "MLflow's outcome -> Millrace's"): (users, reason).
ROUTES = {
    ("metrics/get-history-bulk of two", "404 -> 403"): (USERS, HIDDEN),
    ("metrics/get-history-bulk of two", "404 -> 200"): ("workspace", "as for an administrator, runs that are missing are left out"),
    ("graphql: search of runs", "200, hidden -> 200, 0"): ("none DENY", "an empty list is returned instead of null"),
    ("proxy: presigned", "501 -> 200"): ("READ USE EDIT MANAGE owner admin reader workspace", IN_PARTS),
    ("proxy: mpu/create", "501 -> 200"): ("EDIT MANAGE owner admin workspace", IN_PARTS),
    ("proxy: mpu/complete", "501 -> 400"): ("EDIT MANAGE owner admin workspace", IN_PARTS),
    ("proxy: mpu/abort", "501 -> 404"): ("EDIT MANAGE owner admin workspace", IN_PARTS),
    ("proxy: list root", "403 -> 200"): ("workspace", OUTSIDE),
    ("proxy: get outside", "403 -> 404"): ("workspace", OUTSIDE),
    ("proxy: put outside", "403 -> 200"): ("workspace", OUTSIDE),
    ("proxy: delete outside", "403 -> 200"): ("workspace", OUTSIDE),
    ("runs/get of none", "403 -> 404"): ("workspace", EVERYTHING),
    ("logged-models: get of none", "403 -> 404"): ("workspace", EVERYTHING),
    ("model: versions of a run that none may read", "403 -> 400"): ("workspace", EVERYTHING),
    ("prompt: model-versions/get-artifact", "403 -> 400"): ("READ USE EDIT MANAGE owner reader", FILES),
    ("prompt: model-versions/get-artifact", "404 -> 400"): ("admin workspace", FILES),
    ("unknown route", "403 -> 404"): (f"{USERS} workspace", NO_ROUTE),
    ("OPTIONS", "403 -> 405"): (f"{USERS} workspace", NO_ROUTE),
    ("OPTIONS", "204 -> 405"): ("admin", "the method is only answered to other web origins that are allowed"),
    ("workspaces", "503 -> 501"): (f"{USERS} admin workspace", "there are no workspaces"),
    ("version", "401 -> 200"): ("nobody", "the version is public"),
    ("pages", "401 -> 200"): ("nobody", "the pages have their own login"),
    ("grant: prompt", "400 -> 200"): (MANAGERS, PROMPTS),
    ("grant: prompt", "400 -> 403"): ("none READ USE EDIT DENY reader", PROMPTS),
    ("revoke: prompt", "400 -> 200"): (MANAGERS, PROMPTS),
    ("revoke: prompt", "400 -> 403"): ("none READ USE EDIT DENY reader", PROMPTS),
    ("permission of self: prompt", "400 -> 200, NO_PERMISSIONS"): ("none", PROMPTS),
    ("permission of self: prompt", "400 -> 200, READ"): ("READ reader", PROMPTS),
    ("permission of self: prompt", "400 -> 200, USE"): ("USE", PROMPTS),
    ("permission of self: prompt", "400 -> 200, EDIT"): ("EDIT", PROMPTS),
    ("permission of self: prompt", "400 -> 200, MANAGE"): (f"{MANAGERS} admin", PROMPTS),
    ("permission of self: prompt", "400 -> 200, DENY"): ("DENY", PROMPTS),
    ("permission of other: prompt", "400 -> 200, READ"): ("admin", PROMPTS),
    ("permission of other: prompt", "403 -> 200, READ"): ("workspace", PROMPTS),
    ("permission of other: missing experiment", "403 -> 200, READ"): ("workspace", EVERYTHING),
    ("permission of other: missing model", "403 -> 200, READ"): ("workspace", EVERYTHING),
    ("permission of other: endpoint", "403 -> 200, READ"): ("workspace", EVERYTHING),
    ("grant: workspace", "400 -> 403"): (USERS, WORKSPACE),
    ("revoke: workspace", "400 -> 403"): (USERS, WORKSPACE),
    ("permission of other: workspace", "400 -> 403"): (USERS, WORKSPACE),
    **{(f"permission of self: {title}", "200, NO_PERMISSIONS -> 200, MANAGE"): ("admin", ADMIN) for title in (
        "experiment", "missing experiment", "all experiments", "model", "missing model", "runs", "scorer", "endpoint")},
    **{(f"classic: {kind}, {what}", change): (users, CLASSIC) for kind in ("experiment", "model")
       for what in ("create", "get", "update", "delete") for change, users in (("403 -> 200", MANAGERS), ("404 -> 200", "admin"))},
}

# Of the table of grants on parts.
PARTS_OF = {
    (title, "404 -> 403"): ("all-manage-deny", "what does not exist cannot be changed")
    for title in ("experiment: tag, none", "model: tag, none", "run: create, none")
}
