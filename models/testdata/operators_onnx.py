"""Cases of ONNX operators with several results, and of sequences, for make_fixtures.py."""

import numpy as np
import onnx
from onnx import helper, parser


def edges(fill):
    """Yields the operator set, the operator, the number of results, the inputs and the attributes."""
    f, i = np.float32, np.int64
    x, image, ids = fill((2, 3, 4), 11), fill((1, 2, 7, 6), 13), fill((2, 3), 14, 3)
    signal, pairs, a = fill((2, 20, 1), 15), fill((2, 9, 2), 16), np.array
    yield 17, "DFT", 1, [signal[:, :8]], {}
    yield 17, "DFT", 1, [signal[:, :7]], {"onesided": 1}
    yield 17, "DFT", 1, [pairs], {}
    yield 17, "DFT", 1, [pairs], {"inverse": 1}
    yield 17, "DFT", 1, [pairs, a(16, i)], {"axis": 1}
    yield 17, "DFT", 1, [pairs, a(5, i)], {"axis": 1}
    yield 20, "DFT", 1, [fill((2, 4, 6, 1), 17), None, a(1, i)], {}
    yield 20, "DFT", 1, [fill((2, 4, 6, 1), 17), None, a(-2, i)], {"onesided": 1}
    yield 17, "STFT", 1, [signal, a(3, i), None, a(8, i)], {}
    yield 17, "STFT", 1, [signal, a(4, i), fill((7,), 18) + 2], {"onesided": 1}
    yield 17, "STFT", 1, [signal, a(4, i), fill((8,), 18) + 2, a(8, i)], {"onesided": 0}
    for op in ("HannWindow", "HammingWindow", "BlackmanWindow"):
        yield 17, op, 1, [a(9, i)], {}
        yield 17, op, 1, [a(8, i)], {"periodic": 0}
    yield 12, "MaxPool", 2, [image], {"kernel_shape": [2, 3], "strides": [2, 2]}
    yield 12, "MaxPool", 2, [image], {"kernel_shape": [3, 3], "strides": [2, 1], "pads": [1, 1, 1, 1], "dilations": [1, 2]}
    yield 12, "MaxPool", 2, [x], {"kernel_shape": [2]}
    yield 11, "MaxUnpool", 1, [image[:, :1, :2, :2], a([[[[0, 3], [9, 15]]]], i)], {"kernel_shape": [2, 2], "strides": [2, 2]}
    yield 11, "MaxUnpool", 1, [image[:, :1, :2, :2], a([[[[0, 3], [9, 15]]]], i), a([1, 1, 5, 5], i)], {"kernel_shape": [2, 2], "strides": [2, 2]}
    yield 11, "Unique", 4, [ids], {}
    yield 11, "Unique", 4, [ids], {"axis": 1}
    yield 11, "Unique", 4, [a([3, 1, 3, 2, 1], i)], {"sorted": 0}
    yield 11, "Det", 1, [x[:, :, :3]], {}
    corner, size = fill((2, 12, 2), 19) * 3 + 3, np.abs(fill((2, 12, 2), 20)) * 3 + 0.5
    boxes, scores = np.concatenate([corner, corner + size], 2), fill((2, 3, 12), 21)
    yield 11, "NonMaxSuppression", 1, [boxes, scores, a(3, i), a(0.3, f)], {}
    yield 11, "NonMaxSuppression", 1, [boxes[:, :, [2, 3, 0, 1]], scores, a(20, i), a(0.1, f), a(0.2, f)], {}
    yield 11, "NonMaxSuppression", 1, [np.concatenate([corner, size], 2), scores, a(20, i), a(0.2, f)], {"center_point_box": 1}
    yield 11, "NonMaxSuppression", 1, [boxes, scores], {}
    for opset, mode in ((10, {}), (16, {}), (16, {"coordinate_transformation_mode": "output_half_pixel"})):
        yield opset, "RoiAlign", 1, [image, boxes[0, :4], a([0, 0, 0, 0], i)], {"output_height": 2, "output_width": 3, "sampling_ratio": 2} | mode
    yield 16, "RoiAlign", 1, [image, boxes[0, :4], a([0, 0, 0, 0], i)], {"spatial_scale": 0.7}
    for opset in (10, 16):
        yield opset, "RoiAlign", 1, [image, boxes[0, :4], a([0, 0, 0, 0], i)], {"output_height": 2, "output_width": 3, "sampling_ratio": 2, "mode": "max"}
    classes, weight = fill((2, 4), 22, 3), np.abs(fill((3,), 23)) + 0.2
    for op, outputs in (("NegativeLogLikelihoodLoss", 1), ("SoftmaxCrossEntropyLoss", 2)):
        for reduction in ("mean", "sum", "none"):
            yield 13, op, outputs, [x, classes], {"reduction": reduction}
            yield 13, op, outputs, [x, classes, weight], {"reduction": reduction, "ignore_index": 1}
        yield 12, op, 1, [fill((5, 3), 24), fill((5,), 25, 3).astype(np.int32)], {}
    for mode in ("linear", "nearest", "cubic"):
        for pad in ("zeros", "border", "reflection"):
            yield 20, "GridSample", 1, [image, fill((1, 3, 2, 2), 17) * 2], {"padding_mode": pad, "mode": mode, "align_corners": len(pad) % 2}
    yield 20, "GridSample", 1, [image[:, :, None], fill((1, 2, 2, 2, 3), 17) * 1.5], {"padding_mode": "reflection"}


