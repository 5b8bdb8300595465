package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

// newWithUsers creates a server without serving, and returns what it prints.
func newWithUsers(t *testing.T, u config.Users) (printed string, err error) {
	t.Helper()
	if u.AdminUsername == "" {
		u.AdminUsername = "admin"
	}
	s, err := New(t.Context(), &config.Config{
		Host: "127.0.0.1", BackendStoreURI: "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db"),
		ServeArtifacts: true, ArtifactsDestination: t.TempDir(), DefaultArtifactRoot: "mlflow-artifacts:/",
		SQLiteSynchronous: "normal", Users: &u,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	defer func() {
		if err := s.listener.Close(); err != nil {
			t.Error(err)
		}
		if err := s.users.close(); err != nil {
			t.Error(err)
		}
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	err = s.Announce(t.Context(), &out)
	return out.String(), err
}

func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	created := regexp.MustCompile(`Created the administrator (\S+) with the password ([A-Z0-9]{26})\n`)
	for name, c := range map[string]struct {
		users     config.Users
		generated bool
		problem   string
	}{
		"nothing is configured": {config.Users{}, true, ""},
		"a name":                {config.Users{AdminUsername: "boss"}, true, ""},
		"a password":            {config.Users{AdminPassword: password}, false, ""},
		"a short password":      {config.Users{AdminPassword: "short"}, false, "12 characters"},
		"the earlier default":   {config.Users{AdminPassword: "password1234"}, false, "everybody knows"},
	} {
		c.users.DatabaseURI = "sqlite:///" + filepath.Join(t.TempDir(), "users.db")
		c.users.DefaultPermission = access.Read
		printed, err := newWithUsers(t, c.users)
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || created.MatchString(printed) != c.generated || strings.Contains(printed, password) {
			t.Errorf("%s: %s, %v", name, printed, err)
		}
		if printed, err = newWithUsers(t, c.users); err != nil || created.MatchString(printed) {
			t.Errorf("%s, the second start: %s, %v", name, printed, err)
		}
	}
}

// TestFirstAdminOfTwo starts two servers at once on one database.
func TestFirstAdminOfTwo(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		printed := make(chan string, 2)
		for range 2 {
			go func() {
				text, err := newWithUsers(t, config.Users{DatabaseURI: uri, DefaultPermission: access.Read})
				if err != nil {
					t.Error(err)
				}
				printed <- text
			}()
		}
		if n := strings.Count(<-printed+<-printed, "Created the administrator"); n != 1 {
			t.Errorf("%d servers created the administrator", n)
		}
	})
}

// create creates something as a user and returns a field of the answer.
func (s *usersServer) create(t *testing.T, user, path, body, field string) string {
	t.Helper()
	status, answer := s.send(t, user, "POST", "/api/2.0/mlflow/"+path, body)
	var out map[string]json.RawMessage
	if err := json.Unmarshal([]byte(answer), &out); err != nil || status != 200 {
		t.Fatalf("%s %s: %d %s", path, body, status, answer)
	}
	return strings.Trim(string(out[field]), `"`)
}

