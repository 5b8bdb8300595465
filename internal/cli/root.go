// Package cli is the millrace command: one file for each subcommand.
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
	"github.com/millrace-ml/millrace/internal/store/schema"
	release "github.com/millrace-ml/millrace/internal/version"
)

// Main runs the command line and returns its exit code: 0, or 1 after an error,
// which has been printed in one line.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "millrace:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "millrace",
		Short:         "An MLflow-compatible experiment tracker in one binary",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	// -h is --host, as with `mlflow server`; help is --help.
	root.PersistentFlags().Bool("help", false, "show help")
	root.AddCommand(newServerCommand(), newTokensCommand(), newDBCommand(),
		newExperimentsCommand(), newRunsCommand(), newArtifactsCommand(), newMetricsCommand(), newModelsCommand())
	return root
}

func version() string {
	return fmt.Sprintf("%s, serving the API of MLflow %s on its database revision %s", release.Release(), api.MLflowVersion, schema.Revision)
}
