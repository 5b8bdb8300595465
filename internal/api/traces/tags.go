package traces

import (
	"context"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// maxTagKey is the most characters of the key of a tag.
const maxTagKey = 250

// validTag reports whether a trace can have a tag with a key that a span brings.
func validTag(key string) bool {
	return key != "" && checkTagKey(key) == nil && settable(key) == nil
}

func checkTagKey(key string) error {
	return validate.First(validate.Key("key", key), validate.Length("key", key, maxTagKey))
}

// settable returns an error for the tags that the server keeps.
func settable(key string) error {
	switch key {
	case tracing.TagSpansLocation, tracing.TagArchiveLocation, tracing.TagArchivalFailure, tracing.TagArtifactLocation:
		return apierror.Invalid("Tag '%s' is immutable and cannot be set on a trace.", key)
	}
	return nil
}

func (h *Handlers) setTag(ctx context.Context, in *tracing.SetTraceTagRequest) (*mlflow.Empty, error) {
	if err := validate.First(checkTagKey(in.Key), settable(in.Key)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.SetTraceTag(ctx, in.TraceID, in.Key, in.Value)
}

func (h *Handlers) deleteTag(ctx context.Context, in *tracing.DeleteTraceTagRequest) (*mlflow.Empty, error) {
	if in.Key != tracing.TagArchivalFailure && settable(in.Key) != nil {
		return nil, apierror.Invalid("Tag '%s' is immutable and cannot be deleted on a trace.", in.Key)
	}
	return &mlflow.Empty{}, h.Store.DeleteTraceTag(ctx, in.TraceID, in.Key)
}
