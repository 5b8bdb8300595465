// Package tracking connects an example program to a tracking server: the one that
// the environment names, or one in the program itself.
package tracking

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// Connect logs in to the server of MLFLOW_TRACKING_URI, or of DATABRICKS_HOST.
// Where neither is set it starts a server over ./mlflow.db, where `millrace
// server` finds the run afterwards. done ends that server.
func Connect(ctx context.Context, out io.Writer) (client *mlflow.Client, done func() error, err error) {
	if os.Getenv("MLFLOW_TRACKING_URI") != "" || os.Getenv("DATABRICKS_HOST") != "" {
		client, err = mlflow.Login(ctx)
		return client, func() error { return nil }, err
	}
	server, err := local.Start(ctx, local.Options{})
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(out, "MLFLOW_TRACKING_URI is not set, so the run goes to ./mlflow.db; watch it at %s, or afterwards with `millrace server`.\n", server.URL())
	return server.Client(), server.Close, nil
}
