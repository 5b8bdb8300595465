package quickstart

import (
	"testing"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/idx"
	"github.com/millrace-ml/millrace/examples/learn"
	"github.com/millrace-ml/millrace/examples/learn/torchtest"
)

// madeUp draws the images that testdata/make_losses.py draws.
func madeUp(count int) *idx.Split {
	g := torchtest.Generator(2)
	s := &idx.Split{Images: &idx.Images{Rows: side, Cols: side}}
	for i := range count {
		class := i % classes
		s.Labels = append(s.Labels, byte(class))
		for r := range side {
			for k := range side {
				base := uint32(32)
				if (r*(class+1)+k*(10-class))%28 < 14 {
					base = 128
				}
				s.Images.Pixels = append(s.Images.Pixels, byte(base+g.Next()&63))
			}
		}
	}
	return s
}

func TestLossesArePyTorchs(t *testing.T) {
	t.Parallel()
	backend, err := learn.Backend()
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	g := torchtest.Generator(1)
	g.Start(t, store, []torchtest.Variable{
		{Path: "/conv1/conv/weights", FanIn: 9, Dims: []int{8, 1, 3, 3}},
		{Path: "/conv1/conv/biases", FanIn: 9, Dims: []int{8}},
		{Path: "/conv2/conv/weights", FanIn: 72, Dims: []int{16, 8, 3, 3}},
		{Path: "/conv2/conv/biases", FanIn: 72, Dims: []int{16}},
		{Path: "/fc/dense/weights", FanIn: 9216, Dims: []int{10, 9216}},
		{Path: "/fc/dense/biases", FanIn: 9216, Dims: []int{10}},
	})
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(1e-3).WithDecay(false)
	trainer := train.NewTrainer(backend, store, Classifier, loss.SparseCategoricalCrossEntropyLogits, sgd, nil, nil)
	var all []train.Batch
	for batch, err := range batches("made up", madeUp(640), 64).Iter() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, batch)
	}
	torchtest.Compare(t, "quickstart", func(i int) float64 {
		batch, err := all[i%len(all)].Clone()
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := trainer.TrainStep(batch)
		if err != nil {
			t.Fatal(err)
		}
		return shapes.ConvertTo[float64](metrics[0].Value())
	})
}
