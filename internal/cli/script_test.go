package cli

import (
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestMain installs the command millrace in the PATH of the tests. It is a copy of
// the test binary.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"millrace": func() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/script/*.txtar. Besides the commands of testscript, the
// scripts have:
//
//   - server [OPTIONS]: starts a server on a free port with a temporary SQLite file
//     and sets MLFLOW_TRACKING_URI and PORT.
//   - seed: creates a finished run with a parameter and metrics, and sets RUN_ID.
//   - database FILE [METRICS]: creates a database and sets DATABASE to its URI.
//   - sql STATEMENT, or sql @FILE: changes DATABASE.
//   - output REGEXP: the whole standard output of the last command matches.
//   - failure REGEXP: the last command printed only one line "millrace: ..." to
//     standard error, and the message matches.
//   - capture NAME REGEXP: sets a variable to the first group of a match in the
//     standard output of the last command.
func TestScripts(t *testing.T) {
	t.Parallel()
	models, err := filepath.Abs("../../models/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Setenv("MODELS", models)
			env.Setenv("REVISION", schema.Revision)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // The default is a second for each process.
			env.Values["t"] = env.T()
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server": scriptServer, "seed": scriptSeed, "database": scriptDatabase, "sql": scriptSQL,
			"output": scriptOutput, "failure": scriptFailure, "capture": scriptCapture,
		},
	})
}

func scriptServer(ts *testscript.TestScript, _ bool, args []string) {
	url, _, stop, err := startServer(context.Background(), append([]string{
		"--backend-store-uri", "sqlite:///" + ts.MkAbs("mlflow.db"), "--artifacts-destination", ts.MkAbs("artifacts"),
	}, args...))
	ts.Check(err)
	t := ts.Value("t").(testscript.T)
	ts.Defer(func() {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
	ts.Setenv("MLFLOW_TRACKING_URI", url)
	u, err := neturl.Parse(url)
	ts.Check(err)
	ts.Setenv("PORT", u.Port())
}

func scriptSeed(ts *testscript.TestScript, _ bool, _ []string) {
	id, err := seed(context.Background(), mlflow.NewClient(ts.Getenv("MLFLOW_TRACKING_URI")))
	ts.Check(err)
	ts.Setenv("RUN_ID", id)
}

// seed creates a finished run with a parameter and two metrics, one of them with
// two values.
func seed(ctx context.Context, m *mlflow.Client) (id string, err error) {
	run, err := m.CreateRun(ctx, &mlflow.CreateRunRequest{ExperimentID: "0", RunName: "trained", StartTime: 1})
	if err != nil {
		return "", err
	}
	id = run.Info.RunID
	if err := m.LogBatch(ctx, &mlflow.LogBatchRequest{
		RunID: id,
		Metrics: []mlflow.Metric{
			{Key: "loss", Value: 0.5, Timestamp: 10, Step: 1},
			{Key: "loss", Value: 0.25, Timestamp: 20, Step: 2},
			{Key: "rows", Value: 60000, Timestamp: 1},
		},
		Params: []mlflow.Param{{Key: "lr", Value: "0.1"}},
	}); err != nil {
		return "", err
	}
	_, err = m.UpdateRun(ctx, &mlflow.UpdateRunRequest{RunID: id, Status: mlflow.RunFinished, EndTime: new(int64(93_784_000))})
	return id, err
}

func scriptDatabase(ts *testscript.TestScript, _ bool, args []string) {
	uri, metrics := "sqlite:///"+ts.MkAbs(args[0]), 0
	if len(args) > 1 {
		var err error
		metrics, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	ts.Check(createDatabase(context.Background(), uri, metrics))
	ts.Setenv("DATABASE", uri)
}

// createDatabase creates a database with a run that has metrics. 100,000 metrics are
// several megabytes.
func createDatabase(ctx context.Context, uri string, metrics int) error {
	s, err := store.Open(ctx, store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	return errors.Join(
		execute(ctx, uri, `INSERT INTO runs (run_uuid, experiment_id) VALUES ('r', 0)`),
		execute(ctx, uri, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 WHERE %[1]d > 0 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
			INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) SELECT 'm' || i %% 7, i / 3.0, i, 'r', i, 0 FROM n`, metrics)),
	)
}

func scriptSQL(ts *testscript.TestScript, _ bool, args []string) {
	text := args[0]
	if file, ok := strings.CutPrefix(text, "@"); ok {
		text = ts.ReadFile(file)
	}
	ts.Check(execute(context.Background(), ts.Getenv("DATABASE"), text))
}

func execute(ctx context.Context, uri, statement string) error {
	sqlDB, _, err := db.OpenSQL(ctx, uri)
	if err != nil {
		return err
	}
	defer sqlDB.Close()
	_, err = sqlDB.ExecContext(ctx, statement)
	return err
}

func scriptOutput(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: output REGEXP")
	}
	if out := ts.ReadFile("stdout"); !regexp.MustCompile(`^(?:` + args[0] + `)\n$`).MatchString(out) {
		ts.Fatalf("the output does not match %s:\n%s", args[0], out)
	}
}

func scriptFailure(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: failure REGEXP")
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("the command failed, but it printed:\n%s", out)
	}
	message, ok := strings.CutPrefix(ts.ReadFile("stderr"), "millrace: ")
	if !ok || strings.Count(message, "\n") != 1 || !regexp.MustCompile(args[0]).MatchString(message) {
		ts.Fatalf("the error is not one line that matches %s:\n%s", args[0], message)
	}
}

func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(match) != 2 {
		ts.Fatalf("no match of %s", args[1])
	}
	ts.Setenv(args[0], match[1])
}
