package dbcmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/dbcopy"
)

func newCopy() *cobra.Command {
	var o dbcopy.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy a database to a new one of any kind, and compare the two",
		Long: `Copy an MLflow database to a new database of any kind, and compare the two row by row.

FROM is only read. The copy is a snapshot of the moment when the command starts; later
changes are not copied, so stop the server of FROM first.

TO must be empty, or contain an interrupted copy of FROM. In the latter case the command
continues that copy. Servers refuse to open TO until the copy is complete.

Artifacts are not in the database and stay where they are.`,
		Example: `  millrace db copy --dry-run sqlite:///mlflow.db postgresql://millrace@db.example.org/millrace
  millrace db copy sqlite:///mlflow.db postgresql://millrace@db.example.org/millrace`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			bar := output.NewRowBar(cmd.ErrOrStderr(), output.IsTerminal(cmd.ErrOrStderr()))
			start := time.Now()
			o.Progress = func(at dbcopy.Progress) { bar.Update(copyProgress(at)) }
			report, err := dbcopy.Copy(cmd.Context(), args[0], args[1], o)
			bar.Close()
			switch {
			case err != nil && cmd.Context().Err() != nil:
				return fmt.Errorf("the copy was interrupted; run the same command again to continue (%w)", err)
			case err != nil:
				return err
			case asJSON:
				return writeJSON(cmd.OutOrStdout(), report)
			}
			if err := writeCopyReport(cmd.OutOrStdout(), report); err != nil {
				return err
			}
			from, to, rows := db.RedactURI(args[0]), db.RedactURI(args[1]), output.Thousands(report.Rows())
			if o.DryRun {
				_, err = fmt.Fprintf(cmd.OutOrStdout(),
					"%s rows of %s would be copied to %s. Nothing was changed.\n", rows, from, to)
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(),
				"Copied %s rows of %s to %s in %s. All tables were compared and are identical.\n",
				rows, from, to, time.Since(start).Round(100*time.Millisecond))
			return err
		},
	}
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "list the tables and their row counts, and change nothing")
	cmd.Flags().BoolVar(&o.Restart, "restart", false, "delete the interrupted copy in TO and start again")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the tables and their row counts as JSON")
	return cmd
}

func copyProgress(at dbcopy.Progress) output.Progress {
	action := "copying"
	if at.Verifying {
		action = "comparing"
	}
	return output.Progress{Action: action, Item: at.Table, Done: at.Done, Total: at.Total}
}

func writeCopyReport(out io.Writer, r *dbcopy.Report) error {
	table := output.Table{Header: []string{"ROWS", " TABLE"}, AlignRight: true}
	for _, t := range r.Tables {
		if t.Rows > 0 {
			table.Add(output.Thousands(t.Rows), " "+t.Name)
		}
	}
	if err := table.Write(out); err != nil {
		return err
	}
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(out, "Not copied, because new databases do not have them: %s.\n", strings.Join(r.LeftOut, ", "))
	}
	if r.Resumed {
		fmt.Fprintln(out, "This continued an interrupted copy.")
	}
	if r.Note != "" {
		fmt.Fprintln(out, r.Note)
	}
	return nil
}
