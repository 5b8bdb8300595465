package rules

import (
	"context"
	"iter"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// Hidden tells which types of parts a user may not even know the ids of, because a grant
// denies all of them.
type Hidden struct {
	Runs, LoggedModels, Versions, PromptVersions bool
}

// Redacter is a response that removes the ids of hidden parts from itself.
type Redacter interface{ Redact(h Hidden) }

// Redact removes the ids of parts that the user is denied from a response. As in MLflow,
// a resource that the user may read can name them.
func Redact(ctx context.Context, response any) {
	g := access.FromContext(ctx)
	if g.Unlimited() {
		return
	}
	denied := func(t access.Type) bool { return g.Permission(access.Key{Type: t, ID: access.Any}) == access.Deny }
	h := Hidden{
		Runs: denied(access.Run), LoggedModels: denied(access.LoggedModel),
		Versions: denied(access.RegisteredModelVersion), PromptVersions: denied(access.PromptVersion),
	}
	if h != (Hidden{}) {
		h.redact(response)
	}
}

func (h Hidden) redact(response any) {
	switch r := response.(type) {
	case *mlflow.RunResponse:
		h.run(r.Run)
	case *mlflow.SearchRunsResponse:
		for i := range r.Runs {
			h.run(&r.Runs[i])
		}
	case *mlflow.MetricHistoryResponse:
		h.metrics(r.Metrics)
		if r.More != nil {
			r.More = h.moreMetrics(r.More)
		}
	case *mlflow.MetricHistoryBulkResponse:
		h.metrics(r.Metrics)
	case *mlflow.MetricHistoryIntervalResponse:
		h.metrics(r.Metrics)
	case *mlflow.LoggedModelResponse:
		h.loggedModel(r.Model)
	case *mlflow.SearchLoggedModelsResponse:
		for i := range r.Models {
			h.loggedModel(&r.Models[i])
		}
	default:
		h.redactRegistry(response)
	}
}

func (h Hidden) redactRegistry(response any) {
	switch r := response.(type) {
	case *mlflow.ModelVersionResponse:
		h.Version(r.ModelVersion)
	case *mlflow.ModelVersionsResponse:
		for i := range r.ModelVersions {
			h.Version(&r.ModelVersions[i])
		}
	case *mlflow.SearchModelVersionsResponse:
		for i := range r.ModelVersions {
			h.Version(&r.ModelVersions[i])
		}
	case *mlflow.RegisteredModelResponse:
		h.model(r.RegisteredModel)
	case *mlflow.SearchRegisteredModelsResponse:
		for i := range r.RegisteredModels {
			h.model(&r.RegisteredModels[i])
		}
	case *mlflow.MonitorModelResponse:
		h.model(r.RegisteredModel)
		for i := range r.Versions {
			h.Version(&r.Versions[i].ModelVersion)
			if h.LoggedModels {
				r.Versions[i].ModelID = ""
			}
		}
	case Redacter:
		r.Redact(h)
	}
}

func (h Hidden) run(r *mlflow.Run) {
	if r == nil || !h.LoggedModels {
		return
	}
	if r.Inputs != nil {
		r.Inputs.ModelInputs = nil
	}
	if r.Outputs != nil {
		r.Outputs.ModelOutputs = nil
	}
	h.metrics(r.Data.Metrics)
}

func (h Hidden) metrics(list []mlflow.Metric) {
	for i := range list {
		if h.LoggedModels {
			list[i].ModelID = ""
		}
		if h.Runs {
			list[i].RunID = ""
		}
	}
}

func (h Hidden) moreMetrics(more iter.Seq[[]mlflow.Metric]) iter.Seq[[]mlflow.Metric] {
	return func(yield func([]mlflow.Metric) bool) {
		for list := range more {
			h.metrics(list)
			if !yield(list) {
				return
			}
		}
	}
}

func (h Hidden) loggedModel(m *mlflow.LoggedModel) {
	if m == nil || !h.Runs {
		return
	}
	m.Info.SourceRunID = ""
	h.metrics(m.Data.Metrics)
}

// Version removes the ids of hidden parts from a version.
func (h Hidden) Version(v *mlflow.ModelVersion) {
	if v != nil && h.Runs {
		v.RunID, v.RunLink = "", ""
	}
}

func (h Hidden) model(m *mlflow.RegisteredModel) {
	if m == nil {
		return
	}
	hidden := h.Versions
	for _, tag := range m.Tags {
		if tag.Key == "mlflow.prompt.is_prompt" && tag.Value == "true" {
			hidden = h.PromptVersions
		}
	}
	if hidden {
		m.LatestVersions = nil
	}
	for i := range m.LatestVersions {
		h.Version(&m.LatestVersions[i])
	}
}
