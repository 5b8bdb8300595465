package db

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

// observer records metrics of an engine, logs its slow statements and maps its
// errors to API errors.
type observer struct {
	log        *slog.Logger
	slow       time.Duration // threshold for logging a statement; 0 logs none
	registerer prometheus.Registerer

	groupSize      prometheus.Histogram
	commitSeconds  prometheus.Histogram
	readWait       prometheus.Histogram
	errors         *prometheus.CounterVec
	slowStatements prometheus.Counter
}

// newObserver registers the metrics of an engine. name is primary or replica.
func newObserver(name string, o Options) *observer {
	var registerer prometheus.Registerer = prometheus.NewRegistry() // It is never gathered.
	if o.Registerer != nil {
		registerer = o.Registerer
	}
	registerer = prometheus.WrapRegistererWith(prometheus.Labels{"store": name}, registerer)
	seconds := prometheus.ExponentialBuckets(0.0005, 4, 9) // to 33 s
	v := &observer{
		log: o.Log, slow: o.SlowStatement, registerer: registerer,
		groupSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_group_size", Help: "Requests written by one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 8),
		}),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_commit_seconds", Help: "Time to run and commit a group of writing requests.",
			Buckets: seconds,
		}),
		readWait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_read_wait_seconds", Buckets: seconds,
			Help: "Time that requests wait for a connection, of those that find none idle.",
		}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_store_errors_total",
			Help: "Transactions that failed because of the database, by class of error.",
		}, []string{"class"}),
		slowStatements: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "millrace_store_slow_statements_total",
			Help: "Statements that took longer than the threshold of the log.",
		}),
	}
	registerer.MustRegister(v.groupSize, v.commitSeconds, v.readWait, v.errors, v.slowStatements)
	for _, class := range failureClasses {
		v.errors.WithLabelValues(class) // Create the series, so that rate() sees the first error.
	}
	return v
}

// queue registers a gauge of the requests that wait for the writer or for a
// connection.
func (v *observer) queue(length func() int) {
	v.registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "millrace_store_queue_length", Help: "Requests that wait for the writer or for a connection.",
	}, func() float64 { return float64(length()) }))
}

// connections registers gauges of the connections by state.
func (v *observer) connections(count func() (open, inUse int)) {
	states := map[string]func() int{
		"open":   func() int { open, _ := count(); return open },
		"in_use": func() int { _, inUse := count(); return inUse },
		"idle":   func() int { open, inUse := count(); return open - inUse },
	}
	for state, n := range states {
		v.registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "millrace_store_connections", Help: "Connections to the database by state.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(n()) }))
	}
}

// maxLogged is the maximum of bytes of a slow statement in the log.
const maxLogged = 500

// statement logs a statement that began at start if it was slow. It does not log
// the arguments, which are data of users.
func (v *observer) statement(ctx context.Context, query string, start time.Time) {
	if v == nil || v.slow == 0 {
		return
	}
	took := time.Since(start)
	if took < v.slow {
		return
	}
	v.slowStatements.Inc()
	text := strings.Join(strings.Fields(query), " ")
	if len(text) > maxLogged {
		text = text[:maxLogged] + "..."
	}
	v.log.WarnContext(ctx, "slow statement", "duration", took, "statement", text)
}

// apiError maps context errors and known failures of the database to API errors.
// It counts and logs the failures.
func (v *observer) apiError(ctx context.Context, err error) error {
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
	known := failureErrors[class]
	if known == nil {
		return err // The handler logs it.
	}
	if known.Code == mlflow.TemporarilyUnavailable {
		v.log.WarnContext(ctx, "the database failed a request", "class", failureClasses[class], "error", err)
	}
	return known
}

// WaitError returns the error of a request whose context ended before the request
// was sent to the database.
func WaitError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return mlflow.Errorf(mlflow.TemporarilyUnavailable,
			"The database did not take this request in time; nothing of it was stored. Try again.")
	}
	return cmp.Or(ctx.Err(), context.Canceled)
}
