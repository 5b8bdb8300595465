package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/config"
)

const password = "correct horse battery"

// usersServer is a server with users. Its administrator is admin.
type usersServer struct {
	*Server

	url string
}

func startWithUsers(t *testing.T, least access.Permission, args ...string) *usersServer {
	t.Helper()
	dir := t.TempDir()
	ini := filepath.Join(dir, "basic_auth.ini")
	text := fmt.Sprintf("[mlflow]\ndefault_permission = %s\ndatabase_uri = sqlite:///%s\n", least, filepath.Join(dir, "users.db"))
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(flags)
	err := flags.Parse(append(args,
		"--app-name", "basic-auth", "--port", "0", "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "files"), "--sqlite-synchronous", "normal", "--metrics", "users",
	))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"MLFLOW_AUTH_CONFIG_PATH": ini, "MLFLOW_AUTH_ADMIN_PASSWORD": password}
	c, err := config.Load(flags, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(t.Context()) }()
	return &usersServer{s, s.URL()}
}

func (s *usersServer) addUser(t *testing.T, name string) {
	t.Helper()
	if _, err := s.users.accounts.CreateUser(t.Context(), name, password, false); err != nil {
		t.Fatal(err)
	}
}

func (s *usersServer) grant(t *testing.T, user string, resource access.Type, id string, p access.Permission) {
	t.Helper()
	if err := s.users.accounts.SetGrant(t.Context(), user, resource, id, p); err != nil {
		t.Fatal(err)
	}
}

