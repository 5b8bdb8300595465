import { expect, test } from "vitest";
import { compareMetrics } from "./relevance";

test("loss, accuracy and validation come first; counters, then system metrics last", () => {
  const names = [
    "system/gpu_0_loss",
    "epoch",
    "learning_rate",
    "time/step",
    "weights/mean",
    "val/weights",
    "train_accuracy",
    "valAccuracy",
    "layer10",
    "layer2",
    "train/loss",
    "loss",
    "val_loss",
    "grad_norm",
    "f1",
    "eval/perplexity",
  ];
  expect(names.toSorted(compareMetrics)).toEqual([
    "eval/perplexity",
    "val_loss",
    "loss",
    "train/loss",
    "valAccuracy",
    "f1",
    "train_accuracy",
    "val/weights",
    "layer2",
    "layer10",
    "weights/mean",
    "epoch",
    "grad_norm",
    "learning_rate",
    "time/step",
    "system/gpu_0_loss",
  ]);
});

test("the order is total: a name that holds a word of another is not taken for it", () => {
  expect(["lossless", "mapping", "acc", "loss"].toSorted(compareMetrics)).toEqual([
    "loss",
    "acc",
    "lossless",
    "mapping",
  ]);
});
