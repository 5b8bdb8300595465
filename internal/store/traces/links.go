package traces

import (
	"context"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Types of the ends of an association.
const (
	sourceTrace       = "trace"
	destinationRun    = "run"
	destinationPrompt = "prompt_version"
)

// LinkToRun links traces to a run. A trace that is linked already stays so. Neither the
// traces nor the run need exist, because traces are sent in the background.
func (s Traces) LinkToRun(ctx context.Context, traceIDs []string, runID string) error {
	return s.Update(ctx, func(t Tx) error { return t.linkToRun(traceIDs, runID) })
}

func (t Tx) linkToRun(traceIDs []string, runID string) error {
	return t.associate(len(traceIDs), func(i int) (string, string, string) {
		return traceIDs[i], destinationRun, runID
	})
}

// LinkPrompts links versions of prompts to a trace.
func (s Traces) LinkPrompts(ctx context.Context, traceID string, versions []tracing.PromptVersion) error {
	return s.Update(ctx, func(t Tx) error {
		if err := t.checkTrace(traceID); err != nil {
			return err
		}
		return t.associate(len(versions), func(i int) (string, string, string) {
			return traceID, destinationPrompt, versions[i].Name + "/" + versions[i].Version
		})
	})
}

// associate links n traces to what link returns.
func (t Tx) associate(n int, link func(i int) (traceID, kind, id string)) error {
	now := base.NowMS()
	_, err := t.InsertRows(
		`INSERT INTO entity_associations (association_id, source_type, source_id, destination_type, destination_id,
			created_time)`,
		` ON CONFLICT (source_type, source_id, destination_type, destination_id) DO NOTHING`,
		6, n, func(args []any, i int) []any {
			traceID, kind, id := link(i)
			return append(args, uuid.NewString(), sourceTrace, traceID, kind, id, now)
		},
	)
	return err
}
