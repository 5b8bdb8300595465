package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/dbcopy"
)

func newDBCopy() *cobra.Command {
	var o dbcopy.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Move everything to a new database, of any kind",
		Long: "Copy an MLflow database into a new one and compare the two, row by row.\n\n" +
			"FROM and TO are written like the server's --backend-store-uri. FROM is only read, in the state of the moment when the\n" +
			"copy starts: what is written to it later is not copied, so stop its server first if nothing may be missed. TO must be\n" +
			"new, or hold what an earlier, interrupted copy of FROM left; then the copy goes on where that ended. No server takes\n" +
			"TO before the copy is whole. The files of runs and models are not in the database and stay where they are.",
		Example: "  millrace db copy sqlite:///mlflow.db postgresql://millrace@db.example.org/millrace",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, to := db.RedactURI(args[0]), db.RedactURI(args[1])
			bar := newProgress(cmd.ErrOrStderr())
			o.Progress = bar.show
			start := time.Now()
			report, err := dbcopy.Copy(cmd.Context(), args[0], args[1], o)
			bar.end()
			if err != nil {
				if cmd.Context().Err() != nil {
					return fmt.Errorf("the copy was interrupted; run the same command again to go on (%w)", err)
				}
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(report)
			}
			if err := writeCopyReport(cmd.OutOrStdout(), report); err != nil {
				return err
			}
			end := fmt.Sprintf("Copied %s rows of %s to %s in %s; every table was compared and is the same.\n",
				thousands(report.Rows()), from, to, time.Since(start).Round(100*time.Millisecond))
			if o.DryRun {
				end = fmt.Sprintf("%s rows of %s would be copied to %s. Nothing was changed.\n", thousands(report.Rows()), from, to)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), end)
			return err
		},
	}
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "list the tables and their rows, and change nothing")
	cmd.Flags().BoolVar(&o.Restart, "restart", false, "throw away what an interrupted copy left in TO and begin anew")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the tables and their rows as JSON")
	return cmd
}

func writeCopyReport(out io.Writer, r *dbcopy.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "ROWS\t TABLE")
	for _, t := range r.Tables {
		if t.Rows > 0 {
			fmt.Fprintf(w, "%s\t %s\n", thousands(t.Rows), t.Name)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(out, "Left out, since a new database does not have them: %s.\n", strings.Join(r.LeftOut, ", "))
	}
	if r.Resumed {
		fmt.Fprintln(out, "This went on from an interrupted copy.")
	}
	if r.Note != "" {
		fmt.Fprintln(out, r.Note)
	}
	return nil
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
