package observe

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/millrace-ml/millrace/internal/version"
)

// Directions of a transfer.
const (
	Upload   = "upload"
	Download = "download"
)

// metrics holds the metrics of requests. Their labels have values that the program
// defines: route patterns, known methods and status codes. A nil *metrics counts
// nothing.
type metrics struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	received  *prometheus.CounterVec
	sent      *prometheus.CounterVec
	inFlight  prometheus.Gauge
	transfers *prometheus.GaugeVec
}

// Register registers the metrics of the requests, of the Go runtime and of the
// process with reg.
func (o *Observer) Register(reg prometheus.Registerer) {
	m := newMetrics()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "millrace_build_info", Help: "1, with the version of the program and of Go as labels.",
		ConstLabels: prometheus.Labels{"version": version.Release(), "goversion": runtime.Version()},
	})
	build.Set(1)
	reg.MustRegister(m.requests, m.duration, m.received, m.sent, m.inFlight, m.transfers, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	o.metrics = m
}

func newMetrics() *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_http_requests_total",
			Help: "Requests by method, route pattern and status. The status 499 means that the client disconnected.",
		}, []string{"method", "route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "millrace_http_request_duration_seconds",
			Help:    "Time from the header of a request to the end of its response.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120},
		}, []string{"method", "route"}),
		received: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_http_request_bytes_total", Help: "Bytes read from request bodies.",
		}, []string{"route"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_http_response_bytes_total", Help: "Bytes written to response bodies.",
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "millrace_http_requests_in_flight", Help: "Requests that are being handled.",
		}),
		transfers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "millrace_artifact_transfers_in_flight", Help: "Files that are being uploaded or downloaded.",
		}, []string{"direction"}),
	}
	m.transfers.WithLabelValues(Upload)
	m.transfers.WithLabelValues(Download)
	return m
}

var knownMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions,
}

func (m *metrics) started() {
	if m != nil {
		m.inFlight.Inc()
	}
}

func (m *metrics) finished(method, route string, status int, took time.Duration, received, sent int64) {
	if m == nil {
		return
	}
	m.inFlight.Dec()
	if !slices.Contains(knownMethods, method) {
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(method, route).Observe(took.Seconds())
	m.received.WithLabelValues(route).Add(float64(received))
	m.sent.WithLabelValues(route).Add(float64(sent))
}

// Transfer counts a file transfer in the given direction until the returned
// function is called.
func Transfer(ctx context.Context, direction string) (done func()) {
	r := requestOf(ctx)
	if r == nil || r.metrics == nil {
		return func() {}
	}
	g := r.metrics.transfers.WithLabelValues(direction)
	g.Inc()
	return g.Dec
}
