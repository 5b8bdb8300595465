package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

// Completion waits for the server no longer than somebody who pressed Tab does,
// and offers this many words at most.
const (
	completionTime  = 2 * time.Second
	completionWords = 100
)

// words finds what a flag or argument may be; a tab parts a word from what it is.
type words func(ctx context.Context, m *mlflow.Client, cmd *cobra.Command) ([]string, error)

// complete is what Cobra calls. Without a server there is nothing to offer, and
// an error would only disturb the line that is being typed.
func (c *client) complete(find words) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
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

// completeFirst completes the first argument of a command and no other.
func (c *client) completeFirst(find words) cobra.CompletionFunc {
	first := c.complete(find)
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return first(cmd, args, typed)
	}
}

func (c *client) completeFlag(cmd *cobra.Command, name string, find words) {
	_ = cmd.RegisterFlagCompletionFunc(name, c.complete(find))
}

func experiments(ctx context.Context, m *mlflow.Client) ([]mlflow.Experiment, error) {
	page, err := m.SearchExperiments(ctx, &mlflow.SearchExperimentsRequest{MaxResults: completionWords, ViewType: mlflow.ViewAll})
	return page.Experiments, err
}

func experimentIDs(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	list, err := experiments(ctx, m)
	var found []string
	for _, e := range list {
		found = append(found, e.ExperimentID+"\t"+printable(e.Name))
	}
	return found, err
}

func experimentNames(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	list, err := experiments(ctx, m)
	var found []string
	for _, e := range list {
		found = append(found, printable(e.Name)+"\t"+e.ExperimentID)
	}
	return found, err
}

// runIDs offers the newest runs of all experiments.
func runIDs(ctx context.Context, m *mlflow.Client, _ *cobra.Command) ([]string, error) {
	list, err := experiments(ctx, m)
	if err != nil {
		return nil, err
	}
	most := int32(completionWords)
	in := &mlflow.SearchRunsRequest{RunViewType: mlflow.ViewAll, MaxResults: &most, OrderBy: []string{"attributes.start_time DESC"}}
	for _, e := range list {
		in.ExperimentIDs = append(in.ExperimentIDs, e.ExperimentID)
	}
	page, err := m.SearchRuns(ctx, in)
	var found []string
	for _, run := range page.Runs {
		found = append(found, run.Info.RunID+"\t"+printable(run.Info.RunName)+", "+when(run.Info.StartTime))
	}
	return found, err
}

// metricKeys offers the metrics of the run that --run-id names.
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

// modelURIs offers the aliases of registered models and their latest versions.
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
