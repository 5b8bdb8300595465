package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	hooks "github.com/millrace-ml/millrace/internal/store/webhooks"
	"github.com/millrace-ml/millrace/internal/webhook"
	"github.com/millrace-ml/millrace/internal/webhook/fernet"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

const secret = "open sesame"

// receiver counts the requests by delivery, and answers them with the function of their path.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	received map[string]int
	changed  chan struct{}
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) *receiver {
	t.Helper()
	r := &receiver{received: map[string]int{}, changed: make(chan struct{}, 1000)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil && req.URL.Path == "/signed" {
			err = webhooks.Verify(req.Header, body, secret)
		}
		if err != nil {
			t.Error(err)
		}
		id := req.Header.Get(webhooks.HeaderDelivery)
		r.mu.Lock()
		r.received[id]++
		n := r.received[id]
		r.mu.Unlock()
		answer(w, req, n)
		r.changed <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

// counts returns the number of deliveries and of requests.
func (r *receiver) counts() (deliveries, requests int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.received {
		requests += n
	}
	return len(r.received), requests
}

// wait waits for a number of deliveries.
func (r *receiver) wait(t *testing.T, deliveries int) {
	t.Helper()
	for {
		if n, _ := r.counts(); n >= deliveries {
			return
		}
		select {
		case <-r.changed:
		case <-time.After(time.Minute):
			n, _ := r.counts()
			t.Fatalf("%d deliveries arrived within a minute, want %d", n, deliveries)
		}
	}
}

func key(t *testing.T) fernet.Key {
	t.Helper()
	k, err := fernet.ParseKey("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// subscribe creates a webhook for new models.
func subscribe(t *testing.T, s *store.Store, url string) string {
	t.Helper()
	sealed, err := key(t).Seal(secret)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.CreateWebhook(t.Context(), &webhooks.Webhook{
		Name: "w", URL: url, Status: webhooks.Active,
		Events: []webhooks.Event{{Entity: webhooks.RegisteredModel, Action: webhooks.Created}},
	}, &sealed)
	if err != nil {
		t.Fatal(err)
	}
	return w.WebhookID
}

func newModels(t *testing.T, s *store.Store, prefix string, n int) {
	t.Helper()
	for i := range n {
		in := &mlflow.CreateRegisteredModelRequest{Name: fmt.Sprint(prefix, i)}
		if _, err := s.CreateRegisteredModel(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
}

func deliverer(t *testing.T, s webhook.Store, queued <-chan struct{}) *webhook.Deliverer {
	t.Helper()
	targets := &webhook.Targets{Schemes: both, AllowPrivate: true}
	return &webhook.Deliverer{
		Store: s, Sender: webhook.NewSender(targets, time.Minute), Key: key(t), Queued: queued, Timeout: time.Minute,
		Retries: 3, Workers: 4, Retention: time.Hour, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Registerer: prometheus.NewRegistry(),
	}
}

// start runs a deliverer until the returned function is called.
func start(t *testing.T, d *webhook.Deliverer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		d.Run(ctx)
		close(done)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// settled waits until a number of deliveries of a webhook have a state.
func settled(t *testing.T, s *store.Store, webhookID string, state webhooks.DeliveryState, n int) []webhooks.Delivery {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		list, _, err := s.Deliveries(t.Context(), webhookID, state, 1000, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == n {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d deliveries are %s, want %d: %+v", len(list), state, n, list)
		}
	}
}

// TestDeliveredOnce has two servers on a database that deliver at once.
func TestDeliveredOnce(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t) // One process has a database of SQLite, with a second deliverer here.
		deliveredOnce(t, s, s)
	})
	for _, variable := range dbtest.Servers {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			uri := dbtest.NewDatabase(t, variable)
			deliveredOnce(t, storetest.Open(t, uri), storetest.Open(t, uri))
		})
	}
}

func deliveredOnce(t *testing.T, servers ...*store.Store) {
	t.Helper()
	const models = 50
	r := newReceiver(t, func(http.ResponseWriter, *http.Request, int) {})
	id := subscribe(t, servers[0], r.URL+"/signed")
	for i, s := range servers {
		start(t, deliverer(t, s, s.Queued()))
		newModels(t, s, fmt.Sprint("m", i), models)
	}
	r.wait(t, 2*models)
	for _, d := range settled(t, servers[0], id, webhooks.Delivered, 2*models) {
		if d.Attempts != 1 || d.ResponseStatus != 200 {
			t.Errorf("delivered as %+v", d)
		}
	}
	if _, n := r.counts(); n != 2*models {
		t.Errorf("%d requests for %d events", n, 2*models)
	}
}

// TestRestart queues events without a server that delivers, and ends a server that has claimed
// them.
func TestRestart(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(http.ResponseWriter, *http.Request, int) {})
	s := storetest.New(t)
	id := subscribe(t, s, r.URL)
	newModels(t, s, "m", 3)
	// This server ends between the request and its result: the lease of its claim is over.
	claims, err := s.ClaimDeliveries(t.Context(), 1, nil, -hooks.Lease-time.Second)
	if err != nil || len(claims) != 1 {
		t.Fatalf("claimed %v, %v", claims, err)
	}
	start(t, deliverer(t, s, s.Queued()))
	settled(t, s, id, webhooks.Delivered, 3)
}

// TestRepeated checks after which answers a delivery is repeated.
func TestRepeated(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(w http.ResponseWriter, req *http.Request, n int) {
		switch {
		case req.URL.Path == "/twice" && n == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case req.URL.Path == "/dropped" && n == 1:
			panic(http.ErrAbortHandler)
		case req.URL.Path == "/redirect":
			w.Header().Set("Location", "/")
			w.WriteHeader(http.StatusFound)
		case req.URL.Path == "/gone":
			w.WriteHeader(http.StatusGone)
		}
	})
	s := storetest.New(t)
	twice, dropped := subscribe(t, s, r.URL+"/twice"), subscribe(t, s, r.URL+"/dropped")
	redirect, gone := subscribe(t, s, r.URL+"/redirect"), subscribe(t, s, r.URL+"/gone")
	d := deliverer(t, s, s.Queued())
	registry := prometheus.NewRegistry()
	d.Registerer = registry
	start(t, d)
	newModels(t, s, "m", 1)
	for _, c := range []struct {
		webhook  string
		state    webhooks.DeliveryState
		attempts int32
	}{{redirect, webhooks.GivenUp, 1}, {gone, webhooks.GivenUp, 1}, {twice, webhooks.Delivered, 2}, {dropped, webhooks.Delivered, 2}} {
		if d := settled(t, s, c.webhook, c.state, 1)[0]; d.Attempts != c.attempts {
			t.Errorf("want %d attempts: %+v", c.attempts, d)
		}
	}
	const want = `
		# HELP millrace_webhook_requests_total Requests to webhooks by result: delivered, repeated (failed, and to be repeated) or given_up.
		# TYPE millrace_webhook_requests_total counter
		millrace_webhook_requests_total{result="delivered"} 2
		millrace_webhook_requests_total{result="given_up"} 2
		millrace_webhook_requests_total{result="repeated"} 2
		`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// TestSlowReceiver has a receiver that never answers beside one that does.
func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	slow := newReceiver(t, func(http.ResponseWriter, *http.Request, int) { <-hold })
	fast := newReceiver(t, func(http.ResponseWriter, *http.Request, int) {})
	s := storetest.New(t)
	subscribe(t, s, slow.URL)
	id := subscribe(t, s, fast.URL)
	start(t, deliverer(t, s, s.Queued()))
	newModels(t, s, "m", 20)
	settled(t, s, id, webhooks.Delivered, 20)
	if n, _ := slow.counts(); n > 2 {
		t.Errorf("the slow receiver has %d of 4 workers", n)
	}
	close(hold)
}

