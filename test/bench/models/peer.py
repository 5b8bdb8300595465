"""Runs networks of the zoo in PyTorch, onnxruntime or scikit-learn's ONNX files, on one thread, as main.go asks.

Each line of the input is a request, {"open": NAME, "format": FORMAT} or {"run": SECONDS}; each line of the output is
the answer: the outputs, or the processor time of one run in seconds.
"""

import base64
import json
import os
import pathlib
import sys
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402
import zoo  # noqa: E402

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


def in_torch(path, inputs):
    module = torch.load(path.with_suffix(".pt"), weights_only=False)
    tensors = [torch.from_numpy(a) for a in inputs]

    def run():
        with torch.inference_mode():
            out = module(*tensors)
        return out if isinstance(out, (tuple, list)) else (out,)

    return run


def in_onnxruntime(path, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path.with_suffix(".onnx")), options, providers=["CPUExecutionProvider"])
    feed = dict(zip([i.name for i in session.get_inputs()], inputs))
    return lambda: session.run(None, feed)


def numbers(value):
    """Returns an output as float32 numbers, or nothing if it has none."""
    if isinstance(value, list):  # A list of maps from classes to probabilities.
        value = np.array([list(v.values()) for v in value]) if value and isinstance(value[0], dict) else np.array(value)
    value = value.detach().numpy() if isinstance(value, torch.Tensor) else value
    if value.dtype.kind in "OUS":
        return {"shape": list(value.shape), "step": 1, "data": ""}
    flat = np.ascontiguousarray(value, dtype=np.float32).reshape(-1)
    step = max(1, -(-flat.size // 65536))
    return {"shape": list(value.shape), "step": step, "data": base64.b64encode(flat[::step].tobytes()).decode()}


def main():
    folder, run = pathlib.Path(sys.argv[1]), None
    entries = json.loads((folder / "zoo.json").read_text())
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            name = request["open"]
            inputs = [zoo.fill(i["shape"], i["seed"], i["vocabulary"]) for i in entries[name]["inputs"]]
            run = (in_onnxruntime if request["format"] == "onnx" else in_torch)(folder / name, inputs)
            run()
            answer = {"outputs": [numbers(v) for v in run()]}
        else:
            count, began, clock = 0, time.process_time(), time.perf_counter()
            while count == 0 or time.perf_counter() - clock < request["run"]:
                run()
                count += 1
            answer = {"seconds": (time.process_time() - began) / count}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
