package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// client is a client of the server under test with many connections.
type client struct {
	*mlflow.Client
	url  string
	http *http.Client
}

// scenario is an operation that some clients repeat.
type scenario struct {
	name    string
	clients int
	unit    string
	scale   float64
	prepare func(context.Context, *client) (func(context.Context, int64) error, error)
}

// scenarios measures the scenarios, or those of traces if only is "traces".
func scenarios(ctx context.Context, p peer, url, only string, d time.Duration) (figures []figure, err error) {
	h := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	c := &client{mlflow.NewClient(url, mlflow.WithHTTPClient(h)), url, h}
	for _, s := range []scenario{
		{"log-metric, 1 client", 1, "/s", 1, logMetric},
		{"log-metric, 8 clients", 8, "/s", 1, logMetric},
		{"log-metric, 32 clients", 32, "/s", 1, logMetric},
		{"log-batch of 1000, 1 client", 1, "metrics/s", 1000, logBatch},
		{"create-run (create, tag, end), 1 client", 1, "/s", 1, createRun},
		{"create-run, 8 clients", 8, "/s", 1, createRun},
		{"traces of 100 spans, 1 client", 1, "spans/s", spansInTrace, exportTrace},
		{"traces of 100 spans, 8 clients", 8, "spans/s", spansInTrace, exportTrace},
	} {
		if only == "traces" != strings.HasPrefix(s.name, "traces") && only != "" ||
			p.oldAPI && strings.HasPrefix(s.name, "traces") {
			continue
		}
		op, err := s.prepare(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		rate, err := throughput(ctx, s.clients, d, op)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		figures = append(figures, figure{s.name, rate * s.scale, s.unit, higher})
	}
	if p.oldAPI || only == "traces" {
		return figures, nil
	}
	start := time.Now()
	if err := quickstart(ctx, c); err != nil {
		return nil, fmt.Errorf("quickstart: %w", err)
	}
	return append(figures,
		figure{"the quickstart's requests, one after the other", time.Since(start).Seconds() * 1000, "ms", lower}), nil
}

// throughput calls op from n goroutines for about d and returns the calls per second.
func throughput(ctx context.Context, n int, d time.Duration, op func(context.Context, int64) error) (float64, error) {
	var calls atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	start := time.Now()
	for range n {
		wg.Go(func() {
			for time.Since(start) < d && failed.Load() == nil {
				if err := op(ctx, calls.Add(1)); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(calls.Load()) / time.Since(start).Seconds(), nil
}

func newRun(ctx context.Context, c *client) (*mlflow.Run, error) {
	return c.CreateRun(ctx, &mlflow.CreateRunRequest{ExperimentID: "0", StartTime: time.Now().UnixMilli()})
}

func logMetric(ctx context.Context, c *client) (func(context.Context, int64) error, error) {
	run, err := newRun(ctx, c)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, i int64) error {
		return c.LogMetric(
			ctx,
			&mlflow.LogMetricRequest{
				RunID:     run.Info.RunID,
				Key:       "loss",
				Value:     mlflow.Float(i),
				Timestamp: time.Now().UnixMilli(),
				Step:      i,
			},
		)
	}, nil
}

func logBatch(ctx context.Context, c *client) (func(context.Context, int64) error, error) {
	run, err := newRun(ctx, c)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, n int64) error {
		batch := make([]mlflow.Metric, 1000)
		for i := range batch {
			batch[i] = mlflow.Metric{
				Key:       fmt.Sprintf("metric_%d", i%10),
				Value:     float64(i),
				Timestamp: n,
				Step:      n*100 + int64(i)/10,
			}
		}
		return c.LogBatch(ctx, &mlflow.LogBatchRequest{RunID: run.Info.RunID, Metrics: batch})
	}, nil
}

func createRun(_ context.Context, c *client) (func(context.Context, int64) error, error) {
	return func(ctx context.Context, _ int64) error {
		run, err := newRun(ctx, c)
		if err != nil {
			return err
		}
		if err := c.SetTag(ctx, run.Info.RunID, "stage", "bench"); err != nil {
			return err
		}
		return endRun(ctx, c, run.Info.RunID)
	}, nil
}

func endRun(ctx context.Context, c *client, id string) error {
	now := time.Now().UnixMilli()
	_, err := c.UpdateRun(ctx, &mlflow.UpdateRunRequest{RunID: id, Status: mlflow.RunFinished, EndTime: &now})
	return err
}

// quickstart sends the requests of the PyTorch quickstart: an experiment, a run, six
// params, a text file, 66 metrics one by one, and a model of six files.
func quickstart(ctx context.Context, c *client) error {
	experiment, err := c.CreateExperiment(ctx,
		&mlflow.CreateExperimentRequest{Name: fmt.Sprintf("quickstart-%d", time.Now().UnixNano())})
	if err != nil {
		return err
	}
	run, err := c.CreateRun(ctx, &mlflow.CreateRunRequest{ExperimentID: experiment, StartTime: time.Now().UnixMilli()})
	if err != nil {
		return err
	}
	id := run.Info.RunID
	var params []mlflow.Param
	for _, key := range []string{
		"epochs", "learning_rate", "batch_size", "loss_function", "metric_function", "optimizer",
	} {
		params = append(params, mlflow.Param{Key: key, Value: "1"})
	}
	if err := c.LogBatch(ctx, &mlflow.LogBatchRequest{RunID: id, Params: params}); err != nil {
		return err
	}
	if err := c.put(ctx, run.Info.ArtifactURI, "model_summary.txt", 1000); err != nil {
		return err
	}
	for step := range int64(30) {
		for _, key := range []string{"loss", "accuracy"} {
			if err := c.LogMetric(
				ctx,
				&mlflow.LogMetricRequest{RunID: id, Key: key, Value: 0.5, Timestamp: time.Now().UnixMilli(), Step: step},
			); err != nil {
				return err
			}
		}
		if step%10 == 9 {
			for _, key := range []string{"eval_loss", "eval_accuracy"} {
				if err := c.LogMetric(ctx,
					&mlflow.LogMetricRequest{RunID: id, Key: key, Value: 0.5, Timestamp: time.Now().UnixMilli()}); err != nil {
					return err
				}
			}
		}
	}
	model, err := c.CreateLoggedModel(ctx,
		&mlflow.CreateLoggedModelRequest{ExperimentID: experiment, Name: "model", SourceRunID: id})
	if err != nil {
		return err
	}
	if err := c.LogOutputs(ctx,
		&mlflow.LogOutputsRequest{RunID: id, Models: []mlflow.ModelOutput{{ModelID: model.Info.ModelID}}}); err != nil {
		return err
	}
	for _, name := range []string{
		"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "data/pickle_module_info.txt",
		"data/model.pth",
	} {
		if err := c.put(ctx, model.Info.ArtifactURI, name, 400_000); err != nil {
			return err
		}
	}
	if _, err := c.FinalizeLoggedModel(ctx, model.Info.ModelID, mlflow.ModelReady); err != nil {
		return err
	}
	return endRun(ctx, c, id)
}

// put uploads a file of n bytes below an mlflow-artifacts: URI.
func (c *client) put(ctx context.Context, uri, name string, n int) error {
	path := strings.TrimPrefix(uri, "mlflow-artifacts:/") + "/" + name
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, c.url+"/api/2.0/mlflow-artifacts/artifacts/"+path,
		bytes.NewReader(make([]byte, n)))
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT %s: %s", path, resp.Status)
	}
	return nil
}
