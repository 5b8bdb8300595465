package dbcmd

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/dbcopy"
)

func newBackup() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup [URI] FILE",
		Short: "Back up a SQLite database while servers use it, and verify the copy",
		Long: `Write a consistent snapshot of a SQLite database to a new file while servers read and
write the database. The default URI is the one that a server opens.

FILE must not exist. It is created only after the copy is on disk, has passed SQLite's
integrity check, and has the same revision and row counts as the database. An interrupted
backup leaves at most a file with .partial- in its name.

To restore a backup, stop the server, replace the database with FILE, and remove the files
beside it that end in -wal and -shm.

For PostgreSQL and MySQL the command prints the command line of the database's own backup
tool. Artifacts are not in the database and must be backed up separately.`,
		Example: "  millrace db backup sqlite:////srv/mlflow/mlflow.db /backup/mlflow-2026-11-28.db",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			last := len(args) - 1
			uri, start := databaseURI(args[:last]), time.Now()
			report, err := dbcopy.Backup(cmd.Context(), uri, args[last])
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			}
			took := time.Since(start).Round(time.Millisecond)
			_, err = fmt.Fprintf(cmd.OutOrStdout(),
				"Backed up %s to %s in %s: %s rows, %s bytes, at revision %s. The copy was verified.\n",
				db.RedactURI(uri), report.Path, took,
				output.Thousands(report.TotalRows()), output.Thousands(report.Bytes), report.Revision)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the tables and their row counts as JSON")
	return cmd
}
