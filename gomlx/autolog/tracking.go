package autolog

import (
	"context"
	"errors"
	"log/slog"
)

// errorLimit is how many errors of tracking a logger remembers.
const errorLimit = 10

// Err returns what went wrong with tracking so far, nil if nothing did: the first
// errors, joined. A strict run's training has ended with it.
func (l *Logger) Err() error { return errors.Join(l.errs...) }

// tracked takes the result of something that is done for tracking alone. It ends
// the training with it if the run is strict, or if the training's context is over,
// which the methods of the run tell first; else it logs it and the training goes on.
func (l *Logger) tracked(err error) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if err == nil || l.run.Strict() {
		return err
	}
	if len(l.errs) < errorLimit {
		l.errs = append(l.errs, err)
	}
	slog.WarnContext(l.ctx, "the training is not tracked in full", "run_id", l.run.ID(), "error", err)
	return nil
}
