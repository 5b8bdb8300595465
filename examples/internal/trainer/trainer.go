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

// lineEvery is how many steps lie between the lines of a training that nobody watches.
const lineEvery = 100

// Progress shows how far a loop of so many steps is: a bar on a terminal, and a
// line now and then elsewhere. label says more about the step.
func Progress(loop *train.Loop, out io.Writer, steps int, label func() string) {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar := progressbar.NewOptions(steps, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("steps"),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
		loop.OnStep("progress bar", 0, func(*train.Loop, []*tensors.Tensor) error {
			bar.Describe(label())
			return bar.Add(1)
		})
		return
	}
	loop.OnStep("progress", 0, func(loop *train.Loop, metrics []*tensors.Tensor) error {
		if loop.LoopStep%lineEvery != 0 {
			return nil
		}
		line := label()
		for i, m := range loop.Trainer.TrainMetrics() {
			line += fmt.Sprintf("  %s %s", m.ShortName(), m.PrettyPrint(metrics[i]))
		}
		_, err := fmt.Fprintf(out, "%s  [%d / %d]\n", line, loop.LoopStep, steps)
		return err
	})
}
