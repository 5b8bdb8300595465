package client

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// experimentHelp describes the environment variables of experimentRef.
const experimentHelp = `Without a flag for the experiment, MLFLOW_EXPERIMENT_ID or MLFLOW_EXPERIMENT_NAME is used.`

// NewRuns returns the command `millrace runs`.
func NewRuns() *cobra.Command {
	cmd, c := newCommand("runs", "Manage runs",
		`  millrace runs list --experiment-name churn
  millrace runs search --experiment-id 1 --filter "metrics.accuracy > 0.9" --order-by "metrics.accuracy DESC"
  millrace runs describe --run-id $RUN_ID
  millrace runs create --experiment-name churn --run-name imported --tags source=csv`)
	cmd.AddCommand(
		newRunsList(c), newRunsSearch(c), newRunsDescribe(c), newRunsCreate(c), newRunsDeliver(c),
		c.onID("delete", "Move a run to the trash", runIDFlag, (*mlflow.Client).DeleteRun, "Deleted run %s."),
		c.onID("restore", "Restore a run from the trash", runIDFlag, (*mlflow.Client).RestoreRun, "Restored run %s."),
	)
	return cmd
}

// findRuns searches runs. It returns an error if an experiment does not exist; the
// server returns an empty list then.
func findRuns(
	cmd *cobra.Command, m *mlflow.Client, in *mlflow.SearchRunsRequest, limit int,
) ([]mlflow.Run, error) {
	if limit > 0 {
		size := int32(min(limit, 1000))
		in.MaxResults = &size
	}
	runs, err := collect(m.AllRuns(cmd.Context(), in), limit)
	if err == nil && len(runs) == 0 {
		for _, id := range in.ExperimentIDs {
			if _, err := m.Experiment(cmd.Context(), id); err != nil {
				return nil, err
			}
		}
	}
	return runs, err
}

func newRunsList(c *command) *cobra.Command {
	var which experimentRef
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the runs of an experiment, newest first",
		Long: `List the runs of an experiment, newest first.

` + experimentHelp,
		Args: cobra.NoArgs,
	}
	which.flags(c, cmd)
	view := viewFlag(cmd)
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		which.useEnvironment()
		e, err := which.get(cmd, m)
		if err != nil {
			return err
		}
		in := &mlflow.SearchRunsRequest{ExperimentIDs: []string{e.ExperimentID}, RunViewType: view()}
		return c.printRuns(cmd, m, in, 0)
	})
	return cmd
}

func newRunsSearch(c *command) *cobra.Command {
	var which experimentRef
	var in mlflow.SearchRunsRequest
	cmd := &cobra.Command{
		Use:   "search",
		Short: "Search the runs of one or more experiments",
		Long: `Search the runs of one or more experiments. Separate several experiment IDs with commas.

` + experimentHelp,
		Example: `  millrace runs search -x 1,2 --filter "metrics.accuracy > 0.9 AND params.lr = '0.1'"
  millrace runs search -n churn --order-by "metrics.accuracy DESC" --max-results 10`,
		Args: cobra.NoArgs,
	}
	which.flags(c, cmd)
	view, limit := viewFlag(cmd), limitFlag(cmd, "runs")
	cmd.Flags().StringVar(&in.Filter, "filter", "",
		"filter `expression`, such as \"metrics.accuracy > 0.9 AND params.lr = '0.1'\"")
	orderByFlag(cmd, &in.OrderBy, "metrics.accuracy DESC")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		which.useEnvironment()
		if err := which.check(); err != nil {
			return err
		}
		in.RunViewType = view()
		in.ExperimentIDs = strings.Split(which.id, ",")
		if which.name != "" {
			e, err := which.get(cmd, m)
			if err != nil {
				return err
			}
			in.ExperimentIDs = []string{e.ExperimentID}
		}
		return c.printRuns(cmd, m, &in, *limit)
	})
	return cmd
}

func (c *command) printRuns(
	cmd *cobra.Command, m *mlflow.Client, in *mlflow.SearchRunsRequest, limit int,
) error {
	runs, err := findRuns(cmd, m, in, limit)
	if err != nil {
		return err
	}
	return c.print(cmd, runs, func(out io.Writer) error {
		t := output.Table{
			Empty:  "No runs found.",
			Header: []string{"STARTED", "NAME", "ID", "STATUS", "DURATION", "METRICS"},
		}
		for _, run := range runs {
			i := run.Info
			t.Add(output.Time(i.StartTime), i.RunName, i.RunID, string(i.Status),
				output.Duration(i.StartTime, i.EndTime), metricsCell(run.Data.Metrics))
		}
		return t.Write(out)
	})
}

// metricsCell lists the first metrics, so that the row fits in a line.
func metricsCell(metrics []mlflow.Metric) string {
	const limit = 4
	var list []string
	for i, m := range metrics {
		if i == limit {
			list = append(list, fmt.Sprintf("%d more", len(metrics)-limit))
			break
		}
		list = append(list, fmt.Sprintf("%s=%.4g", m.Key, m.Value))
	}
	return joinOrDash(list)
}

func newRunsDescribe(c *command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "describe",
		Short: "Show a run with its parameters, tags and latest metrics",
		Args:  cobra.NoArgs,
	}
	id := runIDFlag(c, cmd)
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		run, err := m.Run(cmd.Context(), *id)
		if err != nil {
			return err
		}
		return c.print(cmd, run, func(out io.Writer) error { return writeRun(out, run) })
	})
	return cmd
}

func writeRun(out io.Writer, run *mlflow.Run) error {
	i, t := run.Info, output.Table{}
	t.Add("ID", i.RunID)
	t.Add("NAME", i.RunName)
	t.Add("EXPERIMENT", i.ExperimentID)
	t.Add("STATUS", string(i.Status))
	t.Add("STAGE", string(i.LifecycleStage))
	t.Add("USER", i.UserID)
	t.Add("STARTED", output.Time(i.StartTime))
	t.Add("DURATION", output.Duration(i.StartTime, i.EndTime))
	t.Add("ARTIFACTS", i.ArtifactURI)
	for _, p := range run.Data.Params {
		t.Add("PARAM "+p.Key, p.Value)
	}
	for _, m := range run.Data.Metrics {
		t.Add("METRIC "+m.Key, output.Number(m.Value)+" at step "+strconv.FormatInt(m.Step, 10))
	}
	for _, tag := range run.Data.Tags {
		t.Add("TAG "+tag.Key, tag.Value)
	}
	if run.Inputs != nil {
		for _, d := range run.Inputs.DatasetInputs {
			t.Add("DATASET "+d.Dataset.Name, d.Dataset.Digest)
		}
	}
	if run.Outputs != nil {
		for _, o := range run.Outputs.ModelOutputs {
			t.Add("MODEL "+o.ModelID, "at step "+strconv.FormatInt(o.Step, 10))
		}
	}
	return t.Write(out)
}
