package pages_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/api/pages"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/auth"
)

// fixture returns a file of the tests of package tabular.
func fixture(t *testing.T, format, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "tabular", format, "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// withFiles returns a server with a run, a logged model and a version that have files.
func withFiles(t *testing.T) (*apitest.Server, []apitest.Fact) {
	t.Helper()
	s := apitest.New(t)
	put := func(path, body string) apitest.Fact {
		return apitest.Fact{
			Name: "upload " + path, Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/0/" + path,
			Body: body, ContentType: "-",
		}
	}
	parquet, npz := fixture(t, "parquet", "codec_snappy.parquet"), fixture(t, "npy", "packed.npz")
	return s, []apitest.Fact{
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"0"}`, Save: map[string]string{"run": `"run_id":"(\w+)"`}},
		{Name: "model", Path: "logged-models", Body: `{"experiment_id":"0","name":"net","source_run_id":"{run}"}`, Save: map[string]string{"model": `"model_id":"([\w-]+)"`}},
		{Name: "registered", Path: "registered-models/create", Body: `{"name":"m"}`},
		{Name: "version", Path: "model-versions/create", Body: `{"name":"m","source":"models:/{model}","model_id":"{model}"}`},
		put("{run}/artifacts/data/t.parquet", parquet), put("{run}/artifacts/data/a.npy", fixture(t, "npy", "grid.npy")),
		put("{run}/artifacts/data/o.npy", fixture(t, "npy", "object.npy")), put("{run}/artifacts/text.parquet", "not parquet, only its name"),
		put("models/{model}/artifacts/w.npz", npz),
	}
}

func TestFileTable(t *testing.T) {
	t.Parallel()
	s, facts := withFiles(t)
	const path = "/ajax-api/millrace/artifacts/table?"
	const run = path + "run_id={run}&path="
	s.Check(t, append(facts,
		apitest.Get("parquet", run+"data/t.parquet&offset=298", 200,
			`"format":"parquet","columns":[{"name":"id","type":"int64","numeric":true}`, `"column_count":4,"rows":[["298","99.33333333333333","name 4","[0, 1]"],["299"`,
			`"offset":298,"row_count":300`, `"compression":"Snappy"`),
		apitest.Get("two columns", run+"data/t.parquet&max_results=1&column_offset=1&max_columns=2", 200, `"rows":[[null,"name 0"]]`, `"column_offset":1`),
		apitest.Get("npy", run+"data/a.npy&max_results=1", 200, `"shape":[3,4],"count":12,"read":12,"min":"0","max":"11","mean":"5.5"`, `"rows":[["0","1","2","3"]]`),
		apitest.Get("npz of a model", path+"model_id={model}&path=w.npz&array=second", 200, `"arrays":[{"name":"first","type":"float64","shape":[3,4]}`, `"array":"second"`, `"rows":[["0"],["1"]`),
		apitest.Get("npz of a version", path+"name=m&version=1&path=w.npz", 200, `"array":"first"`),
		apitest.Get("pickle", run+"data/o.npy", 400, "INVALID_PARAMETER_VALUE", "pickle"),
		apitest.Get("not parquet", run+"text.parquet", 400, "INVALID_PARAMETER_VALUE", "no parquet file"),
		apitest.Get("array of parquet", run+"data/t.parquet&array=x", 400, "no arrays"),
		apitest.Get("unknown array", path+"model_id={model}&path=w.npz&array=third", 404, "third"),
		apitest.Get("other extension", run+"text.csv", 400, ".parquet"),
		apitest.Get("no file", run+"none.parquet", 404),
		apitest.Get("folder above", run+"../x.parquet", 400, "Invalid path"),
		apitest.Get("no path", path+"run_id={run}", 400, "path"),
		apitest.Get("no owner", path+"path=x.npy", 400, "either run_id"),
		apitest.Get("two owners", path+"run_id={run}&model_id={model}&path=x.npy", 400, "either run_id"),
		apitest.Get("no version", path+"name=m&path=x.npy", 400, "either run_id"),
		apitest.Get("no such run", path+"run_id=x&path=x.npy", 404),
		apitest.Get("no such model", path+"model_id=x&path=x.npy", 404),
		apitest.Get("no such version", path+"name=m&version=9&path=x.npy", 404),
		apitest.Get("negative offset", run+"data/a.npy&offset=-1", 400, "offset"),
		apitest.Get("far offset", run+"data/a.npy&offset=9223372036854775807", 200, `"offset":3`),
		apitest.Get("negative column", run+"data/a.npy&column_offset=-1", 400, "column_offset"),
		apitest.Get("far column", run+"data/a.npy&column_offset=9223372036854775807", 200, `"column_offset":4`),
		apitest.Get("no rows", run+"data/a.npy&max_results=0", 400, "max_results"),
		apitest.Get("most rows", run+"data/a.npy&max_results=1000", 200),
		apitest.Get("too many rows", run+"data/a.npy&max_results=1001", 400, "max_results"),
		apitest.Get("too many columns", run+"data/a.npy&max_columns=1001", 400, "max_columns"),
		apitest.Get("too many cells", run+"data/a.npy&max_results=1000&max_columns=26", 400, "25000"),
	))
}

func TestMediaFiles(t *testing.T) {
	t.Parallel()
	s, facts := withFiles(t)
	const path = "/ajax-api/millrace/artifacts/media"
	put := func(path string) apitest.Fact {
		return apitest.Fact{Name: path, Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/" + path, Body: "x"}
	}
	many := func(n int) string { return `{"run_ids":[` + quoted("{run}", n) + `]}` }
	s.Check(t, append(facts,
		put("images/a%25step%257.png"), put("plots/cm_step_3.HTML"), put("plots/cm.png"), put("weights_1.bin"), put("eval/2/t.csv"),
		apitest.Fact{Name: "another", Path: "runs/create", Body: `{"experiment_id":"0"}`, Save: map[string]string{"none": `"run_id":"(\w+)"`}},
		apitest.Fact{
			Name: "files", Path: path, Body: `{"run_ids":["{run}","{none}"]}`,
			Has: []string{
				`{"run_id":"{run}","files":[{"path":"eval/2/t.csv","is_dir":false,"file_size":1},{"path":"images/a%step%7.png"`,
				`"plots/cm_step_3.HTML"`, `{"run_id":"{none}"}`,
			},
			HasNot: []string{"cm.png", "weights", "bounded"},
		},
		apitest.Fact{Name: "no runs", Path: path, Body: `{}`, Has: []string{"{}"}},
		apitest.Fact{Name: "unknown run", Path: path, Body: `{"run_ids":["x"]}`, Status: 404},
		apitest.Fact{Name: "no id", Path: path, Body: `{"run_ids":["{run}",""]}`, Status: 400, Has: []string{"run_id"}},
		apitest.Fact{Name: "most runs", Path: path, Body: many(50)},
		apitest.Fact{Name: "too many runs", Path: path, Body: many(51), Status: 400, Has: []string{"run_ids can have at most 50"}},
	))
}

func TestFolderZip(t *testing.T) {
	t.Parallel()
	s, facts := withFiles(t)
	const path = "/ajax-api/millrace/artifacts/zip?"
	saved := s.Check(t, append(facts,
		apitest.Get("no owner", path+"path=x", 400, "either run_id"),
		apitest.Get("no folder", path+"run_id={run}&path=none", 404, "no files in the folder 'none'"),
		apitest.Get("a file", path+"run_id={run}&path=text.parquet", 404),
		apitest.Get("folder above", path+"run_id={run}&path=../x", 400, "Invalid path"),
		apitest.Get("no such run", path+"run_id=x", 404),
	))
	for query, want := range map[string]string{
		"run_id=" + saved["run"] + "&path=data": "data/a.npy data/o.npy data/t.parquet",
		"run_id=" + saved["run"]:                "artifacts/data/a.npy artifacts/data/o.npy artifacts/data/t.parquet artifacts/text.parquet",
		"model_id=" + saved["model"]:            "artifacts/w.npz",
		"name=m&version=1":                      "artifacts/w.npz",
	} {
		resp, b, err := download(t, s.URL+path+query)
		if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename=") {
			t.Fatalf("%s: %v %v", query, resp, err)
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var names []string
		for _, f := range z.File {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// download reads the response to a GET request.
func download(t *testing.T, url string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, b, err
}

// brokenFiles locates files in stores that cannot read one of them.
type brokenFiles struct{ pages.Files }

func (f brokenFiles) Locate(uri string) (artifact.Repo, string, error) {
	repo, base, err := f.Files.Locate(uri)
	walker, _ := repo.(artifact.Walker)
	return brokenRepo{repo, walker}, base, err
}

type brokenRepo struct {
	artifact.Repo
	artifact.Walker
}

func (r brokenRepo) Open(ctx context.Context, path string) (*artifact.File, error) {
	f, err := r.Repo.Open(ctx, path)
	if err == nil && strings.HasSuffix(path, "t.parquet") {
		err = f.Close() // The next read fails.
	}
	return f, err
}

// TestBrokenZip has a store that fails after a part of the archive has been sent. The
// response must not look like a complete one.
func TestBrokenZip(t *testing.T) {
	t.Parallel()
	s, facts := withFiles(t)
	run := s.Check(t, facts)["run"]
	r := route.New(rules.NewOwners(s.Store))
	(&pages.Handlers{
		Store: s.Store, Files: brokenFiles{s.API.Artifacts}, Log: slog.New(slog.DiscardHandler),
	}).Routes(r)
	srv := httptest.NewServer(auth.Middleware(s.Store)(r.Handler()))
	t.Cleanup(srv.Close)
	if resp, b, err := download(t, srv.URL+"/ajax-api/millrace/artifacts/zip?run_id="+run); err == nil {
		t.Errorf("got %d with %d bytes, want a connection that breaks off", resp.StatusCode, len(b))
	}
}
