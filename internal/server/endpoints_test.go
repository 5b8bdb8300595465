package server

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api"
	accounts "github.com/millrace-ml/millrace/internal/api/users"
	"github.com/millrace-ml/millrace/internal/api/webhooks"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db"
)

var update = flag.Bool("update", false, "write docs/endpoints.md anew")

const (
	endpointsTable = "../../docs/endpoints.tsv"
	endpointsPage  = "../../docs/endpoints.md"
	mlflowRoutes   = 333 // of MLflow 3.18.0; the other rows are Millrace's own
)

// endpoint is a row of the table. forms lists the prefixes of a path that begins with
// /api/: api, ajax (-api), ajax+api; or root for other paths.
type endpoint struct{ group, method, path, forms, status, note string }

// paths returns the paths of the row.
func (e endpoint) paths() []string {
	ajax := "/ajax-api/" + strings.TrimPrefix(e.path, "/api/")
	switch e.forms {
	case "ajax":
		return []string{ajax}
	case "ajax+api":
		return []string{e.path, ajax}
	}
	return []string{e.path}
}

func readEndpoints(t *testing.T) []endpoint {
	t.Helper()
	text, err := os.ReadFile(endpointsTable)
	if err != nil {
		t.Fatal(err)
	}
	var list []endpoint
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		f := strings.Split(line+"\t", "\t")
		if len(f) < 7 {
			t.Fatalf("row %d has too few columns: %s", i+1, line)
		}
		list = append(list, endpoint{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	return list
}

// wildcard matches an element of a path that is a wildcard.
var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// TestEndpoints compares the published list of endpoints with a running server.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	url, withUsers := start(t), startWithUsers(t, access.Read)
	listed := map[string]bool{}
	for _, e := range readEndpoints(t) {
		for _, path := range e.paths() {
			listed[e.method+" "+wildcard.ReplaceAllString(path, "{}")] = true
			status, answer := ask(t, e.method, url+wildcard.ReplaceAllString(path, "x"))
			if problem := e.wrong(status, answer); problem != "" {
				t.Errorf("%s %s is listed as %s, but %s: %d %.300s", e.method, path, e.status, problem, status, answer)
			}
			status, answer = withUsers.send(t, "admin", e.method, wildcard.ReplaceAllString(path, "x"), "")
			if problem := e.withUsers().wrong(status, answer); problem != "" {
				t.Errorf("%s %s is listed as %s, but with users, %s: %d %.300s", e.method, path, e.status, problem, status, answer)
			}
		}
	}
	for _, route := range (&api.Server{Users: &accounts.Handlers{}, Webhooks: &webhooks.Handlers{}}).Routes() {
		if !listed[wildcard.ReplaceAllString(route, "{}")] {
			t.Errorf("%s is served, but not listed in docs/endpoints.tsv", route)
		}
	}
}

// TestWrongMethods requests every path with every method that it does not have.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	url := start(t)
	methods, refused := map[string][]string{}, map[string][]string{}
	for _, e := range readEndpoints(t) {
		for _, path := range e.paths() {
			switch e.status {
			case "served":
				methods[path] = append(methods[path], e.method)
			case "refused":
				refused[path] = append(refused[path], e.method)
			}
		}
	}
	for pattern, served := range methods {
		path := wildcard.ReplaceAllString(pattern, "x")
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} {
			req, err := http.NewRequestWithContext(t.Context(), method, url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			allow := strings.Split(resp.Header.Get("Allow"), ", ")
			switch {
			case resp.StatusCode == http.StatusNotImplemented && strings.Contains(string(answer), "not part of Millrace"): // Another method is refused by name.
			case resp.StatusCode != http.StatusMethodNotAllowed:
				if !slices.Contains(served, method) && !slices.Contains(refused[pattern], method) && (method != http.MethodHead || !slices.Contains(served, http.MethodGet)) && !takenBy(methods, method, path) {
					t.Errorf("%s %s: %d %.200s", method, path, resp.StatusCode, answer)
				}
			case slices.Contains(served, method) || slices.Contains(allow, method):
				t.Errorf("%s %s is served, and refused: %s", method, path, resp.Header.Get("Allow"))
			default:
				for _, m := range served {
					if !slices.Contains(allow, m) {
						t.Errorf("%s %s: Allow %q lacks %s", method, path, allow, m)
					}
				}
				var e struct {
					Code string `json:"error_code"`
				}
				if method != http.MethodHead && (json.Unmarshal(answer, &e) != nil || e.Code == "") {
					t.Errorf("%s %s: %s", method, path, answer)
				}
			}
		}
	}
}

// takenBy reports whether another route with a wildcard matches a path.
func takenBy(methods map[string][]string, method, path string) bool {
	for pattern, served := range methods {
		exp := "^" + wildcard.ReplaceAllString(regexp.QuoteMeta(strings.NewReplacer("{", "<", "}", ">").Replace(pattern)), "x")
		exp = regexp.MustCompile(`<[^>]*\.\.\.>`).ReplaceAllString(strings.ReplaceAll(exp, `\.`, "."), ".+")
		exp = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(exp, "[^/]+") + "$"
		get := method == http.MethodHead && slices.Contains(served, http.MethodGet)
		if (get || slices.Contains(served, method)) && regexp.MustCompile(exp).MatchString(path) {
			return true
		}
	}
	return false
}

