package serving

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// job is a prediction for one request.
type job struct {
	ctx    context.Context //nolint:containedctx // A worker runs the prediction for a request.
	d      *deployment
	inputs map[string]*mlflow.Tensor
	// rows is the number of examples, and key tells which examples fit together. rows is 0 for
	// inputs that cannot be joined with others.
	rows int
	key  string
	done chan outcome
}

type outcome struct {
	outputs map[string]*mlflow.Tensor
	err     error
}

// pool runs a number of predictions at once and lets a number of requests wait. Requests that
// wait for the same model are predicted together, as soon as a prediction ends; a request that
// finds a free place is predicted alone and at once.
type pool struct {
	workers, limit int
	maxRows        int // of requests that are predicted together
	metrics        *metrics

	lock    sync.Mutex
	running int
	queue   []*job
}

func errBusy() error {
	return &mlflow.Error{
		Code:    mlflow.TemporarilyUnavailable,
		Status:  http.StatusServiceUnavailable,
		Message: "The server has more requests than it can predict; try again later.",
	}
}

// full reports whether a request could neither run nor wait now.
func (p *pool) full() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.running >= p.workers && len(p.queue) >= p.limit
}

// predict runs a prediction, and waits for a free place before.
func (p *pool) predict(ctx context.Context, d *deployment, inputs map[string]*mlflow.Tensor) (
	map[string]*mlflow.Tensor, error,
) {
	j := &job{ctx: ctx, d: d, inputs: inputs, done: make(chan outcome, 1)}
	j.rows, j.key = d.joiner.fit(inputs)
	p.lock.Lock()
	switch {
	case p.running < p.workers:
		p.running++
		p.lock.Unlock()
		p.run([]*job{j})
		p.next()
	case len(p.queue) >= p.limit:
		p.lock.Unlock()
		p.metrics.rejected.Inc()
		return nil, errBusy()
	default:
		p.queue = append(p.queue, j)
		p.metrics.waiting.Inc()
		p.lock.Unlock()
	}
	select {
	case out := <-j.done:
		return out.outputs, out.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// next gives the place of a prediction that has ended to the jobs that wait.
func (p *pool) next() {
	if jobs := p.take(); jobs != nil {
		go func() {
			for ; jobs != nil; jobs = p.take() {
				p.run(jobs)
			}
		}()
	}
}

// take removes the first job of the queue, with those that fit to it. It returns nil, and the
// place is free, if no job waits.
func (p *pool) take() []*job {
	p.lock.Lock()
	defer p.lock.Unlock()
	var jobs, rest []*job
	rows := 0
	for _, j := range p.queue {
		switch {
		case j.ctx.Err() != nil: // Nobody waits for it.
			p.metrics.waiting.Dec()
		case jobs == nil || j.fits(jobs[0]) && rows+j.rows <= p.maxRows:
			p.metrics.waiting.Dec()
			jobs, rows = append(jobs, j), rows+j.rows
		default:
			rest = append(rest, j)
		}
	}
	p.queue = rest
	if jobs == nil {
		p.running--
	}
	return jobs
}

// fits reports whether a job can be predicted together with another one.
func (j *job) fits(first *job) bool {
	return first.rows > 0 && j.rows > 0 && j.d == first.d && j.key == first.key && first.d.joiner.on(j.key)
}

func (p *pool) run(jobs []*job) {
	began := time.Now()
	p.metrics.running.Inc()
	defer func() {
		p.metrics.running.Dec()
		p.metrics.duration.Observe(time.Since(began).Seconds())
		p.metrics.requests.Observe(float64(len(jobs)))
	}()
	if len(jobs) > 1 {
		if jobs[0].d.joiner.run(jobs) {
			return
		}
	}
	for _, j := range jobs {
		outputs, err := j.d.run(j.ctx, j.inputs)
		j.done <- outcome{outputs, err}
	}
}

// run runs the model. A panic is an error.
func (d *deployment) run(ctx context.Context, inputs map[string]*mlflow.Tensor) (
	outputs map[string]*mlflow.Tensor, err error,
) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return d.model.Run(ctx, inputs)
}
