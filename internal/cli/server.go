package cli

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/server"
)

// memoryTarget is the size of the heap without large request bodies, in bytes.
const memoryTarget = 80 << 20

func newServerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Serve the API and the web pages",
		Long: `Serve the API and the web pages. By default the database is ./mlflow.db and artifacts are
stored in ./mlartifacts.

Every flag can also be set by the environment variable that is shown after it.`,
		Example: `  millrace server
  millrace server --host 0.0.0.0 --port 8080
  millrace server --backend-store-uri postgresql://millrace@db.example.org/millrace`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if os.Getenv("GOMEMLIMIT") == "" {
				httplimit.SetMemoryTarget(memoryTarget)
			}
			c, err := config.Load(cmd.Flags(), os.Getenv)
			if err != nil {
				return err
			}
			s, err := server.New(cmd.Context(), c, slog.New(server.LogHandler(cmd.ErrOrStderr(), c.Log)))
			if err != nil {
				return err
			}
			if err := s.Announce(cmd.Context(), cmd.OutOrStdout()); err != nil {
				return err
			}
			return s.Serve(cmd.Context())
		},
	}
	config.Flags(cmd.Flags())
	return cmd
}
