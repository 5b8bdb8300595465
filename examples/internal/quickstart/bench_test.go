package quickstart

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/examples/internal/trainer/torchtest"
)

// BenchmarkStep trains one batch of 64 images. cpu-ms/op is the time of all processors,
// which trainer/torchtest/testdata/step_time.py measures for PyTorch.
func BenchmarkStep(b *testing.B) {
	b.Run("quickstart", func(b *testing.B) { benchmarkStep(b, Classifier) })
	b.Run("pooled", func(b *testing.B) { benchmarkStep(b, pooled) })
}

func benchmarkStep(b *testing.B, net func(*model.Scope, *graph.Node) *graph.Node) {
	backend, err := trainer.Backend()
	if err != nil {
		b.Fatal(err)
	}
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(1e-3).WithDecay(false)
	gomlxTrainer := train.NewTrainer(backend, model.NewStore(), net, loss.SparseCategoricalCrossEntropyLogits, sgd, nil, nil)
	images := generated(64)
	step := func() {
		for batch, err := range batches("generated", images, 64).Iter() {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := gomlxTrainer.TrainStep(batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	step()
	start := torchtest.ProcessorTime(b)
	for b.Loop() {
		step()
	}
	b.ReportMetric((torchtest.ProcessorTime(b)-start)*1000/float64(b.N), "cpu-ms/op")
}
