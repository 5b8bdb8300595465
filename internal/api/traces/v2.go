package traces

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// v2Routes mounts the routes of clients before MLflow 3.
func (h *Handlers) v2Routes(r *route.Router) {
	e := tracing.Endpoints
	route.On(r, e.StartTraceV2, permit.CreateIn(access.Trace), h.startTraceV2)
	route.On(r, e.EndTraceV2, permit.Trace(access.ToUpdate).In("RequestID"), h.endTraceV2)
	route.On(r, e.GetTraceInfoV2, permit.Trace(access.ToRead).In("RequestID"), h.traceInfoV2)
	route.On(r, e.SetTraceTagV2, permit.Trace(access.ToUpdate).In("RequestID"), h.setTagV2)
	route.On(r, e.DeleteTraceTagV2, permit.Trace(access.ToUpdate).In("RequestID"), h.deleteTagV2)
}

func (h *Handlers) startTraceV2(
	ctx context.Context, in *tracing.StartTraceV2Request,
) (*tracing.TraceV2Response, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	info, err := h.Store.StartTraceV2(ctx, id, &tracing.TraceInfo{
		RequestTime: tracing.Time(in.TimestampMS), TraceMetadata: pairMap(in.RequestMetadata), Tags: pairMap(in.Tags),
	})
	if err != nil {
		return nil, err
	}
	return &tracing.TraceV2Response{TraceInfo: V2(info)}, nil
}

func (h *Handlers) endTraceV2(ctx context.Context, in *tracing.EndTraceV2Request) (*tracing.TraceV2Response, error) {
	if in.Status == tracing.StateUnspecified {
		return nil, apierror.Invalid("The status of a trace that ends is OK or ERROR.")
	}
	info, err := h.Store.EndTraceV2(ctx, in.RequestID, in.TimestampMS, in.Status, pairMap(in.RequestMetadata),
		pairMap(in.Tags))
	if err != nil {
		return nil, err
	}
	return &tracing.TraceV2Response{TraceInfo: V2(info)}, nil
}

func (h *Handlers) traceInfoV2(ctx context.Context, in *tracing.RequestIDRequest) (*tracing.TraceV2Response, error) {
	info, err := h.Store.TraceInfo(ctx, in.RequestID)
	if err != nil {
		return nil, err
	}
	return &tracing.TraceV2Response{TraceInfo: V2(info)}, nil
}

func (h *Handlers) setTagV2(ctx context.Context, in *tracing.SetTraceTagV2Request) (*mlflow.Empty, error) {
	return h.setTag(ctx, &tracing.SetTraceTagRequest{TraceID: in.RequestID, Key: in.Key, Value: in.Value})
}

func (h *Handlers) deleteTagV2(ctx context.Context, in *tracing.DeleteTraceTagV2Request) (*mlflow.Empty, error) {
	return h.deleteTag(ctx, &tracing.DeleteTraceTagRequest{TraceID: in.RequestID, Key: in.Key})
}

// V2 returns a trace as clients before MLflow 3 know it.
func V2(info *tracing.TraceInfo) *tracing.TraceInfoV2 {
	out := &tracing.TraceInfoV2{
		RequestID: info.TraceID, ExperimentID: info.ExperimentID(), TimestampMS: int64(info.RequestTime),
		Status: info.State, RequestMetadata: pairs(info.TraceMetadata, tracing.MetadataSession, tracing.MetadataTokenUsage,
			tracing.MetadataCost), Tags: pairs(info.Tags, tracing.TagTraceName),
	}
	if out.Status == tracing.StateUnspecified {
		out.Status = "TRACE_STATUS_UNSPECIFIED"
	}
	if info.ExecutionDuration != nil {
		out.ExecutionTimeMS = int64(*info.ExecutionDuration)
	}
	return out
}

// pairs returns the pairs of a map by their keys. Those of the last keys, which the database has
// in columns, are at the end, as in MLflow.
func pairs(values map[string]string, last ...string) (list []tracing.Pair) {
	keys := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		return cmp.Or(slices.Index(last, a)-slices.Index(last, b), cmp.Compare(a, b))
	})
	for _, key := range keys {
		list = append(list, tracing.Pair{Key: key, Value: values[key]})
	}
	return list
}

func pairMap(list []tracing.Pair) map[string]string {
	values := make(map[string]string, len(list))
	for _, p := range list {
		values[p.Key] = p.Value
	}
	return values
}
