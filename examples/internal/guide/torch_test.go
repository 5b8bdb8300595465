package guide

import (
	"testing"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/internal/cancer"
	"github.com/millrace-ml/millrace/examples/internal/frame"
	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/examples/internal/trainer/torchtest"
)

func rows(t *testing.T) *frame.Frame {
	t.Helper()
	in, err := cancer.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	data, err := frame.Read(in)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLossesArePyTorchs trains without dropout, because PyTorch generates other random
// numbers.
func TestLossesArePyTorchs(t *testing.T) {
	t.Parallel()
	parts, err := prepare(rows(t))
	if err != nil {
		t.Fatal(err)
	}
	backend, err := trainer.Backend()
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	g := torchtest.Generator(3)
	g.Start(t, store, []torchtest.Variable{
		{Path: "/fc1/dense/weights", FanIn: 30, Dims: []int{30, 30}},
		{Path: "/fc1/dense/biases", FanIn: 30, Dims: []int{30}},
		{Path: "/fc2/dense/weights", FanIn: 30, Dims: []int{15, 30}},
		{Path: "/fc2/dense/biases", FanIn: 30, Dims: []int{15}},
		{Path: "/fc3/dense/weights", FanIn: 15, Dims: []int{1, 15}},
		{Path: "/fc3/dense/biases", FanIn: 15, Dims: []int{1}},
	})
	adam := optimizer.Adam().LearningRate(1e-4).Epsilon(1e-8).Done()
	gomlxTrainer := train.NewTrainer(backend, store, Classifier, loss.BinaryCrossentropyLogits, adam, nil, nil)
	torchtest.Compare(t, "guide", func(int) float64 {
		for batch, err := range parts.train.batch("training").Iter() {
			if err != nil {
				t.Fatal(err)
			}
			metrics, err := gomlxTrainer.TrainStep(batch)
			if err != nil {
				t.Fatal(err)
			}
			return shapes.ConvertTo[float64](metrics[0].Value())
		}
		return 0
	})
}