// TestCreators checks that a user manages what it creates, and nothing of others.
func TestCreators(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.NoPermissions)
	s.addUser(t, "ann")
	s.addUser(t, "bob")
	want := func(user, method, path, body string, status int) {
		t.Helper()
		if got, answer := s.send(t, user, method, "/api/2.0/mlflow/"+path, body); got != status {
			t.Errorf("%s as %s, %s %s: %d %s, want %d", path, user, method, body, got, answer, status)
		}
	}
	id := s.create(t, "ann", "experiments/create", `{"name":"anns"}`, "experiment_id")
	want("ann", "POST", "runs/create", `{"experiment_id":"`+id+`"}`, 200)
	want("bob", "POST", "runs/create", `{"experiment_id":"`+id+`"}`, 403)
	want("bob", "GET", "experiments/get?experiment_id="+id, "", 403)
	want("bob", "GET", "experiments/get-by-name?experiment_name=anns", "", 403)
	want("bob", "GET", "experiments/get-by-name?experiment_name=nobodys", "", 404)
	want("bob", "GET", "experiments/get?experiment_id=777", "", 403)
	want("ann", "POST", "experiments/delete", `{"experiment_id":"`+id+`"}`, 200)

	want("ann", "POST", "registered-models/create", `{"name":"m"}`, 200)
	want("ann", "POST", "registered-models/rename", `{"name":"m","new_name":"n"}`, 200)
	want("ann", "POST", "registered-models/set-tag", `{"name":"n","key":"k","value":"v"}`, 200)
	want("bob", "GET", "registered-models/get?name=n", "", 403)
	// The name m is free: what ann had there is gone.
	want("bob", "POST", "registered-models/create", `{"name":"m"}`, 200)
	want("ann", "GET", "registered-models/get?name=m", "", 403)
	want("bob", "DELETE", "registered-models/delete", `{"name":"m"}`, 200)
	want("ann", "POST", "registered-models/create", `{"name":"m"}`, 200)
	want("bob", "GET", "registered-models/get?name=m", "", 403)

	want("ann", "POST", "registered-models/create", `{"name":"p","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}`, 200)
	want("ann", "POST", "registered-models/set-tag", `{"name":"p","key":"k","value":"v"}`, 200)
	want("bob", "GET", "registered-models/get?name=p", "", 403)
}

// TestFilesOfOthers tries to reach the files of another user's experiment by a location
// or source that names them.
func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.NoPermissions)
	s.addUser(t, "eve")
	w := s.world(t, "secret")
	files := s.config.ArtifactsDestination
	if err := s.users.accounts.SetGrant(t.Context(), "eve", access.RegisteredModel, w["rm"], access.Edit); err != nil {
		t.Fatal(err)
	}
	for i, location := range []string{
		"mlflow-artifacts:/" + w["exp"], "mlflow-artifacts:/" + w["exp"] + "/" + w["run"], "mlflow-artifacts:/",
		"mlflow-artifacts://localhost/" + w["exp"], "mlflow-artifacts:/elsewhere", s.url + "/api/2.0/mlflow-artifacts/artifacts/" + w["exp"],
		filepath.Join(files, w["exp"]), "file://" + filepath.Join(files, w["exp"]), files, "file:" + files,
	} {
		body := fmt.Sprintf(`{"name":"e%d","artifact_location":%q}`, i, location)
		if status, answer := s.send(t, "eve", "POST", "/api/2.0/mlflow/experiments/create", body); status != 403 {
			t.Errorf("a location at %s: %d %s", location, status, answer)
		}
	}
	id := s.create(t, "eve", "experiments/create", `{"name":"own","artifact_location":"/somewhere/else"}`, "experiment_id")
	run := s.create(t, "eve", "runs/create", `{"experiment_id":"`+id+`"}`, "run")
	if !strings.Contains(run, "/somewhere/else") {
		t.Errorf("a location of her own: %s", run)
	}
	for _, body := range []string{
		`"source":"runs:/` + w["run"] + `/model","run_id":"` + w["run"] + `"`,
		`"source":"runs:/` + w["run"] + `/model"`,
		`"source":"mlflow-artifacts:/` + w["exp"] + `/` + w["run"] + `/artifacts/model"`,
		`"source":"mlflow-artifacts:/` + w["exp"] + `/` + w["run"] + `/artifacts/model","run_id":"` + w["run"] + `"`,
		`"source":"models:/` + w["model"] + `"`,
		`"source":"models:/` + w["model"] + `","model_id":"` + w["model"] + `"`,
		`"source":"models:/` + w["prompt"] + `/1"`,
		`"source":"` + filepath.Join(files, w["exp"], w["run"], "artifacts") + `"`,
		`"source":"s3://bucket/anything"`,
	} {
		status, answer := s.send(t, "eve", "POST", "/api/2.0/mlflow/model-versions/create", `{"name":"`+w["rm"]+`",`+body+`}`)
		if status != 403 && status != 400 {
			t.Errorf("a version with %s: %d %s", body, status, answer)
		}
	}
	for _, path := range []string{
		w["exp"] + "/" + w["run"] + "/artifacts/a.txt", "workspaces/default/" + w["exp"] + "/x", "model-versions/x", "other.txt",
		w["exp"] + "/%2e%2e/" + w["exp"] + "/" + w["run"] + "/artifacts/a.txt", w["exp"] + "%2F" + w["run"] + "/artifacts/a.txt",
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if status, answer := s.send(t, "eve", method, "/api/2.0/mlflow-artifacts/artifacts/"+path, ""); status != 403 && status != 400 {
				t.Errorf("%s %s: %d %s", method, path, status, answer)
			}
		}
	}
}

