package pages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

const trash = "/ajax-api/millrace/trash/"

// quoted returns n texts as the elements of a JSON array.
func quoted(text string, n int) string {
	return strings.TrimSuffix(strings.Repeat(`"`+text+`",`, n), ",")
}

func TestTrash(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s := apitest.NewOn(t, t.TempDir(), uri)
		named := func(name string) map[string]string { return map[string]string{name: `"run_id":"(\w+)"`} }
		put := func(path string) apitest.Fact {
			return apitest.Fact{
				Name: "upload " + path, Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/" + path,
				Body: "12345", ContentType: "text/plain",
			}
		}
		search := func(name, body string, has ...string) apitest.Fact {
			return apitest.Fact{Name: name, Path: trash + "search", Body: body, Has: has}
		}
		s.Check(t, []apitest.Fact{
			search("empty", `{"kind":"run"}`, `{}`),
			{Name: "experiment", Path: "experiments/create", Body: `{"name":"gone 100%"}`, Save: map[string]string{"exp": `"experiment_id":"(\d+)"`}},
			{Name: "run in it", Path: "runs/create", Body: `{"experiment_id":"{exp}","run_name":"inside"}`, Save: named("inside")},
			{Name: "run a", Path: "runs/create", Body: `{"experiment_id":"0","run_name":"Run_A","user_id":"ann"}`, Save: named("a")},
			{Name: "run b", Path: "runs/create", Body: `{"experiment_id":"0","run_name":"RunXB"}`, Save: named("b")},
			put("0/{a}/artifacts/x.txt"), put("0/{a}/artifacts/d/y.txt"), put("{exp}/{inside}/artifacts/z.txt"),
			{Name: "model", Path: "logged-models", Body: `{"experiment_id":"0","name":"net"}`, Save: map[string]string{"model": `"model_id":"([\w-]+)"`}},
			{Name: "delete a", Path: "runs/delete", Body: `{"run_id":"{a}"}`},
			{Name: "delete b", Path: "runs/delete", Body: `{"run_id":"{b}"}`},
			{Name: "delete model", Method: "DELETE", Path: "logged-models/{model}"},
			{Name: "delete experiment", Path: "experiments/delete", Body: `{"experiment_id":"{exp}"}`},
			search("runs", `{"kind":"run"}`, `"{a}"`, `"{b}"`, `"name":"Run_A"`, `"user_id":"ann"`, `"experiment_name":"Default"`, `"deleted_time":1`),
			search("models", `{"kind":"logged_model"}`, `"{model}"`, `"name":"net"`, `"deleted_time":1`),
			search("experiments", `{"kind":"experiment"}`, `"id":"{exp}"`, `"name":"gone 100%"`, `"runs":1`),
			{Name: "text", Path: trash + "search", Body: `{"kind":"run","text":"run_a"}`, Has: []string{`"{a}"`}, HasNot: []string{`"{b}"`}},
			{Name: "percent", Path: trash + "search", Body: `{"kind":"experiment","text":"0%"}`, Has: []string{`"{exp}"`}},
			{Name: "no match", Path: trash + "search", Body: `{"kind":"experiment","text":"%x"}`, HasNot: []string{`"{exp}"`}},
			{Name: "by id", Path: trash + "search", Body: `{"kind":"run","text":"{b}"}`, Has: []string{`"{b}"`}, HasNot: []string{`"{a}"`}},
			{Name: "first page", Path: trash + "search", Body: `{"kind":"run","max_results":1}`, Has: []string{`"next_page_token"`}, Save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
			{Name: "last page", Path: trash + "search", Body: `{"kind":"run","max_results":1,"page_token":"{token}"}`, HasNot: []string{`"next_page_token"`}},
			{
				Name: "sizes", Path: trash + "size",
				Body: `{"run_ids":["{a}","{b}"],"model_ids":["{model}"],"experiment_ids":["{exp}"]}`,
				Has: []string{
					`{"kind":"run","id":"{a}","files":2,"bytes":10}`, `{"kind":"run","id":"{b}","files":0,"bytes":0}`,
					`{"kind":"logged_model","id":"{model}","files":0,"bytes":0}`,
					`{"kind":"experiment","id":"{exp}","files":1,"bytes":5}`,
				},
			},
			{Name: "restore the model", Path: "/ajax-api/millrace/models/restore", Body: `{"model_id":"{model}"}`},
			apitest.Get("it is back", "logged-models/{model}", 200, `"name":"net"`),
			{Name: "one item is not deleted", Path: trash + "purge", Body: `{"run_ids":["{a}"],"model_ids":["{model}"]}`, Status: 400, Has: []string{"not in the deleted lifecycle stage. Nothing was removed."}},
			{Name: "one item is missing", Path: trash + "purge", Body: `{"run_ids":["{a}","nothing"]}`, Status: 404, Has: []string{"Run nothing does not exist. Nothing was removed."}},
			apitest.Get("nothing was removed", "runs/get?run_id={a}", 200),
			apitest.Get("no file was removed", "/api/2.0/mlflow-artifacts/artifacts/0/{a}/artifacts/x.txt", 200, "12345"),
			{Name: "purge", Path: trash + "purge", Body: `{"run_ids":["{a}"],"experiment_ids":["{exp}"]}`, Has: []string{`{"runs":2,"logged_models":0,"experiments":1,"in_use":0}`}},
			apitest.Get("the run is gone", "runs/get?run_id={a}", 404),
			apitest.Get("its files are gone", "/api/2.0/mlflow-artifacts/artifacts/0/{a}/artifacts/x.txt", 404),
			apitest.Get("the experiment is gone", "experiments/get?experiment_id={exp}", 404),
			apitest.Get("its run is gone", "runs/get?run_id={inside}", 404),
			{Name: "again", Path: trash + "purge", Body: `{"run_ids":["{a}"]}`, Status: 404},
			{Name: "b is still there", Path: "runs/restore", Body: `{"run_id":"{b}"}`},
			search("all done", `{"kind":"run"}`, `{}`),
			{Name: "restore what is missing", Path: "/ajax-api/millrace/models/restore", Body: `{"model_id":"m-0"}`, Status: 404},
		})
	})
}

