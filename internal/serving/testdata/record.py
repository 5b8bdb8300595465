"""Writes the models in this folder, and answers.json: what MLflow's scoring server answers to requests for them.

Run it with MLflow, onnx, onnxruntime, pyarrow and uvicorn: python internal/serving/testdata/record.py
"""

import base64
import contextlib
import http.client
import io
import json
import pathlib
import shutil
import socket
import threading
import time

import mlflow
import mlflow.pyfunc.scoring_server
import numpy as np
import onnx
import pandas as pd
import uvicorn
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"


def network(inputs, outputs, nodes, constants=()):
    ports = [[helper.make_tensor_value_info(*port) for port in side] for side in (inputs, outputs)]
    graph = helper.make_graph([helper.make_node(op, i, o) for op, i, o in nodes], "echo", *ports, list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def echo(kind, shape):
    return network([("x", kind, shape)], [("y", kind, shape)], [("Identity", ["x"], ["y"])])


def tensors(*specs):
    return mlflow.models.ModelSignature(Schema([TensorSpec(np.dtype(d), s, n) for n, d, s in specs]))


def columns(**types):
    return mlflow.models.ModelSignature(Schema([ColSpec(t, n) for n, t in types.items()]))


FLOAT, INT, DOUBLE, STRING, BOOL = (getattr(TensorProto, n) for n in ("FLOAT", "INT64", "DOUBLE", "STRING", "BOOL"))
MODELS = {
    "tensor": (echo(FLOAT, ["n", 2]), tensors((None, "float32", (-1, 2)))),
    "ints": (echo(INT, ["n", 2]), tensors((None, "int64", (-1, 2)))),
    "doubles": (echo(DOUBLE, ["n", 2]), tensors((None, "float64", (-1, 2)))),
    "columns": (echo(FLOAT, ["n", 2]), columns(a="float", b="double")),
    "longs": (echo(INT, ["n", 2]), columns(a="long", b="long")),
    "one": (echo(FLOAT, ["n", 1]), columns(a="float")),
    "plain": (
        network([("x", FLOAT, ["n", 2])], [("y", FLOAT, ["n", 2]), ("z", FLOAT, ["n", 2])], [("Log", ["x"], ["y"]), ("Identity", ["x"], ["z"])]),
        None,
    ),
    "named": (
        network(
            [("p", FLOAT, ["n", 2]), ("q", INT, ["n"])],
            [("y", FLOAT, ["n", 2]), ("z", INT, ["n"])],
            [("Sqrt", ["p"], ["y"]), ("Identity", ["q"], ["z"])],
        ),
        tensors(("p", "float32", (-1, 2)), ("q", "int64", (-1,))),
    ),
    "params": (
        echo(FLOAT, ["n", 2]),
        mlflow.models.ModelSignature(
            Schema([TensorSpec(np.dtype("float32"), (-1, 2))]), params=ParamSchema([ParamSpec("t", "double", 0.5), ParamSpec("k", "long", 3)])
        ),
    ),
}


# These are for other tests.
EXTRAS = {
    # The rows of the result depend on each other.
    "depends": network(
        [("x", FLOAT, ["n", 2])],
        [("y", FLOAT, ["n", 2])],
        [("ReduceSum", ["x", "axes"], ["s"]), ("Sub", ["x", "s"], ["y"])],
        [numpy_helper.from_array(np.int64([0]), "axes")],
    ),
    # The same, but equal rows do not show it.
    "mean": network(
        [("x", FLOAT, ["n", 2])],
        [("y", FLOAT, ["n", 2])],
        [("ReduceMean", ["x", "axes"], ["m"]), ("Sub", ["x", "m"], ["y"])],
        [numpy_helper.from_array(np.int64([0]), "axes")],
    ),
    # Some values of the input are errors.
    "lookup": network(
        [("x", INT, ["n"])], [("y", FLOAT, ["n"])], [("Gather", ["table", "x"], ["y"])], [numpy_helper.from_array(np.float32([10, 11, 12]), "table")]
    ),
}


def save():
    for name, file in EXTRAS.items():
        onnx.save(file, HERE / f"{name}.onnx")
    for name, (file, signature) in MODELS.items():
        shutil.rmtree(HERE / name, ignore_errors=True)
        mlflow.onnx.save_model(file, HERE / name, signature=signature, pip_requirements=["onnxruntime"])
        for extra in ("conda.yaml", "python_env.yaml", "requirements.txt"):
            (HERE / name / extra).unlink(missing_ok=True)


def parquet(**data):
    out = io.BytesIO()
    pd.DataFrame(data).to_parquet(out)
    return out.getvalue()


def requests():
    """Returns model, Content-Type and body of each request."""
    numbers = ["1", "-1.5", "2.0", "1e2", "null", "NaN", "Infinity", "-Infinity", "true", '"1.5"', '"x"', '""', "[]", "[1]", "{}", "1e400", "1e39", "9007199254740993"]
    for model in ("tensor", "ints", "doubles", "plain"):
        for n in numbers:
            yield model, JSON, '{"inputs": [[0, %s]]}' % n
            yield model, JSON, '{"instances": [[%s, %s]]}' % (n, n)
    for model in ("columns", "longs", "one", "plain"):
        for n in numbers:
            yield model, JSON, '{"dataframe_split": {"columns": ["a", "b"], "data": [[0, 1], [%s, 2]]}}' % n
            yield model, JSON, '{"dataframe_records": [{"a": %s, "b": 2}]}' % n
            yield model, JSON, '{"inputs": {"a": [%s], "b": [2]}}' % n
    cells = [".2", "1.", "+1", " 1", "1 ", " ", "", "inf", "-inf", "+inf", "Infinity", "-Infinity", "iNf", "nan", "NaN", "-nan", "NA", "N/A", "null", "NULL", "None", "n/a", "<NA>",
             "#N/A", "-NaN", "1.#IND", "#NA", '"1"', '"1.5"', '""', "1e2", "1E+2", "1e", "e1", "0x10", "1_000", '"1,000"', "1d2", "True", "true", "FALSE", "x", "-", ".", "--1", "1..2",
             "00012", "1e400", "1e-400", "123456789012345678901234567890", "9007199254740993", "2.0", "-0", "\t1", "1\t", "٣"]
    for model in ("columns", "longs", "plain"):
        for c in cells:
            yield model, CSV, "a,b\n%s,2\n3,4\n" % c
            yield model, CSV, "a,b\n%s,2\n" % c
    for body in [
        "", "a,b\n", "a,b", "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n1,2\n\n3,4\n", "a,b\r\n1,2\r\n", "b,a\n1,2\n", "a,a\n1,2\n", "a,b,c\n1,2,3\n", "a;b\n1;2\n", " a, b\n1,2\n",
        'a,b\n"1","2"\n', '"a","b"\n1,2\n', 'a,b\n"1,2\n', 'a,b\n1,"2"3\n', "\ufeffa,b\n1,2\n", "a,b\n1,2\r3,4\n", "#\n1,2\n", "1,2\n3,4\n", "a,b\n1,2\n1,2,3\n", "\n\na,b\n1,2\n",
        "a,b\n1,2", "a\n1\n", "b\n1\n", "a,b\n,\n", "a,b\n1,\n", 'a,b\n"1"x,2\n', 'a,b\n1,2"\n', "a,b\n 1 , 2 \n", "a,b\n1,x\n", "a,\n1,2\n", "a,b,\n1,2,\n",
    ]:
        for model in ("columns", "plain", "one"):
            yield model, CSV, body
    yield "columns", CSV, b"a,b\n1,\xff\n"
    for kind in [
        "application/json; charset=utf-8", "application/json; charset=UTF-8", "application/json;charset=latin-1", "application/json; charset=\"utf-8\"", "application/json; a=b",
        "application/json;", "APPLICATION/JSON", "application/json; charset", "application/x-json", "text/plain", "json", "", "a/b/c", " application/json", "application/json; CHARSET=ascii",
        "application/json ; charset=utf-8", "application/json; charset=utf-8; x=1",
    ]:
        yield "tensor", kind, '{"inputs": [[1, 2]]}'
    yield "columns", "text/csv; charset=utf-8", "a,b\n1,2\n"
    yield "columns", "text/csv; charset=latin-1", "a,b\n1,2\n"
    bodies = [
        '{"inputs": [[1, 2]], "params": {}}', '{"inputs": [[1, 2]], "params": null}', '{"inputs": [[1, 2]], "params": {"t": 0.1}}', '{"inputs": [[1, 2]], "params": {"x": 1}}',
        '{"inputs": [[1, 2]], "params": {"t": "x"}}', '{"inputs": [[1, 2]], "params": {"k": 1.5}}', '{"inputs": [[1, 2]], "params": []}', '{"inputs": [[1, 2]], "params": 5}',
        '{"inputs": [[1, 2]], "params": {"k": 4, "t": 1}}', '{"inputs": [[1, 2]], "params": {"t": null}}', '{"inputs": [[1, 2]], "params": {"t": true}}', '{"inputs": [[1, 2]], "extra": 1}',
        '{"inputs": [[1, 2]], "instances": [[1, 2]]}', '{"INPUTS": [[1, 2]]}', '{"inputs": [[1, 2]], "inputs": [[3, 4]]}', '{"inputs": null}', '{"inputs": null, "instances": [[1, 2]]}',
        '{"signature_name": "x", "inputs": [[1, 2]]}', '{"inputs": [[1, 2]], "signature_name": "x"}', "{}", "[]", "[[1, 2]]", "5", "null", '"x"', "", " ", "{", '{"inputs": [[1, 2]]} x',
        '{"inputs": [[1, 2],]}', '{"inputs": [[1, 2]]', '{"inputs": [[01, 2]]}', '{"inputs": [[1., 2]]}', '{"inputs": [[+1, 2]]}', '{"inputs": [[.5, 2]]}', '\ufeff{"inputs": [[1, 2]]}',
        '{"inputs": [[1, 2], [3]]}', '{"inputs": [1, 2]}', '{"inputs": [[[1, 2]]]}', '{"inputs": 1}', '{"inputs": []}', '{"inputs": [[]]}', '{"inputs": [[], []]}', '{"inputs": [[1, 2, 3]]}',
        '{"inputs": {"x": [[1, 2]]}}', '{"inputs": {"y": [[1, 2]]}}', '{"inputs": {"x": [[1, 2]], "y": 1}}', '{"inputs": {}}', '{"instances": [{"x": [1, 2]}]}',
        '{"instances": [{"x": [1, 2]}, {"x": [3, 4]}]}', '{"instances": [{"x": [1, 2]}, {"y": [3, 4]}]}', '{"instances": []}', '{"instances": {"x": [[1, 2]]}}', '{"instances": 1}',
        '{"instances": [{"x": [1, 2]}, 5]}', '{"instances": [5, {"x": [1, 2]}]}',
        '{"dataframe_split": {"data": [[1, 2]]}}', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}', '{"dataframe_split": {"columns": [0, 1], "data": [[1, 2]]}}',
        '{"dataframe_split": {"columns": ["x"], "data": [[[1, 2]], [[3, 4]]]}}', '{"dataframe_records": [{"x": [1, 2]}, {"x": [3, 4]}]}', '{"dataframe_split": [[1, 2]]}', '{"dataframe_split": null}',
        '{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', '{"dataframe_split": {"columns": ["a", "b"]}}', '{"dataframe_split": {"data": [[1, 2]], "foo": 1}}',
        '{"dataframe_split": {"index": [0, 1], "data": [[1, 2]]}}', '{"dataframe_split": {"index": [5], "data": [[1, 2]]}}', '{"dataframe_split": {"data": []}}', '{"dataframe_split": {"data": [1, 2]}}',
        '{"dataframe_split": {"data": 5}}', '{"dataframe_split": {"data": [[1, 2], [3]]}}', '{"dataframe_split": {"data": {"a": [1]}}}', '{"dataframe_records": [{"a": 1, "b": 2}]}',
        '{"dataframe_records": [{"a": 1, "b": 2}, {"b": 3}]}', '{"dataframe_records": [{"a": 1}, {"b": 2}]}', '{"dataframe_records": []}', '{"dataframe_records": {"a": 1}}', '{"dataframe_records": null}',
        '{"dataframe_records": [[1, 2]]}', '{"dataframe_records": [1, 2]}', '{"dataframe_records": [null]}', '{"dataframe_records": [{"a": 1, "b": 2, "c": 3}]}', '{"dataframe_records": [{"b": 1, "a": 2}]}',
        '{"dataframe_records": [{"a": 1, "a": 5, "b": 2}]}', '{"dataframe_records": [{}]}', '{"inputs": [[1, 2]], "predictions": 1}',
        '{"messages": [{"role": "user", "content": "x"}]}', '{"inputs": {"a": [1, 3], "b": [2, 4]}}', '{"inputs": {"a": 1, "b": 2}}', '{"inputs": {"a": [1, 3], "b": [2]}}', '{"inputs": {"a": [1]}}',
        '{"inputs": {"b": [2], "a": [1], "c": [3]}}', '{"instances": {"a": [1, 3], "b": [2, 4]}}', '{"instances": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]}', '{"instances": [{"a": 1, "b": 2}, {"b": 4}]}',
        '{"instances": [[1, 2], [3, 4]]}', '{"inputs": [{"a": 1, "b": 2}]}', '{"inputs": [{"a": [1], "b": [2]}]}', '{"inputs": [1, 2, 3]}', '{"inputs": [[1], [2]]}', '{"instances": [1, 2]}',
        '{"inputs": [[1, 2]], "n": NaN}', '{"inputs": [["\\ud800", 2]]}', '{"inputs": [[-1, 0], [1, 2]]}',
    ]
    for body in bodies:
        for model in ("tensor", "columns", "plain", "one", "params"):
            yield model, JSON, body
    for body in [
        '{"inputs": {"p": [[1, 4]], "q": [5]}}', '{"instances": [{"p": [1, 4], "q": 5}, {"p": [9, 16], "q": 6}]}', '{"inputs": {"p": [[1, 4]]}}', '{"inputs": {"p": [[1, 4]], "q": [5], "r": [1]}}',
        '{"inputs": [[1, 4]]}', '{"inputs": {"p": [[-1, 4]], "q": [5]}}', '{"inputs": {"p": [[1, 4]], "q": [5.0]}}', '{"inputs": {"p": [[1, 4]], "q": [5.5]}}', '{"inputs": {"p": [[1, 4]], "q": 5}}',
        '{"instances": [{"p": [1, 4], "q": 5}, {"p": [9, 16]}]}', '{"dataframe_records": [{"p": [1, 4], "q": 5}]}', '{"dataframe_split": {"columns": ["p", "q"], "data": [[[1, 4], 5], [[9, 16], 6]]}}',
        '{"inputs": {"p": [[1, 4]], "q": [true]}}', '{"inputs": {"p": [[1, 4]], "q": ["5"]}}', '{"inputs": {"p": [[null, 4]], "q": [5]}}',
    ]:
        yield "named", JSON, body
    yield "tensor", JSON, b'{"inputs": [[1, 2]], "x": "\xff"}'
    tables = [
        parquet(a=[1.5, 2.5], b=[3.5, 4.5]), parquet(b=[1.5], a=[2.5]), parquet(a=[1, 2], b=[3, 4]), parquet(a=[1.5, None], b=[1, 2]), parquet(a=[1.5], c=[1]), parquet(a=["x"], b=["y"]),
        parquet(a=np.float32([1.5, np.nan]), b=np.int8([1, 2])), parquet(a=[True], b=[False]), parquet(a=[], b=[]), parquet(a=[1.0], b=[2.0])[:-9], b"", b"PAR1", parquet(a=[1.5]),
        parquet(a=[1.5, 2.5], b=[3.5, 4.5], c=["x", "y"]), parquet(a=pd.array([1, None], dtype="Int64"), b=[1, 2]),
    ]
    for table in tables:
        for model in ("columns", "longs", "plain", "tensor", "one"):
            yield model, PARQUET, table


@contextlib.contextmanager
def serving(name):
    app = mlflow.pyfunc.scoring_server.init(mlflow.pyfunc.load_model(HERE / name))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [s]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield s.getsockname()[1]
        server.should_exit = True
        thread.join()


def answer(port, kind, body):
    body = body.encode() if isinstance(body, str) else body
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/invocations", body, {"Content-Type": kind} if kind else {})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    out = {"type": kind, "status": response.status}
    try:
        out["body"] = body.decode()
    except UnicodeDecodeError:
        out["base64"] = base64.b64encode(body).decode()
    if response.status == 200:
        return out | {"answer": text}
    with contextlib.suppress(ValueError):
        out["code"] = json.loads(text)["error_code"]
    return out


def main():
    save()
    out = {}
    everything = list(requests())
    for name in MODELS:
        with serving(name) as port:
            out[name] = [answer(port, kind, body) for model, kind, body in everything if model == name]
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(a) for a in answers) + "\n]" for name, answers in out.items()]
    (HERE / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
