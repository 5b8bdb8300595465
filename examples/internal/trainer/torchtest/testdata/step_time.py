"""Print the processor time of a training step of 64 images in PyTorch, by default on one thread.

BenchmarkStep of package quickstart measures the same in Go. The program needs torch. Run it in this directory:

    step_time.py [THREADS]
"""
import sys
import time

import nets
import torch
from torch import nn

STEPS = 300

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
x, y = torch.rand(64, 1, 28, 28), torch.arange(64) % 10
for make in (nets.quickstart, nets.pooled):
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step in range(-20, STEPS):
        if step == 0:
            begun, cpu = time.perf_counter(), time.process_time()
        nn.CrossEntropyLoss()(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    clock, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"{make.__name__}: {1000 * cpu / STEPS:.2f} ms of processor time, {1000 * clock / STEPS:.2f} ms on the clock")
