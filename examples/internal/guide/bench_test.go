package guide

import (
	"testing"

	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/examples/internal/trainer/torchtest"
)

// BenchmarkStep trains the guide's network with dropout on one batch of 426 rows. cpu-us/op is the time of all
// processors, which trainer/torchtest/testdata/step_time.py measures for PyTorch.
func BenchmarkStep(b *testing.B) {
	backend, err := trainer.Backend()
	if err != nil {
		b.Fatal(err)
	}
	store := model.NewStore()
	store.SetParam(layers.ParamDropoutRate, dropout)
	adam := optimizer.Adam().LearningRate(1e-4).Epsilon(1e-8).Done()
	gomlxTrainer := train.NewTrainer(backend, store, Classifier, loss.BinaryCrossentropyLogits, adam, nil, nil)
	rows := &part{x: make([]float32, 426*features), y: make([]int, 426)}
	for i := range rows.x {
		rows.x[i] = float32(i%17) / 17
	}
	for i := range rows.y {
		rows.y[i] = i % 2
	}
	step := func() {
		for batch, err := range rows.batch("rows").Iter() {
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
	b.ReportMetric((torchtest.ProcessorTime(b)-start)*1e6/float64(b.N), "cpu-us/op")
}
