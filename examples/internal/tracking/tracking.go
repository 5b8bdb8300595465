// Package tracking connects an example program to a tracking server.
package tracking

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// Connect logs in to the server of MLFLOW_TRACKING_URI or DATABRICKS_HOST. If neither is
// set, it starts a server in this program that stores the runs in ./mlflow.db, where
// `millrace server` finds them later. done closes that server.
func Connect(ctx context.Context, out io.Writer) (client *mlflow.Client, done func() error, err error) {
	if os.Getenv("MLFLOW_TRACKING_URI") != "" || os.Getenv("DATABRICKS_HOST") != "" {
		client, err = mlflow.Login(ctx)
		return client, func() error { return nil }, err
	}
	server, err := local.Start(ctx, local.Options{})
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(out, "MLFLOW_TRACKING_URI is not set, so the run is stored in ./mlflow.db.\n"+
		"Its page is at %s now, and at that of `millrace server` later.\n", server.URL())
	return server.Client(), server.Close, nil
}
