// Package traces has the routes of traces, their assessments and their spans. Each noun has
// a file.
package traces

import (
	"context"
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Files locates the files at an artifact URI.
type Files interface {
	Locate(uri string) (artifact.Repo, string, error)
}

// Handlers answers the requests.
type Handlers struct {
	Store  *store.Store
	Owners permit.Owners
	Files  Files
	// SendFile answers a request with a file.
	SendFile func(w http.ResponseWriter, req *http.Request, repo artifact.Repo, path string) error
}

// Routes mounts the routes.
func (h *Handlers) Routes(r *route.Router) {
	e := tracing.Endpoints
	r.Root("POST", ExportPath, rules.ExportSpans, h.export)
	route.On(r, e.StartTrace, rules.StartTrace, h.startTrace)
	route.On(r, e.GetTraceInfo, permit.Trace(access.ToRead), h.traceInfo)
	route.On(r, e.GetTrace, permit.Trace(access.ToRead), h.trace)
	route.On(r, e.BatchGetTraces, rules.ReadTraces, h.batchTraces)
	route.On(r, e.BatchTraceInfos, rules.ReadTraceInfos, h.batchInfos)
	route.On(r, e.SetTraceTag, permit.Trace(access.ToUpdate), h.setTag)
	route.On(r, e.DeleteTraceTag, permit.Trace(access.ToUpdate), h.deleteTag)
	route.OnAjax(r, e.RootNames, rules.ReadRootNames, h.rootNames)
	route.On(r, e.DeleteTraces, rules.DeleteTraces.Audited(), h.deleteTraces)
	route.On(r, e.DeleteTracesV2, rules.DeleteTraces.Audited(), h.deleteTraces)
	route.On(r, e.LinkTracesToRun, rules.LinkTraces, h.linkToRun)
	route.On(r, e.LinkPromptsToTrace, permit.Trace(access.ToUpdate), h.linkPrompts)
	r.Root("GET", "/ajax-api/2.0/mlflow/get-trace-artifact", rules.ReadTraceFile, h.traceFile)
	r.Root("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", rules.ReadTraceFile, h.traceFile)
	h.assessmentRoutes(r)
	h.searchRoutes(r)
	h.v2Routes(r)
}

// mayWrite returns a function that checks whether the user may write traces of an experiment.
func (h *Handlers) mayWrite(ctx context.Context) func(experimentID string) error {
	c := permit.New(ctx, h.Owners)
	return func(experimentID string) error {
		if c.Grants.Unlimited() {
			return nil
		}
		return c.PartOf(experimentID, access.Trace, access.ToUpdate)
	}
}

func (h *Handlers) startTrace(ctx context.Context, in *tracing.StartTraceRequest) (*tracing.TraceResponse, error) {
	info := in.Trace.TraceInfo
	id, err := validate.ExperimentID(info.ExperimentID())
	if err != nil {
		return nil, err
	}
	if err := checkTraceID(info.TraceID); err != nil {
		return nil, err
	}
	for i := range info.Assessments {
		if err := checkAssessment(&info.Assessments[i]); err != nil {
			return nil, err
		}
	}
	started, err := h.Store.StartTrace(ctx, id, info, h.mayWrite(ctx))
	return &tracing.TraceResponse{Trace: &tracing.Trace{TraceInfo: started}}, err
}

// checkTraceID returns an error for an id that cannot be part of a location of files.
func checkTraceID(id string) error {
	switch {
	case id == "":
		return apierror.MissingParameter("trace_id")
	case strings.ContainsAny(id, "/\\%?#") || strings.HasPrefix(id, ".") || strings.ContainsFunc(id, isControl):
		return validate.BadValue("trace_id", apierror.Shorten(id), "An id has no slashes, control characters or any of "+
			"%, ? and #, and does not begin with a period.")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func (h *Handlers) traceInfo(ctx context.Context, in *tracing.TraceIDRequest) (*tracing.TraceResponse, error) {
	info, err := h.Store.TraceInfo(ctx, in.TraceID)
	return &tracing.TraceResponse{Trace: &tracing.Trace{TraceInfo: info}}, err
}

// maxTraces is the most traces that a request names.
const maxTraces = 500

func (h *Handlers) batchInfos(
	ctx context.Context, in *tracing.BatchTraceInfosRequest,
) (*tracing.TraceInfosResponse, error) {
	if err := checkCount("trace_ids", len(in.TraceIDs), maxTraces); err != nil {
		return nil, err
	}
	list, err := h.Store.TraceInfos(ctx, in.TraceIDs)
	if err != nil {
		return nil, err
	}
	out := &tracing.TraceInfosResponse{}
	wanted := inExperiments(in.ExperimentIDs)
	for i := range list {
		if wanted(&list[i]) {
			out.TraceInfos = append(out.TraceInfos, list[i])
		}
	}
	return out, nil
}

func checkCount(what string, n, limit int) error {
	if n > limit {
		return apierror.Invalid("%s has %d items; at most %d are allowed.", what, n, limit)
	}
	return nil
}

// inExperiments returns a function that reports whether a trace is in one of some experiments.
// Without a list, every trace is.
func inExperiments(ids *[]string) func(*tracing.TraceInfo) bool {
	if ids == nil {
		return func(*tracing.TraceInfo) bool { return true }
	}
	wanted := map[string]bool{}
	for _, id := range *ids {
		wanted[id] = true
	}
	return func(info *tracing.TraceInfo) bool { return wanted[info.ExperimentID()] }
}

func (h *Handlers) deleteTraces(
	ctx context.Context, in *tracing.DeleteTracesRequest,
) (*tracing.DeleteTracesResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	byID, byTime := len(in.RequestIDs) > 0, in.MaxTimestampMillis != nil
	switch {
	case !byID && !byTime:
		return nil, apierror.Invalid("Either `max_timestamp_millis` or `trace_ids` must be specified.")
	case byID && byTime:
		return nil, apierror.Invalid("Only one of `max_timestamp_millis` and `trace_ids` can be specified.")
	case byID && in.MaxTraces != nil:
		return nil, apierror.Invalid("`max_traces` can't be specified if `trace_ids` is specified.")
	case in.MaxTraces != nil && *in.MaxTraces <= 0:
		return nil, apierror.Invalid("`max_traces` must be a positive integer, received %d.", *in.MaxTraces)
	}
	n := 0
	if byID {
		n, err = h.Store.DeleteTraces(ctx, id, in.RequestIDs)
	} else {
		limit := 1<<31 - 1
		if in.MaxTraces != nil {
			limit = int(*in.MaxTraces)
		}
		n, err = h.Store.DeleteTracesUntil(ctx, id, *in.MaxTimestampMillis, limit)
	}
	return &tracing.DeleteTracesResponse{TracesDeleted: int32(n)}, err //nolint:gosec // It is bounded by limit.
}

// maxLinked is the most traces that one request links to a run.
const maxLinked = 100

func (h *Handlers) linkToRun(ctx context.Context, in *tracing.LinkTracesRequest) (*mlflow.Empty, error) {
	if n := len(in.TraceIDs); n > maxLinked {
		return nil, apierror.Invalid(
			"Cannot link more than %d traces to a run in a single request. Provided %d traces.", maxLinked, n)
	}
	if err := validate.RunID(in.RunID); err != nil {
		return nil, err
	}
	for _, id := range in.TraceIDs {
		if err := checkTraceID(id); err != nil {
			return nil, err
		}
		if err := validate.Length("trace_ids", id, maxAssociated); err != nil {
			return nil, err
		}
	}
	return &mlflow.Empty{}, h.Store.LinkToRun(ctx, in.TraceIDs, in.RunID)
}

// maxAssociated is the most characters of an end of an association.
const maxAssociated = 36

func (h *Handlers) linkPrompts(ctx context.Context, in *tracing.LinkPromptsRequest) (*mlflow.Empty, error) {
	if err := checkCount("prompt_versions", len(in.PromptVersions), maxLinked); err != nil {
		return nil, err
	}
	for _, v := range in.PromptVersions {
		if err := validate.Length("prompt_versions", v.Name+"/"+v.Version, maxAssociated); err != nil {
			return nil, err
		}
		if strings.Trim(v.Version, "0123456789") != "" {
			return nil, validate.BadValue("version", apierror.Shorten(v.Version), "A version is an integer.")
		}
	}
	return &mlflow.Empty{}, h.Store.LinkPrompts(ctx, in.TraceID, in.PromptVersions)
}
