"""The differences in traces, spans and assessments that differential.py accepts; accepted.py says what a row is."""

STRICT = "a value of the wrong type or outside its enum is refused; MLflow drops it and the fields after it"
OTLP = "the error is that of the REST API, with an error_code; MLflow writes FastAPI's detail"
KIND = "the kind of a span is not kept, as in MLflow 3.17"
LINKS = "links keep the ids of their spans; MLflow reads the hexadecimal ids of links in JSON as base64"

ACCEPTED = [
    ("trace: start again", "trace", "the answer has the tags of the request; MLflow's has those before it"),
    ("trace: export, information", "trace", "the answer has the tags of the request; MLflow's has those before it"),
    ("trace: started, file", "error_code", "RESOURCE_DOES_NOT_EXIST is the code of everything that is missing"),
    ("trace: file ?request_id=tr-0*1", "error_code", "RESOURCE_DOES_NOT_EXIST is the code of everything that is missing"),
    ("trace: file *path=nope", "error_class sqlstate", "the class is that of the error code"),
    ("trace: start, bogus state", "refused", STRICT),
    ("trace: start, time", "refused", STRICT),
    ("trace: start, time number", "refused", STRICT),
    ("trace: start, duration", "refused", STRICT),
    ("trace: start, tag number", "refused", STRICT),
    ("trace: start, tags list", "refused", STRICT),
    ("trace: *, file", "accept-ranges", "the file is written from the database, and parts of it cannot be requested"),
    ("trace: events and links, *", "trace spans", LINKS),
    ("trace: batch [23] *", "traces", LINKS),
    ("trace: export no *", "error_code", OTLP),
    ("trace: export other type", "error_code", OTLP),
    ("trace: export br", "refused", OTLP + ", and its status is 415"),
    ("trace: export bad gzip", "error_code", OTLP),
    ("trace: export body *", "error_code", OTLP),
    ("trace: export protobuf of text", "error_code", OTLP),
    ("trace: export empty protobuf", "error_code", OTLP),
    ("trace: export by GET", "refused", "a method that a path does not have is a 405"),
    ("trace: set tag of unknown", "refused", "a trace that does not exist is a 404; MLflow prints SQL"),
    ("trace: tags", "trace", "values of tags are cut to 8000 characters, as on MLflow's other databases"),
    ("trace: info by V2", "trace_info", "values of tags are cut to 8000 characters, as on MLflow's other databases"),
    ("trace: batch infos {'trace_ids': [[]5]}", "message", "the message names the item"),
    ("trace: assess, bogus source", "refused", STRICT),
    ("trace: assess {'assessment': *", "message", STRICT),
    ("trace: update assessment, snake case", "assessment", "fields can be named in both spellings"),
    ("trace: update assessment, bogus mask", "refused", "a field that cannot be changed is refused"),
    ("trace: assessment a-1, restored", "assessment", "an update by a name in snake case is effective"),
    ("trace: assessed", "trace", "an update by a name in snake case is effective"),
    ("trace: V2 start *'value': 'v'*", "message", "the message names the key that is missing"),
]

# What is different from one release only.
OF_RELEASE = {
    "3.17.2": [
        ("trace: start, no id", "refused", "a trace has an id"),
        ("trace: export *", "content-type body", "the answer to JSON is JSON, as OpenTelemetry and MLflow 3.18 have it"),
    ],
    "3.18.0": [
        ("trace: start, no id", "message", "the message says that the id is missing"),
        ("trace: start {'trace': *", "message", STRICT),
        ("trace: exported, *", "trace spans", KIND),
        ("trace: only a child, *", "trace spans", KIND),
    ],
}
