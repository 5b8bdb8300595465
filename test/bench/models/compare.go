package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/millrace-ml/millrace/internal/simd/simdtest"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// limit is the largest accepted difference of outputs, in units of their standard deviation. PyTorch's outputs for the
// deepest networks differ by half of it from those that it computes with float64.
const limit = 2e-3

// startProfile writes a profile of the processor until the returned function is called.
func startProfile(file string) (stop func()) {
	if file == "" {
		return func() {}
	}
	f, err := os.Create(file)
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	return pprof.StopCPUProfile
}

// compare measures one file in both programs.
func (o options) compare(ctx context.Context, name, format string, n network) figure {
	f := figure{Name: name, Format: format, Group: format}
	if n.Tabular {
		f.Group = "tabular"
	}
	if err := o.fill(ctx, &f, n); err != nil {
		f.Error = err.Error()
	}
	return f
}

func (o options) fill(ctx context.Context, f *figure, n network) error {
	open := map[string]func(string) (*models.Model, error){"pt2": models.OpenTorch, "onnx": models.OpenONNX}[f.Format]
	m, err := open(filepath.Join(o.folder, f.Name+"."+f.Format))
	if err != nil {
		return err
	}
	in := inputs(m, n)
	out, err := m.Run(ctx, in)
	if err != nil {
		return err
	}
	var other *peer
	if !o.alone {
		other = o.peer
		if err := other.open(f.Name, f.Format); err != nil {
			return err
		}
		if f.Difference, err = differ(m, n, out, other.outputs); err != nil {
			return err
		}
		if !(f.Difference <= limit) {
			return fmt.Errorf("the outputs differ by %.2g standard deviations", f.Difference)
		}
	}
	var ours, theirs []float64
	for range o.rounds {
		seconds, err := o.round(ctx, m, in)
		if err != nil {
			return err
		}
		ours = append(ours, seconds)
		if other == nil {
			continue
		}
		if seconds, err = other.round(o.seconds); err != nil {
			return err
		}
		theirs = append(theirs, seconds)
	}
	if f.Millrace = median(ours); other != nil {
		f.Peer = median(theirs)
		f.Ratio = f.Millrace / f.Peer
	}
	if f.Format == "pt2" && f.Millrace > leastForThreads {
		f.TwoThreads, err = o.twoThreads(ctx, m, in)
	}
	return err
}

// leastForThreads is the time of a run, in seconds, from which two threads are measured. Shorter ones are not divided.
const leastForThreads = 5e-3

// twoThreads returns how much faster a model runs on two threads than on one, by the clock.
func (o options) twoThreads(ctx context.Context, m *models.Model, in map[string]*mlflow.Tensor) (float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var clocks [2][]float64
	for range o.rounds {
		for threads := 1; threads <= 2; threads++ {
			runtime.GOMAXPROCS(threads)
			count, began := 0, time.Now()
			for count == 0 || time.Since(began).Seconds() < o.seconds {
				if _, err := m.Run(ctx, in); err != nil {
					return 0, err
				}
				count++
			}
			clocks[threads-1] = append(clocks[threads-1], time.Since(began).Seconds()/float64(count))
		}
	}
	return median(clocks[0]) / median(clocks[1]), nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// round runs a model for some time and returns the processor time of one run, including the garbage collector's.
func (o options) round(ctx context.Context, m *models.Model, in map[string]*mlflow.Tensor) (float64, error) {
	runtime.GC()
	count, began, clock := 0, simdtest.ProcessorTime(), time.Now()
	for count == 0 || time.Since(clock).Seconds() < o.seconds {
		if _, err := m.Run(ctx, in); err != nil {
			return 0, err
		}
		count++
	}
	return (simdtest.ProcessorTime() - began).Seconds() / float64(count), nil
}

// inputs makes the inputs that zoo.py's fill makes.
func inputs(m *models.Model, n network) map[string]*mlflow.Tensor {
	out := map[string]*mlflow.Tensor{}
	for i, spec := range m.Inputs() {
		in := n.Inputs[i]
		size := 1
		for _, d := range in.Shape {
			size *= d
		}
		floats, ints := make([]float32, size), make([]int64, size)
		for j := range size {
			h := uint32(j+1)*2654435761 + uint32(in.Seed*40503)
			h ^= h >> 15
			h *= 2246822519
			h ^= h >> 13
			floats[j] = float32(float64(h)/(1<<31) - 1)
			if in.Vocabulary > 0 {
				ints[j] = int64(h) % int64(in.Vocabulary)
			}
		}
		out[spec.Name] = &mlflow.Tensor{Shape: in.Shape, Data: floats}
		if in.Vocabulary > 0 {
			out[spec.Name].Data = ints
		}
	}
	return out
}

// sample is an output of the peer: every step-th element.
type sample struct {
	Shape []int
	Step  int
	Data  []byte
}

// differ returns the largest difference of outputs, in units of their standard deviation.
func differ(m *models.Model, n network, got map[string]*mlflow.Tensor, want []sample) (float64, error) {
	out := 0.0
	for i, spec := range m.Outputs() {
		t := got[spec.Name]
		if i >= len(want) || len(want[i].Data) == 0 {
			continue
		}
		if !slices.Equal(t.Shape, want[i].Shape) {
			return 0, fmt.Errorf("output %d has shape %v, the peer's has %v", i, t.Shape, want[i].Shape)
		}
		list, err := t.Float32s()
		if err != nil {
			return 0, err
		}
		spread := 1.0
		if i < len(n.Spread) {
			spread = math.Max(n.Spread[i], 1e-6)
		}
		for j := 0; j < len(want[i].Data)/4; j++ {
			v := float64(math.Float32frombits(binary.LittleEndian.Uint32(want[i].Data[4*j:])))
			if d := math.Abs(v-float64(list[j*want[i].Step])) / spread; !(d <= out) {
				out = d
			}
		}
	}
	return out, nil
}

// peer is the Python process with the same file.
type peer struct {
	command *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
	outputs []sample
}

func (o options) start(ctx context.Context) (*peer, error) {
	p := &peer{command: exec.CommandContext(ctx, o.python, filepath.Join("test", "bench", "models", "peer.py"), o.folder)}
	p.command.Stderr = os.Stderr
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	pipe, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = json.NewDecoder(pipe)
	return p, p.command.Start()
}

// open opens a file of the zoo in place of the one before.
func (p *peer) open(name, format string) error {
	answer, err := p.ask(map[string]any{"open": name, "format": format})
	p.outputs = answer.Outputs
	return err
}

type answer struct {
	Outputs []sample
	Seconds float64
}

func (p *peer) ask(request map[string]any) (answer, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return answer{}, err
	}
	var out answer
	if _, err := p.in.Write(append(data, '\n')); err != nil {
		return out, err
	}
	return out, p.answers.Decode(&out)
}

func (p *peer) round(seconds float64) (float64, error) {
	out, err := p.ask(map[string]any{"run": seconds})
	return out.Seconds, err
}

func (p *peer) close() {
	_ = p.in.Close()
	_ = p.command.Wait()
}
