package serving

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the metrics of predictions. Those of requests are in package observe.
type metrics struct {
	registry *prometheus.Registry
	running  prometheus.Gauge
	waiting  prometheus.Gauge
	rejected prometheus.Counter
	duration prometheus.Histogram
	requests prometheus.Histogram
	model    *prometheus.GaugeVec
	reloads  *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "millrace_serving_predictions_in_flight", Help: "Predictions that are running.",
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "millrace_serving_requests_waiting", Help: "Requests that wait for a prediction to end.",
		}),
		rejected: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "millrace_serving_rejected_total", Help: "Requests that were rejected because too many were waiting.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "millrace_serving_prediction_duration_seconds",
			Help:    "Time of a prediction, without the time of waiting, reading and writing.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		requests: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_serving_prediction_requests", Help: "Requests that a prediction answered together.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
		}),
		model: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "millrace_serving_model_info", Help: "1, with the version of the model that is served.",
		}, []string{"version"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_serving_reloads_total", Help: "Changes to another version of the model, and failed ones.",
		}, []string{"result"}),
	}
	m.reloads.WithLabelValues("ok")
	m.reloads.WithLabelValues("failed")
	m.registry.MustRegister(m.running, m.waiting, m.rejected, m.duration, m.requests, m.model, m.reloads)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true,
	})
}
