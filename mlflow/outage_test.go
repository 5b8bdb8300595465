package mlflow_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// gate is a Millrace server with simulated outages.
type gate struct {
	*httptest.Server
	rest http.Handler
	away atomic.Pointer[http.HandlerFunc]
}

// outages lists the kinds of outages.
var outages = map[string]http.HandlerFunc{
	"unavailable":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	"bad gateway":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
	"unknown user": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	"breaks off":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"no answer": func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(time.Second): // The outage ends before the timeout of the client.
		}
		panic(http.ErrAbortHandler)
	},
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{rest: passing(t, "go")}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if away := g.away.Load(); away != nil {
		(*away)(w, r)
		return
	}
	g.rest.ServeHTTP(w, r)
}

// leave starts an outage.
func (g *gate) leave(how string) {
	handler := outages[how]
	g.away.Store(&handler)
}

// comeBack ends the outage.
func (g *gate) comeBack() { g.away.Store(nil) }

// impatient returns options of a client without retries, with its spill files in dir.
func impatient(dir string, limit int64) []mlflow.Option {
	return []mlflow.Option{mlflow.WithRetryFor(50 * time.Millisecond), mlflow.WithSpill(dir, limit), mlflow.WithStallAfter(200 * time.Millisecond)}
}

// steps returns the steps of a run's metric in order of time.
func steps(t *testing.T, c *mlflow.Client, id string) []int64 {
	t.Helper()
	var list []int64
	for m, err := range c.AllMetricValues(t.Context(), id, "loss") {
		must(t, err)
		list = append(list, m.Step)
	}
	return list
}

// train logs metrics like a training. It must not take long, whatever the server does.
func train(t *testing.T, run *mlflow.ActiveRun, from, to int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, m := range few(from, to) {
		must(t, run.Log(ctx, m))
	}
}

// few returns metrics with timestamps in order.
func few(from, to int) []mlflow.Metric {
	var list []mlflow.Metric
	for i := from; i < to; i++ {
		list = append(list, mlflow.Metric{Key: "loss", Value: 0.5, Step: int64(i), Timestamp: int64(i + 1)})
	}
	return list
}

func counting(to int) []int64 {
	list := make([]int64, to)
	for i := range list {
		list[i] = int64(i)
	}
	return list
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	return names
}

// TestTrainingOutlivesAnOutage checks that a long outage does not stop the training, and
// that the server receives the metrics from the disk in order afterwards.
func TestTrainingOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	for how := range outages {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			ctx, g, dir := t.Context(), newGate(t), filepath.Join(t.TempDir(), "made", "for it")
			run := startRun(t, mlflow.NewClient(g.URL, impatient(dir, 1<<30)...), mlflow.RunOptions{})
			train(t, run, 0, 10)
			must(t, run.Flush(ctx))
			g.leave(how)
			train(t, run, 10, 15_000)
			must(t, run.LogParam(ctx, "lr", 0.1), run.SetTags(ctx, map[string]string{"stage": "late"}))
			train(t, run, 15_000, 30_000)
			if err := run.Flush(ctx); err == nil || !strings.Contains(err.Error(), "away") {
				t.Errorf("flush: %v", err)
			}
			left := filesIn(t, dir)
			if len(left) != 1 || !strings.Contains(left[0], run.ID()) {
				t.Fatalf("the folder holds %q", left)
			}
			if info, err := os.Stat(left[0]); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 1<<20 {
				t.Errorf("the file is %+v, %v", info, err)
			}
			g.comeBack()
			train(t, run, 30_000, 30_010)
			for run.Flush(ctx) != nil { // until a request that hangs has ended
				time.Sleep(10 * time.Millisecond)
			}
			must(t, run.End(ctx, mlflow.RunFinished))
			if got := steps(t, run.Client(), run.ID()); !slices.Equal(got, counting(30_010)) {
				t.Errorf("%d metrics arrived", len(got))
			}
			got, err := run.Client().Run(ctx, run.ID())
			must(t, err)
			if len(got.Data.Params) != 1 || got.Info.Status != mlflow.RunFinished || !slices.Contains(got.Data.Tags, mlflow.Tag{Key: "stage", Value: "late"}) {
				t.Errorf("the run is %+v", got)
			}
			if left := filesIn(t, dir); len(left) != 0 {
				t.Errorf("the folder still holds %q", left)
			}
		})
	}
}

