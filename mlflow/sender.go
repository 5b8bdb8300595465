package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// rejectedLimit is the number of consecutive refused values after which the sender
// checks whether the run accepts any, which a deleted run does not.
const rejectedLimit = 10

// toldLimit is the most errors that a run keeps between two flushes. It counts further
// errors.
const toldLimit = 10

// values is the contents of a log-batch request.
type values struct {
	Metrics []Metric `json:"metrics,omitempty"`
	Params  []Param  `json:"params,omitempty"`
	Tags    []Tag    `json:"tags,omitempty"`
}

func (v *values) len() int { return len(v.Metrics) + len(v.Params) + len(v.Tags) }

// halves splits two or more values.
func (v *values) halves() (first, second *values) {
	first, second = new(values), new(values)
	n := v.len() / 2
	m := min(n, len(v.Metrics))
	first.Metrics, second.Metrics = v.Metrics[:m], v.Metrics[m:]
	p := min(n-m, len(v.Params))
	first.Params, second.Params = v.Params[:p], v.Params[p:]
	t := n - m - p
	first.Tags, second.Tags = v.Tags[:t], v.Tags[t:]
	return first, second
}

// String describes a single value.
func (v *values) String() string {
	switch {
	case len(v.Metrics) > 0:
		return fmt.Sprintf("the metric %s at step %d", v.Metrics[0].Key, v.Metrics[0].Step)
	case len(v.Params) > 0:
		return "the param " + v.Params[0].Key
	}
	return "the tag " + v.Tags[0].Key
}

// sender sends values to a run.
type sender struct {
	send     func(context.Context, *values) error // with one attempt
	rejected int                                  // consecutive
}

// outcome is the result of sending values. If away is set, they must be sent again;
// otherwise the server stored all but the refused ones.
type outcome struct {
	away    error
	refused []error
	gone    error // The run accepts no values.
	lost    int   // values that were not sent for that reason
}

// deliver sends values once. It splits refused values until each refused value is alone,
// so that an invalid value does not affect others.
func (s *sender) deliver(ctx context.Context, v *values) *outcome {
	o := new(outcome)
	s.deliverInto(ctx, v, o)
	return o
}

func (s *sender) deliverInto(ctx context.Context, v *values, o *outcome) {
	if o.away != nil || v.len() == 0 {
		return
	}
	if o.gone != nil {
		o.lost += v.len()
		return
	}
	err := s.send(ctx, v)
	switch {
	case err == nil:
		s.rejected = 0
	case !refusal(err):
		o.away = err
	case v.len() > 1:
		first, second := v.halves()
		s.deliverInto(ctx, first, o)
		s.deliverInto(ctx, second, o)
	default:
		o.refused = append(o.refused, fmt.Errorf("%s was refused: %w", v, err))
		if s.rejected++; s.rejected >= rejectedLimit {
			s.ask(ctx, err, o)
		}
	}
}

// ask checks whether the run accepts values, with an empty batch.
func (s *sender) ask(ctx context.Context, because error, o *outcome) {
	switch err := s.send(ctx, new(values)); {
	case err == nil:
		s.rejected = 0
	case refusal(err):
		o.gone = because
	default:
		o.away = err
	}
}

// refusal reports whether an error is permanent, so that a retry is useless.
func refusal(err error) bool {
	e := AsError(err)
	if e == nil {
		return false
	}
	status := e.HTTPStatus()
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || e.Code == ResourceDoesNotExist
}

// troubles collects the errors for the next flush or the end.
type troubles struct {
	errs    []error
	more    int // number of errors that are not in errs
	dropped int // values that were dropped, or not accepted after the run stopped
	stopped error
}

func (t *troubles) note(err error) {
	if len(t.errs) < toldLimit {
		t.errs = append(t.errs, err)
		return
	}
	t.more++
}

func (t *troubles) add(o *outcome) {
	for _, err := range o.refused {
		t.note(err)
	}
	t.dropped += o.lost
}

// take returns the collected errors as one error, or nil, and removes them.
func (t *troubles) take() error {
	errs := t.errs
	if t.more > 0 {
		errs = append(errs, fmt.Errorf("%d more were refused", t.more))
	}
	if t.stopped != nil {
		errs = append(errs, t.stopped)
	}
	if t.dropped > 0 {
		errs = append(errs, fmt.Errorf("%d values are lost", t.dropped))
	}
	*t = troubles{}
	return errors.Join(errs...)
}
