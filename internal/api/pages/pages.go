// Package pages has the routes of Millrace's web pages that MLflow does not have. Each
// noun has a file.
package pages

import (
	"context"
	"log/slog"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxActivityCount is the most experiments whose activity one request asks for.
const maxActivityCount = 1000

// maxChildren is the most children of a run in an answer.
const maxChildren = 1000

// Limits of the days of a request.
const (
	defaultDays = 30
	maxDays     = 366
	maxDay      = 1 << 53 // The largest time that JavaScript can count to.
)

// Files locates the files at an artifact URI.
type Files interface {
	Locate(uri string) (artifact.Repo, string, error)
}

// Handlers answers the requests.
type Handlers struct {
	Store  *store.Store
	Owners permit.Owners
	Keeper permit.Keeper
	Files  Files
	// Server describes the server, without what the handler knows.
	Server mlflow.ServerDetails
	// VersionURI returns the artifact URI of a model version.
	VersionURI func(ctx context.Context, name, version string) (string, error)
	Log        *slog.Logger
	// Truncate truncates the value of a run tag to limit characters, or returns an error if
	// the server refuses long values. The error calls the value what.
	Truncate func(what, value string, limit int) (string, error)

	tables chan struct{} // an item for each table in a file that is being read
}

// Routes mounts the routes.
func (h *Handlers) Routes(r *route.Router) {
	h.tables = make(chan struct{}, fileTablesOpen)
	route.OnAjax(r, mlflow.Endpoints.ExperimentActivity, permit.Filtered, h.experimentActivity)
	route.OnAjax(r, mlflow.Endpoints.DailyRuns, permit.Filtered, h.dailyRuns)
	route.OnAjax(r, mlflow.Endpoints.MetricSummary, permit.Run(access.ToRead), h.metricSummary)
	route.OnAjax(r, mlflow.Endpoints.MetricSeries, rules.ReadSeries, h.metricSeries)
	route.OnAjax(r, mlflow.Endpoints.RunChildren, permit.Run(access.ToRead), h.runChildren)
	route.OnAjax(r, mlflow.Endpoints.ServerDetails, permit.User, h.serverDetails)
	route.OnAjax(r, mlflow.Endpoints.Lineage, rules.ReadLineage, h.lineage)
	route.OnAjax(r, mlflow.Endpoints.DatasetUsages, permit.Experiment(access.ToRead), h.datasetUsages)
	route.OnAjax(r, mlflow.Endpoints.GetDataset, permit.Experiment(access.ToRead), h.dataset)
	route.OnAjax(r, mlflow.Endpoints.ModelSignature, rules.ReadSignature, h.modelSignature)
	route.OnAjax(r, mlflow.Endpoints.FileTable, rules.ReadFileTable, h.fileTable)
	route.OnAjax(r, mlflow.Endpoints.MediaFiles, rules.ReadMedia, h.mediaFiles)
	r.Root("GET", "/ajax-api/millrace/artifacts/zip", rules.ReadFolder, h.folderZip)
	h.runTableRoutes(r)
	h.trashRoutes(r)
}

func (h *Handlers) experimentActivity(
	ctx context.Context,
	in *mlflow.ExperimentActivityRequest,
) (*mlflow.ExperimentActivityResponse, error) {
	ids, err := activeExperiments(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, err := h.Store.ExperimentActivity(ctx, ids)
	return &mlflow.ExperimentActivityResponse{Experiments: list}, err
}

// activeExperiments checks the experiments of a request for their activity.
func activeExperiments(texts []string) ([]int64, error) {
	if n := len(texts); n > maxActivityCount {
		return nil, apierror.Invalid("One request can ask for at most %d experiments. Got %d.", maxActivityCount, n)
	}
	return validate.ExperimentIDs(texts)
}

func (h *Handlers) dailyRuns(ctx context.Context, in *mlflow.DailyRunsRequest) (*mlflow.DailyRunsResponse, error) {
	days, err := countOf("days", in.Days, defaultDays, maxDays)
	if err != nil {
		return nil, err
	}
	if in.From < 0 || in.From > maxDay {
		return nil, apierror.Invalid("from must be between 0 and %d. Got %d.", int64(maxDay), in.From)
	}
	ids, err := activeExperiments(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, err := h.Store.DailyRuns(ctx, ids, in.From, days)
	return &mlflow.DailyRunsResponse{Experiments: list}, err
}

func (h *Handlers) metricSummary(
	ctx context.Context,
	in *mlflow.MetricSummaryRequest,
) (*mlflow.MetricSummaryResponse, error) {
	list, err := h.Store.MetricSummaries(ctx, in.RunID)
	return &mlflow.MetricSummaryResponse{Metrics: list}, err
}

func (h *Handlers) runChildren(
	ctx context.Context,
	in *mlflow.RunChildrenRequest,
) (*mlflow.RunChildrenResponse, error) {
	limit, err := countOf("max_results", in.MaxResults, maxChildren, maxChildren)
	if err != nil {
		return nil, err
	}
	list, err := h.Store.RunChildren(ctx, in.RunID, limit+1)
	bounded := len(list) > limit
	return &mlflow.RunChildrenResponse{Runs: list[:min(limit, len(list))], Bounded: bounded}, err
}
