"""The differences between MLflow and Millrace that differential.py accepts.

Each row holds titles of requests (shell patterns), what differs and the reason.
What differs is "refused" for a 4xx of Millrace against another status of MLflow,
"status" for any other two statuses, a key of the answer's body, a header, or
"body" for all of it. Everywhere, a 500 of MLflow may be a 4xx of Millrace, and
HTML error pages are JSON.
"""

from diff.accepted_genai import ACCEPTED as GENAI
from diff.accepted_traces import ACCEPTED as TRACES
from diff.accepted_traces import OF_RELEASE as TRACES_OF_RELEASE
from diff.accepted_webhooks import ACCEPTED as WEBHOOKS

STRICT = "a value of the wrong type or outside its enum is refused; MLflow drops it and the fields after it"
JSON = "the message describes the error in the JSON; MLflow reads an invalid body as {}"
SQL = "the message does not print SQL"
NUL = "texts with NUL characters are refused, because PostgreSQL cannot store them"
PATH = "all artifact paths follow one rule: no . or .. segments, no empty ones, no backslashes, no NUL, valid UTF-8"

ACCEPTED = [
    ("*", "position", "errors in filters have a position"),
    ("*", "request_id", "errors contain the request ID, as the log does"),
    ("misc: /metrics", "status", "/metrics is served without an option"),
    ("registry: GET with both", "refused", "MLflow ignores the body of a GET that has a query"),
    ("registry: delete*by query", "message", "the message says that parameters of a DELETE are in its body"),
    ("*[fF]ilter <script>*", "message", "the list of unexpected tokens splits function calls differently"),
    # experiments
    ("experiment: create, duplicate", "message", SQL),
    ("experiment: create name of deleted", "message", SQL),
    ("hostile: experiment name *", "message", SQL),
    ("experiment: rename taken", "message", SQL),
    ("experiment: create, duplicate tags", "error_code", "MLflow says that the experiment exists"),
    ("experiment: create, tag without key", "message", "MLflow reads the missing key as '' and reports that it is malformed"),
    ("experiment: create, tags texts", "message", STRICT),
    ("experiment: create, tag value number", "refused", STRICT),
    ("experiment: create, location params", "refused", "a ;params part of a URL is refused like a #fragment, as MLflow's own message says"),
    ("experiment: create, bad json", "message", JSON),
    ("experiment: create, bom", "refused", "JSON does not allow a byte order mark"),
    ("experiment: create, trailing comma", "message", JSON),
    ("experiment: create, two values", "message", JSON),
    ("experiment: create, upper case type", "status", "media types are case-insensitive"),
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
    ("run: create, bad tag key", "refused", "tags of a new run follow the rules of tags that are set later"),
    ("run: create, long tag", "run", "tags of a new run are cut to 8000 characters like tags set later"),
    ("run: create in {*", "error_code", "MLflow reports a foreign key error"),
    ("run: update {'status': *", "refused", STRICT),
    ("run: update {'end_time': 1.5}", "refused", STRICT),
    ("run: search bogus", "refused", STRICT),
    ("run: * {'run_uuid': '$r2'}", "refused", "MLflow searches for a run without an ID"),
    ("batch: text value", "refused", STRICT),
    ("batch: float step", "refused", STRICT),
    ("batch: param number", "refused", STRICT),
    ("batch: null lists", "status", "null is an empty list; MLflow fails"),
    ("batch: metric with model", "message refused", SQL + "; and nothing is written"),
    ("inputs: *dataset", "refused", "a dataset needs a name and a digest; MLflow stores an empty dataset"),
    ("inputs: model without id", "refused", "a model needs an ID; MLflow stores an empty ID"),
    ("inputs: number name", "refused", STRICT),
    ("inputs: duplicate tags", "error_code", SQL),
    ("outputs: again", "message", SQL),
    ("outputs: no id", "refused", "a model needs an ID; MLflow stores an empty ID"),
    ("log-model: {}", "message", "MLflow's message contains a Python set"),
    ("log-model: bad", "message", "the message uses another term"),
    ("run: log-model on deleted", "message", "MLflow's message contains a Python set"),
    # metrics
    ("metric: log {'key': 'strsp'*", "refused", "a number cannot contain spaces"),
    ("metric: log {'key': 't[fb]*", "refused", STRICT),
    ("metric: log {'key': 'shuge'*", "refused", STRICT),
    ("metric: log {'key': 'mm'*", "message refused", SQL + "; and nothing is written"),
    ("metric: literal *", "message", JSON),
    ("metric: get literals", "run", "MLflow stores 0 at time 0 for a bare NaN, Infinity or 1e400, and for the text nan"),
    ("metric: history *max_results=*", "refused", STRICT),
    ("metric: history *max_results=*", "next_page_token", "the token contains the last value of the page, so that new values do not shift the pages"),
    ("metric: bulk run_id=$m&run_id=$m2*", "metrics", "NaN is the text \"NaN\"; MLflow's response is not valid JSON"),
    # searching
    ("search runs: {'experiment_ids': [[]5]}", "refused", STRICT),
    ("search runs: *'max_results': 1.5}", "refused", STRICT),
    ("search runs: *'order_by': [[]5]}", "message", STRICT),
    ("search runs: *50001}", "message", "the message contains the limit"),
    # logged models
    ("model: create, long", "refused", "the column has 500 characters"),
    ("model: create, duplicate *", "message error_code", SQL),
    ("model: create, quote", "message", "the message has the name in single quotes; MLflow prints a Python literal"),
    ("model: finalize {'status': *}", "refused", STRICT),
    ("model: finalize without id", "status", "the ID in the path is sufficient"),
    ("model: params *", "message", SQL),
    ("model: set *tags*", "model", "the response contains the model, as its message type specifies"),
    ("model: search {'max_results': -1}", "refused", "a page must have room for at least one model"),
    ("model: search {'max_results': 1.5}", "refused", STRICT),
    ("model: search {'order_by': *", "error_class sqlstate message", "there is one error class for invalid parameters"),
    ("model: search {'page_token': 'e30='}", "message", "the message prints the missing list of the token as []"),
    ("model: get, bad flag", "refused", "a boolean must be true or false"),
    ("model: finalize deleted", "refused", "a deleted model cannot be changed"),
    ("model: tag deleted", "refused", "a deleted model cannot be changed"),
    # registry
    ("registry: create *{'value': 'v'}]}", "message", "MLflow reads the missing key as '' and reports that it is malformed"),
    ("registry: create *'value': 5}]}", "refused", STRICT),
    ("registry: version on another host *", "message", "the message names no setting, because none allows other hosts"),
    ("registry: get-download-uri without name", "message", "the message is the same as for all required parameters"),
    ("registry: latest *[[]5]}", "message", "the message names the invalid item"),
    ("registry: search with stages", "registered_models", "latest_versions have the order of registered-models/get; in MLflow's search the order is undefined"),
    ("registry: search {'max_results': 0}", "refused", "a page must have room for at least one model"),
    ("registry: search {'max_results': -1}", "refused", "a page must have room for at least one model"),
    ("registry: search versions by word of SQL *", "message", "SQL keywords are unknown attributes like any other word"),
    ("registry: rename *'new_name': 'rmmin'}", "message", SQL),
    # artifacts
    ("artifact: put dir/", "error_code", "the error has the format of all other errors"),
    ("artifact: get *", "error_code", "the error has the format of all other errors"),
    ("artifact: put a//c.txt", "refused", PATH),
    ("artifact: get q%22uote.txt", "content-disposition", "the header has the name in two encodings, for old and new browsers"),
    ("artifact: get z.tar.gz", "content-type", "the table of file types is different"),
    ("artifact: range bytes=x", "refused", "the status code is different"),
    ("artifact: range lines=1-2", "refused", "the status code is different"),
    ("artifact: range *", "body content-type", "the message and the boundaries are those of Go's HTTP library"),
    ("artifact: list ?path=a%00b", "refused", PATH),
    ("artifact: multipart *", "status refused", "files in a local folder can be uploaded in parts, too"),
    ("artifact: presigned", "status", "files in a local folder can be downloaded in parts, too"),
    ("artifact: get-artifact run_id=$r&path=", "error_code", "an empty path is treated as a missing one"),
    ("hostile: * artifact *", "refused message", PATH),
    ("hostile: PUT artifact ..;/x", "status", "..; is a valid name; MLflow fails on it"),
    ("hostile: get-artifact *", "refused message", PATH),
    ("hostile: list *", "refused message", PATH),
    # the rest
    ("misc: /version", "content-type", "the version is plain text"),
    ("misc: HEAD /version", "content-type", "the version is plain text"),
    ("misc: HEAD /health", "content-type", "the content type of MLflow's HEAD differs from its GET"),
    ("misc: */server-info", "features_enabled presigned_upload_*_supported", "there is no gateway, and uploads pass through the server"),
    ("misc: */workspaces", "status", "there are no workspaces"),
    ("misc: HEAD /api/*", "status", "every GET route supports HEAD"),
    ("misc: OPTIONS *", "refused", "a preflight needs an Origin"),
    ("hostile: *\\x00*", "refused message error_code", NUL),
    ("hostile: nul in json", "refused error_code", NUL),
    ("hostile: bad percent", "message", "a query that cannot be parsed is refused"),
    ("hostile: semicolon query", "message", "a query that cannot be parsed is refused"),
    ("hostile: page token ' OR 1=1 --", "message", "data after the base64 padding is an error"),
    ("hostile: order AAAA*", "message", "an item of order_by has at most 4096 bytes"),
    ("hostile: experiment AAAA*", "message", "messages shorten long values"),
    ("hostile: run id AAAA*", "message", "messages shorten long values"),
    ("hostile: filter AAAA*", "message", "messages shorten long values"),
    ("hostile: page token AAAA*", "message", "messages shorten long values"),
    ("hostile: deep object", "message", "messages shorten long values"),
    ("hostile: huge number", "message", STRICT),
    ("hostile: invalid utf-8", "message", JSON),
    ("hostile: lone surrogate", "message", JSON),
    ("hostile: foreign *", "content-type body", "the error is JSON, and its message contains the solution"),
    ("hostile: null origin", "content-type body", "the error is JSON, and its message contains the solution"),
    ("hostile: preflight, *", "status refused", "the status code is different"),
    ("hostile: path with *", "refused", "paths are not normalized"),
    ("hostile: encoded path", "refused", "paths are not normalized"),
    ("hostile: metric key \\ud83d*", "message", "non-ASCII characters are not escaped in messages"),
    *TRACES,
    *GENAI,
    *WEBHOOKS,
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
    "genai: prompt, version text 100000",
]

