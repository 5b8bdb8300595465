"""Creates the models of this directory and the results that PyTorch computes for them.

Run it with a Python that has torch 2.15, onnx, onnxscript, onnxruntime,
skl2onnx and mlflow 3.17.2:

    python make_fixtures.py [name ...]

makes all, or those named: the models below, edges, more, writes, the classes of
operators_torch.py in small letters, control, logistic, operators, operators_more, random,
draws, classical, mlflow and columns.

Inputs are not stored: both this program and the Go tests compute them with
fill(), an integer hash. cases.json holds the answers, base64 of little-endian
values.
"""

import base64
import gzip
import io
import json
import pathlib
import shutil
import sys
import tempfile

import mlflow
import numpy as np
import onnx
import operators_onnx
import operators_torch
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


def fill(shape, seed, vocabulary=0):
    """Returns float32 in [-1, 1), or int64 below vocabulary."""
    n = int(np.prod(shape))
    h = (np.arange(1, n + 1, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed * 40503)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(13)
    if vocabulary:
        return (h % np.uint64(vocabulary)).astype(np.int64).reshape(shape)
    return (h.astype(np.float64) / 2**31 - 1).astype(np.float32).reshape(shape)


class Quickstart(nn.Module):
    """MLflow's PyTorch quickstart, with 2 channels for 8 and 16."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, 2, kernel_size=3), nn.ReLU(),
            nn.Conv2d(2, 2, kernel_size=3), nn.ReLU(),
            nn.Flatten(), nn.LazyLinear(10),
        )

    def forward(self, x):
        return self.model(x)


class BreastCancer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(30, 30)
        self.dropout1 = nn.Dropout(0.3)
        self.fc2 = nn.Linear(30, 15)
        self.dropout2 = nn.Dropout(0.3)
        self.fc3 = nn.Linear(15, 1)

    def forward(self, x):
        x = self.dropout1(torch.relu(self.fc1(x)))
        x = self.dropout2(torch.relu(self.fc2(x)))
        return self.fc3(x)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.conv1 = nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 12, 3, padding=1, bias=False, groups=3)
        self.bn2 = nn.BatchNorm2d(12)
        self.down = nn.Sequential(nn.Conv2d(8, 12, 1, stride=2, bias=False), nn.BatchNorm2d(12))
        self.pool = nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        x = self.stem(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y = self.pool(torch.relu(y + self.down(x)))
        y = nn.functional.adaptive_avg_pool2d(y, 1)
        return self.fc(torch.flatten(y, 1))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(40, 16)
        self.position = nn.Parameter(torch.randn(1, 32, 16) * 0.1)
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, ids):
        x = self.embed(ids) + self.position[:, : ids.shape[1]]
        return self.head(self.encoder(x)[:, 0])


class Causal(nn.Module):
    """A block of a language model, with a fused projection and a causal mask."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(self.norm(x)).chunk(3, dim=-1)
        q, k, v = (t.view(b, n, 4, c // 4).transpose(1, 2) for t in (q, k, v))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        mask = torch.triu(torch.full((n, n), float("-inf")), 1)
        w = torch.softmax(q @ k.transpose(-2, -1) / 2.0 + mask, -1)
        y = y + w.masked_fill(w < 0.01, 0.0) @ v
        return x + self.out(y.transpose(1, 2).reshape(b, n, c))


class Wide(nn.Module):
    """An MLP with less common activations and normalizations."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(10, 16)
        self.norm = nn.LayerNorm(16)
        self.b = nn.Linear(16, 16)
        self.group = nn.GroupNorm(4, 16)
        self.bn = nn.BatchNorm1d(16)
        self.c = nn.Linear(16, 4)

    def forward(self, x):
        F = nn.functional
        x = F.gelu(self.norm(self.a(x)))
        x = F.gelu(self.b(x), approximate="tanh") + F.silu(x) + F.leaky_relu(x, 0.2)
        x = self.bn(self.group(x)) * torch.sigmoid(x) - F.elu(x) / (F.softplus(x) + 1.0)
        x = F.hardswish(x) + F.hardsigmoid(x) + F.selu(x) + torch.clamp(x, -0.5, 0.5) + F.mish(x)
        return F.softmax(self.c(x), dim=1), F.log_softmax(self.c(x), dim=-1)


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(2, 6, 5, padding=2, dilation=1), nn.BatchNorm1d(6), nn.PReLU(6), nn.MaxPool1d(2),
            nn.Conv1d(6, 8, 3, dilation=2, padding="same", groups=2), nn.InstanceNorm1d(8), nn.Tanh(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3),
        )

    def forward(self, x):
        return self.net(x)


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 8, padding_idx=0)
        self.fc = nn.Linear(16, 2)

    def forward(self, ids):
        x = self.embed(ids)
        mask = (ids != 0).unsqueeze(-1).float()
        mean = (x * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.fc(torch.cat([mean, x.mean(dim=1)], dim=1))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU6(), nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.Hardtanh())
        self.up = nn.Sequential(
            nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(4, 1, 3, padding=1), nn.Sigmoid(),
        )

    def forward(self, x):
        return self.up(self.down(x))


class Recurrent(nn.Module):
    """Every kind of recurrent layer."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(8, 5, bias=False)
        self.rnn = nn.RNN(5, 3, nonlinearity="relu", batch_first=True, bidirectional=True)
        self.tanh = nn.RNN(6, 2, batch_first=True)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        y, g = self.gru(y.transpose(0, 1))
        y, _ = self.rnn(y.transpose(0, 1))
        y, t = self.tanh(y)
        return y, h.sum(0) + c[-1], g[0], t[0]


class Volume(nn.Module):
    """Convolutions and pools over three axes."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv3d(2, 4, (3, 2, 3), stride=(1, 2, 1), padding=(1, 0, 2), groups=2)
        self.b = nn.Conv3d(4, 2, 1, dilation=1)
        self.up = nn.ConvTranspose3d(2, 2, (2, 3, 2), stride=(2, 1, 2), padding=(1, 1, 0), output_padding=(1, 0, 1))

    def forward(self, x):
        F = nn.functional
        x = self.up(F.max_pool3d(self.b(F.relu(self.a(x))), (2, 1, 2), padding=(1, 0, 1)))
        return F.avg_pool3d(x, 2, ceil_mode=True, count_include_pad=False)


# For each name: the module, the shape of the inputs and the vocabulary size of an integer input.
MODELS = {
    "recurrent": (Recurrent, (3, 5, 3), 0),
    "volume": (Volume, (2, 2, 3, 4, 4), 0),
    "quickstart": (Quickstart, (100, 1, 28, 28), 0),
    "mlp": (BreastCancer, (100, 30), 0),
    "residual": (Residual, (4, 3, 37, 37), 0),
    "encoder": (Encoder, (5, 12), 40),
    "causal": (Causal, (3, 7, 16), 0),
    "wide": (Wide, (6, 10), 0),
    "signal": (Signal, (4, 2, 30), 0),
    "text": (Text, (6, 9), 50),
    "autoencoder": (Autoencoder, (3, 1, 16, 16), 0),
}


def encode(a):
    a = np.asarray(a)
    if a.dtype.kind in "OU":
        return {"dtype": "str", "shape": list(a.shape), "data": base64.b64encode("\n".join(a.ravel()).encode()).decode()}
    return {"dtype": str(a.dtype), "shape": list(a.shape), "data": base64.b64encode(a.tobytes()).decode()}


def build(name):
    module, shape, vocabulary = MODELS[name]
    torch.manual_seed(1)
    model = module()
    x = torch.from_numpy(fill(shape, 7, vocabulary))
    model.train()
    for _ in range(3):  # Sets running statistics other than 0 and 1.
        model(x)
    return model.eval(), x


class Edges(nn.Module):
    """Edge cases of ATen operators, with one output each."""

    def forward(self, x, ids, image):
        F = nn.functional
        n = ids.shape[0]
        mask = x > 0
        return (
            x.sum(), x.sum(-1), x.mean((0, 2), keepdim=True), x.amax(1), x.amin((-1, -2)), x.prod(1), x.var(2), x.std(-1, correction=0),
            x.max(1)[0], x.max(1)[1], x.min(-1, keepdim=True)[1], x.argmax(), x.argmin(1, keepdim=True), x.topk(2, dim=1)[0], x.topk(2, -1, largest=False)[1],
            mask.any(1), mask.all(-1), mask.sum(), ids.sum(0), x.logsumexp(1), F.normalize(x, dim=1), x.cumsum(1), ids.cumsum(0),
            x + ids[:, :3, None], ids / 2, ids * 2.5, ids // 3, ids % 3, -ids % 3, 2 - x, 1 / (x + 3), x ** 2, 2 ** x, torch.div(x, 0.3, rounding_mode="floor"),
            ids.clamp(min=2), ids.clamp(1.5), x.clamp(max=0), F.relu6(x), F.threshold(x, 0.1, -2.0), F.celu(x, 0.7), F.logsigmoid(x), torch.rsqrt(x.abs() + 1), torch.round(x * 4),
            x.transpose(0, -1), x.permute(2, 0, 1), x.flip(1), x.repeat(2, 1, 1, 3), x.expand(2, -1, -1, -1), x[:, ::2], x[..., -2:], x[:, 1:-1, 1], x.narrow(1, 1, 2),
            x.unbind(1)[1], x.split(2, dim=2)[2], x.split([1, 2], dim=1)[1], x.chunk(2, dim=2)[0], torch.stack([x, x * 2], 1), torch.cat([x, x], -1),
            x.gather(1, ids[:, None, :5] % 3), x.index_select(1, torch.tensor([2, 0])), x[:, torch.tensor([1, -1, 0])], x[ids[0] % 3], torch.where(mask, x, 0.5), torch.where(x > 0.5, 1, 0), x.masked_fill(~mask, -1.0),
            x.triu(1), x.tril(-1), torch.full((2, 3), 7), torch.ones_like(ids), torch.arange(5), torch.arange(0.0, 1.0, 0.25), torch.arange(2, 9, 3), torch.zeros(n, 2),
            F.pad(x, (1, 2)), F.pad(x, (-1, 1, 0, 2), value=3.0), F.pad(x, (2, 1), mode="reflect"), F.pad(x, (2, 1), mode="replicate"), F.pad(x, (1, 2), mode="circular"),
            x.unsqueeze(-1).squeeze(-1).squeeze(), x.unflatten(2, (5, -1)), x.flatten(), x.reshape(n, -1), x.T if x.dim() == 2 else x.mT,
            F.max_pool2d(image, 3, 2, 1, ceil_mode=True), F.max_pool2d(image, (2, 3), dilation=(2, 1)), F.avg_pool2d(image, 3, 2, 1), F.avg_pool2d(image, 3, 2, 1, ceil_mode=True),
            F.avg_pool2d(image, (3, 2), count_include_pad=False, padding=1), F.adaptive_avg_pool2d(image, (3, 2)), F.adaptive_avg_pool2d(image, (None, 2)), F.adaptive_max_pool2d(image, 2), F.avg_pool1d(x, 3, 1, 1),
            F.interpolate(image, scale_factor=1.5, mode="nearest"), F.interpolate(image, size=(4, 9), mode="bilinear"), F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=True),
            F.interpolate(x, size=9, mode="linear"), F.softmax(ids, 1, dtype=torch.float32), torch.matmul(x[0, 0], x[0, 0]), torch.matmul(x, x[0, 0]), torch.matmul(x[0], x.mT), x.double() * 2, x.int(),
            torch.addmm(x[0, :, :3], x[0], x[0].T[:, :3], beta=0.5, alpha=2.0), torch.baddbmm(x[:, :, :3], x, x.mT), F.rms_norm(x, (5,)), F.instance_norm(image), F.group_norm(image, 2),
            (x.view(-1)[:4] + 0).sigmoid_().mul_(2), torch.maximum(x, x.mean()), torch.logical_and(mask, x > 0.5), mask & (x < 0.9), mask | (x < -0.5), (ids == 3).float(),
            F.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(3, 3).tril().bool()), F.scaled_dot_product_attention(x, x, x, attn_mask=x[0, :, :3], scale=0.3), x.new_zeros(2), x.new_full((1, 2), 3),
        )


def edge_inputs():
    return (torch.from_numpy(fill((4, 3, 5), 3)), torch.from_numpy(fill((4, 6), 4, 7)), torch.from_numpy(fill((4, 2, 7, 8), 5)))


class More(nn.Module):
    """More ATen operators, with one output each."""

    def forward(self, x, ids, image):
        F = nn.functional
        n, mask, half = ids.shape[0], x > 0, x.clamp(-0.9, 0.9)
        grid = F.affine_grid(image[:, 0, :2, :3], [n, 2, 3, 4], align_corners=False)
        with torch.no_grad():
            still = F.gelu(x)
        return (
            still, torch.asin(half), torch.acos(half), torch.sinh(x), torch.cosh(x), torch.asinh(x), torch.acosh(x + 3), torch.atanh(half), torch.exp2(x), torch.log10(x + 3), torch.erfc(x),
            torch.trunc(x * 3), torch.frac(x * 3), torch.round(x, decimals=1), torch.logit(x, 0.1), F.hardshrink(x), F.softshrink(x, 0.3), F.glu(x[..., :4]), torch.nan_to_num(1 / x.relu(), 1.0, 2.0), torch.isinf(1 / x.relu()),
            torch.atan2(x, x + 1), torch.hypot(x, x + 1), torch.logaddexp(x, -x), torch.fmod(x, 0.3), torch.copysign(x, -x), torch.xlogy(x.abs(), x.abs()), torch.heaviside(x.relu(), torch.tensor(0.5)), torch.fmax(x, -x),
            torch.addcmul(x, x, x, value=0.5), torch.addcdiv(x, x, x + 3), torch.lerp(x, x * 2, 0.3), ids & 3, ids | 8, ids ^ 5, ids << 2, ids >> 1, ~ids, mask ^ (x > 0.5), torch.floor(ids), torch.sign(ids - 3),
            torch.einsum("bij,bkj->bik", x, x), torch.einsum("...ii->...i", x[..., :3]), torch.einsum("bij,j,i->b", x, x[0, 0], x[0, :, 0]), torch.einsum("i...j,kj", x, x[0]), torch.outer(x[0, 0], x[0, 1]), torch.tensordot(x, x[0], ([1, 2], [0, 1])),
            F.cosine_similarity(x, x + 1, dim=-1), F.pairwise_distance(x, x + 1), torch.cdist(x, x[:, :2], p=1.0), torch.cross(x[..., :3], x[..., 1:4], dim=-1), F.bilinear(x[:, 0], x[:, 1], image[:2, 0, :5, :5]), torch.mv(x[0], x[0, 0]), torch.linalg.vecdot(x, x),
            x.norm(dim=1), x.norm(p=3, dim=-1), torch.linalg.vector_norm(x, float("inf"), 1), torch.linalg.vector_norm(x, 0, 1), x.median(dim=1).values, x.median(1).indices, x.kthvalue(2, dim=-1).values, torch.var_mean(x, 1)[0], torch.std_mean(x)[1], x.aminmax(dim=1)[1], torch.count_nonzero(mask, 1),
            x.cumprod(1), torch.logcumsumexp(x, -1), x.sort(1, descending=True)[0], x.argsort(-1), torch.max(x, -x), x.nansum(1),
            x.roll(1, 1), x.roll((2, -1), (1, 2)), x.roll(3), torch.rot90(x, 1, (1, 2)), x.movedim(0, -1), x.swapaxes(0, 1), x.tile(2, 1), x.repeat_interleave(2, 1), x.repeat_interleave(torch.tensor([1, 0, 2]), 1), torch.hstack([x, x]), torch.vstack([x[0, 0], x[0, 1]]), torch.dstack([x[0], x[0]]), torch.column_stack([x[0, :, 0], x[0]]),
            x.tensor_split(2, 2)[0], x.tensor_split([1, 3], 2)[1], x.diagonal(1, 1, 2), torch.diag_embed(x[:, 0], -1), torch.diag(x[0, 0], 1), x.unfold(2, 3, 2), torch.eye(2, 3), torch.linspace(0, 1, 4), torch.tril_indices(3, 4, -1), torch.meshgrid(x[0, 0], x[0, 1], indexing="xy")[1],
            x[:, [0, 2], [1, 3]], x[torch.arange(n), ids[:, 0] % 3], x[ids[:, 0] % 2, :, ids[:, 1] % 5], torch.take_along_dim(x, x.argsort(1), 1), x.take(ids), F.one_hot(ids, 7), torch.bucketize(x, torch.tensor([-0.5, 0.0, 0.5])), torch.searchsorted(torch.tensor([0, 2, 4]), ids, right=True),
            torch.zeros(n, 7).scatter(1, ids, 2.0), torch.zeros(n, 7).scatter_add(1, ids, x.flatten(1)[:, :6]), torch.zeros(n, 7).scatter_reduce(1, ids, x.flatten(1)[:, :6], "amax"), x.index_add(1, torch.tensor([0, 0]), x[:, :2], alpha=0.5), x.index_fill(2, torch.tensor([1, 3]), 9.0), x.select_scatter(x[:, 0] * 2, 1, 2), x.slice_scatter(x[..., :2], 2, 0, 4, 2),
            F.pixel_shuffle(image.repeat(1, 2, 1, 1), 2), F.pixel_unshuffle(image[..., :6, :], 2), F.channel_shuffle(image.repeat(1, 2, 1, 1), 2), F.unfold(image, (2, 3), dilation=2, padding=1, stride=2), F.fold(F.unfold(image, 3, padding=1), (7, 8), 3, padding=1),
            F.grid_sample(image, grid, align_corners=False), F.grid_sample(image, grid * 1.5, mode="nearest", padding_mode="border", align_corners=True), F.interpolate(image, size=(5, 11), mode="bicubic"), F.interpolate(image, scale_factor=1.5, mode="nearest-exact"), F.interpolate(image[:, :, None], size=(2, 4, 9), mode="trilinear"),
            F.avg_pool2d(image, 2, divisor_override=3), F.adaptive_avg_pool3d(image[:, None], (2, 3, 1)), F.adaptive_max_pool3d(image[:, None], 2), F.local_response_norm(image, 2), F.embedding_bag(ids, image[0, 0], mode="max"), F.embedding_bag(ids[0], image[0, 0], torch.tensor([0, 2, 2]), mode="mean", padding_idx=1),
            F.scaled_dot_product_attention(x[:, None].repeat(1, 4, 1, 1), x[:, None].repeat(1, 2, 1, 1), x[:, None].repeat(1, 2, 1, 1), enable_gqa=True, is_causal=True), x.half().float(), x.bfloat16().float() * 3, (x.half() * 2).double(), torch.lstm_cell(x[:, 0], (x[:, 1], x[:, 2]), image[0, 0, 0, :5].repeat(20, 1), image[0, 0, 1, :5].repeat(20, 1), image[:1, 0, 0, :5].flatten().repeat(4), None)[1],
            torch.gru_cell(x[:, 0], x[:, 1], image[0, 0, 0, :5].repeat(15, 1), image[0, 0, 1, :5].repeat(15, 1)), torch._weight_norm(x[0], x[0, :, :1], 0), torch.trunc(ids / 2) * x.shape[1] / 3,
        )


class Writes(nn.Module):
    """In-place operations on tensors that share memory with others."""

    def forward(self, x):
        a = x.clone()
        a[:, 1:] += a[:, :-1] * 0.5
        a[..., 0] = 7.0
        b = x * 1
        row = b.transpose(1, 2)[:, 2]
        row.mul_(2)
        seen = b.view(-1, 15)
        seen[:, ::4] = row[:, :1]
        c = torch.zeros(x.shape[0], 3, 5)
        for i in range(3):
            c[:, i] = c[:, max(i - 1, 0)] * 0.5 + x[:, i]
        d = x * 1
        d[d < 0] = 0.0
        e = torch.zeros_like(x)
        e[:, torch.tensor([0, 2])] = x[:, :2]
        return a, b, row, seen, c, d, e


def onnx_edges():
    """Yields edge cases of single ONNX operators with the results of onnxruntime."""
    f, i, b = np.float32, np.int64, np.bool_
    x, y = fill((2, 3, 4), 11), fill((3, 1), 12)
    image, ids = fill((1, 2, 7, 6), 13), fill((2, 3), 14, 3)
    w = fill((4, 2, 3, 3), 15)
    a = np.array
    for opset in (12, 13):
        for axis in (0, 1, -1):
            yield opset, "Softmax", [x], {"axis": axis}
            yield opset, "LogSoftmax", [x], {"axis": axis}
    yield 11, "Softmax", [x], {}
    yield 13, "Softmax", [x], {}
    yield 11, "Squeeze", [x[:, :1]], {"axes": [-2]}
    yield 13, "Squeeze", [x[:, :1], a([1], i)], {}
    yield 13, "Squeeze", [x[:1, :1]], {}
    yield 11, "Unsqueeze", [x], {"axes": [0, -1]}
    yield 13, "Unsqueeze", [x, a([-1, 1], i)], {}
    yield 11, "ReduceSum", [x], {"axes": [-1, 0], "keepdims": 0}
    yield 13, "ReduceSum", [x, a([-1, 0], i)], {"keepdims": 0}
    yield 13, "ReduceSum", [x], {}
    yield 13, "ReduceSum", [x], {"noop_with_empty_axes": 1}
    yield 13, "ReduceSum", [x, a([], i)], {"noop_with_empty_axes": 1}
    yield 18, "ReduceMean", [x, a([1], i)], {"keepdims": 1}
    yield 13, "ReduceMean", [x], {"axes": [1], "keepdims": 0}
    for op in ("ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"):
        yield 13, op, [x], {"axes": [0, 2], "keepdims": 0}
    yield 13, "ReduceMax", [ids], {"axes": [1]}
    yield 13, "ReduceSum", [ids, a([0], i)], {}
    yield 13, "ArgMax", [ids], {"axis": 1, "keepdims": 0, "select_last_index": 1}
    yield 13, "ArgMin", [x], {"axis": -1}
    yield 11, "TopK", [x, a([2], i)], {"axis": 1}
    yield 11, "TopK", [x, a([3], i)], {"axis": -1, "largest": 0}
    yield 13, "Add", [x, y], {}
    yield 14, "Sub", [y, x], {}
    yield 14, "Div", [ids - 2, a([2], i)], {}
    yield 14, "Mul", [ids.astype(np.int32), a([[2], [3]], np.int32)], {}
    yield 13, "Pow", [np.abs(x), a([2], i)], {}
    yield 13, "Mod", [ids - 2, a([3], i)], {}
    yield 13, "Mod", [x, a([0.3], f)], {"fmod": 1}
    yield 13, "Max", [x, y, a(0.2, f)], {}
    yield 13, "Mean", [x, y], {}
    yield 16, "Where", [y > 0, x, a([9], f)], {}
    yield 13, "Equal", [ids, ids[:1]], {}
    yield 16, "GreaterOrEqual", [x, y], {}
    yield 7, "And", [x > 0, y > 0], {}
    yield 6 + 1, "Not", [x > 0], {}
    yield 6 + 1, "Elu", [x], {"alpha": 0.5}
    yield 12, "Celu", [x], {"alpha": 0.5}
    yield 7, "Selu", [x], {}
    yield 7, "HardSigmoid", [x * 4], {}
    yield 10, "ThresholdedRelu", [x], {"alpha": 0.3}
    yield 20, "Gelu", [x * 4], {"approximate": "tanh"}
    yield 7, "Clip", [x], {"min": -0.2}
    yield 13, "Clip", [x, a(-0.5, f), a(0.25, f)], {}
    yield 13, "Clip", [x, None, a(0.25, f)], {}
    yield 11, "Round", [x * 5], {}
    yield 13, "Cast", [x * 9], {"to": 7}
    yield 13, "Cast", [ids], {"to": 9}
    yield 13, "Cast", [x], {"to": 11}
    yield 13, "Gemm", [x[0], x[1]], {"transA": 1, "alpha": 0.5}
    yield 13, "Gemm", [x[0], x[1], y[:, 0]], {"transB": 1, "beta": 2.0}
    yield 13, "MatMul", [x, x[0, 0]], {}
    yield 13, "MatMul", [x[0, 0], x.transpose(0, 2, 1)], {}
    yield 13, "Conv", [image, w], {"pads": [0, 1, 2, 1], "strides": [2, 1], "dilations": [1, 2]}
    yield 13, "Conv", [image, w[:, :1], w[:, 0, 0, 0]], {"group": 2}
    for pad in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        yield 13, "Conv", [image, w[:, :, :, :2]], {"auto_pad": pad, "strides": [2, 2]}
        yield 13, "MaxPool", [image], {"auto_pad": pad, "kernel_shape": [3, 2], "strides": [2, 2]}
    yield 13, "Conv", [image[0], w[:, :, 0].repeat(4, 1)[:, :7]], {"pads": [1, 1]}
    yield 13, "ConvTranspose", [image, w.transpose(1, 0, 2, 3)[:, :3]], {"pads": [1, 0, 0, 1], "strides": [2, 3], "output_padding": [1, 0]}
    yield 13, "ConvTranspose", [image, w[:2], w[0, 0, 0, :1].repeat(4)], {"group": 2, "dilations": [2, 1]}
    yield 12, "MaxPool", [image], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}
    yield 12, "MaxPool", [image], {"kernel_shape": [2, 2], "dilations": [2, 2], "pads": [1, 1, 1, 1]}
    for include in (0, 1):
        yield 19, "AveragePool", [image], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 1, 1], "count_include_pad": include}
        yield 19, "AveragePool", [image], {"kernel_shape": [2, 2], "strides": [2, 3], "ceil_mode": 1, "count_include_pad": include}
    yield 13, "GlobalAveragePool", [image], {}
    yield 13, "GlobalMaxPool", [image], {}
    yield 15, "BatchNormalization", [image, a([1.5, 2], f), a([0, 1], f), a([0.1, 0.2], f), a([1, 2], f)], {"epsilon": 0.01}
    yield 13, "InstanceNormalization", [image, a([1.5, 2], f), a([0, 1], f)], {}
    yield 17, "LayerNormalization", [x, x[0]], {"axis": 1}
    yield 17, "LayerNormalization", [x, x[0, 0], x[0, 1]], {"epsilon": 0.1}
    yield 21, "GroupNormalization", [image, a([1.5, 2], f), a([0, 1], f)], {"num_groups": 1}
    yield 13, "Reshape", [x, a([0, -1], i)], {}
    yield 14, "Reshape", [x[:0], a([3, 0], i)], {"allowzero": 1}
    yield 13, "Flatten", [x], {"axis": 2}
    yield 13, "Flatten", [x], {"axis": -3}
    yield 13, "Transpose", [x], {}
    yield 13, "Transpose", [x], {"perm": [1, 2, 0]}
    yield 13, "Concat", [x, x[:, :1], x[:, :0]], {"axis": -2}
    yield 11, "Split", [x], {"axis": -1, "split": [1, 3]}
    yield 13, "Split", [x, a([1, 2], i)], {"axis": 1}
    yield 18, "Split", [x], {"axis": 2, "num_outputs": 3}
    yield 9, "Slice", [x], {"starts": [0, -3], "ends": [1, 100], "axes": [1, 2]}
    yield 13, "Slice", [x, a([3, -1], i), a([-10, 0], i), a([2, 1], i), a([-1, -2], i)], {}
    yield 13, "Slice", [x, a([1], i), a([2], i)], {}
    yield 13, "Gather", [x, a([[-1, 0]], i)], {"axis": 1}
    yield 13, "Gather", [x, a(1, i)], {"axis": -1}
    yield 13, "GatherElements", [x, (ids % 2)[:, :, None]], {"axis": 0}
    yield 13, "Expand", [y, a([2, 1, 4], i)], {}
    yield 13, "Tile", [x, a([1, 2, 3], i)], {}
    yield 7, "Pad", [x], {"pads": [0, 1, 0, 1, 0, 2], "value": 5.0}
    yield 13, "Pad", [x, a([0, 1, -1, 0, 0, 2], i), a(2, f)], {}
    yield 18, "Pad", [x, a([2, 1], i), None, a([-1], i)], {"mode": "reflect"}
    yield 13, "Pad", [x, a([0, 1, 2, 0, 0, 2], i)], {"mode": "edge"}
    yield 15, "Shape", [x], {"start": -2}
    yield 13, "Size", [x], {}
    yield 13, "Range", [a(1, f), a(2.6, f), a(0.5, f)], {}
    yield 13, "Range", [a(5, i), a(-2, i), a(-3, i)], {}
    yield 14, "Trilu", [x, a(-1, i)], {"upper": 0}
    yield 14, "CumSum", [x, a(1, np.int32)], {}
    yield 13, "PRelu", [image, a([[[0.1]], [[0.3]]], f)], {}
    for mode in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"):
        yield 13, "Resize", [image, None, a([1, 1, 1.6, 0.5], f)], {"mode": "linear", "coordinate_transformation_mode": mode}
        yield 13, "Resize", [image, None, None, a([1, 2, 10, 9], i)], {"coordinate_transformation_mode": mode, "nearest_mode": "floor"}
    yield 13, "Resize", [image, None, a([1, 1, 2, 2], f)], {}
    yield 10, "Resize", [image, a([1, 1, 2, 3], f)], {}
    yield 13, "Resize", [image, None, None, a([1, 2, 10, 9], i)], {"mode": "cubic"}
    for op in ("Asinh", "Atanh"):
        yield 9, op, [x * 0.9], {}
    yield 9, "Shrink", [x], {"lambd": 0.3, "bias": 0.1}
    yield 10, "IsInf", [a([1, np.inf, -np.inf], f)], {"detect_negative": 0}
    yield 18, "BitwiseXor", [ids, ids[:1]], {}
    yield 18, "BitwiseNot", [ids], {}
    yield 11, "BitShift", [ids.astype(np.uint32), a([1], np.uint32)], {"direction": "LEFT"}
    yield 12, "Einsum", [x, x[0]], {"equation": "bij,kj->bki"}
    yield 12, "Einsum", [x, x], {"equation": "...ij,...kj->...ik"}
    yield 7, "LpNormalization", [x], {"axis": 1, "p": 2}
    yield 13, "LRN", [image], {"size": 3, "alpha": 0.5}
    yield 13, "GatherND", [x, ids[:, :2] % 2], {}
    yield 13, "GatherND", [x, (ids % 3)[:, :1]], {"batch_dims": 1}
    yield 18, "ScatterElements", [x, (ids % 2)[:, :, None], x[:, :, :1]], {"axis": 2, "reduction": "add"}
    yield 11, "ScatterElements", [x, (ids % 2)[:, :1, None], x[:, :1, :1]], {"axis": 1}
    yield 18, "ScatterND", [x, a([[0, 2], [1, 0]], i), x[0, :2]], {"reduction": "max"}
    yield 11, "OneHot", [ids - 1, a(3, i), a([-1, 5], f)], {"axis": 1}
    yield 13, "NonZero", [ids], {}
    yield 11, "Compress", [x, a([True, False, True], b)], {"axis": 1}
    yield 9, "EyeLike", [x[0]], {"k": 1}
    yield 13, "DepthToSpace", [w.reshape(1, 8, 3, 3)], {"blocksize": 2}
    yield 13, "DepthToSpace", [w.reshape(1, 8, 3, 3)], {"blocksize": 2, "mode": "CRD"}
    yield 13, "SpaceToDepth", [image[:, :, :6]], {"blocksize": 2}
    yield 18, "Col2Im", [fill((1, 8, 12), 16), a([4, 5], i), a([2, 2], i)], {}
    yield 20, "GridSample", [image, fill((1, 3, 2, 2), 17) * 1.5], {"padding_mode": "border"}
    yield 20, "AffineGrid", [fill((2, 2, 3), 18), a([2, 1, 3, 4], i)], {}
    yield 23, "Attention", [fill((2, 3, 8), 19), fill((2, 5, 4), 20), fill((2, 5, 4), 21)], {"q_num_heads": 4, "kv_num_heads": 2, "scale": 0.4}
    yield 14, "LSTM", [x, fill((2, 20, 4), 22), fill((2, 20, 5), 23), fill((2, 40), 24)], {"hidden_size": 5, "direction": "bidirectional"}
    for before in (0, 1):
        yield 14, "GRU", [x, fill((1, 15, 4), 25), fill((1, 15, 5), 26), fill((1, 30), 27), None, fill((1, 3, 5), 28)], {"hidden_size": 5, "direction": "reverse", "linear_before_reset": before}
    yield 14, "RNN", [x, fill((1, 5, 4), 29), fill((1, 5, 5), 30)], {"hidden_size": 5, "activations": ["Relu"]}


def onnx_edge_cases():
    """Creates one model for each case. The case contains the inputs."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    for opset, op, inputs, attributes in onnx_edges():
        outputs = {"TopK": 2, "Split": attributes.get("num_outputs", len(attributes.get("split", [0, 0]))), "LSTM": 3, "GRU": 2, "RNN": 2}.get(op, 1)
        names = ["" if v is None else f"i{k}" for k, v in enumerate(inputs)]
        node = onnx.helper.make_node(op, names, [f"o{k}" for k in range(outputs)], **attributes)
        given = {n: v for n, v in zip(names, inputs) if n}
        infos = [onnx.helper.make_tensor_value_info(n, onnx.helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in given.items()]
        out = [onnx.ValueInfoProto(name=n) for n in node.output]
        graph = onnx.helper.make_graph([node], "g", infos, out)
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=8)
        session = onnxruntime.InferenceSession(onnx.shape_inference.infer_shapes(model).SerializeToString())
        results = session.run(None, given)
        yield {"name": f"{op}-{opset} {attributes}", "model": base64.b64encode(model.SerializeToString()).decode(),
               "inputs": {n: encode(v) for n, v in given.items()}, "outputs": [encode(r) for r in results]}


def control_edges():
    """Creates nested graphs."""
    from onnx import parser

    yield "If", parser.parse_model("""<ir_version: 8, opset_import: ["" : 16]> g (float[2] i0, bool i1) => (float[2] o0) {
        t = Neg (i0)
        o0 = If (i1) <then_branch = a () => (float[2] y) { y = Add (t, i0) }, else_branch = b () => (float[2] z) { z = Mul (t, t) }>
    }"""), [fill((2,), 31), np.array(False)]
    yield "Loop", parser.parse_model("""<ir_version: 8, opset_import: ["" : 16]> g (int64 i0, float[2] i1) => (float[2] o0, float[n, 2] o1) {
        go = Constant <value = bool {1}> ()
        o0, o1 = Loop (i0, go, i1) <body = b (int64 i, bool c, float[2] s) => (bool d, float[2] t, float[2] u) { d = Identity (c)
            f = Cast <to = 1> (i)
            t = Add (s, i1)
            u = Mul (t, f) }>
    }"""), [np.array(3), fill((2,), 32)]
    yield "Scan", parser.parse_model("""<ir_version: 8, opset_import: ["" : 16]> g (float[2] i0, float[3, 2] i1) => (float[2] o0, float[3, 2] o1) {
        o0, o1 = Scan (i0, i1) <num_scan_inputs = 1, body = b (float[2] s, float[2] x) => (float[2] t, float[2] u) { t = Add (s, x)
            u = Mul (t, i0) }>
    }"""), [fill((2,), 33), fill((3, 2), 34)]


def classical():
    """Yields models of scikit-learn and nested graphs with the results of onnxruntime."""
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn import cluster, ensemble, impute, linear_model, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree

    x = fill((40, 3), 41)
    two, three = (x[:, 0] > x[:, 1]).astype(np.int64), (x[:, 0] > 0.3).astype(np.int64) + (x[:, 1] > 0)
    names, real, few = np.array(["cat", "dog", "eel"])[three], x[:, 0] * 2 + x[:, 1], fill((40, 2), 42, 3)
    holes = np.where(np.abs(x) < 0.2, np.nan, x).astype(np.float32)
    for model, given, y in [
        (tree.DecisionTreeClassifier(max_depth=3, random_state=0), x, names), (ensemble.RandomForestClassifier(3, max_depth=2, random_state=0), x, two), (ensemble.ExtraTreesClassifier(2, max_depth=2, random_state=0), x, three),
        (ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0), x, two), (ensemble.GradientBoostingClassifier(n_estimators=2, max_depth=1, random_state=0), x, three),
        (ensemble.RandomForestRegressor(3, max_depth=2, random_state=0), x, np.stack([real, -real], 1)), (ensemble.GradientBoostingRegressor(n_estimators=3, max_depth=2, random_state=0), x, real),
        (svm.SVC(C=0.1), x, two), (svm.SVC(kernel="poly", degree=2), x, names), (svm.SVC(probability=True, random_state=0), x, three), (svm.SVC(kernel="linear", probability=True, random_state=0), x, two), (svm.SVR(kernel="sigmoid"), x, real),
        (neighbors.KNeighborsClassifier(3), x[:10], three[:10]), (naive_bayes.GaussianNB(), x, three), (neural_network.MLPClassifier((4,), max_iter=5, random_state=0), x, names), (linear_model.RidgeClassifier(), x, two), (cluster.KMeans(2, n_init=1, random_state=0), x, two),
        (pipeline.make_pipeline(preprocessing.OneHotEncoder(handle_unknown="ignore"), linear_model.LogisticRegression()), few, two), (preprocessing.OrdinalEncoder(), few, two), (preprocessing.Binarizer(), x, two), (preprocessing.PolynomialFeatures(2), x, two),
        (pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.MinMaxScaler(), linear_model.LogisticRegression()), holes, two),
    ]:
        model.fit(given, y)
        options = {id(model): {"zipmap": False}} if hasattr(model, "classes_") else None
        file = to_onnx(model, given[:1], options=options)
        del file.metadata_props[:]
        given = given[:20]
        session = onnxruntime.InferenceSession(file.SerializeToString())
        yield str(model), file, dict(zip([v.name for v in session.get_inputs()], [given])), session
    for name, file, given in control_edges():
        session = onnxruntime.InferenceSession(file.SerializeToString())
        yield name, file, {f"i{k}": v for k, v in enumerate(given)}, session


def classical_cases():
    for name, file, given, session in classical():
        results = [encode(r) for r in session.run(None, given)]
        yield {"name": name, "model": base64.b64encode(file.SerializeToString()).decode(), "inputs": {n: encode(v) for n, v in given.items()},
               "names": [o.name for o in session.get_outputs()], "outputs": results}


def columns():
    """Saves a classifier with a column-based signature and probabilities as maps."""
    import pandas as pd
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    x = fill((30, 3), 51)
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    model = LogisticRegression().fit(x, np.array(["no", "yes"])[(x[:, 0] > x[:, 2]).astype(int)])
    shutil.rmtree(HERE / "mlflow_columns", ignore_errors=True)
    mlflow.onnx.save_model(to_onnx(model, x[:1]), HERE / "mlflow_columns", signature=mlflow.models.infer_signature(frame), pip_requirements=["onnxruntime"])


def logistic():
    """Writes a logistic regression of scikit-learn with three classes, converted by skl2onnx."""
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    x = fill((60, 4), 21)
    model = make_pipeline(StandardScaler(), Normalizer(), LogisticRegression()).fit(x, (x[:, 0] + x[:, 1] * 2 > 0).astype(np.int64) + (x[:, 2] > 0.5))
    (HERE / "logistic.onnx").write_bytes(to_onnx(model, x[:1]).SerializeToString())
    plain = to_onnx(model, x[:1], options={"zipmap": False}).SerializeToString()
    return {"outputs": [encode(r) for r in onnxruntime.InferenceSession(plain).run(None, {"X": x})]}


def export(model, inputs, dims, path):
    """Exports a compressed .pt2 archive without the source lines that PyTorch records for each node."""
    program = torch.export.export(model, inputs, dynamic_shapes=dims)
    for node in program.graph.nodes:
        for key in ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn"):
            node.meta.pop(key, None)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return program


def export_onnx(model, inputs, dims, path):
    """Exports an ONNX file without metadata of the nodes."""
    torch.onnx.export(model, inputs, path, dynamic_shapes=dims, external_data=False, verbose=False)
    file = onnx.load(path)
    for item in [file, file.graph, *file.graph.node, *file.graph.initializer, *file.graph.input, *file.graph.output]:
        del item.metadata_props[:]
        item.doc_string = ""
    del file.graph.value_info[:]
    onnx.save(file, path)
    return file


def mlflow_models():
    model, x = build("mlp")
    for name in ("mlflow_torch", "mlflow_onnx"):
        shutil.rmtree(HERE / name, ignore_errors=True)
    mlflow.pytorch.save_model(model, HERE / "mlflow_torch", input_example=x[:4].numpy())
    with tempfile.TemporaryDirectory() as tmp:
        torch.onnx.export(model, (x,), tmp + "/m.onnx", dynamic_shapes=({0: torch.export.Dim("batch", min=2, max=4096)},), verbose=False)
        signature = mlflow.models.infer_signature(x.numpy(), model(x).detach().numpy())
        mlflow.onnx.save_model(onnx.load(tmp + "/m.onnx"), HERE / "mlflow_onnx", signature=signature)


def both(name):
    """Exports one of MODELS in both formats and returns the results of PyTorch."""
    model, x = build(name)
    _, shape, vocabulary = MODELS[name]
    with torch.no_grad():
        y = model(x)
    y = y if isinstance(y, tuple) else (y,)
    dims = ({0: torch.export.Dim("batch", min=2, max=4096)},)
    program = export(model, (x[:3].clone(),), dims, HERE / f"{name}.pt2.gz")
    file = export_onnx(model, (x[:3].clone(),), dims, HERE / f"{name}.onnx")
    print(name, sorted({n.target.name() for n in program.graph.nodes if hasattr(n.target, "name")}), sorted({n.op_type for n in file.graph.node}))
    return {"shape": shape, "seed": 7, "vocabulary": vocabulary, "outputs": [encode(t.numpy()) for t in y]}


def operators(name, model, inputs, dim=torch.export.Dim.DYNAMIC):
    """Exports a module with many outputs and returns its results."""
    program = export(model.eval(), inputs, ({0: dim},) * len(inputs), HERE / f"{name}.pt2.gz")
    print(name, sorted({n.target.name() for n in program.graph.nodes if hasattr(n.target, "name")}))
    with torch.no_grad():
        return {"outputs": [encode(t.numpy()) for t in model(*inputs)]}


def main():
    cases = json.loads((HERE / "cases.json").read_text())
    makers = {name: lambda name=name: both(name) for name in MODELS} | {
        "edges": lambda: operators("edges", Edges(), edge_inputs()),
        "more": lambda: operators("more", More(), edge_inputs(), torch.export.Dim.STATIC),
        "writes": lambda: operators("writes", Writes(), edge_inputs()[:1]),
        "logistic": logistic,
    }
    for name, module in vars(operators_torch).items():
        if isinstance(module, type) and issubclass(module, nn.Module) and name not in ("Control", "Draws"):
            makers[name.lower()] = lambda name=name, module=module: operators(name.lower(), module(), edge_inputs(), torch.export.Dim.STATIC)
    x = edge_inputs()[0]
    makers["control"] = lambda: operators("control", operators_torch.Control(), (x, x[0].half()), torch.export.Dim.STATIC)
    files = {
        "operators": lambda: (HERE / "operators.json").write_text(json.dumps(list(onnx_edge_cases()), separators=(",", ":"))),
        "operators_more": lambda: (HERE / "operators_more.json").write_text(json.dumps(list(operators_onnx.cases(fill, encode)), separators=(",", ":"))),
        "random": lambda: operators_onnx.random(HERE),
        "draws": lambda: export(operators_torch.Draws(), edge_inputs()[:1], None, HERE / "draws.pt2.gz"),
        "classical": lambda: (HERE / "classical.json").write_text(json.dumps(list(classical_cases()), separators=(",", ":"))),
        "mlflow": mlflow_models,
        "columns": columns,
    }
    for name in sys.argv[1:] or [*makers, *files]:
        if name in makers:
            cases[name] = makers[name]()
            (HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")))
        else:
            files[name]()


if __name__ == "__main__":
    main()
