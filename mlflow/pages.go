package mlflow

import (
	"context"
	"iter"
)

// pages walks the results of a search page by page: next asks for the page at a
// token and returns its items and the next token. A failure ends the walk.
func pages[T any](next func(token string) ([]T, string, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for token := ""; ; {
			items, after, err := next(token)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range items {
				if !yield(&items[i], nil) {
					return
				}
			}
			if token = after; token == "" {
				return
			}
		}
	}
}

// AllRuns walks all runs that a search finds, page by page as they are wanted:
//
//	for run, err := range client.AllRuns(ctx, &mlflow.SearchRunsRequest{ExperimentIDs: ids}) {
func (c *Client) AllRuns(ctx context.Context, in *SearchRunsRequest) iter.Seq2[*Run, error] {
	return pages(func(token string) ([]Run, string, error) {
		page := *in
		page.PageToken = token
		out, err := c.SearchRuns(ctx, &page)
		return out.Runs, out.NextPageToken, err
	})
}

// AllExperiments walks all experiments that a search finds, as [Client.AllRuns]
// does; MaxResults is the size of a page, 1,000 when 0.
func (c *Client) AllExperiments(ctx context.Context, in *SearchExperimentsRequest) iter.Seq2[*Experiment, error] {
	return pages(func(token string) ([]Experiment, string, error) {
		page := *in
		page.PageToken = token
		if page.MaxResults == 0 {
			page.MaxResults = 1000
		}
		out, err := c.SearchExperiments(ctx, &page)
		return out.Experiments, out.NextPageToken, err
	})
}

// AllLoggedModels walks all logged models that a search finds, as [Client.AllRuns] does.
func (c *Client) AllLoggedModels(ctx context.Context, in *SearchLoggedModelsRequest) iter.Seq2[*LoggedModel, error] {
	return pages(func(token string) ([]LoggedModel, string, error) {
		page := *in
		page.PageToken = token
		out, err := c.SearchLoggedModels(ctx, &page)
		return out.Models, out.NextPageToken, err
	})
}

// AllRegisteredModels walks all registered models that a search finds, as
// [Client.AllRuns] does.
func (c *Client) AllRegisteredModels(
	ctx context.Context,
	in *SearchRegisteredModelsRequest,
) iter.Seq2[*RegisteredModel, error] {
	return pages(func(token string) ([]RegisteredModel, string, error) {
		page := *in
		page.PageToken = token
		out, err := c.SearchRegisteredModels(ctx, &page)
		return out.RegisteredModels, out.NextPageToken, err
	})
}

// AllModelVersions walks all model versions that a search finds, as
// [Client.AllRuns] does.
func (c *Client) AllModelVersions(ctx context.Context, in *SearchModelVersionsRequest) iter.Seq2[*ModelVersion, error] {
	return pages(func(token string) ([]ModelVersion, string, error) {
		page := *in
		page.PageToken = token
		out, err := c.SearchModelVersions(ctx, &page)
		return out.ModelVersions, out.NextPageToken, err
	})
}

// AllMetricValues walks all values of a run's metric in the order of time, step
// and value.
func (c *Client) AllMetricValues(ctx context.Context, runID, key string) iter.Seq2[*Metric, error] {
	size := int32(25000)
	return pages(func(token string) ([]Metric, string, error) {
		out, err := c.MetricHistory(
			ctx,
			&GetMetricHistoryRequest{RunID: runID, MetricKey: key, PageToken: token, MaxResults: &size},
		)
		return out.Metrics, out.NextPageToken, err
	})
}

// all collects what pages walks.
func all[T any](walk iter.Seq2[*T, error]) ([]T, error) {
	var list []T
	for item, err := range walk {
		if err != nil {
			return nil, err
		}
		list = append(list, *item)
	}
	return list, nil
}
