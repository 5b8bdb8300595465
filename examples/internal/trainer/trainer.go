// Package trainer has what both example programs need to train with GoMLX:
// batches of examples in memory, PyTorch's way to start weights, and a progress
// bar.
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

// Backend returns the engine that GOMLX_BACKEND names, or package cpu.
func Backend() (compute.Backend, error) {
	if config := os.Getenv(compute.ConfigEnvVar); config != "" {
		return compute.NewWithConfig(config)
	}
	return compute.NewWithConfig(cpu.BackendName)
}

// Examples are data in memory, which train.Loop reads in batches, in order.
type Examples struct {
	// Title is the dataset's name.
	Title string
	// Features has one row of Shape for each example; Batch converts a range of
	// rows, so that the whole need not be held as float32.
	Features func(from, to int) []float32
	Shape    []int
	// Labels has one int32 or float32 for each example.
	Labels func(from, to int) *tensors.Tensor
	// Count is the number of examples, Size that of a batch. The last batch may
	// be smaller.
	Count, Size int
}

// Name returns the title.
func (e *Examples) Name() string { return e.Title }

// Batches returns how many batches the examples make.
func (e *Examples) Batches() int { return (e.Count + e.Size - 1) / e.Size }

// Iter yields all batches once.
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

// TorchInit returns scope with the values that PyTorch starts the weights and
// biases of a layer with: uniform within 1/sqrt(fanIn), fanIn being the number of
// inputs that each output is made of.
func TorchInit(scope *model.Scope, fanIn int) *model.Scope {
	bound := 1 / math.Sqrt(float64(fanIn))
	return scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
}

// lineEvery is the number of batches between two lines of progress.
const lineEvery = 100

// Progress prints the progress of a loop over epochs of batches: the number of each epoch, and
// a line with the metrics of every 100th batch. On a terminal it also shows a bar. metrics
// lists the names of the trainer's metrics to print, with their short names.
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
					fmt.Fprintf(&line, "%s: %.6f ", name, number(values[i]))
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

// number returns the value of a scalar.
func number(t *tensors.Tensor) float64 {
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
	if !ok || !term.IsTerminal(int(f.Fd())) { //nolint:gosec // A file descriptor is an int.
		return nil
	}
	return progressbar.NewOptions(steps, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("batches"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true))
}
