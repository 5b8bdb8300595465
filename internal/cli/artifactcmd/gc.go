package artifactcmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/gc"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// gcCommand is an execution of `millrace gc`.
type gcCommand struct {
	database, destination, defaultRoot      string
	olderThan                               string
	runIDs, experimentIDs, modelIDs, jobIDs string
	jobs, allWorkspaces                     bool
	workspace, trackingURI                  string
	dryRun, orphans, deleteOrphans, asJSON  bool
	out                                     io.Writer
}

// NewGC returns the command `millrace gc`.
func NewGC() *cobra.Command {
	c := &gcCommand{}
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove deleted runs, logged models and experiments for good, with their files",
		Long: `Remove the runs, logged models and experiments that are in the deleted lifecycle stage for good,
with their files. The options are those of "mlflow gc". A server can run at the same time.

Without IDs, all runs, logged models and experiments in that stage are removed. As in MLflow,
--run-ids selects among runs only, and deleted experiments and logged models are removed as well;
the same applies to the other IDs. With an experiment, everything in it is removed, also its
traces with their attachments. The files of traces that were deleted by themselves are removed,
too.

Files that a registered model version, or another run or logged model, refers to are kept.
Files are removed before rows. If the command is interrupted, run it again. If a store does not
answer, the rows of its runs stay, and the exit code is 1.

--orphans lists folders with files of model versions to which no version refers, and removes
nothing. Use --delete-orphans only if no other database uses the same store.`,
		Example: `  millrace gc --dry-run
  millrace gc --older-than 30d --backend-store-uri sqlite:///mlflow.db --artifacts-destination ./mlartifacts
  millrace gc --orphans --artifacts-destination s3://bucket/mlflow`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.out = cmd.OutOrStdout()
			return c.run(cmd.Context())
		},
	}
	c.flags(cmd)
	return cmd
}

func (c *gcCommand) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.olderThan, "older-than", "",
		"`time` since the deletion, such as 30d or 1d2h3m4s; for orphans since their last change (default 1d)")
	f.StringVar(&c.database, "backend-store-uri", "",
		"database (default MLFLOW_BACKEND_STORE_URI, or sqlite:///mlflow.db)")
	f.StringVar(&c.destination, "artifacts-destination", "",
		"store of locations that begin with mlflow-artifacts: (default MLFLOW_ARTIFACTS_DESTINATION, or ./mlartifacts)")
	f.StringVar(&c.defaultRoot, "default-artifact-root", "",
		"second store with orphans (default MLFLOW_DEFAULT_ARTIFACT_ROOT)")
	f.StringVar(&c.runIDs, "run-ids", "", "comma-separated `IDs` of runs (default all deleted ones)")
	f.StringVar(&c.experimentIDs, "experiment-ids", "", "comma-separated `IDs` of experiments (default all deleted ones)")
	f.StringVar(&c.modelIDs, "logged-model-ids", "", "comma-separated `IDs` of logged models (default all deleted ones)")
	f.BoolVar(&c.jobs, "jobs", false, "also remove the jobs that have ended")
	f.StringVar(&c.jobIDs, "job-ids", "", "comma-separated `IDs` of jobs to remove if they have ended")
	f.StringVar(&c.trackingURI, "tracking-uri", "",
		"not supported: the command accesses the store directly, see --artifacts-destination")
	f.StringVar(&c.workspace, "workspace", "", "`name` of a workspace (default MLFLOW_WORKSPACE, or all)")
	f.BoolVar(&c.allWorkspaces, "all-workspaces", false, "remove from all workspaces, also if MLFLOW_WORKSPACE is set")
	f.BoolVar(&c.dryRun, "dry-run", false, "list what would be removed, and change nothing")
	f.BoolVar(&c.orphans, "orphans", false, "only list folders with files of model versions that do not exist")
	f.BoolVar(&c.deleteOrphans, "delete-orphans", false, "only delete these folders")
	f.BoolVar(&c.asJSON, "json", false, "print the result as JSON")
}

func (c *gcCommand) run(ctx context.Context) (err error) {
	o, err := c.options()
	if err != nil {
		return err
	}
	d, err := schema.OpenExisting(ctx, cmp.Or(c.database, config.DatabaseURI(os.Getenv)), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if c.orphans || c.deleteOrphans {
		return c.runOrphans(ctx, d, o)
	}
	o.Removed = func(kind gc.Kind, id string) {
		if c.asJSON {
			return
		}
		verb := "has been permanently deleted"
		if c.dryRun {
			verb = "would be permanently deleted"
		}
		fmt.Fprintf(c.out, "%s with ID %s %s.\n", kind, id, verb)
	}
	report, err := gc.Collect(ctx, d, *o)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("the command was interrupted; run it again to continue (%w)", err)
	case err != nil:
		return err
	case c.asJSON:
		err = c.printJSON(report)
	default:
		c.print(report)
	}
	if err == nil && report.Kept > 0 {
		err = fmt.Errorf("%s runs, logged models, traces or experiments could not be removed",
			output.Thousands(report.Kept))
	}
	return err
}

