package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// pythonLogger logs single metrics for some seconds and prints the number per second.
// log_metric waits for the server, or queues like the Go SDK.
const pythonLogger = `
import sys, time
import mlflow
seconds, synchronous = float(sys.argv[1]), sys.argv[2] == "waiting"
with mlflow.start_run():
    start, n = time.time(), 0
    while time.time() - start < seconds:
        mlflow.log_metric("loss", n, step=n, synchronous=synchronous)
        n += 1
    mlflow.flush_async_logging()
    print(n / (time.time() - start))
`

// clients measures how fast programs log single metrics: with the Go SDK and, if python
// is not empty, with MLflow's client.
func clients(ctx context.Context, url, python string, d time.Duration) ([]figure, error) {
	rate, err := sdkRate(ctx, url, d)
	if err != nil {
		return nil, err
	}
	figures := []figure{{"LogMetric of the Go SDK", rate, "/s", higher}}
	if python == "" {
		return figures, nil
	}
	for _, kind := range []string{"waiting", "queueing"} {
		cmd := exec.CommandContext(ctx, python, "-c", pythonLogger, strconv.FormatFloat(d.Seconds(), 'f', -1, 64), kind)
		cmd.Env = append(os.Environ(), "MLFLOW_TRACKING_URI="+url, "MLFLOW_DISABLE_TELEMETRY=true",
			"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=true")
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("the Python client: %w", err)
		}
		rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			return nil, fmt.Errorf("the Python client: %w", err)
		}
		figures = append(figures, figure{"log_metric of the Python client, " + kind, rate, "/s", higher})
	}
	return figures, nil
}

// sdkRate logs metrics in the background for a while and counts them after the server
// has stored all.
func sdkRate(ctx context.Context, url string, d time.Duration) (float64, error) {
	run, err := mlflow.NewClient(url).StartRun(ctx, mlflow.RunOptions{})
	if err != nil {
		return 0, err
	}
	start, n := time.Now(), 0
	for ; time.Since(start) < d; n++ {
		if err := run.LogMetric(ctx, "loss", float64(n), int64(n)); err != nil {
			return 0, err
		}
	}
	if err := run.Flush(ctx); err != nil {
		return 0, err
	}
	rate := float64(n) / time.Since(start).Seconds()
	return rate, run.End(ctx, mlflow.RunFinished)
}
