package store

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/mlflow"
)

// observer counts and logs what an engine does, and words its errors.
type observer struct {
	log        *slog.Logger
	slow       time.Duration // statements that take longer are logged; 0 for none
	registerer prometheus.Registerer

	groupSize      prometheus.Histogram
	commitSeconds  prometheus.Histogram
	readWait       prometheus.Histogram
	errors         *prometheus.CounterVec
	slowStatements prometheus.Counter
}

// newObserver registers the metrics of the engine of that name, primary or replica.
func newObserver(name string, o Options) *observer {
	var registerer prometheus.Registerer = prometheus.NewRegistry() // which nobody gathers
	if o.Registerer != nil {
		registerer = o.Registerer
	}
	registerer = prometheus.WrapRegistererWith(prometheus.Labels{"store": name}, registerer)
	seconds := prometheus.ExponentialBuckets(0.0005, 4, 9) // to 33 s
	v := &observer{
		log: o.Log, slow: o.SlowStatement, registerer: registerer,
		groupSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_group_size", Help: "Requests written by one commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 8),
		}),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_commit_seconds", Help: "Time to run and commit a group of writing requests.", Buckets: seconds,
		}),
		readWait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_read_wait_seconds", Help: "Time that requests wait for a connection, of those that find none idle.", Buckets: seconds,
		}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_store_errors_total", Help: "Transactions that failed because of the database, by class of error.",
		}, []string{"class"}),
		slowStatements: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "millrace_store_slow_statements_total", Help: "Statements that took longer than the threshold of the log.",
		}),
	}
	registerer.MustRegister(v.groupSize, v.commitSeconds, v.readWait, v.errors, v.slowStatements)
	for _, class := range failureClasses {
		v.errors.WithLabelValues(class) // A counter that exists from the start has no gap.
	}
	return v
}

// queue registers the number of requests that wait to write.
func (v *observer) queue(length func() int) {
	v.registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "millrace_store_queue_length", Help: "Requests that wait for the writer or for a connection.",
	}, func() float64 { return float64(length()) }))
}

// connections registers the numbers of connections by state.
func (v *observer) connections(count func() (open, inUse int)) {
	states := map[string]func() int{
		"open":   func() int { open, _ := count(); return open },
		"in_use": func() int { _, inUse := count(); return inUse },
		"idle":   func() int { open, inUse := count(); return open - inUse },
	}
	for state, n := range states {
		v.registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "millrace_store_connections", Help: "Connections to the database by state.", ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(n()) }))
	}
}

// maxShape is how many bytes of a slow statement are logged.
const maxShape = 500

// statement logs a statement that began at start if it was slow. Its arguments
// are left out: they are users' data.
func (v *observer) statement(ctx context.Context, query string, start time.Time) {
	if v == nil || v.slow == 0 {
		return
	}
	took := time.Since(start)
	if took < v.slow {
		return
	}
	v.slowStatements.Inc()
	shape := strings.Join(strings.Fields(query), " ")
	if len(shape) > maxShape {
		shape = shape[:maxShape] + "..."
	}
	v.log.WarnContext(ctx, "slow statement", "duration", took, "statement", shape)
}

// explain returns err as the API answers it: the end of the request's own
// context, and the failures that a user or an administrator can mend, by name.
// It counts and logs failures of the database.
func (v *observer) explain(ctx context.Context, err error) error {
	if err == nil || mlflow.AsError(err) != nil {
		return err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	class := classify(err)
	if class != failureUnknown {
		v.errors.WithLabelValues(failureClasses[class]).Inc()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	named := failureErrors[class]
	if named == nil {
		return err // Whoever answers it logs it.
	}
	if named.Code == mlflow.TemporarilyUnavailable {
		v.log.WarnContext(ctx, "the database failed a request", "class", failureClasses[class], "error", err)
	}
	return named
}

// waitError explains that ctx ended while its request waited for the database.
// Nothing of the request was done by then.
func waitError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The database did not take this request in time; nothing of it was stored. Try again.")
	}
	return cmp.Or(ctx.Err(), context.Canceled)
}
