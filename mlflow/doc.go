// Package mlflow tracks experiments with a server that has MLflow's REST API, such as
// Millrace or `mlflow server`.
//
// A program connects, starts a run, and logs to it:
//
//	client, err := mlflow.Connect("") // reads MLFLOW_TRACKING_URI and the credentials
//	...
//	err = client.WithRun(ctx, mlflow.RunOptions{Name: "baseline"},
//		func(ctx context.Context, run *mlflow.ActiveRun) error {
//			if err := run.LogParam(ctx, "learning_rate", 0.01); err != nil {
//				return err
//			}
//			return run.LogMetric(ctx, "loss", 0.5, 1)
//		})
//
// There are three ways to get a [Client]:
//   - [Connect] takes a tracking URI and reads credentials from the environment and from
//     the files of MLflow's Python client. Most programs use it.
//   - [Login] does the same, checks the credentials with a request, and connects to
//     Databricks if no server is configured, as mlflow.login() of the Python client.
//   - [NewClient] takes an address and options only. It ignores the environment.
//
// Package local starts a server inside of the program, package models runs logged models,
// and package gomlx/autolog logs training loops of GoMLX.
//
// # Logging
//
// The methods of [ActiveRun] are those of Python's fluent API: params and tags
// ([ActiveRun.LogParams], [ActiveRun.SetTags]), metrics ([ActiveRun.LogMetrics]),
// artifacts ([ActiveRun.LogArtifacts], [ActiveRun.LogText], [ActiveRun.LogDict],
// [ActiveRun.LogFigure], [ActiveRun.LogImage], [ActiveRun.LogTable]), datasets
// ([ActiveRun.LogInput]) and models ([ActiveRun.LogModel]). Metrics are sent in the
// background; see [ActiveRun.LogMetric] and [WithSpill] for what happens while the server
// is not available.
//
// # REST API
//
// The methods of [Client] are the routes of the API. Messages have the names and fields
// of MLflow's API. Times are Unix milliseconds. A `required:"true"` tag marks a field that
// must not be absent or, for strings, empty; a `path:"..."` tag marks a field that is part
// of the URL. Errors of the API are [*Error] values; compare their codes with [errors.Is]:
//
//	if errors.Is(err, mlflow.ResourceDoesNotExist) { ... }
package mlflow

import "github.com/millrace-ml/millrace/mlflow/endpoint"

// Empty is a message without fields, {} in JSON.
type Empty = endpoint.Empty

// Version is the release of MLflow whose API and formats this package follows.
const Version = "3.17.2"