def graphs(fill):
    """Yields graphs with sequences."""
    x, y = fill((3, 4), 31), fill((2, 4), 32)
    head = '<ir_version: 8, opset_import: ["" : 16]> '
    yield "Sequences", parser.parse_model(head + """g (float[3, 4] i0, float[2, 4] i1, int64 i2) => (float[n, 4] o0, float[m, k] o1, int64 o2, float[p, 4] o3) {
        s = SequenceConstruct (i0, i1, i0)
        t = SequenceInsert (s, i1, i2)
        o1 = SequenceAt (t, i2)
        u = SequenceErase (t, i2)
        v = SequenceErase (u)
        w = SequenceInsert (v, i0)
        o0 = ConcatFromSequence <axis = 0> (w)
        o2 = SequenceLength (t)
        e = SequenceEmpty <dtype = 1> ()
        q = SequenceInsert (e, i1)
        o3 = ConcatFromSequence <axis = 0> (q)
    }"""), [x, y, np.array(1)]
    yield "SplitToSequence", parser.parse_model(head + """g (float[3, 4] i0, int64 i1, int64[2] i2) => (float[a, b] o0, float[c, d] o1, float[e] o2, float[h, j] o3, float[k, l, m] o4) {
        z = Constant <value = int64 {-1}> ()
        s = SplitToSequence <axis = 1> (i0, i1)
        o0 = SequenceAt (s, z)
        t = SplitToSequence (i0, i2)
        o1 = SequenceAt (t, z)
        u = SplitToSequence <keepdims = 0> (i0)
        o2 = SequenceAt (u, z)
        v = SplitToSequence (i0)
        o3 = SequenceAt (v, z)
        o4 = ConcatFromSequence <axis = 1, new_axis = 1> (v)
    }"""), [x, np.array(3), np.array([1, 2])]
    yield "SequenceInLoop", parser.parse_model(head + """g (int64 i0, float[2, 4] i1) => (float[n, 4] o0) {
        go = Constant <value = bool {1}> ()
        e = SequenceEmpty <dtype = 1> ()
        s = Loop (i0, go, e) <body = b (int64 i, bool c, seq(float[2, 4]) q) => (bool d, seq(float[2, 4]) r) { d = Identity (c)
            f = Cast <to = 1> (i)
            t = Mul (i1, f)
            r = SequenceInsert (q, t) }>
        o0 = ConcatFromSequence <axis = 0> (s)
    }"""), [np.array(3), y]


def random(folder):
    """Writes two files that draw numbers, with a seed and without one."""
    for name, seed in (("random5", "seed = 5.0, "), ("random", "")):
        text = '<ir_version: 8, opset_import: ["" : 16]> g (float[2, 3] i0) => (float[2, 3] o0) { o0 = RandomNormalLike <%smean = 1.0> (i0) }' % seed
        (folder / f"{name}.onnx").write_bytes(parser.parse_model(text).SerializeToString())


def cases(fill, encode):
    import base64

    import onnxruntime

    def case(name, model, given):
        session = onnxruntime.InferenceSession(model.SerializeToString())
        return {"name": name, "model": base64.b64encode(model.SerializeToString()).decode(), "inputs": {n: encode(v) for n, v in given.items()},
                "names": [o.name for o in session.get_outputs()], "outputs": [encode(r) for r in session.run(None, given)]}

    for opset, op, outputs, inputs, attributes in edges(fill):
        names = ["" if v is None else f"i{k}" for k, v in enumerate(inputs)]
        node = helper.make_node(op, names, [f"o{k}" for k in range(outputs)], **attributes)
        given = {n: v for n, v in zip(names, inputs) if n}
        infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in given.items()]
        graph = helper.make_graph([node], "g", infos, [onnx.ValueInfoProto(name=n) for n in node.output])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        yield case(f"{op}-{opset} {attributes} {len(inputs)}", onnx.shape_inference.infer_shapes(model), given)
    for name, model, inputs in graphs(fill):
        yield case(name, model, {f"i{k}": v for k, v in enumerate(inputs)})
