package serving

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// joiner predicts for several requests at once, if the first dimension of all inputs and
// outputs of a model has any size, and if the rows do not depend on each other. The latter is
// not written in the file of a model. Therefore the first times, requests are predicted
// together and one by one, and a model whose results differ is never given them together
// again.
type joiner struct {
	run func(jobs []*job) bool // Reports whether the jobs are done.

	able    bool
	specs   []mlflow.TensorSpec
	log     *slog.Logger
	predict func(ctx context.Context, inputs map[string]*mlflow.Tensor) (map[string]*mlflow.Tensor, error)

	lock   sync.Mutex
	proofs map[string]int // predictions that agreed, by key; -1 after one that did not
}

const (
	// neededProofs is how often requests are predicted in both ways.
	neededProofs = 3
	maxKeys      = 100
)

func newJoiner(d *deployment, log *slog.Logger) *joiner {
	j := &joiner{able: true, specs: d.model.Inputs(), log: log, predict: d.run, proofs: map[string]int{}}
	j.run = j.together
	for _, spec := range append(d.model.Outputs(), j.specs...) {
		j.able = j.able && len(spec.Shape) > 0 && spec.Shape[0] == -1
	}
	return j
}

// fit returns the number of rows of inputs, and a key for inputs of equal types and shapes
// but for the rows. It returns 0 for inputs that cannot be joined.
func (j *joiner) fit(inputs map[string]*mlflow.Tensor) (rows int, key string) {
	if !j.able {
		return 0, ""
	}
	var b strings.Builder
	for i, spec := range j.specs {
		t := inputs[spec.Name]
		if t == nil || len(t.Shape) == 0 || t.Shape[0] == 0 || i > 0 && t.Shape[0] != rows {
			return 0, ""
		}
		rows = t.Shape[0]
		fmt.Fprint(&b, t.DType(), t.Shape[1:])
	}
	return rows, b.String()
}

// on reports whether inputs of a key may be predicted together.
func (j *joiner) on(key string) bool {
	j.lock.Lock()
	defer j.lock.Unlock()
	n, known := j.proofs[key]
	return n >= 0 && (known || len(j.proofs) < maxKeys)
}

// together predicts for several requests at once. It reports false if that fails, which
// concerns no request yet.
func (j *joiner) together(jobs []*job) bool {
	rows := 0
	inputs := map[string]*mlflow.Tensor{}
	for _, spec := range j.specs {
		first := jobs[0].inputs[spec.Name]
		data := reflect.MakeSlice(reflect.TypeOf(first.Data), 0, 0)
		rows = 0
		for _, one := range jobs {
			data = reflect.AppendSlice(data, reflect.ValueOf(one.inputs[spec.Name].Data))
			rows += one.rows
		}
		shape := append([]int{rows}, first.Shape[1:]...)
		inputs[spec.Name] = &mlflow.Tensor{Shape: shape, Data: data.Interface()}
	}
	outputs, err := j.predict(context.WithoutCancel(jobs[0].ctx), inputs)
	if err != nil {
		return false
	}
	parts, ok := split(outputs, jobs, rows)
	if !ok {
		j.proven(jobs[0], false)
		return false
	}
	if !j.isProven(jobs[0].key) {
		return j.prove(jobs, parts)
	}
	for i, one := range jobs {
		one.done <- outcome{outputs: parts[i]}
	}
	return true
}

// split gives each request its rows of the outputs.
func split(outputs map[string]*mlflow.Tensor, jobs []*job, rows int) ([]map[string]*mlflow.Tensor, bool) {
	parts := make([]map[string]*mlflow.Tensor, len(jobs))
	for i := range parts {
		parts[i] = map[string]*mlflow.Tensor{}
	}
	for name, t := range outputs {
		if len(t.Shape) == 0 || t.Shape[0] != rows {
			return nil, false
		}
		size, at := t.Len()/rows, 0
		for i, one := range jobs {
			shape := append([]int{one.rows}, t.Shape[1:]...)
			data := reflect.ValueOf(t.Data).Slice3(at*size, (at+one.rows)*size, (at+one.rows)*size)
			parts[i][name] = &mlflow.Tensor{Shape: shape, Data: data.Interface()}
			at += one.rows
		}
	}
	return parts, true
}

func (j *joiner) isProven(key string) bool {
	j.lock.Lock()
	defer j.lock.Unlock()
	return j.proofs[key] >= neededProofs
}

func (j *joiner) proven(one *job, same bool) {
	j.lock.Lock()
	defer j.lock.Unlock()
	if same && j.proofs[one.key] >= 0 {
		j.proofs[one.key]++
		return
	}
	if j.proofs[one.key] >= 0 {
		j.log.WarnContext(one.ctx, "the rows of a request depend on each other, so requests are predicted one by one",
			"model", one.d.version, "inputs", one.key)
	}
	j.proofs[one.key] = -1
}

// prove predicts for each request alone, answers with that, and compares it with the results
// for all.
func (j *joiner) prove(jobs []*job, parts []map[string]*mlflow.Tensor) bool {
	same := true
	for i, one := range jobs {
		outputs, err := j.predict(one.ctx, one.inputs)
		one.done <- outcome{outputs, err}
		if err != nil {
			continue
		}
		for name, t := range outputs {
			same = same && near(t, parts[i][name])
		}
	}
	if !same || differ(jobs) { // Equal rows prove nothing: their mean is one of them.
		j.proven(jobs[0], same)
	}
	return true
}

// differ reports whether all requests have different inputs.
func differ(jobs []*job) bool {
	for i, one := range jobs {
		for _, other := range jobs[:i] {
			if reflect.DeepEqual(one.inputs, other.inputs) {
				return false
			}
		}
	}
	return true
}

// near reports whether two results differ by no more than the order of additions explains.
func near(a, b *mlflow.Tensor) bool {
	if b == nil || a.DType() != b.DType() || a.Len() != b.Len() {
		return false
	}
	x, err := a.Float32s()
	if err != nil { // They are strings.
		return reflect.DeepEqual(a.Data, b.Data)
	}
	y, err := b.Float32s()
	if err != nil {
		return false
	}
	for i := range x {
		v, w := float64(x[i]), float64(y[i])
		if v != w && !(math.IsNaN(v) && math.IsNaN(w)) && !(math.Abs(v-w) <= 1e-4*(1e-2+math.Abs(v))) {
			return false
		}
	}
	return true
}

// deployment is a version of a model that is served.
type deployment struct {
	version string
	model   *models.Model
	schema  schema
	encoder encoder
	joiner  *joiner
}