// TestUnreachableFiles keeps what has files that the server does not open.
func TestUnreachableFiles(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	s.Check(t, []apitest.Fact{
		{
			Name: "experiment elsewhere", Path: "experiments/create",
			Body: fmt.Sprintf(`{"name":"e","artifact_location":"file://%s"}`, t.TempDir()),
			Save: map[string]string{"exp": `"experiment_id":"(\d+)"`},
		},
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"{exp}"}`, Save: map[string]string{"run": `"run_id":"(\w+)"`}},
		{Name: "delete", Path: "runs/delete", Body: `{"run_id":"{run}"}`},
		{Name: "size", Path: trash + "size", Body: `{"run_ids":["{run}"]}`, Has: []string{`"bytes":0,"error":"`}},
		{
			Name: "purge", Path: trash + "purge", Body: `{"run_ids":["{run}"]}`,
			Has: []string{`{"runs":0,`, `"kept":[{"kind":"run","id":"{run}","reason":"`},
		},
		apitest.Get("it is kept", "runs/get?run_id={run}", 200),
	})
}

func TestWrongRequests(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	var facts []apitest.Fact
	for body, has := range map[string]string{
		`{}`:                                "kind",
		`{"kind":"job"}`:                    "It must be run, logged_model or experiment.",
		`{"kind":"run","max_results":-1}`:   "max_results",
		`{"kind":"run","max_results":1001}`: "max_results",
		`{"kind":"run","page_token":"x"}`:   "page token",
	} {
		facts = append(facts, apitest.Fact{Name: body, Path: trash + "search", Body: body, Status: 400, Has: []string{has}})
	}
	facts = append(facts, apitest.Fact{Name: "most results", Path: trash + "search", Body: `{"kind":"run","max_results":1000}`})
	for _, route := range []string{"size", "purge"} {
		for body, status := range map[string]int{
			`{}`:                                     400,
			`{"run_ids":[` + quoted("x", 200) + `]}`: 404,
			`{"run_ids":[` + quoted("x", 101) + `],"model_ids":[` + quoted("y", 100) + `]}`: 400,
			`{"experiment_ids":["x"]}`:  400,
			`{"experiment_ids":["99"]}`: 404,
			`{"model_ids":["m"]}`:       404,
		} {
			facts = append(facts, apitest.Fact{Name: route + " " + body[:min(40, len(body))], Path: trash + route, Body: body, Status: status})
		}
	}
	slices.SortFunc(facts, func(a, b apitest.Fact) int { return strings.Compare(a.Name, b.Name) })
	s.Check(t, facts)
}
