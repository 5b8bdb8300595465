"""The differences between MLflow and Millrace that differential.py accepts.

Each row holds titles of requests (shell patterns), what differs and the reason.
What differs is "refused" for a 4xx of Millrace against another status of MLflow,
"status" for any other two statuses, a key of the answer's body, a header, or
"body" for all of it. Everywhere, a 500 of MLflow may be a 4xx of Millrace, and
HTML error pages are JSON.
"""

STRICT = "a value of the wrong type or outside its enum is refused; MLflow drops it (and what follows it) and goes on"
JSON = "the message says what is wrong with the JSON; MLflow reads a broken body as {}"
SQL = "the message does not print SQL"
NUL = "texts with NUL characters are refused, because PostgreSQL cannot hold them"
PATH = "one rule for all artifact paths: no . or .. segments, no empty ones, no backslashes, no NUL, valid UTF-8"

ACCEPTED = [
    ("*", "position", "errors in filters say where"),
    ("*", "request_id", "errors name the request, as the log does"),
    ("misc: /metrics", "status", "metrics need no option"),
    ("registry: GET with both", "refused", "MLflow ignores the body of a GET that has a query"),
    ("registry: delete*by query", "message", "the message says that parameters of a DELETE are in its body"),
    ("*[fF]ilter <script>*", "message", "function calls are split differently in the list of what makes no sense"),
    # experiments
    ("experiment: create, duplicate", "message", SQL),
    ("experiment: create name of deleted", "message", SQL),
    ("hostile: experiment name *", "message", SQL),
    ("experiment: rename taken", "message", SQL),
    ("experiment: create, duplicate tags", "error_code", "MLflow says that the experiment exists"),
    ("experiment: create, tag without key", "message", "MLflow takes the key for '' and complains of its form"),
    ("experiment: create, tags texts", "message", STRICT),
    ("experiment: create, tag value number", "refused", STRICT),
    ("experiment: create, location params", "refused", "a ;params part of a URL is refused like a #fragment, as MLflow's own message says"),
    ("experiment: create, bad json", "message", JSON),
    ("experiment: create, bom", "refused", "JSON begins with no byte order mark"),
    ("experiment: create, trailing comma", "message", JSON),
    ("experiment: create, two values", "message", JSON),
    ("experiment: create, upper case type", "status", "media types have no case"),
    ("experiment: search*max_results': 1.5}", "message", STRICT),
    ("experiment: search*max_results': True}", "message", STRICT),
    ("experiment: search*max_results': 1000*", "message", STRICT),
    ("experiment: search*view_type': [04]}", "refused", STRICT),
    ("experiment: search*view_type': 'bogus'}", "refused", STRICT),
    ("experiment: search*order_by': [[]5]}", "refused", STRICT),
    # runs
    ("run: create, start_time *", "refused", STRICT),
    ("run: create, tag* *", "refused", STRICT),
    ("run: create, user number", "refused", STRICT),
    ("run: create, duplicate tags", "error_code", SQL),
    ("run: create, bad tag key", "refused", "tags of a new run obey the same rules as tags set later"),
    ("run: create, long tag", "run", "tags of a new run are cut to 8000 characters like tags set later"),
    ("run: create in {*", "error_code", "MLflow reports a foreign key error"),
    ("run: update {'status': *", "refused", STRICT),
    ("run: update {'end_time': 1.5}", "refused", STRICT),
    ("run: search bogus", "refused", STRICT),
    ("run: * {'run_uuid': '$r2'}", "refused", "MLflow looks for a run without an id"),
    ("batch: text value", "refused", STRICT),
    ("batch: float step", "refused", STRICT),
    ("batch: param number", "refused", STRICT),
    ("batch: null lists", "status", "null is an empty list; MLflow fails"),
    ("batch: metric with model", "message refused", SQL + "; and nothing is written"),
    ("inputs: *dataset", "refused", "a dataset has a name and a digest; MLflow stores an empty one"),
    ("inputs: model without id", "refused", "a model has an id; MLflow stores an empty one"),
    ("inputs: number name", "refused", STRICT),
    ("inputs: duplicate tags", "error_code", SQL),
    ("outputs: again", "message", SQL),
    ("outputs: no id", "refused", "a model has an id; MLflow stores an empty one"),
    ("log-model: {}", "message", "MLflow prints a set"),
    ("log-model: bad", "message", "another word for it"),
    ("run: log-model on deleted", "message", "MLflow prints a set"),
    # metrics
    ("metric: log {'key': 'strsp'*", "refused", "spaces are no part of a number"),
    ("metric: log {'key': 't[fb]*", "refused", STRICT),
    ("metric: log {'key': 'shuge'*", "refused", STRICT),
    ("metric: log {'key': 'mm'*", "message refused", SQL + "; and nothing is written"),
    ("metric: literal *", "message", JSON),
    ("metric: get literals", "run", "MLflow stores 0 at time 0 where a bare NaN, Infinity or 1e400 or the text nan was sent"),
    ("metric: history *max_results=*", "refused", STRICT),
    ("metric: history *max_results=*", "next_page_token", "the token names the value after which the next page begins, so that new values shift no page"),
    ("metric: bulk run_id=$m&run_id=$m2*", "metrics", "NaN is the text \"NaN\"; MLflow's is no JSON"),
    # searching
    ("search runs: {'experiment_ids': [[]5]}", "refused", STRICT),
    ("search runs: *'max_results': 1.5}", "refused", STRICT),
    ("search runs: *'order_by': [[]5]}", "message", STRICT),
    ("search runs: *50001}", "message", "the message says what the limit is"),
    # logged models
    ("model: create, long", "refused", "the column holds 500 characters"),
    ("model: create, duplicate *", "message error_code", SQL),
    ("model: create, quote", "message", "the name is in single quotes; MLflow prints a Python string"),
    ("model: finalize {'status': *}", "refused", STRICT),
    ("model: finalize without id", "status", "the id in the path is enough"),
    ("model: params *", "message", SQL),
    ("model: set *tags*", "model", "the answer holds the model, for which its message type has a field"),
    ("model: search {'max_results': -1}", "refused", "a page has at least one model"),
    ("model: search {'max_results': 1.5}", "refused", STRICT),
    ("model: search {'order_by': *", "error_class sqlstate message", "one error class for bad parameters"),
    ("model: search {'page_token': 'e30='}", "message", "the token's missing list is printed as []"),
    ("model: get, bad flag", "refused", "a boolean is true or false"),
    ("model: finalize deleted", "refused", "a deleted model does not change"),
    ("model: tag deleted", "refused", "a deleted model does not change"),
    # registry
    ("registry: create *{'value': 'v'}]}", "message", "MLflow takes the key for '' and complains of its form"),
    ("registry: create *'value': 5}]}", "refused", STRICT),
    ("registry: version on another host *", "message", "no setting allows other hosts, so the message names none"),
    ("registry: get-download-uri without name", "message", "the message is the same as for all required parameters"),
    ("registry: latest *[[]5]}", "message", "the message says which item is wrong"),
    ("registry: search with stages", "registered_models", "latest_versions are in the order of registered-models/get; MLflow's search leaves it to the database"),
    ("registry: search {'max_results': 0}", "refused", "a page has at least one model"),
    ("registry: search {'max_results': -1}", "refused", "a page has at least one model"),
    ("registry: search versions by word of SQL *", "message", "words that SQL knows are unknown attributes like any other"),
    ("registry: rename *'new_name': 'rmmin'}", "message", SQL),
    # artifacts
    ("artifact: put dir/", "error_code", "the error has the shape of all others"),
    ("artifact: get *", "error_code", "the error has the shape of all others"),
    ("artifact: put a//c.txt", "refused", PATH),
    ("artifact: get q%22uote.txt", "content-disposition", "the name is given twice, for old and new browsers"),
    ("artifact: get z.tar.gz", "content-type", "another table of file types"),
    ("artifact: range bytes=x", "refused", "another code for the same answer"),
    ("artifact: range lines=1-2", "refused", "another code for the same answer"),
    ("artifact: range *", "body content-type", "the HTTP library's words and boundaries"),
    ("artifact: list ?path=a%00b", "refused", PATH),
    ("artifact: get-artifact run_id=$r&path=", "error_code", "an empty path is no path"),
    ("hostile: * artifact *", "refused message", PATH),
    ("hostile: PUT artifact ..;/x", "status", "..; is a name like any other; MLflow fails on it"),
    ("hostile: get-artifact *", "refused message", PATH),
    ("hostile: list *", "refused message", PATH),
    # the rest
    ("misc: /version", "content-type", "a version is plain text"),
    ("misc: HEAD /version", "content-type", "a version is plain text"),
    ("misc: HEAD /health", "content-type", "MLflow's HEAD has another type than its GET"),
    ("misc: */server-info", "features_enabled presigned_upload_*_supported", "no gateway, and uploads go through the server"),
    ("misc: */workspaces", "status", "no workspaces"),
    ("misc: HEAD /api/*", "status", "HEAD works wherever GET does"),
    ("misc: OPTIONS *", "refused", "no Origin, no preflight"),
    ("hostile: *\\x00*", "refused message error_code", NUL),
    ("hostile: nul in json", "refused error_code", NUL),
    ("hostile: bad percent", "message", "a query that cannot be read is refused as a whole"),
    ("hostile: semicolon query", "message", "a query that cannot be read is refused as a whole"),
    ("hostile: page token ' OR 1=1 --", "message", "what follows base64 padding is an error"),
    ("hostile: order AAAA*", "message", "an item of order_by has at most 4096 bytes"),
    ("hostile: experiment AAAA*", "message", "long values are cut in messages"),
    ("hostile: run id AAAA*", "message", "long values are cut in messages"),
    ("hostile: filter AAAA*", "message", "long values are cut in messages"),
    ("hostile: page token AAAA*", "message", "long values are cut in messages"),
    ("hostile: deep object", "message", "long values are cut in messages"),
    ("hostile: huge number", "message", STRICT),
    ("hostile: invalid utf-8", "message", JSON),
    ("hostile: lone surrogate", "message", JSON),
    ("hostile: foreign *", "content-type body", "the error has the shape of all others and says what to do"),
    ("hostile: null origin", "content-type body", "the error has the shape of all others and says what to do"),
    ("hostile: preflight, *", "status refused", "another code for the same answer"),
    ("hostile: path with *", "refused", "paths are taken as they are"),
    ("hostile: encoded path", "refused", "paths are taken as they are"),
    ("hostile: metric key \\ud83d*", "message", "non-ASCII characters are not escaped in messages"),
]

