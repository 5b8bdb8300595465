// Package artifactcmd has the commands that work on the stores of artifacts without a server.
package artifactcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/artifact"
	_ "github.com/millrace-ml/millrace/internal/artifact/all" // the stores
	"github.com/millrace-ml/millrace/internal/artifact/copying"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/relocate"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// copyCommand is an execution of `millrace artifacts copy`.
type copyCommand struct {
	from, to                     string
	database                     string
	experimentID, experimentName string
	dryRun, relocate, asJSON     bool
	parallel                     int
	db                           *db.DB
	move                         *relocate.Move
	folders                      []string
	out, progress                io.Writer
	report                       copyReport
}

// copyReport is the result of the command in JSON.
type copyReport struct {
	From   string `json:"from"`
	To     string `json:"to"`
	DryRun bool   `json:"dry_run"`
	*copying.Report
	Relocated *relocate.Report `json:"relocated,omitempty"`
}

// NewCopy returns the command `millrace artifacts copy`.
func NewCopy() *cobra.Command {
	c := &copyCommand{}
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy the files of a store to another one, and compare them",
		Long: `Copy the files of an artifact store to another one, and compare each copy with its source.

FROM and TO are folders or URIs of object stores, as in the server's option
--artifacts-destination. The command accesses the stores directly, with the settings that the
server reads from the environment, and uses no server.

Files that TO already has are compared, and copied only if they differ. Therefore, an
interrupted copy continues when the same command is run again. Files that exist only in TO
remain. Unfinished uploads in local folders are not copied.

A file that changes during the copy is reported as a failure. Stop the server of FROM, or run
the command again after it was stopped. If any file fails, the exit code is 1.

With --relocate, the command then replaces FROM by TO in the locations that are recorded in
the database, in one transaction, and only if all files were copied and none has changed.
Locations that begin with mlflow-artifacts: need no change: start the server with
--artifacts-destination TO. Relative locations begin at the working directory, so run the
command in that of the server, while the server is stopped.`,
		Example: `  millrace artifacts copy ./mlartifacts s3://bucket/mlflow
  millrace artifacts copy --relocate --backend-store-uri sqlite:///mlflow.db ./mlruns s3://bucket/mlflow
  millrace artifacts copy --experiment-name churn --backend-store-uri sqlite:///mlflow.db \
    ./mlartifacts gs://bucket/mlflow`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f := cmd.Flags().Lookup("tracking-uri"); f != nil && f.Changed {
				return errors.New("--tracking-uri has no effect on this command, which uses no server")
			}
			c.from, c.to = args[0], args[1]
			c.out, c.progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return c.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.database, "backend-store-uri", "", "database with the locations, as in the server's option")
	flags.StringVarP(&c.experimentID, "experiment-id", "x", "", "`ID` of the experiment to copy (default all files)")
	flags.StringVarP(&c.experimentName, "experiment-name", "n", "", "`name` of the experiment to copy (default all files)")
	flags.BoolVar(&c.relocate, "relocate", false, "replace FROM by TO in the locations in the database afterwards")
	flags.BoolVar(&c.dryRun, "dry-run", false, "compare the lists of files, and change nothing")
	flags.IntVar(&c.parallel, "parallel", 8, "`number` of files that are copied at the same time, from 1 to 256")
	flags.BoolVar(&c.asJSON, "json", false, "print the result as JSON")
	return cmd
}

func (c *copyCommand) run(ctx context.Context) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	if c.database != "" {
		c.db, err = schema.OpenExisting(ctx, c.database, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.db.Close()) }()
		if err := c.plan(ctx); err != nil {
			return err
		}
	}
	from, err := openSource(ctx, c.from)
	if err != nil {
		return err
	}
	to, err := openTarget(ctx, c.to, c.dryRun)
	if err != nil {
		return err
	}
	start := time.Now()
	bar := output.NewCopyBar(c.progress, output.IsTerminal(c.progress))
	report, err := copying.Copy(ctx, from, to, copying.Options{
		Folders: c.folders, DryRun: c.dryRun, Parallel: c.parallel, Settle: c.relocate,
		Progress: func(at copying.Progress) {
			bar.Update(output.Progress{Action: "copying", Item: at.Path, Done: at.Bytes, Total: at.Total})
		},
	})
	bar.Close()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("the copy was interrupted; run the same command again to continue (%w)", err)
	case err != nil:
		return err
	}
	if c.relocate && report.Files == 0 && c.report.Relocated.Total() > 0 {
		return fmt.Errorf("%s has no files, but %s locations in the database are there; check that it is mounted and that "+
			"the settings of the store are right", c.report.From, output.Thousands(c.report.Relocated.Total()))
	}
	c.report.Report = report
	if c.relocate && !c.dryRun && report.Failed == 0 {
		if c.report.Relocated, err = c.move.Apply(ctx, c.db); err != nil {
			return fmt.Errorf("all files were copied, but the locations in the database are unchanged: %w", err)
		}
	}
	if err := c.print(time.Since(start)); err != nil || report.Failed == 0 {
		return err
	}
	text := fmt.Sprintf("%s of %s files were not copied", output.Thousands(report.Failed), output.Thousands(report.Files))
	if c.relocate {
		text += "; the locations in the database are unchanged"
	}
	return errors.New(text)
}