NUMBERS = "the number of a status is accepted as the status, as in MLflow 3.17"
ANY_VALUE = "any value of the metric may match, as in MLflow 3.17; MLflow 3.18 compares the latest"
CASE = "searches of experiments need LIKE, ILIKE and IN in upper case, as in MLflow 3.17"
ATTRIBUTES = "searches of experiments accept attribute but not attributes, as in MLflow 3.17"

# What is different from one release only.
OF_RELEASE = {
    "3.17.2": [
        ("metric: log {'key': 'a\\n*", "refused", "a name cannot end with a newline; MLflow's pattern allows it before 3.18"),
        ("model: finalize {'model_id': 'other'*", "status", "the ID in the path is used, so that permissions are checked for it"),
        ("registry: alias *'a\\n'*", "refused", "a name cannot end with a newline; MLflow's pattern allows it before 3.18"),
        *TRACES_OF_RELEASE["3.17.2"],
    ],
    "3.18.0": [
        ("experiment: create, name blank", "status", "a name can consist of spaces, as in MLflow 3.17"),
        ("artifact: upload run_id=*", "refused", "the parameter for the run of an upload is run_uuid, as in MLflow 3.17"),
        ("artifact: upload path=x", "message", "the parameter for the run of an upload is run_uuid, as in MLflow 3.17"),
        ("registry: search *'tags.* IS *NULL'}", "message", "the message names the tag"),
        ("misc: /version", "body", "the version is that of the API that Millrace serves"),
        ("misc: */server-info", "artifact_serving_enabled artifacts_presigned_only model_artifact_presigned_downloads_supported skill_content_* tracking_auth",
         "clients assume Millrace's values for missing fields"),
        *TRACES_OF_RELEASE["3.18.0"],
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
