package traces

import (
	"context"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// LinkToRun links traces to a run. A trace that is linked already stays so. Neither the
// traces nor the run need exist, because traces are sent in the background.
func (s Traces) LinkToRun(ctx context.Context, traceIDs []string, runID string) error {
	return s.Update(ctx, func(t Tx) error { return t.linkToRun(traceIDs, runID) })
}

func (t Tx) linkToRun(traceIDs []string, runID string) error {
	return t.Associate(len(traceIDs), func(i int) base.Association {
		return link(traceIDs[i], base.EndRun, runID)
	})
}

// LinkPrompts links versions of prompts to a trace.
func (s Traces) LinkPrompts(ctx context.Context, traceID string, versions []tracing.PromptVersion) error {
	return s.Update(ctx, func(t Tx) error {
		if err := t.checkTrace(traceID); err != nil {
			return err
		}
		return t.Associate(len(versions), func(i int) base.Association {
			return link(traceID, base.EndPrompt, versions[i].Name+"/"+versions[i].Version)
		})
	})
}

// link returns a new association of a trace.
func link(traceID, kind, id string) base.Association {
	return base.Association{
		ID: uuid.NewString(), SourceType: base.EndTrace, Source: traceID, DestinationType: kind, To: id,
	}
}
