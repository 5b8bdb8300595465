// Package trainer contains the parts of both example programs that train with GoMLX:
// datasets in memory, PyTorch's initialization of weights, a summary of the layers and
// the output of the progress.
package trainer

import (
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/millrace-ml/millrace/gomlx/cpu" // The backend that is used by default.
)

// Backend returns the backend of the environment variable GOMLX_BACKEND. The default is
// package cpu.
func Backend() (compute.Backend, error) {
	if config := os.Getenv(compute.ConfigEnvVar); config != "" {
		return compute.NewWithConfig(config)
	}
	return compute.NewWithConfig(cpu.BackendName)
}

// Examples is a dataset in memory, which train.Loop reads in batches, in order.
type Examples struct {
	// Title is the name of the dataset.
	Title string
	// Features returns a range of examples, each with the given Shape. Converting a
	// batch at a time avoids a copy of the whole dataset as float32.
	Features func(from, to int) []float32
	Shape    []int
	// Labels returns one int32 or float32 for each example of a range.
	Labels func(from, to int) *tensors.Tensor
	// Count is the number of examples and Size the number in a batch. The last batch may
	// be smaller.
	Count, Size int
}

// Name implements [train.Dataset].
func (e *Examples) Name() string { return e.Title }

// Batches returns the number of batches.
func (e *Examples) Batches() int { return (e.Count + e.Size - 1) / e.Size }

// Iter implements [train.Dataset]. It yields all batches once.
func (e *Examples) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		for from := 0; from < e.Count; from += e.Size {
			to := min(from+e.Size, e.Count)
			x := tensors.FromFlatDataAndDimensions(e.Features(from, to), append([]int{to - from}, e.Shape...)...)
			if !yield(train.Batch{Inputs: []*tensors.Tensor{x}, Labels: []*tensors.Tensor{e.Labels(from, to)}}, nil) {
				return
			}
		}
	}
}

// TorchInit returns scope with PyTorch's initializer of the weights and biases of a
// layer: uniform random numbers within 1/sqrt(fanIn), where fanIn is the number of
// inputs of each output.
func TorchInit(scope *model.Scope, fanIn int) *model.Scope {
	bound := 1 / math.Sqrt(float64(fanIn))
	return scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
}

// lineEvery is the number of batches between two lines of progress.
const lineEvery = 100

// Progress prints the progress of a loop over epochs of batches: the number of each
// epoch, and a line with the metrics of every 100th batch. On a terminal it also shows a
// bar. metrics maps the short names of the trainer's metrics to the printed names.
func Progress(loop *train.Loop, out io.Writer, epochs, batches int, metrics map[string]string) {
	bar := newBar(out, epochs*batches)
	loop.OnStep("progress", 0, func(loop *train.Loop, values []*tensors.Tensor) error {
		batch := loop.LoopStep % batches
		if batch%lineEvery == 0 {
			if bar != nil {
				if err := bar.Clear(); err != nil {
					return err
				}
			}
			if batch == 0 {
				fmt.Fprintf(out, "Epoch %d\n-------------------------------\n", loop.LoopStep/batches+1)
			}
			var line strings.Builder
			for i, m := range loop.Trainer.TrainMetrics() {
				if name, ok := metrics[m.ShortName()]; ok {
					fmt.Fprintf(&line, "%s: %.6f ", name, scalar(values[i]))
				}
			}
			fmt.Fprintf(out, "%s[%d / %d]\n", &line, batch, batches)
		}
		if bar != nil {
			return bar.Add(1)
		}
		return nil
	})
}

// scalar returns the value of a scalar.
func scalar(t *tensors.Tensor) float64 {
	switch v := t.Value().(type) {
	case float32:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

// newBar returns a progress bar, or nil if out is not a terminal.
func newBar(out io.Writer, steps int) *progressbar.ProgressBar {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return progressbar.NewOptions(steps, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("batches"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true))
}
