package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newRunsCommand() *cobra.Command {
	cmd, c := newClientCommand("runs", "Work with the runs of a running server")
	cmd.AddCommand(
		newRunsList(c), newRunsSearch(c), newRunsDescribe(c), newRunsCreate(c), newRunsDeliver(c),
		c.onOne("delete", "Move a run to the trash", runIDFlag, (*mlflow.Client).DeleteRun, "Run %s is deleted."),
		c.onOne("restore", "Take a run out of the trash", runIDFlag, (*mlflow.Client).RestoreRun, "Run %s is restored."),
	)
	return cmd
}

// runIDFlag adds the flag of a command that cannot do without.
func runIDFlag(c *client, cmd *cobra.Command) *string {
	id := cmd.Flags().StringP("run-id", "r", "", "ID of the run (required)")
	need(cmd, "run-id")
	c.completeFlag(cmd, "run-id", runIDs)
	return id
}

// findRuns searches runs. The search itself finds nothing in an experiment that
// does not exist, which is then told.
func findRuns(cmd *cobra.Command, m *mlflow.Client, in *mlflow.SearchRunsRequest, limit int) ([]mlflow.Run, error) {
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

func newRunsList(c *client) *cobra.Command {
	var which experimentRef
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the runs of an experiment, newest first",
		Long:  "List the runs of an experiment, newest first. MLFLOW_EXPERIMENT_ID and MLFLOW_EXPERIMENT_NAME stand for the flags.",
		Args:  cobra.NoArgs,
	}
	which.flags(c, cmd)
	view := viewFlag(cmd)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		which.environment()
		e, err := which.get(cmd, m)
		if err != nil {
			return err
		}
		return c.showRuns(cmd, m, &mlflow.SearchRunsRequest{ExperimentIDs: []string{e.ExperimentID}, RunViewType: view()}, 0)
	})
	return cmd
}

func newRunsSearch(c *client) *cobra.Command {
	var which experimentRef
	var in mlflow.SearchRunsRequest
	cmd := &cobra.Command{
		Use:   "search",
		Short: "Search the runs of an experiment, or of several",
		Long: "Search the runs of an experiment, or, with IDs parted by commas, of several.\n\n" +
			"MLFLOW_EXPERIMENT_ID and MLFLOW_EXPERIMENT_NAME stand for the flags.",
		Args: cobra.NoArgs,
	}
	which.flags(c, cmd)
	view, limit := viewFlag(cmd), limitFlag(cmd, "runs")
	cmd.Flags().StringVar(&in.Filter, "filter", "", `which runs, such as "metrics.accuracy > 0.9 AND params.lr = '0.1'"`)
	cmd.Flags().StringArrayVar(&in.OrderBy, "order-by", nil, `a key of the order, such as "metrics.accuracy DESC"; repeat for more`)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		which.environment()
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
		return c.showRuns(cmd, m, &in, *limit)
	})
	return cmd
}

func (c *client) showRuns(cmd *cobra.Command, m *mlflow.Client, in *mlflow.SearchRunsRequest, limit int) error {
	runs, err := findRuns(cmd, m, in, limit)
	if err != nil {
		return err
	}
	return c.print(cmd, runs, func(out io.Writer) error {
		t := table{none: "There are no such runs.", head: []string{"STARTED", "NAME", "ID", "STATUS", "DURATION", "METRICS"}}
		for _, run := range runs {
			i := run.Info
			t.add(when(i.StartTime), i.RunName, i.RunID, string(i.Status), duration(i.StartTime, i.EndTime), metricText(run.Data.Metrics))
		}
		return t.write(out)
	})
}

// metricText names a few metrics, so that a line stays one.
func metricText(metrics []mlflow.Metric) string {
	const most = 4
	var list []string
	for i, m := range metrics {
		if i == most {
			list = append(list, fmt.Sprintf("%d more", len(metrics)-most))
			break
		}
		list = append(list, fmt.Sprintf("%s=%.4g", m.Key, m.Value))
	}
	return dash(list)
}

func newRunsDescribe(c *client) *cobra.Command {
	cmd := &cobra.Command{Use: "describe", Short: "Show a run with its params, tags and latest metrics", Args: cobra.NoArgs}
	id := runIDFlag(c, cmd)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		run, err := m.Run(cmd.Context(), *id)
		if err != nil {
			return err
		}
		return c.print(cmd, run, func(out io.Writer) error { return writeRun(out, run) })
	})
	return cmd
}

func writeRun(out io.Writer, run *mlflow.Run) error {
	i, t := run.Info, table{}
	t.add("ID", i.RunID)
	t.add("NAME", i.RunName)
	t.add("EXPERIMENT", i.ExperimentID)
	t.add("STATUS", string(i.Status))
	t.add("STAGE", string(i.LifecycleStage))
	t.add("USER", i.UserID)
	t.add("STARTED", when(i.StartTime))
	t.add("DURATION", duration(i.StartTime, i.EndTime))
	t.add("ARTIFACTS", i.ArtifactURI)
	for _, p := range run.Data.Params {
		t.add("PARAM "+p.Key, p.Value)
	}
	for _, m := range run.Data.Metrics {
		t.add("METRIC "+m.Key, number(m.Value)+" at step "+strconv.FormatInt(m.Step, 10))
	}
	for _, tag := range run.Data.Tags {
		t.add("TAG "+tag.Key, tag.Value)
	}
	if run.Inputs != nil {
		for _, d := range run.Inputs.DatasetInputs {
			t.add("DATASET "+d.Dataset.Name, d.Dataset.Digest)
		}
	}
	if run.Outputs != nil {
		for _, o := range run.Outputs.ModelOutputs {
			t.add("MODEL "+o.ModelID, "at step "+strconv.FormatInt(o.Step, 10))
		}
	}
	return t.write(out)
}
