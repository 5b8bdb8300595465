"""Train both example networks, and one with pooling, in PyTorch and write the losses of the first 100 steps to losses.json.

A small random number generator, which the Go tests implement, too, generates the weights and the images, so that only the
losses are stored. The program needs torch and scikit-learn. Run it in this directory.
"""
import json

import nets
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler
from torch import nn

STEPS = 100


class Generator:
    """A linear congruential generator of 24-bit numbers, which float32 represents exactly."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return self.state >> 8

    def weights(self, parameter, fan_in):
        bound = np.float32(1 / np.sqrt(fan_in))
        flat = np.array([self.next() for _ in range(parameter.numel())], np.float32) / np.float32(1 << 23) - np.float32(1)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(flat * bound).reshape(parameter.shape))


def start(model, generator):
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            fan_in = layer.weight[0].numel()
            generator.weights(layer.weight, fan_in)
            generator.weights(layer.bias, fan_in)


def images(count, generator):
    x = np.zeros((count, 1, 28, 28), np.float32)
    y = np.arange(count) % 10
    for i in range(count):
        c = int(y[i])
        for r in range(28):
            for k in range(28):
                base = 128 if (r * (c + 1) + k * (10 - c)) % 28 < 14 else 32
                x[i, 0, r, k] = np.float32(base + (generator.next() & 63)) / np.float32(255)
    return torch.from_numpy(x), torch.from_numpy(y)


def classifier(model, lr):
    start(model, Generator(1))
    x, y = images(64 * 10, Generator(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for step in range(STEPS):
        at = step % 10 * 64
        loss = nn.CrossEntropyLoss()(model(x[at : at + 64]), y[at : at + 64])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def guide():
    frame = load_breast_cancer(as_frame=True).frame
    y = 1 - frame.pop("target").values  # Malignant is 1 in the guide.
    x_train, _, y_train, _ = train_test_split(frame.values, y, test_size=0.25, random_state=101)
    x = torch.tensor(MinMaxScaler().fit_transform(x_train), dtype=torch.float32)
    targets = torch.tensor(y_train, dtype=torch.float32).view(-1, 1)
    model = nn.Sequential(nn.Linear(30, 30), nn.ReLU(), nn.Linear(30, 15), nn.ReLU(), nn.Linear(15, 1))  # No dropout.
    start(model, Generator(3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.BCEWithLogitsLoss()(model(x), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


with open("losses.json", "w") as f:
    json.dump({"quickstart": classifier(nets.quickstart(), 1e-3), "guide": guide(), "pooled": classifier(nets.pooled(), 0.02)}, f)