// send sends a request as a user, or as nobody if user is "".
func (s *usersServer) send(t *testing.T, user, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	if id := req.URL.Query().Get("x-mlflow-experiment-id"); id != "" { // Rows have no headers.
		req.Header.Set("X-Mlflow-Experiment-Id", id)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// must sends a request of the administrator, which must succeed, and decodes the answer.
func (s *usersServer) must(t *testing.T, out any, method, path, body string) {
	t.Helper()
	status, answer := s.send(t, "admin", method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(answer), out); err != nil {
			t.Fatal(err)
		}
	}
}

// world creates one resource of each kind, whose names have a text of their own. It
// returns the values of the placeholders.
func (s *usersServer) world(t *testing.T, mark string) map[string]string {
	t.Helper()
	const api = "/api/2.0/mlflow/"
	var experiment struct {
		ID string `json:"experiment_id"`
	}
	s.must(t, &experiment, "POST", api+"experiments/create", `{"name":"e `+mark+`"}`)
	var run struct {
		Run struct {
			Info struct {
				ID string `json:"run_id"`
			} `json:"info"`
		} `json:"run"`
	}
	s.must(t, &run, "POST", api+"runs/create", `{"experiment_id":"`+experiment.ID+`","run_name":"r `+mark+`"}`)
	id := run.Run.Info.ID
	gone := run
	s.must(t, &gone, "POST", api+"runs/create", `{"experiment_id":"`+experiment.ID+`","run_name":"gone `+mark+`"}`)
	s.must(t, nil, "POST", api+"runs/delete", `{"run_id":"`+gone.Run.Info.ID+`"}`)
	s.must(t, nil, "POST", api+"runs/set-tag", `{"run_id":"`+id+`","key":"k","value":"v"}`)
	var model struct {
		Model struct {
			Info struct {
				ID string `json:"model_id"`
			} `json:"info"`
		} `json:"model"`
	}
	s.must(t, &model, "POST", api+"logged-models", `{"experiment_id":"`+experiment.ID+`","name":"`+mark+`"}`)
	trace := "tr-" + mark
	s.must(t, nil, "POST", "/api/3.0/mlflow/traces", `{"trace":{"trace_info":{"trace_id":"`+trace+`","state":"OK",
		"trace_location":{"mlflow_experiment":{"experiment_id":"`+experiment.ID+`"}},
		"request_time":"2026-11-28T10:00:00Z","assessments":[{"assessment_id":"a-`+mark+`","assessment_name":"n",
		"source":{"source_type":"HUMAN"},"feedback":{"value":true}}]}}}`)
	var dataset struct {
		Dataset struct {
			ID string `json:"dataset_id"`
		} `json:"dataset"`
	}
	s.must(t, &dataset, "POST", "/api/3.0/mlflow/datasets/create",
		`{"name":"ds `+mark+`","experiment_ids":["`+experiment.ID+`"]}`)
	s.must(t, nil, "POST", "/api/3.0/mlflow/scorers/register",
		`{"experiment_id":"`+experiment.ID+`","name":"s `+mark+`","serialized_scorer":"{}"}`)
	var schema struct {
		Schema struct {
			ID string `json:"schema_id"`
		} `json:"label_schema"`
	}
	s.must(t, &schema, "POST", "/api/3.0/mlflow/label-schemas/create",
		`{"experiment_id":"`+experiment.ID+`","name":"q `+mark+`","type":"FEEDBACK","input":{"text":{}}}`)
	files := "/api/2.0/mlflow-artifacts/artifacts/" + experiment.ID + "/"
	s.must(t, nil, "PUT", files+id+"/artifacts/a.txt", "text")
	s.must(t, nil, "PUT", files+id+"/artifacts/model/MLmodel", "run_id: x")
	s.must(t, nil, "PUT", files+"models/"+model.Model.Info.ID+"/artifacts/MLmodel", "run_id: x")
	name := "main.s." + mark
	s.must(t, nil, "POST", api+"registered-models/create", `{"name":"`+name+`"}`)
	s.must(t, nil, "POST", api+"model-versions/create", `{"name":"`+name+`","source":"runs:/`+id+`/model","run_id":"`+id+`"}`)
	s.must(t, nil, "POST", api+"registered-models/alias", `{"name":"`+name+`","alias":"a","version":"1"}`)
	prompt := "p-" + mark
	isPrompt := `"tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`
	s.must(t, nil, "POST", api+"registered-models/create", `{"name":"`+prompt+`",`+isPrompt+`}`)
	s.must(t, nil, "POST", api+"model-versions/create", `{"name":"`+prompt+`","source":"prompt-template",`+isPrompt+`}`)
	return map[string]string{
		"exp": experiment.ID, "run": id, "model": model.Model.Info.ID, "rm": name, "levels": "main/s/" + mark,
		"prompt": prompt, "mark": mark, "trace": trace, "ds": dataset.Dataset.ID, "ls": schema.Schema.ID,
		"files": "WorkspaceInternal/Mlflow/Artifacts/" + experiment.ID + "/Runs/" + id + "/artifacts",
	}
}

// permissionRow is a row of testdata/permissions.txt.
type permissionRow struct{ need, method, path, body string }

func (r permissionRow) String() string { return r.method + " " + r.path + " " + r.body }

// fill replaces the placeholders. It encodes the values in a query.
func (r permissionRow) fill(values map[string]string) permissionRow {
	var plain, encoded []string
	for name, value := range values {
		plain = append(plain, "{"+name+"}", value)
		encoded = append(encoded, "{"+name+"}", url.QueryEscape(value))
	}
	path, query, _ := strings.Cut(r.path, "?")
	r.path = strings.NewReplacer(plain...).Replace(path)
	if query != "" {
		r.path += "?" + strings.NewReplacer(encoded...).Replace(query)
	}
	r.body = strings.NewReplacer(plain...).Replace(r.body)
	return r
}

func readPermissions(t *testing.T) (rows []permissionRow) {
	t.Helper()
	text, err := os.ReadFile("testdata/permissions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		_, body, _ := strings.Cut(line, fields[2])
		rows = append(rows, permissionRow{fields[0], fields[1], fields[2], strings.TrimSpace(body)})
	}
	return rows
}

// TestPermissionsAreComplete fails for a served route that has no row in the table of
// permissions.
func TestPermissionsAreComplete(t *testing.T) {
	t.Parallel()
	var patterns []string
	rows := readPermissions(t)
	for _, e := range readEndpoints(t) {
		if e.status != "served" {
			continue
		}
		found := false
		for _, path := range e.paths() {
			patterns = append(patterns, e.method+" "+path)
			for _, row := range rows {
				asked, _, _ := strings.Cut(row.path, "?")
				found = found || row.method == e.method && matches(path, strings.ReplaceAll(asked, "{files}", "x"))
			}
		}
		if !found {
			t.Errorf("no row of testdata/permissions.txt is about %s %s", e.method, e.path)
		}
	}
	if len(patterns) < 150 {
		t.Errorf("only %d routes were checked", len(patterns))
	}
}

// matches reports whether a path fits a pattern, whose last wildcard may stand for
// several elements.
func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, element := range want {
		last := i == len(want)-1
		switch wild := strings.HasPrefix(element, "{"); {
		case i >= len(got):
			return false
		case wild && last && strings.Contains(element, "path"):
			return true
		case !wild && element != got[i]:
			return false
		}
	}
	return len(want) == len(got)
}