# Left out when Millrace's database is a server's: texts that SQLite takes and that are longer than the columns elsewhere,
# where MLflow refuses them, too.
NOT_ON_SERVERS = [
    "experiment: create, name 500*",
    "run: update {'run_name': 'nnnnn*",
    "run: after update {'run_name': 'nnnnn*",
    "run: after update {'status': 'finished'}",
    "registry: tag of * {*'key': 'big', 'value': 'vvvvv*",
    "registry: version * 'xxxxxxxxxx*",
    "registry: version {'source': 's3://b/kkkkkkkkkkk*",
]

NUMBERS = "the number of a status is taken for the status, as by MLflow 3.17"
ANY_VALUE = "any value of the metric may match, as in MLflow 3.17; MLflow 3.18 compares the latest"
CASE = "LIKE, ILIKE and IN are in upper case in searches of experiments, as in MLflow 3.17"
ATTRIBUTES = "searches of experiments say attribute, not attributes, as in MLflow 3.17"

# What is different from one release only.
OF_RELEASE = {
    "3.17.2": [
        ("metric: log {'key': 'a\\n*", "refused", "a name ends in no newline; MLflow's pattern overlooks it until 3.18"),
        ("model: finalize {'model_id': 'other'*", "status", "the id in the path counts, so that permissions are checked on it"),
        ("registry: alias *'a\\n'*", "refused", "a name ends in no newline; MLflow's pattern overlooks it until 3.18"),
    ],
    "3.18.0": [
        ("experiment: create, name blank", "status", "a name of spaces is a name, as in MLflow 3.17"),
        ("artifact: upload run_id=*", "refused", "the run of an upload is named by run_uuid, as in MLflow 3.17"),
        ("artifact: upload path=x", "message", "the run of an upload is named by run_uuid, as in MLflow 3.17"),
        ("registry: search *'tags.* IS *NULL'}", "message", "the message names the tag"),
        ("misc: /version", "body", "the version is that of the API that is served"),
        ("misc: */server-info", "artifact_serving_enabled artifacts_presigned_only model_artifact_presigned_downloads_supported skill_content_* tracking_auth",
         "clients take what is not there for what is so here"),
    ],
}

