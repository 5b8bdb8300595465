package guide

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/millrace-ml/millrace/examples/internal/frame"
	"github.com/millrace-ml/millrace/examples/internal/plots"
	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/mlflow"
)

// target is the column to predict. classes are its values; the index is the number of
// the class.
const target = "diagnosis"

var classes = []string{"benign", "malignant"}

// The split of the page: a quarter of the rows for testing, shuffled as scikit-learn
// does with this seed.
const (
	testShare = 0.25
	splitSeed = 101
)

// part is one part of the split: the scaled features, row after row, and the classes.
type part struct {
	x []float32
	y []int
}

// split has the rows for training and for testing.
type split struct {
	train, test part
	scaler      frame.MinMaxScaler
}

// explore prints and logs a description of the data: tables, the count of each class,
// and the correlations.
func explore(ctx context.Context, run *mlflow.ActiveRun, data *frame.Frame, out io.Writer) error {
	var info bytes.Buffer
	if err := data.Info(&info); err != nil {
		return err
	}
	table := data.Describe().String()
	fmt.Fprintln(out, info.String()+table)
	if err := run.LogText(ctx, info.String(), "eda/info.txt"); err != nil {
		return err
	}
	if err := run.LogText(ctx, table, "eda/describe.txt"); err != nil {
		return err
	}
	values, err := data.ValueCounts(target)
	if err != nil {
		return err
	}
	var names []string
	var counts []int
	for _, v := range values {
		names, counts = append(names, v.Value), append(counts, v.Count)
	}
	if err := logPlot(ctx, run, "eda/countplot.png")(plots.CountPlot("Diagnoses", target, names, counts)); err != nil {
		return err
	}
	coded, err := numbered(data)
	if err != nil {
		return err
	}
	draw := logPlot(ctx, run, "eda/correlation_heatmap.png")
	return draw(plots.Heatmap("Correlation of the features", coded.names, coded.matrix))
}

type correlations struct {
	names  []string
	matrix [][]float64
}

func numbered(data *frame.Frame) (*correlations, error) {
	coded, err := data.Map(target, map[string]float64{classes[0]: 0, classes[1]: 1})
	if err != nil {
		return nil, err
	}
	names, matrix := coded.Corr()
	return &correlations{names, matrix}, nil
}

// logPlot returns a function that logs the result of a function of package plots.
func logPlot(ctx context.Context, run *mlflow.ActiveRun, name string) func(png []byte, err error) error {
	return func(png []byte, err error) error {
		if err != nil {
			return fmt.Errorf("drawing %s: %w", name, err)
		}
		return run.LogFigure(ctx, bytes.NewReader(png), name)
	}
}

// prepare splits the rows and scales the features to the range of the training rows.
func prepare(data *frame.Frame) (*split, error) {
	diagnosis, err := data.Column(target)
	if err != nil {
		return nil, err
	}
	y := make([]int, data.Len())
	for i, text := range diagnosis.Text {
		if y[i] = slices.Index(classes, text); y[i] < 0 {
			return nil, fmt.Errorf("row %d: the diagnosis is %q, not %q", i+1, text, classes)
		}
	}
	x, err := data.Drop(target).Matrix()
	if err != nil {
		return nil, err
	}
	if len(x) == 0 || len(x[0]) != features {
		return nil, fmt.Errorf("the data have no rows of %d features", features)
	}
	train, test := frame.TrainTestSplit(len(x), testShare, splitSeed)
	s := &split{}
	if err := s.scaler.Fit(frame.Take(x, train)); err != nil {
		return nil, err
	}
	for _, side := range []struct {
		rows []int
		to   *part
	}{{train, &s.train}, {test, &s.test}} {
		scaled, err := s.scaler.Transform(frame.Take(x, side.rows))
		if err != nil {
			return nil, err
		}
		for _, row := range scaled {
			for _, v := range row {
				side.to.x = append(side.to.x, float32(v))
			}
		}
		side.to.y = frame.Take(y, side.rows)
	}
	return s, nil
}

// batch returns a dataset with all rows in one batch, as on the page.
func (p *part) batch(title string) *trainer.Examples {
	return &trainer.Examples{
		Title: title, Shape: []int{features}, Count: len(p.y), Size: len(p.y),
		Features: func(from, to int) []float32 { return p.x[from*features : to*features] },
		Labels: func(from, to int) *tensors.Tensor {
			labels := make([]float32, 0, to-from)
			for _, class := range p.y[from:to] {
				labels = append(labels, float32(class))
			}
			return tensors.FromFlatDataAndDimensions(labels, to-from, 1)
		},
	}
}

func (p *part) tensor() *mlflow.Tensor {
	return &mlflow.Tensor{Shape: []int{len(p.y), features}, Data: p.x}
}

// describe returns descriptions of both parts for the inputs of the run.
func (s *split) describe(source string) (map[string]*mlflow.Dataset, error) {
	out := map[string]*mlflow.Dataset{}
	for purpose, p := range map[string]*part{"training": &s.train, "test": &s.test} {
		targets := make([]int64, len(p.y))
		for i, class := range p.y {
			targets[i] = int64(class)
		}
		diagnoses := &mlflow.Tensor{Shape: []int{len(targets)}, Data: targets}
		d, err := mlflow.NewDataset("breast-cancer-"+purpose, source, p.tensor(), diagnoses)
		if err != nil {
			return nil, err
		}
		out[purpose] = d
	}
	return out, nil
}
