// Package dbcmd has the commands that work on a database without a server.
package dbcmd

import (
	"database/sql"
	"encoding/json"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db"
)

// New returns the command `millrace db`.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Check, upgrade, copy and back up databases",
		Long: `Check, upgrade, copy and back up the databases of Millrace and MLflow.

A database is named by a URI as in the server's option --backend-store-uri, for example
sqlite:///mlflow.db or postgresql://user@host/database.`,
	}
	cmd.AddCommand(newUpgrade(), newCheck(), newCopy(), newBackup())
	return cmd
}

// onDatabase returns the RunE of a command that opens the database of its optional
// argument.
func onDatabase(
	run func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		uri := databaseURI(args)
		sqlDB, f, err := db.OpenSQL(cmd.Context(), uri)
		if err != nil {
			return err
		}
		defer sqlDB.Close()
		return run(cmd, uri, sqlDB, f)
	}
}

// databaseURI returns the argument, or the URI that a server without options opens.
func databaseURI(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return config.DatabaseURI(os.Getenv)
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
