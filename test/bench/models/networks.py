"""Networks of the zoo that no library has: recurrent, convolutional and tabular ones."""

import torch
from torch import nn


class Recurrent(nn.Module):
    """A classifier or tagger of sequences of tokens."""

    def __init__(self, layer, width, layers=1, bidirectional=False, tags=False):
        super().__init__()
        self.embed = nn.Embedding(100, width)
        self.rnn = layer(width, width, layers, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(width * (2 if bidirectional else 1), 5)
        self.tags = tags

    def forward(self, ids):
        y, _ = self.rnn(self.embed(ids))
        return self.head(y if self.tags else y[:, -1])


class Forecaster(nn.Module):
    """A GRU over numbers that predicts the next values."""

    def __init__(self, width):
        super().__init__()
        self.rnn = nn.GRU(8, width, 2, batch_first=True)
        self.head = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 8))

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def double(i, o):
    layers = []
    for a in (i, o):
        layers += [nn.Conv2d(a, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, width, depth=4, bilinear=False):
        super().__init__()
        sizes = [width * 2**i for i in range(depth)]
        self.down = nn.ModuleList(double(i, o) for i, o in zip([3] + sizes, sizes))
        if bilinear:
            up = [nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), nn.Conv2d(o, i, 1)) for i, o in zip(sizes, sizes[1:])]
        else:
            up = [nn.ConvTranspose2d(o, i, 2, stride=2) for i, o in zip(sizes, sizes[1:])]
        self.up = nn.ModuleList(up)
        self.join = nn.ModuleList(double(2 * i, i) for i in sizes[:-1])
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x):
        kept = []
        for i, block in enumerate(self.down):
            x = block(nn.functional.max_pool2d(x, 2) if i else x)
            kept.append(x)
        for i in reversed(range(len(self.up))):
            x = self.join[i](torch.cat([kept[i], self.up[i](x)], 1))
        return self.head(x)


class Autoencoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        w = width
        self.down = nn.Sequential(
            nn.Conv2d(1, w, 3, 2, 1), nn.ReLU(), nn.Conv2d(w, 2 * w, 3, 2, 1), nn.ReLU(), nn.Conv2d(2 * w, 4 * w, 7), nn.LeakyReLU(0.1)
        )
        self.up = nn.Sequential(
            nn.ConvTranspose2d(4 * w, 2 * w, 7), nn.ELU(), nn.ConvTranspose2d(2 * w, w, 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(w, 1, 3, 2, 1, 1), nn.Sigmoid()
        )

    def forward(self, x):
        return self.up(self.down(x))


class VAE(nn.Module):
    """The mean of a variational autoencoder."""

    def __init__(self, width):
        super().__init__()
        self.encode = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU())
        self.mean, self.spread = nn.Linear(width, 20), nn.Linear(width, 20)
        self.decode = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 784), nn.Sigmoid())

    def forward(self, x):
        h = self.encode(x)
        mean, spread = self.mean(h), self.spread(h)
        return self.decode(mean), mean, torch.exp(0.5 * spread)


class TCN(nn.Module):
    """A temporal convolutional network with causal dilated convolutions."""

    def __init__(self, width, levels):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(width if i else 4, width, 3, dilation=2**i) for i in range(levels))
        self.skips = nn.ModuleList(nn.Conv1d(width if i else 4, width, 1) for i in range(levels))
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        for i, (layer, skip) in enumerate(zip(self.layers, self.skips)):
            x = torch.relu(torch.relu(layer(nn.functional.pad(x, (2 * 2**i, 0)))) + skip(x))
        return self.head(x[..., -1])


