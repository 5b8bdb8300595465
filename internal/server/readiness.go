package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
)

const (
	checkTime = 2 * time.Second // timeout of a check
	checkedAt = time.Second     // how long a result is valid
)

// States of a dependency.
const (
	stateOK     = "ok"
	stateFailed = "failed"
	stateSlow   = "no answer in time"
)

// readiness checks the dependencies of the server. A dependency is checked at most once
// per second and never concurrently, regardless of the number of requests.
type readiness struct {
	log      *slog.Logger
	parts    []*part
	stopping atomic.Bool

	mu      sync.Mutex
	last    report
	at      time.Time
	running chan struct{} // closed when the current checks have ended
}

// part is a dependency of the server.
type part struct {
	name  string
	check func(context.Context) error
	busy  atomic.Bool // A check that hangs is not started again.
	state string      // result of the last check; only round accesses it
}

// report is the response of /readyz.
type report struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

// folder returns the dependency for a repository, or nil if it has no health check.
func folder(repo artifact.Repo, err error) *part {
	checker, ok := repo.(artifact.Checker)
	if err != nil || !ok {
		return nil
	}
	return &part{name: "artifacts", check: checker.Check}
}

// ask returns a report that is at most one second old, or reports a timeout.
func (r *readiness) ask(ctx context.Context) report {
	r.mu.Lock()
	if time.Since(r.at) < checkedAt {
		defer r.mu.Unlock()
		return r.last
	}
	if r.running == nil {
		r.running = make(chan struct{})
		go r.round(context.WithoutCancel(ctx), r.running)
	}
	running := r.running
	r.mu.Unlock()
	select {
	case <-running:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// round checks all dependencies concurrently.
func (r *readiness) round(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var waiting sync.WaitGroup
	states := make([]string, len(r.parts))
	for i, p := range r.parts {
		waiting.Go(func() { states[i] = r.checkPart(ctx, p) })
	}
	waiting.Wait()
	out := report{Status: stateOK, Checks: map[string]string{}}
	for i, p := range r.parts {
		out.Checks[p.name] = states[i]
		if states[i] != stateOK {
			out.Status = "unavailable"
		}
	}
	r.mu.Lock()
	r.last, r.at, r.running = out, time.Now(), nil
	r.mu.Unlock()
	close(done)
}

// checkPart checks one dependency. A check that does not return in time, such as one of
// an unreachable NFS, continues in the background, and is not started again until it
// ends.
func (r *readiness) checkPart(ctx context.Context, p *part) string {
	err := context.DeadlineExceeded
	if p.busy.CompareAndSwap(false, true) {
		answer := make(chan error, 1)
		go func() {
			defer p.busy.Store(false)
			answer <- p.check(ctx)
		}()
		select {
		case err = <-answer:
		case <-ctx.Done():
		}
	}
	state := stateOK
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		state = stateSlow
	case err != nil:
		state = stateFailed
	}
	if state != p.state {
		if state != stateOK {
			r.log.WarnContext(ctx, "not ready", "part", p.name, "state", state, "error", err)
		} else if p.state != "" {
			r.log.InfoContext(ctx, "ready again", "part", p.name)
		}
		p.state = state
	}
	return state
}

// ready serves /readyz. The status is 200 if all checks succeed, and 503 if one fails or
// the server is shutting down.
func (r *readiness) ready(w http.ResponseWriter, req *http.Request) {
	out := report{Status: "shutting down"}
	if !r.stopping.Load() {
		ctx, cancel := context.WithTimeout(req.Context(), checkTime+time.Second)
		defer cancel()
		out = r.ask(ctx)
	}
	status := http.StatusServiceUnavailable
	if out.Status == stateOK {
		status = http.StatusOK
	}
	writeStatus(w, status, out)
}

// live serves /livez.
func live(w http.ResponseWriter, _ *http.Request) {
	writeStatus(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{stateOK})
}

func writeStatus(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	body, _ := json.Marshal(v) // Maps of strings always marshal.
	_, _ = w.Write(body)       // A write error means that the client has disconnected.
}
