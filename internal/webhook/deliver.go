// Package webhook sends the events that the store has queued to webhooks.
//
// Each server on a database runs a Deliverer. A delivery is claimed by one of them for the time
// that a request may take, so that it is sent once; if the server ends before it has stored the
// result, another one, or the next start, sends it again with the same id.
package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/internal/apierror"
	store "github.com/millrace-ml/millrace/internal/store/webhooks"
	"github.com/millrace-ml/millrace/internal/webhook/fernet"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// Store keeps the deliveries. It is a *store.Store.
type Store interface {
	ClaimDeliveries(ctx context.Context, limit int, busy []string, timeout time.Duration) ([]store.Claim, error)
	NextDelivery(ctx context.Context) (int64, error)
	FinishDelivery(ctx context.Context, c *store.Claim, o store.Outcome) error
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int64, error)
}

// Deliverer sends the deliveries of a store.
type Deliverer struct {
	Store  Store
	Sender *Sender
	Key    fernet.Key
	// Queued has a value when a delivery was queued.
	Queued <-chan struct{}
	// Timeout is the time that a request may take.
	Timeout time.Duration
	// Retries is how often a delivery is repeated.
	Retries int
	// Workers is how many requests are sent at once. A webhook gets half of them at most, so that
	// a slow one leaves some to the others.
	Workers int
	// Retention is how long the log keeps deliveries that are not pending.
	Retention time.Duration
	Log       *slog.Logger
	// Registerer registers the metrics.
	Registerer prometheus.Registerer

	results *prometheus.CounterVec

	mu   sync.Mutex
	busy map[string]int // requests in progress by webhook
	down bool           // The store does not answer.
}

const (
	// pollInterval is how often a server looks for what others have queued, or have claimed and
	// not finished.
	pollInterval = 5 * time.Second
	// pruneInterval is how often the log is pruned, pruneBatch how many deliveries at once.
	pruneInterval = time.Hour
	pruneBatch    = 1000
	// finishTimeout is the time in which a result is stored. It is shorter than store.Lease.
	finishTimeout = 10 * time.Second
	// firstWait is the wait before the first repetition. Each next one waits three times as long,
	// up to longestWait.
	firstWait   = time.Second
	longestWait = time.Hour
	// maxError is the length of an error message in bytes. With an ellipsis, it fits into its column.
	maxError = 990
)

// Run sends deliveries until ctx ends. It returns when the requests in progress have ended,
// which ctx does not cancel.
func (d *Deliverer) Run(ctx context.Context) {
	d.busy = map[string]int{}
	d.results = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millrace_webhook_requests_total",
		Help: "Requests to webhooks by result: delivered, repeated (failed, and to be repeated) or given_up.",
	}, []string{"result"})
	d.Registerer.MustRegister(d.results)
	for _, result := range resultNames {
		d.results.WithLabelValues(result)
	}
	var running sync.WaitGroup
	defer running.Wait()
	ended := make(chan struct{}, 1)
	running.Go(func() { d.prune(ctx) })
	for ctx.Err() == nil {
		claims := d.claim(ctx)
		for i := range claims {
			d.count(claims[i].WebhookID, 1)
			running.Go(func() {
				d.deliver(context.WithoutCancel(ctx), &claims[i])
				d.count(claims[i].WebhookID, -1)
				select {
				case ended <- struct{}{}:
				default: // The end of another request has not been noticed yet.
				}
			})
		}
		if len(claims) == 0 { // Otherwise there may be more for webhooks that are not busy.
			d.wait(ctx, ended)
		}
	}
}

// claim claims as many deliveries as there are free workers.
func (d *Deliverer) claim(ctx context.Context) []store.Claim {
	free, busy := d.workers()
	if free == 0 {
		return nil
	}
	claims, err := d.Store.ClaimDeliveries(ctx, free, busy, d.Timeout)
	if err != nil && ctx.Err() == nil && !d.down {
		d.Log.WarnContext(ctx, "the deliveries of webhooks could not be read; they wait", "error", err)
	}
	d.down = err != nil
	return claims
}

// wait waits until there may be a delivery to send and a worker for it.
func (d *Deliverer) wait(ctx context.Context, ended <-chan struct{}) {
	timer := time.NewTimer(d.untilNext(ctx))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.Queued:
	case <-timer.C:
	case <-ended:
	}
}

// untilNext returns the time until a delivery is due, or until the store has to be asked again.
func (d *Deliverer) untilNext(ctx context.Context) time.Duration {
	next, err := d.Store.NextDelivery(ctx)
	if err != nil || next == math.MaxInt64 {
		return pollInterval
	}
	// A delivery that is due already waits for a request to its webhook.
	wait := time.Until(time.UnixMilli(next))
	if wait <= 0 {
		return pollInterval
	}
	return min(wait, pollInterval)
}

