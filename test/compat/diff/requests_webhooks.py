"""More requests of differential.py: webhooks. Nothing is sent to them: the tests of the client have receivers."""

from diff.requests_tracking import ask as ask_before

REQUESTS = []
URL = "https://1.1.1.1/x"
CREATED = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
ALL = [("REGISTERED_MODEL", "CREATED"), ("MODEL_VERSION", "CREATED"), ("MODEL_VERSION_TAG", "SET"), ("MODEL_VERSION_TAG", "DELETED"),
       ("MODEL_VERSION_ALIAS", "CREATED"), ("MODEL_VERSION_ALIAS", "DELETED"), ("PROMPT", "CREATED"), ("PROMPT_VERSION", "CREATED"),
       ("PROMPT_TAG", "SET"), ("PROMPT_TAG", "DELETED"), ("PROMPT_VERSION_TAG", "SET"), ("PROMPT_VERSION_TAG", "DELETED"),
       ("PROMPT_ALIAS", "CREATED"), ("PROMPT_ALIAS", "DELETED"), ("BUDGET_POLICY", "EXCEEDED")]


def ask(title, method, path="", body=None, save=None):
    ask_before("webhook: " + title, method, "/api/2.0/mlflow/webhooks" + path, body, save, into=REQUESTS)


def create(title, **body):
    ask("create, " + title, "POST", body={"name": "w", "url": URL, "events": CREATED, **body})


ask("none", "GET")
ask("create", "POST", body={"name": "first", "url": URL, "events": CREATED, "description": "d", "status": "DISABLED"}, save={"w": ["webhook", "webhook_id"]})
create("all events", events=[{"entity": e, "action": a} for e, a in ALL])
for number, (entity, action) in enumerate(ALL):
    create(f"numbers {number}", events=[{"entity": number % 10 + 1, "action": number % 5 + 1}])
    for other in ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED"):
        create(f"{entity} {other} of {action}", events=[{"entity": entity, "action": other}])
for title, name in {"63": "x" * 63, "64": "x" * 64, "one": "a", "dots": "a.b-c_d", "last dot": "a.", "first dash": "-a", "space": "a b", "blank": " ", "unicode": "ü", "newline": "a\n", "number": 5, "empty": "", "null": None}.items():
    create("name " + title, name=name)
for title, url in {"http": "http://1.1.1.1/", "ftp": "ftp://1.1.1.1/", "upper case": "HTTPS://1.1.1.1/", "no scheme": "1.1.1.1/x", "no host": "https:///x", "blank": "  ", "empty": "", "null": None, "number": 5,
                   "loopback": "https://127.0.0.1/", "ten": "https://10.0.0.1/", "link": "https://169.254.169.254/", "shared": "https://100.64.0.1/", "this": "https://0.0.0.0/", "v6 loopback": "https://[::1]/",
                   "v6 mapped": "https://[::ffff:127.0.0.1]/", "v6 link": "https://[fe80::1]/", "v6 unique": "https://[fd00::1]/", "v6 public": "https://[2606:4700:4700::1111]/", "documentation": "https://192.0.2.1/", "benchmark": "https://198.18.0.1/",
                   "password": "https://u:p@1.1.1.1/", "port": "https://1.1.1.1:8443/x?y=z#f", "localhost": "https://localhost/"}.items():
    create("url " + title, url=url)
for title, events in {"none": [], "null": None, "text": "x", "object": {}, "empty object": [{}], "no action": [{"entity": "PROMPT"}], "lower case": [{"entity": "prompt", "action": "created"}], "bogus": [{"entity": "BOGUS", "action": "CREATED"}],
                      "unspecified": [{"entity": "ENTITY_UNSPECIFIED", "action": "CREATED"}], "twice": CREATED * 2}.items():
    create("events " + title, events=events)
for title, status in {"active": "ACTIVE", "number": 2, "bogus": "BOGUS", "empty": ""}.items():
    create("status " + title, status=status)
create("description empty", description="")
create("description unicode", description="ü" * 1000)
create("description number", description=5)
create("unknown field", bogus=1)
ask("create nothing", "POST", body={})
ask("create by a list", "POST", body="[]")
ask("create by no JSON", "POST", body="{")
for path in ("/$w", "/nope", "/$w?x=y"):
    ask(f"GET {path}", "GET", path)
for query in ("max_results=1000", "max_results=0&x=y", "max_results=1001", "max_results=-1", "max_results=x", "page_token=zz"):
    ask(f"list ?{query}", "GET", "?" + query)
for title, body in {
    "nothing": {}, "empty": {"name": "", "url": "", "events": []}, "name": {"name": "new"}, "bad name": {"name": " "}, "url": {"url": "https://1.1.1.1/y"}, "bad url": {"url": "https://127.0.0.1/"}, "description": {"description": "e"},
    "no description": {"description": ""}, "events": {"events": [{"entity": "PROMPT", "action": "CREATED"}, {"entity": "PROMPT_TAG", "action": "SET"}]}, "bad events": {"events": [{"entity": "PROMPT", "action": "SET"}]},
    "status": {"status": "ACTIVE"}, "bad status": {"status": "x"}, "null": {"name": None, "status": None}, "number": {"name": 5},
}.items():
    ask("update, " + title, "PATCH", "/$w", body)
ask("update none", "PATCH", "/nope", {"name": "x"})
ask("after the updates", "GET", "/$w")
ask("test a wrong event", "POST", "/$w/test", {"event": {"entity": "PROMPT", "action": "DELETED"}})
ask("test a bogus event", "POST", "/$w/test", {"event": {"entity": "BOGUS", "action": "CREATED"}})
ask("test none", "POST", "/nope/test", {})
ask("delete", "DELETE", "/$w")
for method, path, body in (("DELETE", "/$w", None), ("GET", "/$w", None), ("PATCH", "/$w", {"name": "x"}), ("POST", "/$w/test", {}), ("PUT", "/$w", {}), ("DELETE", "", None)):
    ask(f"{method} {path} after it", method, path, body)