class WaveNet(nn.Module):
    """Gated dilated convolutions with residuals, as in WaveNet."""

    def __init__(self, width, levels):
        super().__init__()
        self.first = nn.Conv1d(1, width, 1)
        self.gates = nn.ModuleList(nn.Conv1d(width, 2 * width, 2, dilation=2**i) for i in range(levels))
        self.outs = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(levels))
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(width, width, 1), nn.ReLU(), nn.Conv1d(width, 16, 1))

    def forward(self, x):
        x, skips = self.first(x), 0
        for i, (gate, out) in enumerate(zip(self.gates, self.outs)):
            a, b = gate(nn.functional.pad(x, (2**i, 0))).chunk(2, 1)
            y = out(torch.tanh(a) * torch.sigmoid(b))
            x, skips = x + y, skips + y
        return self.head(skips)


class Audio(nn.Module):
    """M5, a network over raw audio."""

    def __init__(self, width):
        super().__init__()
        w, layers = width, []
        for i, o, k, s in ((1, w, 80, 16), (w, w, 3, 1), (w, 2 * w, 3, 1), (2 * w, 2 * w, 3, 1)):
            layers += [nn.Conv1d(i, o, k, s), nn.BatchNorm1d(o), nn.ReLU(), nn.MaxPool1d(4)]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(2 * w, 35)

    def forward(self, x):
        return nn.functional.log_softmax(self.head(self.body(x).mean(-1)), -1)


def mlp(*sizes, act=nn.ReLU, norm=False):
    layers = []
    for i, o in zip(sizes, sizes[1:]):
        layers += [nn.Linear(i, o)] + ([nn.BatchNorm1d(o)] if norm else []) + [act(), nn.Dropout(0.2)]
    return nn.Sequential(*layers[:-2])


class Recommender(nn.Module):
    """A click model with embeddings of categories beside numbers, as DLRM."""

    def __init__(self, width):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(1000, width) for _ in range(8))
        self.bottom = mlp(13, 4 * width, width)
        self.top = mlp(width + 36, 8 * width, 4 * width, 1)

    def forward(self, x, ids):
        dense = self.bottom(x)
        rows = torch.stack([dense] + [t(ids[:, i]) for i, t in enumerate(self.tables)], 1)
        products = rows @ rows.transpose(1, 2)
        i, j = torch.tril_indices(9, 9, -1).unbind(0)
        return torch.sigmoid(self.top(torch.cat([dense, products[:, i, j]], 1)))


class Seq2Seq(nn.Module):
    def __init__(self, width, heads, layers):
        super().__init__()
        self.embed = nn.Embedding(100, width)
        self.body = nn.Transformer(width, heads, layers, layers, 4 * width, batch_first=True)
        self.head = nn.Linear(width, 100)

    def forward(self, source, target):
        n = target.shape[1]
        mask = torch.triu(torch.full((n, n), float("-inf")), 1)
        return self.head(self.body(self.embed(source), self.embed(target), tgt_mask=mask, tgt_is_causal=True))


class Encoder(nn.Module):
    def __init__(self, width, heads, layers):
        super().__init__()
        self.embed, self.place = nn.Embedding(100, width), nn.Parameter(torch.randn(1, 512, width) * 0.1)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, batch_first=True, activation="gelu", norm_first=True)
        self.body, self.head = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False), nn.Linear(width, 3)

    def forward(self, ids):
        return self.head(self.body(self.embed(ids) + self.place[:, : ids.shape[1]]).mean(1))


class Generator(nn.Module):
    """DCGAN's generator."""

    def __init__(self, width):
        super().__init__()
        sizes, layers = [8 * width, 4 * width, 2 * width, width], [nn.ConvTranspose2d(100, 8 * width, 4, 1, 0, bias=False)]
        for i, o in zip(sizes, sizes[1:]):
            layers += [nn.BatchNorm2d(i), nn.ReLU(True), nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False)]
        self.body = nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(True), nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.body(x)


class SuperResolution(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 5, padding=2), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width), nn.Conv2d(width, 9, 3, padding=1), nn.PixelShuffle(3)
        )

    def forward(self, x):
        return self.body(x)