func (d *Deliverer) count(webhookID string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[webhookID] += n; d.busy[webhookID] == 0 {
		delete(d.busy, webhookID)
	}
}

// workers returns the number of free workers, and the webhooks that have their share of the others.
func (d *Deliverer) workers() (free int, busy []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	free = d.Workers
	for id, n := range d.busy {
		free -= n
		if n >= max(1, d.Workers/2) {
			busy = append(busy, id)
		}
	}
	slices.Sort(busy) // Equal statements are prepared once.
	return free, busy
}

// resultNames has the names of the results of requests in the metrics.
var resultNames = map[webhooks.DeliveryState]string{
	webhooks.Delivered: "delivered", webhooks.Pending: "repeated", webhooks.GivenUp: "given_up",
}

// deliver sends a delivery once and stores the result.
func (d *Deliverer) deliver(ctx context.Context, c *store.Claim) {
	o := d.send(ctx, c)
	d.results.WithLabelValues(resultNames[o.State]).Inc()
	log := d.Log.With("webhook", c.WebhookID, "delivery", c.DeliveryID, "event", c.Event.String())
	switch o.State {
	case webhooks.Delivered:
		log.DebugContext(ctx, "a webhook was delivered", "status", o.Status)
	case webhooks.GivenUp:
		log.WarnContext(ctx, "a webhook could not be delivered and is given up", "error", o.Error, "attempts", c.Attempts+1)
	case webhooks.Pending:
		log.InfoContext(ctx, "a webhook could not be delivered and is repeated", "error", o.Error,
			"after", time.Until(time.UnixMilli(o.Due)).Round(time.Second))
	}
	finish, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	if err := d.Store.FinishDelivery(finish, c, o); err != nil {
		log.WarnContext(ctx, "the result of a webhook could not be stored; it will be sent again", "error", err)
	}
}

// send sends a delivery once.
func (d *Deliverer) send(ctx context.Context, c *store.Claim) store.Outcome {
	if !c.Active {
		return store.Outcome{State: webhooks.GivenUp, Error: "The webhook is deleted or disabled."}
	}
	secret := ""
	if c.Secret != "" {
		var err error
		if secret, err = d.Key.Open(c.Secret); err != nil {
			return d.repeat(c, store.Outcome{Error: "The secret cannot be read: " + err.Error() + "."}, "")
		}
	}
	sent := time.Now()
	resp, err := d.Sender.Send(ctx, c.URL, secret, c.DeliveryID, c.Body)
	o := store.Outcome{Sent: sent.UnixMilli(), Duration: time.Since(sent)}
	if err != nil {
		o.Error = apierror.Truncate(err.Error(), maxError)
		return d.repeat(c, o, "")
	}
	o.Status = int32(resp.Status) //nolint:gosec // A status has three digits.
	switch {
	case resp.Status < http.StatusMultipleChoices:
		o.State = webhooks.Delivered
		return o
	case resp.Status < http.StatusBadRequest:
		o.State, o.Error = webhooks.GivenUp, "The receiver redirects, which is not followed."
		return o
	}
	o.Error = fmt.Sprintf("The receiver answered %d %s.", resp.Status, http.StatusText(resp.Status))
	if !slices.Contains(repeated, resp.Status) {
		o.State = webhooks.GivenUp
		return o
	}
	return d.repeat(c, o, resp.RetryAfter)
}

// repeated are the statuses after which a delivery is repeated.
var repeated = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
	http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// repeat completes the outcome of a request that is to be repeated, unless that has happened
// often enough.
func (d *Deliverer) repeat(c *store.Claim, o store.Outcome, retryAfter string) store.Outcome {
	if int(c.Attempts) >= d.Retries {
		o.State = webhooks.GivenUp
		return o
	}
	o.State, o.Due = webhooks.Pending, time.Now().Add(wait(int(c.Attempts), retryAfter)).UnixMilli()
	return o
}

// wait returns the time until the next request after some attempts. The receiver can ask for a
// longer one.
func wait(attempts int, retryAfter string) time.Duration {
	w := firstWait
	for range attempts {
		w = min(3*w, longestWait)
	}
	w += rand.N(w / 2) //nolint:gosec // It spreads the repetitions.
	if seconds, err := strconv.Atoi(retryAfter); err == nil && seconds > 0 {
		w = max(w, time.Duration(min(seconds, int(longestWait/time.Second)))*time.Second)
	}
	return w
}

// prune removes old deliveries from the log until ctx ends.
func (d *Deliverer) prune(ctx context.Context) {
	ticker := time.NewTicker(pruneInterval)
	defer ticker.Stop()
	for {
		for {
			n, err := d.Store.PruneDeliveries(ctx, time.Now().Add(-d.Retention), pruneBatch)
			if err != nil && ctx.Err() == nil {
				d.Log.WarnContext(ctx, "old deliveries of webhooks could not be deleted", "error", err)
			}
			if err != nil || n < pruneBatch {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