# Filters of internal/search/testdata that one release answers otherwise than they say.
FILTERS_OF_RELEASE = {
    "3.17.2": {},
    "3.18.0": {
        "experiments": {
            "filter name like 'vision%'": CASE,
            "filter name Ilike 'vision%'": CASE,
            "filter attributes.name = 'Default'": ATTRIBUTES,
            "filter attr.name = 'Default'": ATTRIBUTES,
            "filter tags.team like 'R%'": CASE,
            "filter experiment_id in ('0')": CASE,
            "filter params.x = '1'": ATTRIBUTES,
            "filter metrics.x > 1": ATTRIBUTES,
            "filter foo.bar = '1'": ATTRIBUTES,
            "order [\"attributes.name\"]": ATTRIBUTES,
            "order [\"metrics.a\"]": ATTRIBUTES,
        },
        "logged_models": {
            "filter status = 2": NUMBERS,
            "filter status = '2'": NUMBERS,
            "filter status = '1'": NUMBERS,
            "filter status != '2'": NUMBERS,
            "filter status IN ('1')": NUMBERS,
            "filter metrics.acc > 0.6": ANY_VALUE,
            "filter metrics.acc > 0.6 AND params.lr = '0.1'": ANY_VALUE,
            "filter metrics.acc > 0.6 and params.lr = '0.1'": ANY_VALUE,
            "filter metrics.acc > 0.6 AND": ANY_VALUE,
            "filter metrics.acc > 0.6 params.lr = '0.1'": ANY_VALUE,
        },
    },
}
