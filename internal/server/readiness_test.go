package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

// TestReadiness removes the artifact directory and the database.
func TestReadiness(t *testing.T) {
	t.Parallel()
	log := &lines{}
	s := startIn(t, t.TempDir(), log.logger(slog.LevelInfo))
	read := func() (int, report) {
		t.Helper()
		var out report
		got := send(t, "GET", s.URL()+"/readyz", nil, "Host: probe.example")
		if err := json.Unmarshal([]byte(got.body), &out); err != nil || got.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %v", got.body, err)
		}
		return got.status, out
	}
	if status, out := read(); status != 200 || out.Status != "ok" || out.Checks["database"] != "ok" || out.Checks["artifacts"] != "ok" {
		t.Errorf("%d %+v", status, out)
	}
	if got := send(t, "HEAD", s.URL()+"/readyz", nil); got.status != 200 || got.body != "" {
		t.Errorf("HEAD: %+v", got)
	}
	dir := s.config.ArtifactsDestination
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the missing folder is seen", func() bool {
		status, out := read()
		return status == 503 && out.Status == "unavailable" && out.Checks["artifacts"] == "failed" && out.Checks["database"] == "ok"
	})
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if status, out := read(); status != 503 { // The path refers to another directory, as after an unmount.
		t.Errorf("%d %+v", status, out)
	}
	if got := send(t, "GET", s.URL()+"/livez", nil); got.status != 200 || got.body != `{"status":"ok"}` {
		t.Errorf("liveness: %+v", got)
	}
	if err := errors.Join(os.Remove(dir), os.Rename(dir+"-away", dir)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the folder is back", func() bool { status, _ := read(); return status == 200 })
	if text := log.String(); strings.Count(text, `"msg":"not ready"`) != 1 || strings.Count(text, `"msg":"ready again"`) != 1 || !strings.Contains(text, filepath.Base(dir)) {
		t.Errorf("the log: %s", text)
	}
	body := send(t, "GET", s.URL()+"/readyz", nil).body
	if strings.Contains(body, dir) || strings.Contains(body, "sqlite") {
		t.Errorf("internals: %s", body)
	}
}

// TestReadinessIsCheap checks that many requests cause one check per second, that a
// check that hangs is not started again, and that every request is answered.
func TestReadinessIsCheap(t *testing.T) {
	t.Parallel()
	var quick, hanging atomic.Int64
	release := make(chan struct{})
	r := &readiness{log: slog.New(slog.DiscardHandler), parts: []*part{
		{name: "quick", check: func(context.Context) error { quick.Add(1); return nil }},
		{name: "hanging", check: func(context.Context) error { hanging.Add(1); <-release; return nil }},
	}}
	began := time.Now()
	for range 3 {
		var asking sync.WaitGroup
		for range 200 {
			asking.Go(func() {
				if out := r.ask(t.Context()); out.Status != "unavailable" || out.Checks["hanging"] != stateSlow || out.Checks["quick"] != "ok" {
					t.Errorf("%+v", out)
				}
			})
		}
		asking.Wait()
		time.Sleep(checkedAt)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("three rounds took %s", took)
	}
	if quick.Load() != 3 || hanging.Load() != 1 {
		t.Errorf("%d and %d checks in three rounds", quick.Load(), hanging.Load())
	}
	close(release)
	eventually(t, "the hanging check has ended", func() bool { return !r.parts[1].busy.Load() })
	if out := r.ask(t.Context()); out.Status != "ok" {
		t.Errorf("%+v", out)
	}
}

// TestReadinessOfDatabase checks a database that does not respond.
func TestReadinessOfDatabase(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	r := &readiness{log: slog.New(slog.DiscardHandler), parts: []*part{{name: "database", check: func(context.Context) error { return s.store.Ping(ctx) }}}}
	if out := r.ask(t.Context()); out.Status != "unavailable" || out.Checks["database"] == "ok" {
		t.Errorf("%+v", out)
	}
}

// TestReadinessInAnOutage stops database servers. /readyz must report it in time, and
// report when they are back.
func TestReadinessInAnOutage(t *testing.T) {
	t.Parallel()
	for _, variable := range dbtest.Servers {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			proxy, uri := dbtest.NewProxy(t, dbtest.NewDatabase(t, variable))
			s := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler), "--backend-store-uri", uri)
			ready := func() (int, string) {
				began := time.Now()
				got := send(t, "GET", s.URL()+"/readyz", nil)
				if took := time.Since(began); took > 10*time.Second { // 2 s, with a margin for a busy machine
					t.Errorf("/readyz took %s", took)
				}
				return got.status, got.body
			}
			for name, c := range map[string]struct{ away, back func() }{
				"refused": {proxy.Refuse, func() {
					if err := proxy.Accept(t.Context()); err != nil {
						t.Error(err)
					}
				}},
				"stalled": {proxy.Stall, proxy.Resume},
			} {
				eventually(t, "ready before it is "+name, func() bool { status, _ := ready(); return status == 200 })
				c.away()
				eventually(t, name+" is seen", func() bool {
					status, body := ready()
					return status == 503 && strings.Contains(body, `"artifacts":"ok"`) && !strings.Contains(body, `"database":"ok"`) && !strings.Contains(body, "127.0.0.1")
				})
				if got := send(t, "GET", s.URL()+"/livez", nil); got.status != 200 {
					t.Errorf("%s: liveness %+v", name, got)
				}
				c.back()
			}
			eventually(t, "ready at the end", func() bool { status, _ := ready(); return status == 200 })
		})
	}
}
