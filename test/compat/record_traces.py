"""Record what MLflow answers to requests for traces.

    python record_traces.py ../../internal/api/traces/testdata

Starts `mlflow server` (of the Python that runs this) on a temporary SQLite
database, makes the traces below by REST and OTLP, sends the requests in
search.jsonl, metrics.jsonl and correlation.jsonl and writes the files again with
MLflow's answers. It also writes the rows of MLflow's tables to rows.jsonl, from
which the Go tests of internal/api/traces start. A line `ours` holds where Millrace
differs on purpose; recording keeps it.
"""

import json
import pathlib
import sqlite3
import sys
import tempfile
import urllib.error
import urllib.request

from servers import MLflow

START = 1_795_860_000_000  # 2026-11-28T10:00:00Z
TABLES = (
    "trace_info", "trace_tags", "trace_request_metadata", "spans", "assessments", "entity_associations",
)


def send(url, path, body, headers=None):
    """Return (status, answer); the answer is {} where it is not JSON."""
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}, method="POST",
    )
    try:
        with urllib.request.urlopen(request) as response:
            text, status = response.read(), response.status
    except urllib.error.HTTPError as error:
        text, status = error.read(), error.code
    return status, json.loads(text) if text.startswith(b"{") else {}


def must(url, path, body, headers=None):
    status, answer = send(url, path, body, headers)
    if status != 200:
        raise RuntimeError(f"{path}: {status} {answer}")
    return answer


def attributes(values):
    return [{"key": k, "value": {"stringValue": v if isinstance(v, str) else json.dumps(v)}} for k, v in values.items()]


def span(trace, n, parent, name, start, length, status=1, **values):
    out = {
        "traceId": f"{trace:032x}", "spanId": f"{trace * 16 + n:016x}", "name": name,
        "startTimeUnixNano": str(start * 1_000_000), "endTimeUnixNano": str((start + length) * 1_000_000),
        "status": {"code": status}, "attributes": attributes({k.replace("__", "."): v for k, v in values.items()}),
    }
    if parent:
        out["parentSpanId"] = f"{trace * 16 + parent:016x}"
    return out


def export(url, experiment, spans):
    must(url, "/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}, {
        "x-mlflow-experiment-id": experiment,
    })


def start(url, experiment, trace, ms, length, state, **info):
    must(url, "/api/3.0/mlflow/traces", {"trace": {"trace_info": {
        "trace_id": f"tr-{trace:032x}",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": f"2026-11-28T10:00:{ms // 1000:02d}.{ms % 1000:03d}Z", "execution_duration": f"{length / 1000}s",
        "state": state, **info,
    }}})


def assess(url, trace, name, **values):
    must(url, f"/api/3.0/mlflow/traces/tr-{trace:032x}/assessments", {"assessment": {
        "source": {"source_type": "HUMAN", "source_id": "u"}, "create_time": "2026-11-28T10:00:00Z",
        "last_update_time": "2026-11-28T10:00:00Z", "valid": True, "assessment_name": name, **values,
    }})


def make_rows(url):
    for i in range(1, 5):
        must(url, "/api/2.0/mlflow/experiments/create", {"name": f"e{i}"})
    for i in range(6):
        trace, at = i + 1, START + 1000 * i
        kind = "LLM" if i % 2 else "TOOL"
        export(url, "4", [
            span(trace, 1, 0, f"root{i}", at, 100 * (i + 1), 2 if i == 5 else 1, mlflow__spanType="CHAIN",
                 mlflow__spanInputs=f"question {i}", mlflow__spanOutputs=f"wörld {i}"),
            span(trace, 2, 1, kind.lower(), at, 50, model=f"gpt-{i}", num=str(i), mlflow__spanType=kind),
        ])
        start(
            url, "4", trace, 1000 * i, 100 * (i + 1), "ERROR" if i == 5 else "OK", client_request_id=f"cr{i}",
            tags={"mlflow.traceName": f"name{i}", "color": ["red", "blue", "Red"][i % 3], "k.dot": f"d{i}", "name": f"tag{i}"},
            trace_metadata={
                "mlflow.trace.session": f"s{i % 2}", "mlflow.trace.user": f"u{i}", "md": f"v{i}", "mlflow.sourceRun": f"run{i}",
            },
        )
    assess(url, 1, "score", feedback={"value": 0.5})
    assess(url, 2, "score", feedback={"value": 0.9})
    assess(url, 3, "ok", feedback={"value": True})
    assess(url, 4, "ok", feedback={"value": "yes"})
    assess(url, 5, "exp", expectation={"value": "ans"})
    assess(url, 6, "my score", feedback={"value": 3})
    assess(url, 1, "sess", feedback={"value": True}, metadata={"mlflow.trace.session": "s0"})
    must(url, "/api/2.0/mlflow/traces/link-to-run", {"trace_ids": [f"tr-{3:032x}"], "run_id": "run1"})
    must(url, "/api/2.0/mlflow/traces/link-prompts", {
        "trace_id": f"tr-{3:032x}", "prompt_versions": [{"name": "greet", "version": "1"}],
    })
    usage, cost = {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}, {
        "input_cost": 0.001, "output_cost": 0.002, "total_cost": 0.003,
    }
    export(url, "2", [
        span(0x21, 1, 0, "llm-root", START, 45, mlflow__spanType="CHAIN"),
        span(0x21, 2, 1, "chat", START + 5, 7, mlflow__spanType="CHAT_MODEL", mlflow__chat__tokenUsage=json.dumps(usage),
             mlflow__llm__cost=json.dumps(cost), mlflow__llm__model="gpt-4o-mini", mlflow__llm__provider="openai"),
    ])
    start(url, "2", 0x21, 0, 45, "OK", tags={"mlflow.traceName": "llm-root"})
    start(url, "2", 0x22, 500, 0, "IN_PROGRESS", trace_metadata={"mlflow.trace.tokenUsage": json.dumps({"input_tokens": 7})})


def dump(path, out):
    with sqlite3.connect(path) as db, open(out, "w") as f:
        for table in TABLES:
            columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})")]
            for row in db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2, 3"):  # noqa: S608
                json.dump({"table": table, "row": dict(zip(columns, row))}, f, ensure_ascii=False)
                f.write("\n")


def short(trace):
    return trace["trace_id"][-2:]


def record(url, folder, name, path, shorten):
    file = folder / name
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    with open(file, "w") as f:
        for line in lines:
            status, answer = send(url, f"/api/3.0/mlflow/traces/{path}", line["request"])
            new = {"request": line["request"], "status": status}
            if status == 200:
                new |= shorten(answer)
            elif answer:
                text = answer["message"]
                new |= {"code": answer["error_code"], "message": "(text of the database)" if "[SQL" in text else text}
            if "ours" in line:
                new["ours"] = line["ours"]
            json.dump(new, f, ensure_ascii=False)
            f.write("\n")


def main(folder):
    with tempfile.TemporaryDirectory() as temp:
        with MLflow(temp, sqlite=True) as server:
            url = server.url
            make_rows(url)
            dump(f"{temp}/mlflow.db", folder / "rows.jsonl")
            record(url, folder, "search.jsonl", "search", lambda a: {
                "ids": [short(t) for t in a.get("traces", [])],
                **({"next": a["next_page_token"]} if "next_page_token" in a else {}),
            })
            record(url, folder, "metrics.jsonl", "metrics", lambda a: {"points": a.get("data_points", [])})
            record(url, folder, "correlation.jsonl", "calculate-filter-correlation", lambda a: {"answer": a})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
