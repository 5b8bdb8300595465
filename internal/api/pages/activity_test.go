package pages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestDailyRuns counts runs on both sides of the limits of days.
func TestDailyRuns(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s := apitest.NewOn(t, t.TempDir(), uri)
		const path, day, from = "/ajax-api/millrace/experiments/daily-runs", 86_400_000, 1_700_000_000_000
		run := func(experiment string, start int64) string {
			r, err := s.Client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: experiment, StartTime: start})
			if err != nil {
				t.Fatal(err)
			}
			return r.Info.RunID
		}
		for _, start := range []int64{from - 1, from, from + day - 1, from + day, from + 3*day - 1, from + 3*day} {
			run("0", start)
		}
		other, err := s.Client.CreateExperiment(t.Context(), &mlflow.CreateExperimentRequest{Name: "other"})
		if err != nil {
			t.Fatal(err)
		}
		run(other, from+day)
		deleted := run(other, from+day)
		ask := func(name, rest string, status int, has ...string) apitest.Fact {
			return apitest.Fact{Name: name, Path: path, Body: `{"experiment_ids":["0","` + other + `","99"],` + rest + `}`, Status: status, Has: has}
		}
		at := func(from int64) string { return fmt.Sprintf(`"from":%d`, from) }
		s.Check(t, []apitest.Fact{
			{Name: "delete", Path: "runs/delete", Body: `{"run_id":"` + deleted + `"}`},
			ask("three days", at(from)+`,"days":3`, 200,
				`{"experiments":[{"experiment_id":"0","runs":[2,1,1]},{"experiment_id":"`+other+`","runs":[0,1,0]}]}`),
			ask("one day", at(from)+`,"days":1`, 200, `{"experiments":[{"experiment_id":"0","runs":[2]}]}`),
			ask("thirty days", at(from), 200, `"runs":[2,1,1,1`+strings.Repeat(",0", 26)+`]`),
			ask("no runs then", at(from+9*day), 200, `{}`),
			ask("no days", at(from)+`,"days":0`, 400, "days"),
			ask("most days", at(0)+`,"days":366`, 200, `{}`),
			ask("too many days", at(from)+`,"days":367`, 400, "366"),
			ask("before the epoch", at(-1), 400, "from"),
			ask("beyond numbers", `"from":9007199254740993`, 400, "from"),
			{Name: "no start", Path: path, Body: `{"experiment_ids":["0"]}`, Status: 400, Has: []string{"from"}},
			{Name: "no experiments", Path: path, Body: `{"from":1}`, Status: 400, Has: []string{"experiment_ids"}},
			{Name: "no number", Path: path, Body: `{"experiment_ids":["x"],"from":1}`, Status: 400},
			{Name: "many", Path: path, Body: `{"experiment_ids":["0"` + strings.Repeat(`,"0"`, 999) + `],"from":1}`},
			{Name: "too many", Path: path, Body: `{"experiment_ids":["0"` + strings.Repeat(`,"0"`, 1000) + `],"from":1}`, Status: 400, Has: []string{"1000"}},
		})
	})
}