// wrong returns how a response contradicts the row, or "".
func (e endpoint) wrong(status int, answer string) string {
	var body struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	isError := json.Unmarshal([]byte(answer), &body) == nil && body.Code != "" && body.Message != ""
	unknown := isError && strings.Contains(body.Message, "No API endpoint")
	if e.status == "users" {
		e.status, e.note = "refused", needsUsers
	}
	switch {
	case e.status == "served" && unknown:
		return "no route takes it"
	case e.status == "served" && (status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented || status == http.StatusInternalServerError):
		return "it is not"
	case e.status == "refused" && (!isError || unknown || status < 400 || status >= 500 && status != http.StatusNotImplemented):
		return "there is no clear error"
	case e.status == "refused" && (e.note == "" || !strings.Contains(body.Message, e.note)):
		return "the message does not name " + e.note
	case e.status == "missing" && !unknown:
		return "something takes it"
	case !slices.Contains([]string{"served", "refused", "missing"}, e.status):
		return "there is no such status"
	}
	return ""
}

// needsUsers is the message of routes on a server without users.
const needsUsers = "User accounts, roles and permissions"

// withUsers returns the row for a server with users. The status users stands for routes
// that only such a server serves.
func (e endpoint) withUsers() endpoint {
	if e.status == "users" {
		e.status = "served"
	}
	return e
}

// start runs a server with the given arguments in a temporary directory and returns its
// URL.
func start(t *testing.T, args ...string) string {
	t.Helper()
	return startIn(t, t.TempDir(), slog.New(slog.DiscardHandler), args...).URL()
}

// startIn runs a server with the given directory and log.
func startIn(t *testing.T, dir string, log *slog.Logger, args ...string) *Server {
	t.Helper()
	s, stop := serveIn(t, dir, log, args...)
	t.Cleanup(func() {
		if err := <-stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// startToStop runs a server that the test stops. The channel of stop receives the result
// of Serve.
func startToStop(t *testing.T, args ...string) (s *Server, stop func() <-chan error) {
	t.Helper()
	return serveIn(t, t.TempDir(), slog.New(slog.DiscardHandler), args...)
}

func serveIn(t *testing.T, dir string, log *slog.Logger, args ...string) (s *Server, stop func() <-chan error) {
	t.Helper()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(flags)
	args = append([]string{"--port", "0", "--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"), "--artifacts-destination", filepath.Join(dir, "files")}, args...)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(flags, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if s, err = New(t.Context(), c, log); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	return s, func() <-chan error {
		cancel()
		return ended
	}
}

// openDatabase opens the database of a server.
func openDatabase(t *testing.T, uri string) *sql.DB {
	t.Helper()
	db, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
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

// TestEndpointsPage generates docs/endpoints.md from the table with -update, and
// otherwise checks that it is up to date.
func TestEndpointsPage(t *testing.T) {
	t.Parallel()
	want := page(readEndpoints(t))
	if *update {
		if err := os.WriteFile(endpointsPage, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(endpointsPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/endpoints.md does not fit docs/endpoints.tsv: run `go test ./internal/server -run EndpointsPage -update`")
	}
}

func page(list []endpoint) []byte {
	var b bytes.Buffer
	upstream, own := list[:mlflowRoutes], list[mlflowRoutes:]
	n := map[string]int{}
	for _, e := range upstream {
		n[e.status]++
	}
	fmt.Fprintf(&b, "# Endpoints\n\nOf the %d routes of MLflow 3.18.0, Millrace serves %d, %d of them on a server with users, and refuses %d on purpose; %d\nare missing. A refused route "+
		"answers 501 or 404 with an `error_code` and a message that says what it would have been\nfor and what to do instead.\n"+
		"Millrace adds %d routes of its own.\n\n", len(upstream), n["served"]+n["users"], n["users"], n["refused"], n["missing"], len(own))
	b.WriteString("A path that begins with `/[ajax-]api/` is served under both prefixes. This page is made from [endpoints.tsv](endpoints.tsv) by\n" +
		"`go test ./internal/server -run EndpointsPage -update`; a test asks a running server for every row.\n")
	section(&b, "Served", "served", upstream)
	section(&b, "Served by a server with users (`--app-name basic-auth`)", "users", upstream)
	section(&b, "Missing", "missing", upstream)
	b.WriteString("\n## Refused on purpose\n")
	var features []string
	for _, e := range upstream {
		if e.status == "refused" && !slices.Contains(features, e.note) {
			features = append(features, e.note)
		}
	}
	for _, feature := range features {
		fmt.Fprintf(&b, "\n### %s\n\n", strings.ToUpper(feature[:1])+feature[1:])
		for _, e := range upstream {
			if e.status == "refused" && e.note == feature {
				fmt.Fprintf(&b, "- `%s %s`\n", e.method, e.shown())
			}
		}
	}
	section(&b, "Millrace's own", "", own)
	return b.Bytes()
}

// section lists the rows of a status, or all rows for "", by group.
func section(b *bytes.Buffer, title, status string, list []endpoint) {
	var groups []string
	for _, e := range list {
		if (status == "" || e.status == status) && !slices.Contains(groups, e.group) {
			groups = append(groups, e.group)
		}
	}
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n", title)
	for _, group := range groups {
		fmt.Fprintf(b, "\n### %s\n\n", group)
		for _, e := range list {
			if e.group == group && (status == "" || e.status == status) {
				fmt.Fprintf(b, "- `%s %s`", e.method, e.shown())
				if e.status == "refused" {
					fmt.Fprint(b, ", refused")
				}
				if e.note != "" {
					fmt.Fprintf(b, ": %s", e.note)
				}
				fmt.Fprintln(b)
			}
		}
	}
}

// shown returns the path as the page shows it.
func (e endpoint) shown() string {
	switch e.forms {
	case "ajax+api":
		return "/[ajax-]api/" + strings.TrimPrefix(e.path, "/api/")
	case "ajax":
		return e.paths()[0]
	}
	return e.path
}