// TestPagesOfSearches checks that pages are full and that the last one has no token,
// although the user may read a part of the rows only.
func TestPagesOfSearches(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.NoPermissions)
	s.addUser(t, "ann")
	for i := range 12 {
		w := s.world(t, fmt.Sprintf("w%02d", i))
		if i%4 == 1 {
			s.grant(t, "ann", access.Experiment, w["exp"], access.Read)
			s.grant(t, "ann", access.RegisteredModel, w["rm"], access.Read)
		}
	}
	marks := regexp.MustCompile(`"(?:name|full_name)":"(?:e |main\.s\.)(w\d\d)"`)
	for name, path := range map[string]string{
		"experiments": "experiments/search?max_results=2", "models": "registered-models/search?max_results=2",
		"versions": "model-versions/search?max_results=2", "catalog": "unity-catalog/registered-models/search?max_results=2",
	} {
		var got []string
		var sizes []int
		for token := ""; ; {
			status, answer := s.send(t, "ann", "GET", "/api/2.0/mlflow/"+path+"&page_token="+token, "")
			var page struct {
				Next string `json:"next_page_token"`
			}
			if err := json.Unmarshal([]byte(answer), &page); err != nil || status != 200 {
				t.Fatalf("%s: %d %s", name, status, answer)
			}
			found := marks.FindAllStringSubmatch(answer, -1)
			seen := map[string]bool{}
			for _, f := range found {
				if !seen[f[1]] {
					seen[f[1]] = true
					got = append(got, f[1])
				}
			}
			sizes = append(sizes, len(seen))
			if token = page.Next; token == "" {
				break
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, []string{"w01", "w05", "w09"}) || !slices.Equal(sizes, []int{2, 1}) {
			t.Errorf("%s: %v in pages of %v", name, got, sizes)
		}
	}
}

// TestPurgedExperiment removes an experiment for ever and creates another one, to which
// SQLite gives the same number. The grants on the first one must not be grants on it.
func TestPurgedExperiment(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.NoPermissions)
	s.addUser(t, "ann")
	s.addUser(t, "bob")
	const experiments = "/api/2.0/mlflow/experiments/"
	create := func(name string) (id string) {
		var out struct {
			ID string `json:"experiment_id"`
		}
		status, answer := s.send(t, "bob", "POST", experiments+"create", `{"name":"`+name+`"}`)
		if err := json.Unmarshal([]byte(answer), &out); err != nil || status != 200 {
			t.Fatal(status, answer)
		}
		return out.ID
	}
	first := create("first")
	s.grant(t, "ann", access.Experiment, first, access.Read)
	if status, answer := s.send(t, "ann", "GET", experiments+"get?experiment_id="+first, ""); status != 200 {
		t.Fatal(status, answer)
	}
	body := `{"experiment_id":"` + first + `"}`
	if status, answer := s.send(t, "bob", "POST", experiments+"delete", body); status != 200 {
		t.Fatal(status, answer)
	}
	purge := `{"experiment_ids":["` + first + `"]}`
	if status, answer := s.send(t, "ann", "POST", "/ajax-api/millrace/trash/purge", purge); status != 403 {
		t.Fatal(status, answer)
	}
	if status, answer := s.send(t, "bob", "POST", "/ajax-api/millrace/trash/purge", purge); status != 200 {
		t.Fatal(status, answer)
	}
	if second := create("second"); second != first {
		t.Fatalf("the numbers are %s and %s", first, second)
	}
	if status, answer := s.send(t, "ann", "GET", experiments+"get?experiment_id="+first, ""); status != 403 {
		t.Errorf("ann may read the new experiment: %d %s", status, answer)
	}
	if status, answer := s.send(t, "bob", "GET", experiments+"get?experiment_id="+first, ""); status != 200 {
		t.Errorf("bob may not read the new experiment: %d %s", status, answer)
	}
}
