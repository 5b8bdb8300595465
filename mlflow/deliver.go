package mlflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Delivery is the result of delivering the file of a run.
type Delivery struct {
	RunID string `json:"run_id"`
	File  string `json:"file"`
	// Values is the number of sent metrics, params and tags, including those that the
	// server already had.
	Values int `json:"values"`
	// Refused has the errors of values that the server refused. They are lost.
	Refused error `json:"-"`
	// Err is the reason why the file still exists, or nil.
	Err error `json:"-"`
}

// Deliver sends the values that earlier programs could not deliver to this server, in
// order, sets the status of their runs, and deletes the files. runID limits it to one
// run unless it is "". It skips the files of running programs. See [WithSpill].
//
// Resuming a run by its RunID delivers its values as well.
func (c *Client) Deliver(ctx context.Context, runID string) ([]Delivery, error) {
	names, err := filepath.Glob(filepath.Join(c.undeliveredDir(), "*"+spillSuffix))
	if err != nil {
		return nil, err
	}
	var list []Delivery
	var errs []error
	for _, name := range names {
		s, err := openSpill(name)
		if err != nil {
			errs = append(errs, err)
		}
		if s == nil {
			continue
		}
		switch {
		case s.size == 0: // The program was killed before it wrote anything.
			errs = append(errs, s.close())
		case s.owner.TrackingURI == c.addressWithoutUser() && (runID == "" || runID == s.owner.RunID):
			d := c.deliver(ctx, s)
			list = append(list, *d)
			errs = append(errs, d.Err)
		default:
			errs = append(errs, release(s.file))
		}
	}
	return list, errors.Join(errs...)
}

// deliver sends the lines of a file and deletes it.
func (c *Client) deliver(ctx context.Context, s *spill) *Delivery {
	d := &Delivery{RunID: s.owner.RunID, File: s.name}
	to := sender{send: c.sendTo(s.owner.RunID)}
	var met troubles
	for !s.empty() && d.Err == nil {
		line, err := s.oldest()
		if err != nil {
			d.Err = err
			break
		}
		if line.Status != "" {
			d.Err = c.endLate(ctx, s.owner.RunID, line, &met)
		}
		o := to.deliver(ctx, &line.values)
		met.add(o)
		switch {
		case o.away != nil:
			d.Err = o.away
		case o.gone != nil:
			d.Err = fmt.Errorf("the run takes nothing: %w", o.gone)
		default:
			d.Values += line.len() - len(o.refused)
			s.next += s.head
		}
	}
	d.Refused = met.take()
	if d.Err == nil {
		d.Err = s.close()
	} else {
		d.Err = errors.Join(fmt.Errorf("run %s in %s: %w", d.RunID, d.File, d.Err), release(s.file))
	}
	return d
}

// endLate sets the status of a run. It does not retry if the server refuses it.
func (c *Client) endLate(ctx context.Context, runID string, line *spillLine, met *troubles) error {
	_, err := c.UpdateRun(ctx, &UpdateRunRequest{RunID: runID, Status: line.Status, EndTime: &line.EndTime})
	if refusal(err) {
		met.note(err)
		return nil
	}
	return err
}

// sendTo returns a function that sends values to a run.
func (c *Client) sendTo(runID string) func(context.Context, *values) error {
	return func(ctx context.Context, v *values) error {
		return c.LogBatch(ctx, &LogBatchRequest{RunID: runID, Metrics: v.Metrics, Params: v.Params, Tags: v.Tags})
	}
}

// once returns a copy of the client without retries.
func (c *Client) once() *Client {
	once := *c
	once.retryFor = 0
	return &once
}

// finish sets the status of the run. If the server is not available, it appends the
// status to the spill. met has the errors so far.
func (r *ActiveRun) finish(ctx context.Context, status RunStatus, left int, met error) error {
	now := time.Now().UnixMilli()
	s := r.queue.spill
	if left == 0 {
		_, err := r.client.UpdateRun(ctx, &UpdateRunRequest{RunID: r.Info.RunID, Status: status, EndTime: &now})
		if err == nil || refusal(err) {
			return errors.Join(met, err, s.close())
		}
		met = errors.Join(met, err)
	}
	if err := s.add(&spillLine{Status: status, EndTime: now}); err != nil {
		return errors.Join(met, fmt.Errorf("the run's end is not kept: %w", err), s.close())
	}
	met = errors.Join(
		met,
		fmt.Errorf(
			"%d values and the run's end wait in %s; `millrace runs deliver` or Client.Deliver sends them",
			left,
			s.name,
		),
	)
	return errors.Join(met, s.close())
}

// report returns err to a strict run and logs it otherwise.
func (r *ActiveRun) report(err error) error {
	if err == nil || r.strict {
		return err
	}
	slog.Warn("not all of the run has been tracked", "run_id", r.Info.RunID, "error", err)
	return nil
}

// catchUp delivers the values of earlier programs for a run that is resumed.
func (c *Client) catchUp(ctx context.Context, runID string, strict bool) error {
	if _, err := os.Stat(c.undeliveredDir()); err != nil {
		return nil //nolint:nilerr // Nothing was left.
	}
	list, err := c.Deliver(ctx, runID)
	for _, d := range list {
		err = errors.Join(err, d.Refused)
	}
	if err != nil && !strict {
		slog.WarnContext(ctx, "not all that the run left behind is delivered", "run_id", runID, "error", err)
		return nil
	}
	return err
}