// TestUnreadableSecret checks that an event waits for the key, and is not sent without it.
func TestUnreadableSecret(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(http.ResponseWriter, *http.Request, int) {})
	s := storetest.New(t)
	id := subscribe(t, s, r.URL+"/signed")
	d := deliverer(t, s, s.Queued())
	d.Key = fernet.Key{}
	stop := start(t, d)
	newModels(t, s, "m", 1)
	for list := settled(t, s, id, webhooks.Pending, 1); list[0].Attempts == 0; list = settled(t, s, id, webhooks.Pending, 1) {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	if n, _ := r.counts(); n != 0 {
		t.Error("an event was sent without its signature")
	}
	start(t, deliverer(t, s, s.Queued()))
	settled(t, s, id, webhooks.Delivered, 1)
}

// faulty is a store whose database goes away.
type faulty struct{ claimed chan struct{} }

func (f *faulty) ClaimDeliveries(context.Context, int, []string, time.Duration) ([]hooks.Claim, error) {
	select {
	case f.claimed <- struct{}{}:
		return nil, mlflow.Errorf(mlflow.TemporarilyUnavailable, "away")
	default:
		return nil, nil
	}
}

func (f *faulty) NextDelivery(context.Context) (int64, error) {
	return math.MaxInt64, mlflow.Errorf(mlflow.TemporarilyUnavailable, "away")
}

func (f *faulty) FinishDelivery(context.Context, *hooks.Claim, hooks.Outcome) error { return nil }

func (f *faulty) PruneDeliveries(context.Context, time.Time, int) (int64, error) {
	return 0, mlflow.Errorf(mlflow.TemporarilyUnavailable, "away")
}

// TestOutage checks that a database that is away is asked at intervals, not in a loop, and
// logged once.
func TestOutage(t *testing.T) {
	t.Parallel()
	f := &faulty{claimed: make(chan struct{}, 100)}
	queued := make(chan struct{}, 3)
	d := deliverer(t, f, queued)
	var mu sync.Mutex
	var log bytes.Buffer
	d.Log = slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(b)
	}), nil))
	stop := start(t, d)
	for range 3 {
		queued <- struct{}{}
	}
	for len(f.claimed) < 4 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	stop()
	if n := len(f.claimed); n > 5 {
		t.Errorf("the database was asked %d times", n)
	}
	if n := bytes.Count(log.Bytes(), []byte("they wait")); n != 1 {
		t.Errorf("the outage was logged %d times:\n%s", n, log.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestExamples checks that every event has an example.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, e := range append(webhooks.MLflowEvents[:len(webhooks.MLflowEvents):len(webhooks.MLflowEvents)], webhooks.OwnEvents...) {
		body := webhook.Example(e, time.UnixMilli(0))
		if bytes.Contains([]byte(body), []byte(`"data": {}`)) {
			t.Errorf("%s has no data: %s", e, body)
		}
	}
}
