// Package traces keeps traces with their spans and assessments, in MLflow's tables.
//
// A trace is a row of trace_info with rows of trace_tags, trace_request_metadata, spans and
// assessments. The name of the trace, its session, its token usage and its cost are columns,
// which clients see as the tags and metadata of [tracing.TagTraceName],
// [tracing.MetadataSession], [tracing.MetadataTokenUsage] and [tracing.MetadataCost].
package traces

import (
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Traces keeps traces.
type Traces struct{ base.Room[Tx] }

// New returns the room of a store.
func New(s *base.Store) Traces {
	return Traces{base.NewRoom(s, func(t base.Transaction) Tx { return Tx{t} })}
}

// Tx is a transaction with the helpers of this room.
type Tx struct{ base.Transaction }

// promotedMetadata reports whether a key of the metadata is stored in columns of trace_info.
func promotedMetadata(key string) bool {
	return key == tracing.MetadataSession || key == tracing.MetadataTokenUsage || key == tracing.MetadataCost
}
