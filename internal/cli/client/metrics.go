package client

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// NewMetrics returns the command `millrace metrics`.
func NewMetrics() *cobra.Command {
	cmd, c := newCommand("metrics", "Read and log metrics of runs",
		`  millrace metrics list --run-id $RUN_ID
  millrace metrics history --run-id $RUN_ID --key loss
  millrace metrics log --run-id $RUN_ID --key loss --value 0.25 --step 3`)
	cmd.AddCommand(newMetricsList(c), newMetricsHistory(c), newMetricsLog(c))
	return cmd
}

func newMetricsList(c *command) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the latest value of each metric of a run", Args: cobra.NoArgs}
	id := runIDFlag(c, cmd)
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		run, err := m.Run(cmd.Context(), *id)
		if err != nil {
			return err
		}
		list := append([]mlflow.Metric{}, run.Data.Metrics...)
		return c.print(cmd, list, func(out io.Writer) error {
			t := output.Table{Empty: "The run has no metrics.", Header: []string{"KEY", "VALUE", "STEP", "TIME"}}
			for _, x := range list {
				t.Add(x.Key, output.Number(x.Value), strconv.FormatInt(x.Step, 10), output.Time(x.Timestamp))
			}
			return t.Write(out)
		})
	})
	return cmd
}

func newMetricsHistory(c *command) *cobra.Command {
	cmd := &cobra.Command{Use: "history", Short: "List all logged values of a metric", Args: cobra.NoArgs}
	id, key := runIDFlag(c, cmd), metricKeyFlag(c, cmd)
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		list, err := collect(m.AllMetricValues(cmd.Context(), *id, *key), 0)
		if err != nil {
			return err
		}
		return c.print(cmd, list, func(out io.Writer) error {
			t := output.Table{
				Empty:  fmt.Sprintf("The run has no metric %s.", *key),
				Header: []string{"STEP", "TIME", "VALUE"},
			}
			for _, x := range list {
				t.Add(strconv.FormatInt(x.Step, 10), output.Time(x.Timestamp), output.Number(x.Value))
			}
			return t.Write(out)
		})
	})
	return cmd
}

func metricKeyFlag(c *command, cmd *cobra.Command) *string {
	key := cmd.Flags().StringP("key", "k", "", "`name` of the metric (required)")
	require(cmd, "key")
	c.completeFlag(cmd, "key", metricKeys)
	return key
}

func newMetricsLog(c *command) *cobra.Command {
	in := mlflow.LogMetricRequest{}
	var value float64
	cmd := &cobra.Command{Use: "log", Short: "Log a value of a metric", Args: cobra.NoArgs}
	id, key := runIDFlag(c, cmd), metricKeyFlag(c, cmd)
	cmd.Flags().Float64Var(&value, "value", 0, "`value` of the metric; NaN and Inf are allowed (required)")
	cmd.Flags().Int64Var(&in.Step, "step", 0, "training `step` of the value")
	require(cmd, "value")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		in.RunID, in.Key, in.Value, in.Timestamp = *id, *key, mlflow.Float(value), time.Now().UnixMilli()
		if err := m.LogMetric(cmd.Context(), &in); err != nil {
			return err
		}
		return c.done(cmd, "Logged %s=%s at step %d.", in.Key, output.Number(value), in.Step)
	})
	return cmd
}
