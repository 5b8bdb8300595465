package client

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// completionTimeout limits the time that the shell is blocked after the Tab key.
	completionTimeout = 2 * time.Second
	// completionLimit is the maximum number of suggestions.
	completionLimit = 100
)

// suggest returns the values of a flag or argument. A tab separates a value from
// its description.
type suggest func(ctx context.Context, m *mlflow.Client, cmd *cobra.Command) ([]string, error)

// complete returns the completion function of a flag. It ignores errors, such as an
// unavailable server, because a message would disrupt the line that the user types.
func (c *command) complete(find suggest) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		m, err := c.connect(mlflow.WithRetryFor(0))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		list, err := find(ctx, m, cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeFirst completes only the first argument of a command.
func (c *command) completeFirst(find suggest) cobra.CompletionFunc {
	first := c.complete(find)
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return first(cmd, args, typed)
	}
}

func (c *command) completeFlag(cmd *cobra.Command, name string, find suggest) {
	_ = cmd.RegisterFlagCompletionFunc(name, c.complete(find))
}

func experiments(ctx context.Context, m *mlflow.Client) ([]mlflow.Experiment, error) {
	in := &mlflow.SearchExperimentsRequest{MaxResults: completionLimit, ViewType: mlflow.ViewAll}
	page, err := m.SearchExperiments(ctx, in)
	return page.Experiments, err
}

func experimentIDs(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	list, err := experiments(ctx, m)
	var found []string
	for _, e := range list {
		found = append(found, e.ExperimentID+"\t"+output.Printable(e.Name))
	}
	return found, err
}

func experimentNames(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	list, err := experiments(ctx, m)
	var found []string
	for _, e := range list {
		found = append(found, output.Printable(e.Name)+"\t"+e.ExperimentID)
	}
	return found, err
}

// runIDs suggests the newest runs of all experiments.
func runIDs(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	list, err := experiments(ctx, m)
	if err != nil {
		return nil, err
	}
	in := &mlflow.SearchRunsRequest{
		RunViewType: mlflow.ViewAll,
		MaxResults:  new(int32(completionLimit)),
		OrderBy:     []string{"attributes.start_time DESC"},
	}
	for _, e := range list {
		in.ExperimentIDs = append(in.ExperimentIDs, e.ExperimentID)
	}
	page, err := m.SearchRuns(ctx, in)
	var found []string
	for _, run := range page.Runs {
		description := output.Printable(run.Info.RunName) + ", " + output.Time(run.Info.StartTime)
		found = append(found, run.Info.RunID+"\t"+description)
	}
	return found, err
}

// metricKeys suggests the metrics of the run of --run-id.
func metricKeys(ctx context.Context, m *mlflow.Client, cmd *cobra.Command) ([]string, error) {
	run, err := m.Run(ctx, cmd.Flag("run-id").Value.String())
	if err != nil {
		return nil, err
	}
	var found []string
	for _, metric := range run.Data.Metrics {
		found = append(found, metric.Key)
	}
	return found, nil
}

func modelNames(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	page, err := m.SearchRegisteredModels(ctx, &mlflow.SearchRegisteredModelsRequest{})
	var found []string
	for _, model := range page.RegisteredModels {
		found = append(found, model.Name)
	}
	return found, err
}

// modelURIs suggests the aliases and the latest versions of registered models.
func modelURIs(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	page, err := m.SearchRegisteredModels(ctx, &mlflow.SearchRegisteredModelsRequest{})
	var found []string
	for _, model := range page.RegisteredModels {
		for _, a := range model.Aliases {
			found = append(found, "models:/"+model.Name+"@"+a.Alias)
		}
		for _, v := range model.LatestVersions {
			found = append(found, "models:/"+model.Name+"/"+v.Version)
		}
	}
	return found, err
}
