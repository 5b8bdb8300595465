// Package cli is the command line of millrace. The commands of the server are in
// this package; the commands for databases and for clients are in subpackages.
package cli

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/cli/artifactcmd"
	"github.com/millrace-ml/millrace/internal/cli/client"
	"github.com/millrace-ml/millrace/internal/cli/dbcmd"
	"github.com/millrace-ml/millrace/internal/cli/usercmd"
	"github.com/millrace-ml/millrace/internal/store/schema"
	release "github.com/millrace-ml/millrace/internal/version"
)

// Main runs the command line and returns its exit code. After an error it prints
// the error as one line to stderr and returns 1.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := New()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "millrace:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

// New returns the command millrace with all of its subcommands.
func New() *cobra.Command {
	root := &cobra.Command{
		Use:   "millrace",
		Short: "An MLflow-compatible experiment tracker in one binary",
		Long: `Millrace is an MLflow-compatible experiment tracker and model registry in one binary.

"millrace server" runs the server. The commands for experiments, runs, metrics, artifacts and
models are clients of a running server.`,
		Example: `  millrace server
  millrace experiments create --experiment-name churn
  millrace runs list --experiment-name churn`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	// -h is --host, as in `mlflow server`. Help has only the long form.
	root.PersistentFlags().Bool("help", false, "show help")
	artifacts := client.NewArtifacts()
	artifacts.AddCommand(artifactcmd.NewCopy())
	root.AddCommand(newServerCommand(), newHealthcheckCommand(), newTokensCommand(), client.NewLogin(),
		dbcmd.New(), artifactcmd.NewGC(),
		usercmd.NewUsers(), usercmd.NewRoles(), usercmd.NewGrants(),
		client.NewExperiments(), client.NewRuns(), artifacts, client.NewMetrics(), client.NewModels())
	return root
}

func version() string {
	return fmt.Sprintf("%s, serving the API of MLflow %s on its database revision %s",
		release.Release(), api.MLflowVersion, schema.Revision)
}
