package dbcmd

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

func newUpgrade() *cobra.Command {
	var plan bool
	var to string
	cmd := &cobra.Command{
		Use:   "upgrade [URI]",
		Short: "Upgrade a database of MLflow 2.22 or later to a newer schema",
		Long: `Upgrade a database of MLflow 2.22 or later to the schema of a newer release, as
"mlflow db upgrade" of that release does. The default URI is the one that a server opens.

--to selects the release by its number (` + releases() + `) or by its schema revision.
The default is the newest one.

Stop all servers of the database first. A SQLite file is backed up before the upgrade;
back up other databases yourself. The upgrade is atomic, except on MariaDB: if it is
interrupted there, run the same command again to complete it.`,
		Example: `  millrace db upgrade --plan sqlite:///mlflow.db
  millrace db upgrade sqlite:///mlflow.db`,
		Args: cobra.MaximumNArgs(1),
		RunE: onDatabase(func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error {
			release, err := schema.FindRelease(to)
			if err != nil {
				return fmt.Errorf("--to: %w", err)
			}
			out, steps := cmd.OutOrStdout(), 0
			err = schema.Upgrade(cmd.Context(), sqlDB, f, release, plan, func(step string) {
				steps++
				fmt.Fprintln(out, step)
			})
			switch {
			case err != nil:
				return fmt.Errorf("upgrading %s: %w", db.RedactURI(uri), err)
			case plan && steps > 1:
				fmt.Fprintf(out, "The upgrade has %d steps. Nothing was changed. Run it without --plan to upgrade.\n", steps)
			case !plan && steps > 1:
				fmt.Fprintf(out, "The database is at revision %s, of %s.\n", release.Revision, release)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&plan, "plan", false, "print the steps and change nothing")
	cmd.Flags().StringVar(&to, "to", "", "MLflow `release` to upgrade to, such as "+schema.Newest().Name)
	return cmd
}

// releases returns the names of the releases whose databases a server opens.
func releases() string {
	var names []string
	for _, r := range schema.Releases {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}
