package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// soak keeps a server under load from writers, readers that disconnect, uploads that are
// cut, and outages of its database.
type soak struct {
	url  string
	pid  int
	http *http.Client
	// failed counts failed requests by status or error.
	failed  sync.Map
	reads   atomic.Int64
	writes  atomic.Int64
	hangUps atomic.Int64
	uploads atomic.Int64
	cut     atomic.Int64
	outages atomic.Int64
}

// soak runs for d and prints statistics. It fails if acknowledged data is missing, or if
// the server does not recover.
func (b *bench) soak(ctx context.Context, p peer, d time.Duration) error {
	database, outages, drop, err := b.weakDatabase(ctx)
	if err != nil {
		return err
	}
	defer drop()
	return b.serve(ctx, p, database, func(url string, pid int) error {
		s := &soak{url: url, pid: pid, http: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute,
		}}
		before, err := s.latency(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "soak for %s; log-metric takes %s, at the 99th percentile %s\n", d, before.median, before.p99)
		log, err := s.run(ctx, d, outages)
		if err != nil {
			return err
		}
		lost, err := log.verify(ctx, s.url)
		if err != nil {
			return err
		}
		after, err := s.latency(ctx)
		if err != nil {
			return err
		}
		s.report(ctx, before, after, lost)
		if lost > 0 {
			return fmt.Errorf("%d acknowledged writes are missing or there in part", lost)
		}
		return nil
	})
}

// run starts the load and the outages, and prints a line of statistics every tenth of
// the time.
func (s *soak) run(ctx context.Context, d time.Duration, outages []outage) (*ledger, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	log := newLedger()
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() { s.write(ctx, log) })
		clients.Go(func() { s.readAndHangUp(ctx, log) })
	}
	for i := range 2 {
		clients.Go(func() { s.upload(ctx, log, i) })
	}
	clients.Go(func() { s.interrupt(ctx, d, outages) })
	tick := time.NewTicker(d / 10)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			if err := s.sample(context.WithoutCancel(ctx)); err != nil {
				return nil, err
			}
		case <-ctx.Done():
		}
	}
	clients.Wait()
	return log, nil
}

// sample prints the server's memory and goroutines.
func (s *soak) sample(ctx context.Context) error {
	mb, err := residentMB(s.pid)
	if err != nil {
		return fmt.Errorf("the server is gone: %w", err)
	}
	fmt.Fprintf(
		os.Stdout,
		"  %.0f MB, %s goroutines, %d writes, %d reads, %d hang-ups, %d uploads, %d cut, %d outages\n",
		mb,
		s.goroutines(ctx),
		s.writes.Load(),
		s.reads.Load(),
		s.hangUps.Load(),
		s.uploads.Load(),
		s.cut.Load(),
		s.outages.Load(),
	)
	return nil
}

// goroutines returns the number of goroutines from the server's metrics.
func (s *soak) goroutines(ctx context.Context) string {
	text, err := s.get(ctx, "/metrics")
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			return strings.TrimSpace(n)
		}
	}
	return "?"
}

// latency is the duration of a request without load.
type latency struct{ median, p99 time.Duration }

func (s *soak) latency(ctx context.Context) (latency, error) {
	client := mlflow.NewClient(s.url, mlflow.WithHTTPClient(s.http))
	run, err := client.CreateRun(ctx, &mlflow.CreateRunRequest{ExperimentID: "0"})
	if err != nil {
		return latency{}, err
	}
	var took []time.Duration
	for i := range 1000 {
		start := time.Now()
		if err := client.LogMetric(ctx,
			&mlflow.LogMetricRequest{RunID: run.Info.RunID, Key: "m", Timestamp: 1, Step: int64(i)}); err != nil {
			return latency{}, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return latency{took[len(took)/2], took[len(took)*99/100]}, nil
}

func (s *soak) report(ctx context.Context, before, after latency, lost int) {
	fmt.Fprintf(
		os.Stdout,
		"afterwards: log-metric takes %s (%.2fx), at the 99th percentile %s (%.2fx)\n",
		after.median,
		ratio(after.median, before.median),
		after.p99,
		ratio(after.p99, before.p99),
	)
	fmt.Fprintf(os.Stdout, "acknowledged and lost: %d\n", lost)
	s.failed.Range(func(how, n any) bool {
		fmt.Fprintf(os.Stdout, "  failed with %v: %d\n", how, n.(*atomic.Int64).Load())
		return true
	})
	if err := s.sample(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// note counts a failed request.
func (s *soak) note(how string) {
	n, _ := s.failed.LoadOrStore(how, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func noteStatus(status int) string { return "status " + strconv.Itoa(status) }