// options reads the flags and the environment.
func (c *gcCommand) options() (o *gc.Options, err error) {
	o = &gc.Options{Jobs: c.jobs, DryRun: c.dryRun, Workspace: cmp.Or(c.workspace, os.Getenv("MLFLOW_WORKSPACE"))}
	switch {
	case c.trackingURI != "":
		return nil, errors.New("--tracking-uri is not supported: the command accesses the store directly; specify the " +
			"store with --artifacts-destination")
	case c.workspace != "" && c.allWorkspaces:
		return nil, errors.New("specify either --workspace or --all-workspaces")
	case (c.orphans || c.deleteOrphans) && c.selects():
		return nil, errors.New("--orphans and --delete-orphans do not go together with IDs, --jobs, workspaces and --dry-run")
	case c.orphans && c.deleteOrphans:
		return nil, errors.New("specify either --orphans or --delete-orphans")
	case c.defaultRoot != "" && !c.orphans && !c.deleteOrphans:
		return nil, errors.New("--default-artifact-root requires --orphans or --delete-orphans")
	case c.allWorkspaces:
		o.Workspace = ""
	}
	o.ArtifactsDestination = cmp.Or(c.destination, os.Getenv("MLFLOW_ARTIFACTS_DESTINATION"), "./mlartifacts")
	o.RunIDs, o.ModelIDs, o.JobIDs = split(c.runIDs), split(c.modelIDs), split(c.jobIDs)
	for _, id := range split(c.experimentIDs) {
		number, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the experiment ID '%s' is not a number", id)
		}
		o.ExperimentIDs = append(o.ExperimentIDs, number)
	}
	o.OlderThan, err = gc.ParseAge(c.olderThan)
	return o, err
}

// selects reports whether there is a flag that concerns deleted entities only.
func (c *gcCommand) selects() bool {
	return c.runIDs != "" || c.experimentIDs != "" || c.modelIDs != "" || c.jobIDs != "" || c.jobs || c.dryRun ||
		c.workspace != "" || c.allWorkspaces
}

// split returns the elements of a comma-separated list, nil for none.
func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func (c *gcCommand) runOrphans(ctx context.Context, d *db.DB, o *gc.Options) error {
	options := gc.OrphanOptions{
		Roots: []string{o.ArtifactsDestination}, ArtifactsDestination: o.ArtifactsDestination,
		OlderThan: cmp.Or(o.OlderThan, 24*time.Hour), Delete: c.deleteOrphans,
	}
	root := cmp.Or(c.defaultRoot, os.Getenv("MLFLOW_DEFAULT_ARTIFACT_ROOT"), o.ArtifactsDestination)
	if root != o.ArtifactsDestination && artifact.Scheme(root) != "mlflow-artifacts" {
		options.Roots = append(options.Roots, root)
	}
	orphans, err := gc.Orphans(ctx, d, options)
	if err != nil {
		return err
	}
	if c.asJSON {
		return c.printJSON(append([]gc.Orphan{}, orphans...))
	}
	t := output.Table{Empty: "There are no orphans.", Header: []string{"LOCATION", "FILES", "SIZE", "LAST CHANGE"}}
	for _, orphan := range orphans {
		t.Add(artifact.Redact(orphan.Location), output.Thousands(orphan.Files), output.Bytes(orphan.Bytes),
			orphan.Newest.Format(time.DateTime))
	}
	if err := t.Write(c.out); err != nil || len(orphans) == 0 {
		return err
	}
	text := "Nothing was changed. --delete-orphans deletes these folders."
	if c.deleteOrphans {
		text = "These folders were deleted."
	}
	_, err = fmt.Fprintln(c.out, text)
	return err
}

func (c *gcCommand) printJSON(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (c *gcCommand) print(r *gc.Report) {
	for _, kept := range r.KeptFirst {
		fmt.Fprintf(c.out, "%s with ID %s was kept: %s.\n", kept.Kind, output.Printable(kept.ID),
			strings.TrimSuffix(output.Printable(kept.Reason), "."))
	}
	verb := "Removed"
	if c.dryRun {
		verb = "Nothing was changed. The command would remove"
	}
	fmt.Fprintf(c.out, "%s %s runs, %s logged models, %s traces, %s experiments and %s jobs.\n", verb,
		output.Thousands(r.Runs), output.Thousands(r.LoggedModels), output.Thousands(r.Traces),
		output.Thousands(r.Experiments), output.Thousands(r.Jobs))
	if r.DeletedTraces > 0 {
		fmt.Fprintf(c.out, "Files of %s traces that were deleted by themselves are included.\n",
			output.Thousands(r.DeletedTraces))
	}
	if r.InUse > 0 {
		fmt.Fprintf(c.out, "Files of %s of them are in use by registered models, runs or logged models and were kept.\n",
			output.Thousands(r.InUse))
	}
}