// TestNoRoomForAnOutage checks that values beyond the limit of the file, or without a
// file, are dropped and counted, that the training continues, and that a strict run
// returns an error.
func TestNoRoomForAnOutage(t *testing.T) {
	t.Parallel()
	const logged = 50_000
	blocked := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(blocked, nil, 0o600))
	for name, test := range map[string]struct {
		dir   string
		limit int64
	}{
		"full": {t.TempDir(), 500_000}, "off": {t.TempDir(), 0}, "not to be written": {filepath.Join(blocked, "below"), 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, g := t.Context(), newGate(t)
			run := startRun(t, mlflow.NewClient(g.URL, impatient(test.dir, test.limit)...), mlflow.RunOptions{})
			g.leave("unavailable")
			train(t, run, 0, logged)
			for _, name := range filesIn(t, test.dir) {
				if info, err := os.Stat(name); err != nil || info.Size() > test.limit {
					t.Errorf("the file is %+v, %v", info, err)
				}
			}
			g.comeBack()
			err := run.Flush(ctx)
			got := steps(t, run.Client(), run.ID())
			if len(got) < 1000 || len(got) == logged || !slices.IsSorted(got) || err == nil || !strings.Contains(err.Error(), "values are lost") {
				t.Errorf("%d metrics arrived; flush: %v", len(got), err)
			}
			if n := fmt.Sprintf("%d values are lost", logged-len(got)); !strings.Contains(err.Error(), n) {
				t.Errorf("%d arrived; flush: %v", len(got), err)
			}
			must(t, run.End(ctx, mlflow.RunFinished))
		})
	}
}

