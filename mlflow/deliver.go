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

// Delivery tells what became of one file that a run left behind.
type Delivery struct {
	RunID string `json:"run_id"`
	File  string `json:"file"`
	// Values counts the metrics, params and tags that were sent, those included
	// that the server has had before.
	Values int `json:"values"`
	// Refused says what the server did not take, which is lost.
	Refused error `json:"-"`
	// Err is why the file is still there, nil if it is gone.
	Err error `json:"-"`
}

// Deliver sends what runs of programs that have ended could not deliver to this
// server, in the order in which it was logged, ends the runs that were ended, and
// deletes the files. A runID other than "" is the only run to look for. The files
// of programs that still run are left to them. See [WithSpill].
//
// A run that is started with its RunID gets what it left behind by itself.
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
		case s.size == 0: // Its program was killed before it wrote anything.
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

// deliver sends the lines of one file and deletes it.
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

// endLate sets the status that the program could not set. A server that refuses
// it is not asked again.
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

// once returns a client that makes one attempt at each request.
func (c *Client) once() *Client {
	once := *c
	once.retryFor = 0
	return &once
}

// finish sets the run's status, or leaves it in the spill behind the values that
// are there for a server that is away. met is what went wrong before.
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

// report returns what went wrong with tracking to a strict run, and logs it
// otherwise.
func (r *ActiveRun) report(err error) error {
	if err == nil || r.strict {
		return err
	}
	slog.Warn("not all of the run has been tracked", "run_id", r.Info.RunID, "error", err)
	return nil
}

// catchUp delivers what earlier programs left of a run that is resumed.
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
