package cli

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

func newDBCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Look after the database",
	}
	cmd.AddCommand(newDBUpgrade(), newDBCheck(), newDBCopy(), newDBBackup())
	return cmd
}

func newDBUpgrade() *cobra.Command {
	var plan bool
	var to string
	cmd := &cobra.Command{
		Use:   "upgrade [URI]",
		Short: "Bring the database of an older MLflow (2.22 and later) up to date",
		Long: "Bring the database of an older MLflow (2.22 and later) to the schema of a newer one, as that one's `mlflow db upgrade` does.\n" +
			"--to names it by its number (" + releases() + ") or by the revision of its schema; without --to it is the newest.\n" +
			"Stop the servers that use it first. A SQLite file is copied before; of other databases make a backup yourself.\n" +
			"It is done as a whole or not at all; on MariaDB, an upgrade that was interrupted is completed by the same command.",
		Args: cobra.MaximumNArgs(1),
		RunE: onDatabase(func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error {
			release, err := schema.FindRelease(to)
			if err != nil {
				return fmt.Errorf("--to: %w", err)
			}
			steps := 0
			err = schema.Upgrade(cmd.Context(), sqlDB, f, release, plan, func(step string) {
				steps++
				fmt.Fprintln(cmd.OutOrStdout(), step)
			})
			switch {
			case err != nil:
				return fmt.Errorf("upgrading %s: %w", db.RedactURI(uri), err)
			case plan && steps > 1:
				fmt.Fprintf(cmd.OutOrStdout(), "These %d steps were not made. Without --plan they are.\n", steps)
			case !plan && steps > 1:
				fmt.Fprintln(cmd.OutOrStdout(), "The database is at revision "+release.Revision+", of "+release.String()+".")
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&plan, "plan", false, "say what would be done and change nothing")
	cmd.Flags().StringVar(&to, "to", "", "the MLflow release to go to, such as "+schema.Newest().Name)
	return cmd
}

// releases lists those whose databases a server opens.
func releases() string {
	var names []string
	for _, r := range schema.Releases {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

// onDatabase runs a command with the database that its argument or the
// environment names.
func onDatabase(run func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error) func(*cobra.Command, []string) error {
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

func newDBCheck() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [URI]",
		Short: "Report the database's revision, integrity, row counts and missing indexes",
		Long:  "Report the database's revision, integrity, row counts and what its tables lack. Nothing is changed; the exit code is 1 if something is wrong.",
		Args:  cobra.MaximumNArgs(1),
		RunE: onDatabase(func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error {
			report, err := schema.Check(cmd.Context(), sqlDB, f)
			if err != nil {
				return fmt.Errorf("checking %s: %w", db.RedactURI(uri), err)
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = printReport(cmd, report)
			}
			if err == nil && !report.OK() {
				err = errors.New("the database needs attention")
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

func printReport(cmd *cobra.Command, r *schema.Report) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "Database:  %s\nRevision:  %s (%s)\n", r.Database, r.Revision, r.RevisionIs)
	for _, part := range []struct {
		title, none string
		found       []string
	}{
		{"Integrity", "no fault found", r.Faults},
		{"Schema", "as MLflow makes it", r.Differences},
		{"Text", "all of it can be kept and told apart", r.Collations},
	} {
		found := part.found
		if len(found) == 0 {
			found = []string{part.none}
		}
		fmt.Fprintf(out, "%-10s %s\n", part.title+":", strings.Join(found, "\n           "))
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "rows\ttable\t")
	for _, t := range slices.Sorted(maps.Keys(r.Rows)) {
		fmt.Fprintf(w, "%d\t%s\t\n", r.Rows[t], t)
	}
	return w.Flush()
}

// databaseURI returns the argument, or what a server would open.
func databaseURI(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return config.DatabaseURI(os.Getenv)
}
