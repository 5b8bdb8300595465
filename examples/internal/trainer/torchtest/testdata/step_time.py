"""Print the processor time of training steps in PyTorch, by default on one thread: of 64 images, and of the guide's rows.

BenchmarkStep of the packages quickstart and guide measures the same in Go. The program needs torch. Run it in this
directory:

    step_time.py [THREADS]
"""
import sys
import time

import nets
import torch
from torch import nn

STEPS = 300

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)


def measure(name, model, optimizer, loss, x, y):
    for step in range(-20, STEPS):
        if step == 0:
            begun, cpu = time.perf_counter(), time.process_time()
        loss(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    clock, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"{name}: {1000 * cpu / STEPS:.2f} ms of processor time, {1000 * clock / STEPS:.2f} ms on the clock")


x, y = torch.rand(64, 1, 28, 28), torch.arange(64) % 10
for make in (nets.quickstart, nets.pooled):
    model = make()
    measure(make.__name__, model, torch.optim.SGD(model.parameters(), lr=1e-3), nn.CrossEntropyLoss(), x, y)
model = nets.guide()
x, y = torch.rand(426, 30), (torch.arange(426) % 2).float().view(-1, 1)
measure("guide", model, torch.optim.Adam(model.parameters(), lr=1e-4), nn.BCEWithLogitsLoss(), x, y)
