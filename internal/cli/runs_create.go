package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newRunsCreate(c *client) *cobra.Command {
	var which experimentRef
	var o mlflow.RunOptions
	var tags []string
	status := &choice{value: string(mlflow.RunFinished), of: []string{string(mlflow.RunFinished), string(mlflow.RunFailed), string(mlflow.RunKilled)}}
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a run and end it at once",
		Long: "Make a run and end it at once, for what happened elsewhere. An experiment that is named and does not exist is made.\n" +
			"MLFLOW_EXPERIMENT_ID and MLFLOW_EXPERIMENT_NAME stand for the flags.",
		Args: cobra.NoArgs,
		RunE: c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			var err error
			if o.Tags, err = tagMap(tags); err != nil {
				return err
			}
			which.environment()
			if err := which.check(); err != nil {
				return err
			}
			run, err := createRun(cmd, m, &which, o, mlflow.RunStatus(status.value))
			if err != nil {
				return err
			}
			return c.say(cmd, run, "Run %s (%s) is created in experiment %s: %s.", run.Info.RunID, printable(run.Info.RunName), run.Info.ExperimentID, run.Info.Status)
		}),
	}
	which.flags(c, cmd)
	cmd.Flags().StringVar(&o.Name, "run-name", "", "name of the run (default: the server invents one)")
	cmd.Flags().StringVarP(&o.Description, "description", "d", "", "what the run is")
	cmd.Flags().StringArrayVarP(&tags, "tags", "t", nil, "a tag as key=value; repeat for more")
	status.add(cmd, "status", "", "how the run ended")
	cmd.Flags().StringVar(&o.ParentRunID, "parent-run-id", "", "ID of the run that this one is part of")
	c.completeFlag(cmd, "parent-run-id", runIDs)
	return cmd
}

func createRun(cmd *cobra.Command, m *mlflow.Client, which *experimentRef, o mlflow.RunOptions, status mlflow.RunStatus) (*mlflow.Run, error) {
	ctx := cmd.Context()
	if o.ParentRunID != "" { // The server takes any tag.
		if _, err := m.Run(ctx, o.ParentRunID); err != nil {
			return nil, err
		}
	}
	if o.ExperimentID = which.id; which.name != "" {
		e, err := m.SetExperiment(ctx, which.name)
		if err != nil {
			return nil, err
		}
		o.ExperimentID = e.ExperimentID
	}
	o.Strict = true // What is said to be done is done.
	run, err := m.StartRun(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := run.End(ctx, status); err != nil {
		return nil, err
	}
	return m.Run(ctx, run.ID())
}

func tagMap(list []string) (map[string]string, error) {
	tags := map[string]string{}
	for _, tag := range list {
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("a tag is written key=value, not %q", tag)
		}
		if _, twice := tags[key]; twice {
			return nil, fmt.Errorf("the tag %q is given twice", key)
		}
		tags[key] = value
	}
	return tags, nil
}
