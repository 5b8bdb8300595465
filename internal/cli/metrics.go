package cli

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newMetricsCommand() *cobra.Command {
	cmd, c := newClientCommand("metrics", "Read and log the metrics of runs on a running server")
	cmd.AddCommand(newMetricsList(c), newMetricsHistory(c), newMetricsLog(c))
	return cmd
}

func newMetricsList(c *client) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the latest value of each metric of a run", Args: cobra.NoArgs}
	id := runIDFlag(c, cmd)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		run, err := m.Run(cmd.Context(), *id)
		if err != nil {
			return err
		}
		list := append([]mlflow.Metric{}, run.Data.Metrics...)
		return c.print(cmd, list, func(out io.Writer) error {
			t := table{none: "The run has no metrics.", head: []string{"KEY", "VALUE", "STEP", "TIME"}}
			for _, x := range list {
				t.add(x.Key, number(x.Value), strconv.FormatInt(x.Step, 10), when(x.Timestamp))
			}
			return t.write(out)
		})
	})
	return cmd
}

func newMetricsHistory(c *client) *cobra.Command {
	cmd := &cobra.Command{Use: "history", Short: "List all values of a metric of a run", Args: cobra.NoArgs}
	id, key := runIDFlag(c, cmd), metricKeyFlag(c, cmd)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		list, err := collect(m.AllMetricValues(cmd.Context(), *id, *key), 0)
		if err != nil {
			return err
		}
		return c.print(cmd, list, func(out io.Writer) error {
			t := table{none: fmt.Sprintf("The run has no metric %s.", *key), head: []string{"STEP", "TIME", "VALUE"}}
			for _, x := range list {
				t.add(strconv.FormatInt(x.Step, 10), when(x.Timestamp), number(x.Value))
			}
			return t.write(out)
		})
	})
	return cmd
}

func metricKeyFlag(c *client, cmd *cobra.Command) *string {
	key := cmd.Flags().StringP("key", "k", "", "name of the metric (required)")
	need(cmd, "key")
	c.completeFlag(cmd, "key", metricKeys)
	return key
}

func newMetricsLog(c *client) *cobra.Command {
	in := mlflow.LogMetricRequest{}
	var value float64
	cmd := &cobra.Command{Use: "log", Short: "Log a value of a metric of a run", Args: cobra.NoArgs}
	id, key := runIDFlag(c, cmd), metricKeyFlag(c, cmd)
	cmd.Flags().Float64Var(&value, "value", 0, "the value, which may be NaN (required)")
	cmd.Flags().Int64Var(&in.Step, "step", 0, "the step of the training")
	need(cmd, "value")
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		in.RunID, in.Key, in.Value, in.Timestamp = *id, *key, mlflow.Float(value), time.Now().UnixMilli()
		if err := m.LogMetric(cmd.Context(), &in); err != nil {
			return err
		}
		return c.done(cmd, "%s=%s is logged at step %d.", in.Key, number(value), in.Step)
	})
	return cmd
}

// number writes a value with all its digits; a large whole one, such as a
// count, without an exponent.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