// permissionUsers are users with each permission on the resources of a world. The
// default permission is NO_PERMISSIONS.
var permissionUsers = []access.Permission{"nothing", access.Deny, access.Read, access.Use, access.Edit, access.Manage, "admin"}

// TestPermissions sends every request of the table as a user with each permission.
func TestPermissions(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.NoPermissions)
	for _, p := range permissionUsers {
		if p != "admin" {
			s.addUser(t, "user "+string(p))
		}
	}
	for i, row := range readPermissions(t) {
		if status, answer := s.send(t, "", row.method, row.fill(nil).path, ""); (status == 401) == (row.need == "public") && row.need != "signed" {
			t.Errorf("%s without a user: %d %.200s", row, status, answer)
		}
		mark, used := "", true
		var w map[string]string
		for j, p := range permissionUsers {
			if used { // by a request that changed something
				mark = "w" + strconv.Itoa(i) + "x" + strconv.Itoa(j)
				w = s.world(t, mark)
			}
			name := "admin"
			if p != "admin" {
				name = "user " + string(p)
			}
			if p.Valid() {
				s.grant(t, name, access.Experiment, w["exp"], p)
				s.grant(t, name, access.RegisteredModel, w["rm"], p)
				s.grant(t, name, access.Prompt, w["prompt"], p)
			}
			r := row.fill(w)
			status, answer := s.send(t, name, r.method, r.path, r.body)
			if problem := row.wrong(p, status, answer, mark); problem != "" {
				t.Errorf("%s as a user with %s: %s: %d %.300s", r, p, problem, status, answer)
			}
			used = status < 300 && row.method != http.MethodGet
		}
	}
}

// wrong returns what is wrong with the answer to a user with a permission, or "".
func (r permissionRow) wrong(p access.Permission, status int, answer, mark string) string {
	ranks := map[string]int{"DENY": 0, "nothing": 0, "READ": 1, "USE": 2, "EDIT": 3, "MANAGE": 4, "admin": 5, "WHOLE": 4}
	has := ranks[string(p)]
	denied := status == http.StatusForbidden && strings.Contains(answer, "Permission denied")
	switch r.need {
	case "public", "user", "create":
		if denied || status == http.StatusUnauthorized || status >= 500 && status != http.StatusNotImplemented {
			return "refused"
		}
		if r.need == "user" && strings.Contains(answer, mark) {
			return "names a resource"
		}
	case "signed":
		if status != http.StatusForbidden && status != http.StatusBadRequest && status != http.StatusUnauthorized {
			return "accepted without a signature"
		}
	case "admin":
		if denied != (p != "admin") {
			return "wrong"
		}
	case "filtered":
		marker := strings.Contains(answer, mark) || strings.Contains(answer, `"runs"`) && strings.Contains(answer, `"`)
		morePages := strings.Contains(answer, "next_page_token")
		if status != http.StatusOK || marker != (has >= 1) && (p != "admin" || !morePages) {
			return "not filtered"
		}
	case "graphql":
		if status != http.StatusOK || strings.Contains(answer, mark) != (has >= 1) {
			return "not filtered"
		}
	default:
		need, known := ranks[r.need]
		if !known {
			return "the table names an unknown permission"
		}
		if denied != (has < need) || status == http.StatusUnauthorized {
			return "wrong"
		}
		if denied && (strings.Contains(answer, mark) || !bytes.Contains([]byte(answer), []byte("PERMISSION_DENIED"))) {
			return "the refusal tells too much or is no JSON"
		}
	}
	return ""
}
