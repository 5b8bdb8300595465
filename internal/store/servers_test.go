package store_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestDeadlock checks that two transactions which wait for each other's rows both
// succeed.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	dbtest.OnServers(t, func(t *testing.T, uri string) {
		s := storetest.Open(t, uri)
		a, b := storetest.NewRun(t, s), storetest.NewRun(t, s)
		var first, tries atomic.Int32
		var both sync.WaitGroup
		both.Add(2)
		meet := func() {
			tries.Add(1)
			if first.Add(1) <= 2 { // Each transaction locks one row before either needs the other row.
				both.Done()
				both.Wait()
			}
		}
		errs := make(chan error, 2)
		go func() { errs <- s.SetStatuses(t.Context(), meet, a, b) }()
		go func() { errs <- s.SetStatuses(t.Context(), meet, b, a) }()
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := tries.Load(); n < 5 {
			t.Errorf("%d updates; without a deadlock this shows nothing", n)
		}
	})
}

func TestMoreRequestsThanConnections(t *testing.T) {
	t.Parallel()
	dbtest.OnServers(t, func(t *testing.T, uri string) {
		s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/", PoolSize: 2})
		if err != nil {
			t.Fatal(err)
		}
		run := storetest.NewRun(t, s)
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if err := s.LogBatch(t.Context(), run, []mlflow.Metric{{Key: "m", Step: int64(i)}}, nil, []mlflow.Tag{{Key: "t"}}); err != nil {
					t.Error(err)
				}
				if _, err := s.Run(t.Context(), run); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		history, _, err := s.MetricHistory(t.Context(), run, "m", 0, "")
		if err != nil || len(history) != 64 {
			t.Errorf("%d values; %v", len(history), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestLostConnections ends all connections while clients log, as in a failover.
// Acknowledged values must be present, and later requests must succeed.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewDatabase(t, dbtest.Servers[0])
	s := storetest.Open(t, uri)
	admin, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	const clients = 8
	var acknowledged [clients]int
	runs := make([]string, clients)
	for c := range runs {
		runs[c] = storetest.NewRun(t, s)
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for step := int64(0); acknowledged[c] == 0 || !stop.Load(); step++ {
				err := s.LogBatch(
					t.Context(),
					runs[c],
					[]mlflow.Metric{{Key: "m", Step: step}},
					nil,
					[]mlflow.Tag{{Key: "t", Value: "v"}},
				)
				switch {
				case err == nil:
					acknowledged[c]++
				case !errors.Is(err, mlflow.TemporarilyUnavailable):
					t.Error(err)
					return
				}
			}
		})
	}
	for range 10 {
		time.Sleep(50 * time.Millisecond)
		if _, err := admin.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	for c, run := range runs {
		history, _, err := s.MetricHistory(t.Context(), run, "m", 0, "")
		if err != nil || len(history) < acknowledged[c] || acknowledged[c] == 0 {
			t.Errorf("client %d: %d values, %d acknowledged; %v", c, len(history), acknowledged[c], err)
		}
	}
}

// TestRefusedValues checks that values which a database server cannot store are refused
// as errors of the client.
func TestRefusedValues(t *testing.T) {
	t.Parallel()
	dbtest.OnServers(t, func(t *testing.T, uri string) {
		s := storetest.Open(t, uri)
		run := storetest.NewRun(t, s)
		if _, err := s.CreateExperiment(t.Context(), strings.Repeat("n", 500), "", nil); !errors.Is(
			err,
			mlflow.InvalidParameterValue,
		) {
			t.Errorf("a name that is too long: %v", err)
		}
		if _, err := s.Experiment(t.Context(), 1<<40); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("an id beyond the column's range: %v", err)
		}
		if strings.HasPrefix(uri, "postgresql") {
			if err := s.SetTag(t.Context(), run, mlflow.Tag{Key: "k", Value: "a\x00b"}); !errors.Is(
				err,
				mlflow.InvalidParameterValue,
			) {
				t.Errorf("NUL: %v", err)
			}
		}
		if err := s.SetTag(t.Context(), run, mlflow.Tag{Key: "k", Value: "日本語 🚀"}); err != nil {
			t.Error(err)
		}
	})
}

// TestReadStore checks that searches and histories read the standby, and single rows the
// primary.
func TestReadStore(t *testing.T) {
	t.Parallel()
	primary, standby := dbtest.NewDatabase(t, dbtest.Servers[0]), dbtest.NewDatabase(t, dbtest.Servers[0])
	storetest.Open(t, standby) // Opening creates the tables. This standby does not replicate, so the origin of each result is visible.
	s, err := store.Open(t.Context(), store.Options{URI: primary, ReadURI: standby, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	run := storetest.NewRun(t, s)
	if _, err := s.Run(t.Context(), run); err != nil {
		t.Errorf("the run just made: %v", err)
	}
	found, _, err := s.SearchRuns(t.Context(), []int64{0}, 10, &mlflow.SearchRunsRequest{})
	if err != nil || len(found) != 0 {
		t.Errorf("%d runs in the standby; %v", len(found), err)
	}
	for uri, want := range map[string]string{
		"sqlite:///" + t.TempDir() + "/x.db":     "standby",
		dbtest.NewDatabase(t, dbtest.Servers[0]): "revision",
	} {
		if _, err := store.Open(t.Context(), store.Options{URI: primary, ReadURI: uri}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestSeriesOfTwoServers follows a metric on one server after the other, while both
// write it.
func TestSeriesOfTwoServers(t *testing.T) {
	t.Parallel()
	dbtest.OnServers(t, func(t *testing.T, uri string) {
		servers := []*store.Store{storetest.Open(t, uri), storetest.Open(t, uri)}
		f := &storetest.Follower{RunID: storetest.NewRun(t, servers[0]), Samples: 100}
		for i := range int64(50) {
			m := mlflow.Metric{Key: "m", Step: i % 20, Timestamp: i * 10, Value: float64(i)}
			if err := servers[i%3%2].LogBatch(t.Context(), f.RunID, []mlflow.Metric{m}, nil, nil); err != nil {
				t.Fatal(err)
			}
			if whole, n := f.Follow(t, servers[i%2]); whole != (i == 0) || n != 1 || len(f.Have) != int(i)+1 {
				t.Errorf("point %d: whole %t, %d points, %d in total", i, whole, n, len(f.Have))
			}
		}
	})
}
