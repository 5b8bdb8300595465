"""Exports the zoo for measurements, or as fixtures.

    python make.py [--small] [--onnx] FOLDER [name ...]

writes NAME.pt2 (and NAME.onnx) with NAME.pt, the module itself, and zoo.json, which lists the inputs and values of the
outputs. With --small it writes fixtures, which are gzipped. Those of models/testdata/zoo are made by

    python make.py --small ../../../models/testdata/zoo
    python make.py --small --onnx ../../../models/testdata/zoo bert gpt2 swin_t mobilenet_v3_small efficientnet_b0 \\
        unet_bilinear lstm bilstm_tagger gru_forecast dcgan transformer deit_tiny_patch16_224 recommender mlp_wide
"""

import argparse
import base64
import gzip
import io
import json
import pathlib
import time
import traceback
import warnings

import numpy as np
import torch
import zoo

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


def outputs_of(module, inputs):
    with torch.inference_mode():
        out = module(*inputs)
    return out if isinstance(out, (tuple, list)) else (out,)


def encode(t, most):
    """Returns up to so many elements, evenly spaced, as base64 of float32."""
    flat = t.detach().to(torch.float32).contiguous().reshape(-1).numpy()
    step = max(1, -(-flat.size // most))
    return {"shape": list(t.shape), "step": step, "data": base64.b64encode(flat[::step].tobytes()).decode()}


def compress(path, data):
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(data)


def calibrate(module, inputs):
    """Sets the statistics of batch normalizations, without which the values of deep networks vanish."""
    norms = [m for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    for m in norms:
        m.momentum, m.training = 1.0, True
    batch = [torch.cat([x, x.flip(-1)]) for x in inputs]
    with torch.no_grad():
        module(*batch)
    for m in norms:
        m.momentum, m.training = 0.1, False
        m.running_var.clamp_(min=0.01)


def make(name, options):
    full, small, inputs, few = zoo.ZOO[name]
    torch.manual_seed(1)
    module = (small if options.small else full)().eval()
    if options.small:
        zoo.paint(module)
    specs = few if options.small else inputs
    tensors = tuple(torch.from_numpy(zoo.fill(s, 7 + i, v)) for i, (s, v) in enumerate(specs))
    if not options.small:
        calibrate(module, tensors)
    outputs = outputs_of(module, tensors)
    with torch.no_grad():
        program = torch.export.export(module, tensors, strict=False)
    target = options.folder / (name + ".pt2")
    if options.small:
        # The archive holds sample inputs, which Millrace does not read. Zeros are small.
        program._example_inputs = (tuple(torch.zeros_like(t) for t in tensors), {})
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        compress(target.with_suffix(".pt2.gz"), buffer.getvalue())
    else:
        torch.export.save(program, target)
        torch.save(module, target.with_suffix(".pt"))
    entry = {
        "inputs": [{"shape": list(s), "vocabulary": v, "seed": 7 + i} for i, (s, v) in enumerate(specs)],
        "outputs": [encode(t, 256 if options.small else 65536) for t in outputs],
        "spread": [float(t.double().std()) if t.numel() > 1 else 1.0 for t in outputs],
    }
    if options.onnx:
        try:
            torch.onnx.export(module, tensors, str(target.with_suffix(".onnx")), external_data=False, verbose=False)
            entry["onnx"] = True
            if options.small:
                compress(target.with_suffix(".onnx.gz"), target.with_suffix(".onnx").read_bytes())
                target.with_suffix(".onnx").unlink()
        except Exception as e:  # The exporter lacks operators; that is no error of the zoo.
            print(name, "has no ONNX:", str(e).splitlines()[0][:200], flush=True)
    return entry


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--onnx", action="store_true")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    listing = options.folder / "zoo.json"
    entries = json.loads(listing.read_text()) if listing.exists() else {}
    failed = []
    for name in options.names or zoo.ZOO:
        began = time.time()
        try:
            entries[name] = make(name, options)
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        listing.write_text(json.dumps(entries, indent=None if not options.small else 0, sort_keys=True))
        print(f"{name}: {time.time() - began:.1f} s, spread {entries[name]['spread'][0]:.3g}", flush=True)
    print("failed:", failed)


if __name__ == "__main__":
    main()
