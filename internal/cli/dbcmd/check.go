package dbcmd

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	users "github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

func newCheck() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [URI]",
		Short: "Report the revision, integrity, schema differences and row counts of a database",
		Long: `Report the revision, integrity, schema differences and row counts of a database.
The default URI is the one that a server opens.

The command only reads the database. It exits with code 1 if it finds a problem.`,
		Example: "  millrace db check sqlite:///mlflow.db",
		Args:    cobra.MaximumNArgs(1),
		RunE: onDatabase(func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error {
			report, err := check(cmd.Context(), sqlDB, f)
			if err != nil {
				return fmt.Errorf("checking %s: %w", db.RedactURI(uri), err)
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = writeCheckReport(cmd.OutOrStdout(), report)
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

// checkReport describes the tables of a database. Users is nil if it has no tables of users.
type checkReport struct {
	*schema.Report
	Users *users.Report `json:"users,omitempty"`
}

// OK reports whether no problem was found.
func (r *checkReport) OK() bool { return r.Report.OK() && (r.Users == nil || r.Users.OK()) }

func check(ctx context.Context, sqlDB *sql.DB, f db.Flavor) (*checkReport, error) {
	found, err := users.Find(ctx, sqlDB, f)
	if err != nil {
		return nil, err
	}
	r := &checkReport{}
	if r.Report, err = schema.Check(ctx, sqlDB, f, found.Runs || !found.Users); err == nil && found.Users {
		r.Users, err = users.Check(ctx, sqlDB, f)
	}
	return r, err
}

func writeCheckReport(out io.Writer, r *checkReport) error {
	fmt.Fprintf(out, "Database:  %s\nRevision:  %s (%s)\n", r.Database, cmp.Or(r.Revision, "none"), r.RevisionIs)
	differences := r.Differences
	if r.Users != nil {
		fmt.Fprintf(out, "Users:     %s (%s)\n", r.Users.Revision, r.Users.RevisionIs)
		differences = slices.Concat(differences, r.Users.Differences)
	}
	own := "no table or index is missing"
	if !r.Opened {
		own = "no server has opened it; the first start adds tables and indexes"
	}
	for _, part := range []struct {
		title, none string
		found       []string
	}{
		{"Integrity", "no errors found", r.Faults},
		{"Schema", "identical to MLflow's", differences},
		{"Millrace", own, r.Own},
		{"Text", "stored and compared without loss", r.Collations},
	} {
		found := part.found
		if len(found) == 0 {
			found = []string{part.none}
		}
		fmt.Fprintf(out, "%-10s %s\n", part.title+":", strings.Join(found, "\n           "))
	}
	t := output.Table{Header: []string{"ROWS", " TABLE"}, AlignRight: true}
	for _, name := range slices.Sorted(maps.Keys(r.Rows)) {
		t.Add(output.Thousands(r.Rows[name]), " "+name)
	}
	return t.Write(out)
}
