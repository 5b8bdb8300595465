package mlflow

import (
	"context"
	"iter"
)

// pages iterates over the results of a search. next requests the page with a token and
// returns its items and the next token. An error ends the iteration.
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

// AllExperiments iterates over all experiments of a search; see [Client.AllRuns].
// MaxResults is the size of a page, by default 1,000.
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

// AllLoggedModels iterates over all logged models of a search; see [Client.AllRuns].
func (c *Client) AllLoggedModels(ctx context.Context, in *SearchLoggedModelsRequest) iter.Seq2[*LoggedModel, error] {
	return pages(func(token string) ([]LoggedModel, string, error) {
		page := *in
		page.PageToken = token
		out, err := c.SearchLoggedModels(ctx, &page)
		return out.Models, out.NextPageToken, err
	})
}

// AllRegisteredModels iterates over all registered models of a search; see
// [Client.AllRuns].
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

// AllModelVersions iterates over all model versions of a search; see [Client.AllRuns].
func (c *Client) AllModelVersions(ctx context.Context, in *SearchModelVersionsRequest) iter.Seq2[*ModelVersion, error] {
	return pages(func(token string) ([]ModelVersion, string, error) {
		page := *in
		page.PageToken = token
		out, err := c.SearchModelVersions(ctx, &page)
		return out.ModelVersions, out.NextPageToken, err
	})
}

// AllMetricValues iterates over all values of a run's metric, sorted by timestamp, step
// and value.
func (c *Client) AllMetricValues(ctx context.Context, runID, key string) iter.Seq2[*Metric, error] {
	size := int32(25000)
	return pages(func(token string) ([]Metric, string, error) {
		out, err := c.MetricHistory(ctx,
			&GetMetricHistoryRequest{RunID: runID, MetricKey: key, PageToken: token, MaxResults: &size})
		return out.Metrics, out.NextPageToken, err
	})
}

// all collects the items of an iteration.
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