// check returns an error for arguments that do not fit together.
func (c *copyCommand) check() error {
	one := c.experimentID != "" || c.experimentName != ""
	switch {
	case c.experimentID != "" && c.experimentName != "":
		return errors.New("specify either --experiment-id or --experiment-name")
	case (one || c.relocate) && c.database == "":
		return errors.New("--experiment-id, --experiment-name and --relocate require --backend-store-uri")
	case !one && !c.relocate && c.database != "":
		return errors.New("--backend-store-uri requires --experiment-id, --experiment-name or --relocate")
	case c.parallel < 1 || c.parallel > 256:
		return errors.New("--parallel must be from 1 to 256")
	}
	c.report.From, c.report.To, c.report.DryRun = artifact.Redact(c.from), artifact.Redact(c.to), c.dryRun
	return checkApart(c.from, c.to)
}

// plan finds the folders of the experiment and checks that the locations can be changed.
func (c *copyCommand) plan(ctx context.Context) (err error) {
	if c.experimentID != "" || c.experimentName != "" {
		e, err := relocate.FindExperiment(ctx, c.db, c.from, c.experimentID, c.experimentName)
		if err != nil {
			return err
		}
		if e.Proxied && c.relocate {
			return errors.New("--relocate does not apply to this experiment: its location begins with mlflow-artifacts:, " +
				"which means the artifact destination of the server; copy the whole store and start the server with " +
				"--artifacts-destination TO")
		}
		c.folders = e.Folders
	}
	if !c.relocate {
		return nil
	}
	if c.move, err = relocate.NewMove(c.from, c.to, c.folders); err != nil {
		return err
	}
	c.report.Relocated, err = c.move.Check(ctx, c.db)
	return err
}

func (c *copyCommand) print(took time.Duration) error {
	if c.asJSON {
		enc := json.NewEncoder(c.out)
		enc.SetIndent("", "  ")
		return enc.Encode(&c.report)
	}
	r := &c.report
	for _, f := range r.Failures {
		fmt.Fprintf(c.out, "Not copied: %s: %s.\n", output.Printable(f.Path), output.Printable(f.Reason))
	}
	if r.DryRun {
		fmt.Fprintf(c.out, "%s files (%s) of %s would be copied to %s; %s have the same size there. Nothing was changed.\n",
			output.Thousands(r.Copied), output.Bytes(r.CopiedBytes), r.From, r.To, output.Thousands(r.Same))
	} else {
		fmt.Fprintf(c.out, "Copied %s files (%s) of %s to %s in %s; %s were there already. "+
			"All of them were compared with their sources.\n",
			output.Thousands(r.Copied), output.Bytes(r.CopiedBytes), r.From, r.To, took.Round(100*time.Millisecond),
			output.Thousands(r.Same))
	}
	if r.Relocated == nil || r.Failed > 0 {
		return nil
	}
	t := output.Table{Header: []string{"LOCATIONS", " COLUMN"}, AlignRight: true}
	for _, name := range slices.Sorted(maps.Keys(r.Relocated.Changed)) {
		t.Add(output.Thousands(r.Relocated.Changed[name]), " "+name)
	}
	if err := t.Write(c.out); err != nil {
		return err
	}
	verb := "were changed"
	if r.DryRun {
		verb = "would be changed"
	}
	fmt.Fprintf(c.out, "%s locations in the database %s.\n", output.Thousands(r.Relocated.Total()), verb)
	if r.Relocated.Proxied > 0 {
		fmt.Fprintf(c.out, "%s experiments have locations behind the server's proxy, which stay valid: "+
			"start the server with --artifacts-destination %s.\n", output.Thousands(r.Relocated.Proxied), r.To)
	}
	return nil
}

// checkApart returns an error if one of two stores contains the other one.
func checkApart(from, to string) error {
	a, ok1 := location.Parse(realPath(from))
	b, ok2 := location.Parse(realPath(to))
	if !ok1 || !ok2 {
		return nil // Opening the store says what is wrong.
	}
	_, inside := a.Below(b)
	_, around := b.Below(a)
	if inside || around {
		return fmt.Errorf("%s and %s overlap; a store cannot be copied into itself",
			artifact.Redact(from), artifact.Redact(to))
	}
	return nil
}
