package cli

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// replica is one of several servers of a database.
type replica struct {
	cmd    *exec.Cmd
	url    string
	client *mlflow.Client
}

func startReplica(t *testing.T, dir, database string) *replica {
	t.Helper()
	cmd, url := startProcess(t, dir, database)
	return &replica{cmd, url, mlflow.NewClient(url, mlflow.WithRetryFor(0))}
}

// Two replicas serve one database. One of them is killed several times under load,
// and its clients continue with the other. All acknowledged batches are stored.
func TestKilledReplicas(t *testing.T) {
	t.Parallel()
	const size, rounds = 20, 20
	database, dir := dbtest.NewDatabase(t, dbtest.Servers[0]), t.TempDir()
	var replicas [2]atomic.Pointer[replica]
	for i := range replicas {
		replicas[i].Store(startReplica(t, dir, database))
	}
	var acknowledged [8]int
	runs := make([]string, len(acknowledged))
	for c := range runs {
		run, err := replicas[c%2].Load().client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0"})
		if err != nil {
			t.Fatal(err)
		}
		runs[c] = run.Info.RunID
	}
	for round := range rounds {
		doomed := rand.IntN(2)
		survivor := replicas[1-doomed].Load()
		var wg sync.WaitGroup
		var total atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		for c := range runs {
			wg.Go(func() {
				for i := c; ctx.Err() == nil; i++ {
					if logBatch(t, replicas[i%2].Load().client, runs[c], acknowledged[c], size) != nil { //nolint:contextcheck // A batch must not be canceled.
						return // Whether the batch was stored is unknown; see check.
					}
					acknowledged[c]++
					total.Add(1)
				}
			})
		}
		waitForBatches(&total, 1+rand.Int64N(50))
		victim := replicas[doomed].Load()
		if err := victim.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = victim.cmd.Wait() // It was killed.
		stop()
		wg.Wait()
		if total.Load() == 0 {
			t.Errorf("round %d: nothing was logged before the kill", round)
		}
		check(t, survivor.client, runs, &acknowledged, size)
		replicas[doomed].Store(startReplica(t, dir, database))
	}
	for i := range replicas {
		end(t, replicas[i].Load())
	}
}

func end(t *testing.T, r *replica) {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("the server after SIGINT: %v", err)
	}
}

// Page tokens and access tokens of one replica are valid for the other.
func TestReplicasAgree(t *testing.T) {
	t.Parallel()
	database, dir := dbtest.NewDatabase(t, dbtest.Servers[0]), t.TempDir()
	replicas := []*replica{startReplica(t, dir, database), startReplica(t, dir, database)}
	made := map[string]bool{}
	for i := range 5 {
		run, err := replicas[i%2].client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0", StartTime: int64(i)})
		if err != nil {
			t.Fatal(err)
		}
		made[run.Info.RunID] = true
	}
	in := &mlflow.SearchRunsRequest{ExperimentIDs: []string{"0"}, MaxResults: new(int32(2))}
	for page := range 3 {
		out, err := replicas[page%2].client.SearchRuns(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range out.Runs {
			delete(made, run.Info.RunID)
		}
		in.PageToken = out.NextPageToken
	}
	if len(made) > 0 || in.PageToken != "" {
		t.Errorf("%d runs were on no page; the last token is %q", len(made), in.PageToken)
	}

	var out, errOut bytes.Buffer
	if code := Main([]string{"tokens", "create", "--user", "me@example.org", "--backend-store-uri", database}, &out, &errOut); code != 0 {
		t.Fatal(errOut.String())
	}
	token := strings.TrimSpace(out.String())
	for _, r := range replicas {
		waitForRefusal(t, r.client)
		signedIn := mlflow.NewClient(r.url, mlflow.WithToken(token))
		if _, err := signedIn.SearchRuns(t.Context(), &mlflow.SearchRunsRequest{ExperimentIDs: []string{"0"}}); err != nil {
			t.Error(err)
		}
	}
	for _, r := range replicas {
		end(t, r)
	}
}

func waitForRefusal(t *testing.T, client *mlflow.Client) {
	t.Helper()
	for range 500 {
		_, err := client.SearchRuns(t.Context(), &mlflow.SearchRunsRequest{ExperimentIDs: []string{"0"}})
		if errors.Is(err, mlflow.Unauthenticated) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("a replica still accepts requests without a token")
}
