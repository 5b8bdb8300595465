package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/dbcopy"
)

func newDBBackup() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup [URI] FILE",
		Short: "Copy a SQLite database to a file while servers use it, and verify the copy",
		Long: "Copy a SQLite database to a new file, in the state of one moment, while servers read and write it.\n\n" +
			"URI is written like the server's --backend-store-uri; without it, it is the database that a server would open. FILE must not\n" +
			"exist. It appears when the copy is on the disk, passed SQLite's integrity check and has the revision and the rows of the\n" +
			"database; a backup that is interrupted leaves at most a file with .partial- in its name. To restore one, stop the server,\n" +
			"put the file in the place of the database, and remove the files beside it that end in -wal and -shm.\n" +
			"For PostgreSQL and MySQL, the command prints the line that makes a backup there. Files of runs and models are not in the database.",
		Example: "  millrace db backup sqlite:////srv/mlflow/mlflow.db /backup/mlflow-2026-11-28.db",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			uri := databaseURI(args[:len(args)-1])
			start := time.Now()
			report, err := dbcopy.Backup(cmd.Context(), uri, args[len(args)-1])
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Backed up %s to %s in %s: %s rows, %s bytes, at revision %s. The copy was read and compared.\n",
				db.RedactURI(uri), report.Path, time.Since(start).Round(time.Millisecond), thousands(report.TotalRows()), thousands(report.Bytes), report.Revision)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the tables and their rows as JSON")
	return cmd
}
