package cli

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
)

// memoryTarget is from how many bytes on memory is reclaimed at once, instead of
// when it has doubled. It is no limit: what is in use stays.
const memoryTarget = 80 << 20

func newServerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Serve the API and the web pages",
		Long: "Serve the API and the web pages, on ./mlflow.db and ./mlartifacts unless told otherwise.\n" +
			"Each flag can also be set by the environment variable behind it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if os.Getenv("GOMEMLIMIT") == "" {
				debug.SetMemoryLimit(memoryTarget)
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

// commandLog is the log of a command that has no options for it.
func commandLog(cmd *cobra.Command) (*slog.Logger, error) {
	c, err := config.LogOf(os.Getenv)
	return slog.New(server.LogHandler(cmd.ErrOrStderr(), c)), err
}