func TestStrictRunsLearnOfAnOutage(t *testing.T) {
	t.Parallel()
	ctx, g := t.Context(), newGate(t)
	c := mlflow.NewClient(g.URL, impatient(t.TempDir(), 0)...)
	run := startRun(t, c, mlflow.RunOptions{Strict: true})
	child, err := run.StartChild(ctx, mlflow.RunOptions{})
	must(t, err)
	g.leave("unavailable")
	if err := run.LogParam(ctx, "lr", 0.1); !errors.Is(err, mlflow.TemporarilyUnavailable) {
		t.Errorf("a param: %v", err)
	}
	for i := 0; err == nil && i < 1_000_000; i++ {
		err = run.LogMetric(ctx, "loss", 1, int64(i))
	}
	if !errors.Is(err, mlflow.TemporarilyUnavailable) {
		t.Errorf("metrics: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := run.End(short, mlflow.RunFinished); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "values are lost") {
		t.Errorf("the end: %v", err)
	}
	if err := child.End(ctx, mlflow.RunFinished); !child.Strict() || err == nil {
		t.Errorf("the end of a child: %v", err)
	}
}

// TestDeliver checks that a program that ends or is killed during an outage leaves a
// file, which is delivered on demand and when the run is resumed. A file in use is
// skipped.
func TestDeliver(t *testing.T) {
	t.Parallel()
	ctx, g, dir := t.Context(), newGate(t), t.TempDir()
	c := mlflow.NewClient(g.URL, impatient(dir, 1<<30)...)
	var runs [2]*mlflow.ActiveRun
	for i := range runs {
		var err error
		runs[i], err = c.StartRun(ctx, mlflow.RunOptions{})
		must(t, err)
	}
	g.leave("breaks off")
	for _, run := range runs {
		train(t, run, 0, 5000)
		must(t, run.LogParam(ctx, "lr", 0.1))
	}
	must(t, runs[0].End(ctx, mlflow.RunFailed))
	g.comeBack()
	list, err := c.Deliver(ctx, "")
	must(t, err)
	if len(list) != 1 || list[0].RunID != runs[0].ID() || list[0].Values < 5001 || list[0].Refused != nil || list[0].Err != nil {
		t.Errorf("delivered: %+v", list)
	}
	must(t, runs[1].End(ctx, mlflow.RunFinished))
	for i, status := range []mlflow.RunStatus{mlflow.RunFailed, mlflow.RunFinished} {
		got, err := c.Run(ctx, runs[i].ID())
		must(t, err)
		if got.Info.Status != status || got.Info.EndTime == 0 || len(got.Data.Params) != 1 || !slices.Equal(steps(t, c, runs[i].ID()), counting(5000)) {
			t.Errorf("run %d: %+v", i, got)
		}
	}
	if list, err := c.Deliver(ctx, ""); err != nil || len(list) != 0 || len(filesIn(t, dir)) != 0 {
		t.Errorf("delivered again: %+v, %v", list, err)
	}
}

// TestKilledWhileAway runs this test program as a training that is killed during an
// outage.
func TestKilledWhileAway(t *testing.T) {
	if url := os.Getenv("MILLRACE_TEST_AWAY"); url != "" {
		run, err := mlflow.NewClient(url, impatient(os.Getenv("MILLRACE_TEST_DIR"), 1<<30)...).StartRun(t.Context(), mlflow.RunOptions{})
		must(t, err)
		must(t, os.WriteFile(os.Getenv("MILLRACE_TEST_STARTED"), []byte(run.ID()), 0o600))
		for { // Wait until the outage is noticed.
			if _, err := os.Stat(os.Getenv("MILLRACE_TEST_STARTED") + ".away"); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		train(t, run, 0, 20_000)
		_ = run.Flush(t.Context())
		must(t, os.WriteFile(os.Getenv("MILLRACE_TEST_STARTED")+".logged", nil, 0o600))
		select {}
	}
	t.Parallel()
	ctx, g, dir, started := t.Context(), newGate(t), t.TempDir(), filepath.Join(t.TempDir(), "started")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileAway$")
	cmd.Env = append(os.Environ(), "MILLRACE_TEST_AWAY="+g.URL, "MILLRACE_TEST_DIR="+dir, "MILLRACE_TEST_STARTED="+started)
	must(t, cmd.Start())
	wait := func(name string) []byte {
		for {
			if text, err := os.ReadFile(name); err == nil {
				return text
			}
			time.Sleep(time.Millisecond)
		}
	}
	var id string
	for id == "" {
		id = string(wait(started))
	}
	g.leave("unavailable")
	must(t, os.WriteFile(started+".away", nil, 0o600))
	wait(started + ".logged")
	c := mlflow.NewClient(g.URL, impatient(dir, 1<<30)...)
	if list, err := c.Deliver(ctx, ""); err != nil || len(list) != 0 || len(filesIn(t, dir)) != 1 {
		t.Errorf("a file in use: %+v, %v", list, err)
	}
	must(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait() // It was killed.
	file, err := os.OpenFile(filesIn(t, dir)[0], os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = file.WriteString(`{"metrics":[{"key":"lo`) // within a line.
	must(t, err, file.Close())
	if list, err := c.Deliver(ctx, id); err == nil || len(list) != 1 || len(filesIn(t, dir)) != 1 {
		t.Errorf("while the server is away: %+v, %v", list, err)
	}
	g.comeBack()
	if list, err := c.Deliver(ctx, "another"); err != nil || len(list) != 0 {
		t.Errorf("another run: %+v, %v", list, err)
	}
	run := startRun(t, c, mlflow.RunOptions{RunID: id})
	if got := steps(t, c, id); !slices.Equal(got, counting(20_000)) || len(filesIn(t, dir)) != 0 || run.Info.Status != mlflow.RunRunning {
		t.Errorf("%d metrics arrived; the folder holds %q", len(got), filesIn(t, dir))
	}
}

// TestWithRunAndAnOutage has an outage from the middle of a training until after its
// end.
func TestWithRunAndAnOutage(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		g, dir := newGate(t), t.TempDir()
		c := mlflow.NewClient(g.URL, impatient(dir, 1<<30)...)
		err := c.WithRun(t.Context(), mlflow.RunOptions{Strict: strict}, func(ctx context.Context, run *mlflow.ActiveRun) error {
			err := run.Log(ctx, few(0, 1000)...)
			g.leave("breaks off")
			return errors.Join(err, run.Log(ctx, few(1000, 2000)...))
		})
		if (err != nil) != strict || strict && !strings.Contains(err.Error(), "millrace runs deliver") {
			t.Errorf("strict %t: %v", strict, err)
		}
		g.comeBack()
		list, err := c.Deliver(t.Context(), "")
		must(t, err)
		run, err := c.Run(t.Context(), list[0].RunID)
		must(t, err)
		if run.Info.Status != mlflow.RunFinished || !slices.Equal(steps(t, c, run.Info.RunID), counting(2000)) {
			t.Errorf("the run is %+v", run.Info)
		}
	}
}
