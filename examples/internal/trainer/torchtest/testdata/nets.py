"""The networks, which the Go tests train, too."""
from torch import nn


def quickstart():
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(9216, 10))


def pooled():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Flatten(),
        nn.Linear(400, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def guide():
    return nn.Sequential(
        nn.Linear(30, 30), nn.ReLU(), nn.Dropout(0.3), nn.Linear(30, 15), nn.ReLU(), nn.Dropout(0.3), nn.Linear(15, 1)
    )
