package autolog

import (
	"context"
	"errors"
	"log/slog"
)

// errorLimit is the number of tracking errors that a logger keeps for Err.
const errorLimit = 10

// Err returns the first tracking errors so far, joined, or nil if there are none. The training of a strict run ends
// with the first error.
func (l *Logger) Err() error { return errors.Join(l.errs...) }

// tracked handles the result of a tracking operation. It returns an error, which ends the training, if the context of
// the training is done or if the run is strict. Other errors are logged and the training continues.
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
	slog.WarnContext(l.ctx, "the training is tracked incompletely", "run_id", l.run.ID(), "error", err)
	return nil
}
