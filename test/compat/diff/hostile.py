"""The requests of differential.py that are meant to break a server."""

from diff.requests_tracking import API, ask, pairs

HOSTILE = []


def send(title, method, path, body=None, headers=None):
    ask("hostile: " + title, method, path, body, headers=headers, into=HOSTILE)


def post(title, path, body, **more):
    send(title, "POST", path, body, **more)


ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"

for path in ("../x.txt", "..%2fx.txt", "%2e%2e/x.txt", "%252e%252e/x.txt", "a/../../x.txt", "..%5cx.txt", "%2fetc/passwd", "/etc/passwd", "//etc/passwd", "a%00b", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "C:%5cx", "file:%2f%2f%2fetc%2fpasswd", "~/x", "a/./b", "...", "..;/x", "%c0%ae%c0%ae/x", "%ff"):
    for method in ("GET", "PUT", "DELETE"):
        send(f"{method} artifact {path}", method, f"{ARTIFACTS}/{path}", "x" if method == "PUT" else None)
    send(f"get-artifact {path}", "GET", f"/get-artifact?run_id=$r&path={path}")
    send(f"list {path}", "GET", f"{API}artifacts/list?run_id=$r&path={path}")
    send(f"list proxy {path}", "GET", f"{ARTIFACTS}?path={path}")

for value in ("' OR 1=1 --", "\\", "%", "_", "\"; DROP TABLE runs; --", "`", "\u0000", "a\u0000b", "\ud83d\ude00", "A" * 100000, "${jndi:x}", "<script>alert(1)</script>", "\u202e"):
    short = value[:20].encode("unicode_escape").decode()
    post(f"param value {short}", "runs/log-parameter", {"run_id": "$b", "key": "h" + str(sum(map(ord, value))), "value": value})
    post(f"tag value {short}", "runs/set-tag", {"run_id": "$b", "key": "h" + str(sum(map(ord, value))), "value": value})
    post(f"run id {short}", "runs/set-tag", {"run_id": value, "key": "k", "value": "v"})
    post(f"filter {short}", "runs/search", {"experiment_ids": ["$x"], "filter": value})
    post(f"filter value {short}", "runs/search", {"experiment_ids": ["$x"], "filter": f"params.x = '{value}'"})
    post(f"order {short}", "runs/search", {"experiment_ids": ["$x"], "order_by": [value]})
    post(f"experiment {short}", "runs/search", {"experiment_ids": [value]})
    post(f"experiment name {short}", "experiments/create", {"name": value})
    post(f"page token {short}", "runs/search", {"experiment_ids": ["$x"], "page_token": value})
    post(f"metric key {short}", "runs/log-metric", {"run_id": "$b", "key": value, "value": 1, "timestamp": 1})

post("deep json", "experiments/create", '{"name":"deep","x":' + "[" * 900 + "]" * 900 + "}", headers={"Content-Type": "application/json"})
post("deep object", "experiments/create", '{"name":"deep2","tags":' + '{"a":' * 900 + "1" + "}" * 900 + "}", headers={"Content-Type": "application/json"})
post("huge number", "experiments/search", '{"max_results":' + "9" * 400 + "}", headers={"Content-Type": "application/json"})
post("invalid utf-8", "experiments/create", b'{"name":"\xff\xfe"}', headers={"Content-Type": "application/json"})
post("lone surrogate", "experiments/create", '{"name":"\\ud800"}', headers={"Content-Type": "application/json"})
post("nul in json", "experiments/create", '{"name":"a\\u0000b"}', headers={"Content-Type": "application/json"})
post("many clauses", "runs/search", {"experiment_ids": ["$x"], "filter": " AND ".join(["params.a = 'x'"] * 60)})
post("many tags", "runs/create", {"experiment_id": "$x", "tags": pairs(**{f"k{i}": "v" for i in range(2000)})})
post("foreign origin", "experiments/create", {"name": "evil"}, headers={"Origin": "http://evil.example"})
post("foreign origin, ajax", "/ajax-api/2.0/mlflow/experiments/create", {"name": "evil2"}, headers={"Origin": "http://evil.example"})
post("null origin", "experiments/create", {"name": "evil3"}, headers={"Origin": "null"})
post("local origin", "experiments/search", {"max_results": 1, "filter": "name = 'Default'"}, headers={"Origin": "http://localhost:3000"})
send("foreign origin reads", "GET", API + "experiments/get?experiment_id=0", headers={"Origin": "http://evil.example"})
send("foreign host", "GET", API + "experiments/get?experiment_id=0", headers={"Host": "evil.example"})
send("foreign host, version", "GET", "/version", headers={"Host": "evil.example"})
send("foreign host, health", "GET", "/health", headers={"Host": "evil.example"})
send("preflight, foreign", "OPTIONS", API + "experiments/search", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
send("preflight, local", "OPTIONS", API + "experiments/search", headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"})
send("path with double slash", "GET", "//api/2.0/mlflow/experiments/get?experiment_id=0")
send("path with dots", "GET", "/api/2.0/mlflow/runs/../experiments/get?experiment_id=0")
send("encoded path", "GET", "/api/2.0/mlflow/experiments%2Fget?experiment_id=0")
send("upper case path", "GET", "/API/2.0/mlflow/experiments/get?experiment_id=0")
send("bad percent", "GET", API + "experiments/get?experiment_id=%zz")
send("semicolon query", "GET", API + "experiments/get?experiment_id=0;x=1")
