package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// database returns the URI of a new database for a peer, which is a file in dir or a
// database on the server, and a function that removes it.
func (b *bench) database(ctx context.Context, dir, name string) (uri string, drop func(), err error) {
	if b.server == "" {
		return "sqlite:///" + filepath.Join(dir, "mlflow.db"), func() {}, nil
	}
	u, err := url.Parse(b.server)
	if err != nil {
		return "", nil, errors.New("the URI of --database cannot be read")
	}
	db, _, err := db.OpenSQL(ctx, b.server)
	if err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("bench_%s_%d", name, os.Getpid())
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, db.Close())
	}
	u.Path = "/" + name
	driver := map[string]string{"postgresql": "psycopg2", "mysql": "pymysql"}[u.Scheme]
	u.Scheme += "+" + driver // As SQLAlchemy wants it; Millrace does not mind.
	return u.String(), func() {
		time.Sleep(time.Second) // The last connections of the peer are closing.
		statement := "DROP DATABASE " + name
		if u.Scheme == "postgresql+psycopg2" {
			statement += " WITH (FORCE)"
		}
		if _, err := db.ExecContext(context.WithoutCancel(ctx), statement); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		db.Close()
	}, nil
}

// fill adds an experiment with n runs of 20 metrics, 20 params and 5 tags each to the
// database and returns its ID.
func fill(ctx context.Context, database string, n int) (string, error) {
	s, err := store.Open(ctx, store.Options{URI: database, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		return "", err
	}
	defer s.Close()
	experiment, err := s.CreateExperiment(ctx, "filled", "", nil)
	if err != nil {
		return "", err
	}
	err = concurrently(ctx, n, func(ctx context.Context, i int) error {
		run, err := s.CreateRun(ctx, experiment, &mlflow.CreateRunRequest{StartTime: startOf(i)})
		if err != nil {
			return err
		}
		metrics, params, tags := dataOf(i)
		return s.LogBatch(ctx, run.Info.RunID, metrics, params, tags)
	})
	return strconv.FormatInt(experiment, 10), err
}

// fillByAPI is [fill] for a server with tables of its own.
func fillByAPI(ctx context.Context, c *mlflow.Client, n int) (experiment string, err error) {
	experiment, err = c.CreateExperiment(ctx, &mlflow.CreateExperimentRequest{Name: "filled"})
	if err != nil {
		return "", err
	}
	return experiment, concurrently(ctx, n, func(ctx context.Context, i int) error {
		run, err := c.CreateRun(ctx, &mlflow.CreateRunRequest{ExperimentID: experiment, StartTime: startOf(i)})
		if err != nil {
			return err
		}
		metrics, params, tags := dataOf(i)
		return c.LogBatch(ctx, &mlflow.LogBatchRequest{
			RunID: run.Info.RunID, Metrics: metrics, Params: params, Tags: tags,
		})
	})
}

// concurrently calls f for the numbers below n from several goroutines.
func concurrently(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, i)
		})
	}
	return g.Wait()
}

// startOf returns the time at which a run started.
func startOf(i int) int64 { return 1_700_000_000_000 + int64(i) }

// dataOf returns the data of a run.
func dataOf(i int) ([]mlflow.Metric, []mlflow.Param, []mlflow.Tag) {
	r := rand.New(rand.NewPCG(1, uint64(i))) // The data must be reproducible.
	metrics, params := make([]mlflow.Metric, 20), make([]mlflow.Param, 20)
	for k := range metrics {
		metrics[k] = mlflow.Metric{Key: fmt.Sprintf("m%d", k), Value: r.Float64(), Timestamp: 1}
		params[k] = mlflow.Param{Key: fmt.Sprintf("p%d", k), Value: fmt.Sprintf("v%d", r.IntN(20))}
	}
	tags := make([]mlflow.Tag, 4) // and the name of the run
	for k := range tags {
		tags[k] = mlflow.Tag{Key: fmt.Sprintf("t%d", k), Value: fmt.Sprintf("tag%d", r.IntN(4))}
	}
	return metrics, params, tags
}

// searches fills the database with --runs runs and measures the searches of the pages of
// experiments, with one client and with eight.
func (b *bench) searches(ctx context.Context, p peer, database, url string) (figures []figure, err error) {
	if b.runs == 0 {
		return nil, nil
	}
	h := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	c := mlflow.NewClient(url, mlflow.WithHTTPClient(h))
	var experiment string
	if p.oldAPI {
		experiment, err = fillByAPI(ctx, c, b.runs)
	} else {
		experiment, err = fill(ctx, database, b.runs)
	}
	if err != nil {
		return nil, fmt.Errorf("filling the database: %w", err)
	}
	for _, clients := range []int{1, 8} {
		if p.slow && clients > 1 {
			break
		}
		for _, s := range []struct{ name, filter, order string }{
			{"search: a page of 100, newest first", "", ""},
			{"search: filter on metric, param and tag", "metrics.m1 > 0.5 and params.p3 = 'v5' and tags.t1 = 'tag2'", ""},
			{"search: order by a metric", "", "metrics.m1 DESC"},
		} {
			in := &mlflow.SearchRunsRequest{ExperimentIDs: []string{experiment}, Filter: s.filter, MaxResults: new(int32(100))}
			if s.order != "" {
				in.OrderBy = strings.Split(s.order, ",")
			}
			rate, err := throughput(ctx, clients, b.d, func(ctx context.Context, _ int64) error {
				out, err := c.SearchRuns(ctx, in)
				if err == nil && len(out.Runs) == 0 {
					err = errors.New("no run was found")
				}
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if clients > 1 {
				s.name += fmt.Sprintf(", %d clients", clients)
			}
			figures = append(figures, figure{s.name, 1000 * float64(clients) / rate, "ms", lower})
		}
	}
	return figures, nil
}
