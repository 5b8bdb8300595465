package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// rejectedLimit is how many values in a row the server may refuse before it is
// asked whether the run takes any, which it does not once it was deleted.
const rejectedLimit = 10

// toldLimit is how many errors a run remembers between two flushes; of others it
// knows the number.
const toldLimit = 10

// values are what one log-batch request carries.
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

// String names a single value.
func (v *values) String() string {
	switch {
	case len(v.Metrics) > 0:
		return fmt.Sprintf("the metric %s at step %d", v.Metrics[0].Key, v.Metrics[0].Step)
	case len(v.Params) > 0:
		return "the param " + v.Params[0].Key
	}
	return "the tag " + v.Tags[0].Key
}

// sender delivers values to one run.
type sender struct {
	send     func(context.Context, *values) error // One attempt.
	rejected int                                  // In a row.
}

// outcome is what became of values: the server was away, which is the only case
// in which they have to be sent again, or it took them, but for those refused.
type outcome struct {
	away    error
	refused []error
	gone    error // The run takes nothing more.
	lost    int   // Values that were not sent for that reason.
}

// deliver sends values once. If the server refuses them they are halved until
// what it refuses stands alone, so that one bad value does not take others with it.
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

// ask finds out whether the run takes anything, with a batch of nothing.
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

// refusal tells whether the server has judged a request, so that the same request
// will not be taken later either.
func refusal(err error) bool {
	e := AsError(err)
	if e == nil {
		return false
	}
	status := e.HTTPStatus()
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || e.Code == ResourceDoesNotExist
}

// troubles are what is said at the end, or at a flush.
type troubles struct {
	errs    []error
	more    int // Errors that are not in errs.
	dropped int // Values that found no room, or came after the run took no more.
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

// take returns the troubles as one error, nil for none, and forgets them.
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
