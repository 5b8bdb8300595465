package mlflow_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// network has servers by host:port. Those at the ports 443 and 8443 use TLS.
type network map[string]http.HandlerFunc

// client returns an HTTP client of the network.
func (n network) client(t *testing.T) *http.Client {
	t.Helper()
	addresses := map[string]string{}
	for host, handler := range n {
		srv := httptest.NewUnstartedServer(handler)
		if strings.HasSuffix(host, "443") {
			srv.StartTLS()
		} else {
			srv.Start()
		}
		t.Cleanup(srv.Close)
		addresses[host] = srv.Listener.Addr().String()
	}
	dial := func(ctx context.Context, kind, address string) (net.Conn, error) {
		at, ok := addresses[address]
		if !ok {
			return nil, fmt.Errorf("there is no server at %s", address)
		}
		return new(net.Dialer).DialContext(ctx, kind, at)
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// requests lists the requests of the SDK, except uploads, which follow no redirects.
var requests = map[string]func(ctx context.Context, t *testing.T, c *mlflow.Client) error{
	"call": func(ctx context.Context, _ *testing.T, c *mlflow.Client) error {
		_, err := c.Experiment(ctx, "7")
		return err
	},
	"call with a body": func(ctx context.Context, _ *testing.T, c *mlflow.Client) error {
		return c.LogBatch(ctx, &mlflow.LogBatchRequest{RunID: "r"})
	},
	"download": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		_, err := c.DownloadArtifactURI(ctx, "mlflow-artifacts:/0/r/artifacts/f", t.TempDir())
		return err
	},
	"download from Databricks": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		_, err := c.DownloadArtifactURI(ctx, "dbfs:/databricks/mlflow-tracking/0/r/artifacts/f", t.TempDir())
		return err
	},
}

// TestCredentialsOnRedirects checks that redirects to the tracking server and to trusted
// hosts keep the credentials, and that all others remove them.
func TestCredentialsOnRedirects(t *testing.T) {
	t.Parallel()
	const plain, secure = "http://tracking.example", "https://tracking.example"
	for _, test := range []struct {
		base, to string
		trusted  []string
		kept     bool
	}{
		{base: plain, to: plain, kept: true},
		{base: plain, to: "http://TRACKING.example:80", kept: true},
		{base: plain, to: secure, kept: true}, // Python's requests does the same.
		{base: plain, to: "https://tracking.example:8443"},
		{base: plain, to: "http://tracking.example:8080"},
		{base: plain, to: "http://sub.tracking.example"},
		{base: plain, to: "http://other.example"},
		{base: plain, to: "http://back.example"}, // And from there to the tracking server.
		{base: secure, to: secure, kept: true},
		{base: secure, to: plain},
		{base: secure, to: "https://tracking.example:8443"},
		{base: plain, to: "http://other.example", trusted: []string{"other.example"}, kept: true},
		{base: plain, to: "http://other.example", trusted: []string{"none.example", "http://other.example/"}, kept: true},
		{base: plain, to: "http://other.example", trusted: []string{"other.example:8080"}},
		{base: plain, to: "http://other.example", trusted: []string{"https://other.example"}},
		{base: plain, to: "http://tracking.example:8080", trusted: []string{"tracking.example:8080"}, kept: true},
		{base: secure, to: "http://other.example", trusted: []string{"other.example"}},
	} {
		t.Run(fmt.Sprintf("from %s to %s trusting %v", test.base, test.to, test.trusted), func(t *testing.T) {
			t.Parallel()
			s := &redirecting{to: test.to}
			h := mlflow.WithHTTPClient(s.network().client(t))
			for _, s.status = range []int{301, 302, 303, 307, 308} {
				for kind, send := range requests {
					for _, credentials := range []mlflow.Option{mlflow.WithToken("secret"), mlflow.WithBasicAuth("eve", "secret")} {
						s.first, s.arrived, s.withCredentials = 0, 0, 0
						_ = send(t.Context(), t, mlflow.NewClient(test.base, h, credentials, mlflow.WithTrustedHosts(test.trusted...), mlflow.WithRetryFor(0)))
						if s.arrived == 0 || s.first == 0 || (s.withCredentials == s.arrived) != test.kept || !test.kept && s.withCredentials != 0 {
							t.Errorf("%s %d: %+v", kind, s.status, s)
						}
					}
				}
			}
		})
	}
}

// redirecting is a tracking server that redirects to another server. It counts the
// requests with credentials that it redirected, and those that arrived.
type redirecting struct {
	to                              string
	status                          int
	first, arrived, withCredentials int
}

func (s *redirecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const end = "/end"
	switch {
	case r.Host == "back.example":
		http.Redirect(w, r, "http://tracking.example"+end+"?"+r.URL.RawQuery, s.status)
	case strings.HasPrefix(r.URL.Path, end):
		s.arrived++
		if headers := fmt.Sprint(r.Header); strings.Contains(headers, "secret") || strings.Contains(headers, "ZXZlOnNlY3JldA") {
			s.withCredentials++
		}
		fmt.Fprint(w, `{"files": [{"path": "f"}], "contents": [{"name": "f"}]}`)
	default:
		if r.Header.Get("Authorization") != "" {
			s.first++
		}
		http.Redirect(w, r, s.to+end+"?"+r.URL.RawQuery, s.status)
	}
}

func (s *redirecting) network() network {
	n := network{}
	for _, host := range []string{
		"tracking.example:80", "tracking.example:443", "tracking.example:8443", "tracking.example:8080", "TRACKING.example:80",
		"sub.tracking.example:80", "other.example:80", "back.example:80",
	} {
		n[host] = s.ServeHTTP
	}
	return n
}

// TestRedirectsThatFail checks that redirects end, and that the error names a host that
// requires the credentials.
func TestRedirectsThatFail(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	c := mlflow.NewClient("http://tracking.example", mlflow.WithToken("secret"), mlflow.WithRetryFor(0), mlflow.WithHTTPClient(network{
		"tracking.example:80": func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1); r.URL.Query().Get("experiment_id") == "1" {
				http.Redirect(w, r, r.URL.String(), http.StatusFound)
				return
			}
			http.Redirect(w, r, "http://other.example/", http.StatusFound)
		},
		"other.example:80": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	}.client(t)))
	if _, err := c.Experiment(t.Context(), "1"); err == nil || calls.Load() != 10 {
		t.Errorf("a circle ends after %d requests with %v", calls.Load(), err)
	}
	_, err := c.Experiment(t.Context(), "2")
	if !errors.Is(err, mlflow.Unauthenticated) || !strings.Contains(err.Error(), "MILLRACE_TRUSTED_HOSTS=http://other.example") {
		t.Errorf("the refusal is %v", err)
	}
}

// uses lists the methods that access the files of a run or a model.
var uses = map[string]func(context.Context, *testing.T, *mlflow.Client) error{
	"LogText": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		return startRun(t, c, mlflow.RunOptions{}).LogText(ctx, "text", "f")
	},
	"LogTable": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		return startRun(t, c, mlflow.RunOptions{}).LogTable(ctx, &mlflow.Table{}, "f.json")
	},
	"LogArtifacts": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		return startRun(t, c, mlflow.RunOptions{}).LogArtifacts(ctx, folderWith(t, "f"), "")
	},
	"UploadArtifacts": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		return c.UploadArtifacts(ctx, "r", folderWith(t, "f"), "")
	},
	"LogModel": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		_, err := startRun(t, c, mlflow.RunOptions{}).LogModel(ctx, "m", mlflow.ONNXModel([]byte("weights"), nil, nil, nil), mlflow.ModelOptions{})
		return err
	},
	"DownloadArtifacts": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		_, err := c.DownloadArtifacts(ctx, "r", "", t.TempDir())
		return err
	},
	"DownloadArtifactURI": func(ctx context.Context, t *testing.T, c *mlflow.Client) error {
		_, err := c.DownloadArtifactURI(ctx, "runs:/r/f", t.TempDir())
		return err
	},
	"LoadModel": func(ctx context.Context, _ *testing.T, c *mlflow.Client) error {
		_, err := mlflow.LoadModel(ctx, c, "models:/m/1", readFiles)
		return err
	},
}

func folderWith(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o600))
	return dir
}

// naming is a tracking server whose artifact URIs are uri.
func naming(uri string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "mlflow-artifacts"):
			http.Error(w, "there are no files here", http.StatusNotFound)
		case strings.Contains(r.URL.Path, "/runs/"):
			fmt.Fprintf(w, `{"run": {"info": {"run_id": "r", "artifact_uri": %q}}}`, uri)
		case strings.Contains(r.URL.Path, "get-download-uri"):
			fmt.Fprintf(w, `{"artifact_uri": %q}`, uri)
		default:
			fmt.Fprintf(w, `{"model": {"info": {"model_id": "m", "artifact_uri": %q}}}`, uri)
		}
	}
}

// TestFilesAtAnotherHost checks that files at an untrusted host are refused without a
// request to it.
func TestFilesAtAnotherHost(t *testing.T) {
	t.Parallel()
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked, withCredentials atomic.Int64
			h := network{
				"tracking.example:80": naming("mlflow-artifacts://files.example:8080/0/r"),
				"files.example:8080": func(w http.ResponseWriter, r *http.Request) {
					if asked.Add(1); r.Header.Get("Authorization") == "Bearer secret" {
						withCredentials.Add(1)
					}
					fmt.Fprint(w, "{}")
				},
			}.client(t)
			options := []mlflow.Option{mlflow.WithToken("secret"), mlflow.WithHTTPClient(h), mlflow.WithRetryFor(0)}
			err := use(t.Context(), t, mlflow.NewClient("http://tracking.example", options...))
			if !errors.Is(err, mlflow.PermissionDenied) || !strings.Contains(err.Error(), `mlflow.WithTrustedHosts("files.example:8080") or MILLRACE_TRUSTED_HOSTS=files.example:8080`) || asked.Load() != 0 {
				t.Errorf("%d requests, then %v", asked.Load(), err)
			}
			_ = use(t.Context(), t, mlflow.NewClient("http://tracking.example", append(options, mlflow.WithTrustedHosts("files.example:8080"))...))
			if asked.Load() == 0 || withCredentials.Load() != asked.Load() {
				t.Errorf("a trusted host got %d requests, %d of them with credentials", asked.Load(), withCredentials.Load())
			}
		})
	}
}

// TestFilesInAFolder checks that local directories are used only if the server is on
// this machine or the user allows it.
func TestFilesInAFolder(t *testing.T) {
	t.Parallel()
	for name, use := range uses {
		for _, scheme := range []string{"", "file:", "file://", "file://localhost"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				must(t, os.WriteFile(filepath.Join(dir, "f"), []byte("text"), 0o600))
				h := mlflow.WithHTTPClient(network{
					"tracking.example:80": naming(scheme + dir), "localhost:5000": naming(scheme + dir), "127.0.0.1:5000": naming(scheme + dir),
				}.client(t))
				for _, refusing := range []*mlflow.Client{
					mlflow.NewClient("http://tracking.example", h), mlflow.NewClient("http://127.0.0.1:5000", h, mlflow.WithLocalFiles(false)),
				} {
					err := use(t.Context(), t, refusing)
					if !errors.Is(err, mlflow.PermissionDenied) || !strings.Contains(err.Error(), "mlflow.WithLocalFiles(true) or MILLRACE_LOCAL_FILES=true") {
						t.Errorf("%s: %v", refusing.URL(), err)
					}
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
					t.Errorf("the folder holds %v, %v", left, err)
				}
				for _, allowing := range []*mlflow.Client{
					mlflow.NewClient("http://tracking.example", h, mlflow.WithLocalFiles(true)),
					mlflow.NewClient("http://localhost:5000", h), mlflow.NewClient("http://127.0.0.1:5000", h),
				} {
					must(t, use(t.Context(), t, allowing))
				}
			})
		}
	}
}

// TestOwnFolder checks that a directory that the caller chooses is used with any server.
func TestOwnFolder(t *testing.T) {
	t.Parallel()
	dir := folderWith(t, "f")
	c := mlflow.NewClient("http://tracking.example", mlflow.WithHTTPClient(network{}.client(t)))
	local, err := c.DownloadArtifactURI(t.Context(), "file://"+filepath.Join(dir, "f"), t.TempDir())
	must(t, err)
	if text, err := os.ReadFile(local); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := c.DownloadModel(t.Context(), dir, t.TempDir()); err != nil {
		t.Error(err)
	}
	if _, err := c.DownloadModel(t.Context(), "file://elsewhere"+dir, t.TempDir()); !errors.Is(err, mlflow.NotImplemented) {
		t.Errorf("a folder of another machine: %v", err)
	}
}

// TestTrustFromTheEnvironment sets environment variables, so it is not parallel.
func TestTrustFromTheEnvironment(t *testing.T) {
	cleanEnvironment(t)
	dir := folderWith(t, "f")
	var asked atomic.Int64
	h := mlflow.WithHTTPClient(network{
		"tracking.example:80":  naming("mlflow-artifacts://files.example/0/r"),
		"tracking.example:443": naming(dir),
		"files.example:80":     func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); fmt.Fprint(w, "{}") },
	}.client(t))
	t.Setenv("MILLRACE_TRUSTED_HOSTS", " https://none.example, files.example ")
	t.Setenv("MILLRACE_LOCAL_FILES", "true")
	for _, uri := range []string{"http://tracking.example", "https://tracking.example"} {
		c, err := mlflow.Connect(uri, h)
		must(t, err)
		_, err = c.DownloadArtifacts(t.Context(), "r", "", t.TempDir())
		must(t, err)
	}
	if asked.Load() != 1 {
		t.Errorf("the trusted host got %d requests", asked.Load())
	}
	for name, value := range map[string]string{"MILLRACE_TRUSTED_HOSTS": "https://u:p@h", "MILLRACE_LOCAL_FILES": "perhaps"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if c, err := mlflow.Connect("http://tracking.example"); !errors.Is(err, mlflow.InvalidParameterValue) || c != nil || !strings.Contains(err.Error(), value) {
				t.Errorf("Connect: %v", err)
			}
		})
	}
	if _, err := mlflow.NewClient("http://tracking.example", h, mlflow.WithTrustedHosts("ftp://h")).Experiment(t.Context(), "1"); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("an option that cannot be read: %v", err)
	}
}

// TestListingsDoNotEscape checks that downloads stay in their directory whatever the
// server lists.
func TestListingsDoNotEscape(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"..", ".", "", "../../f", "a/../../f", "/etc/f", `..\f`, `a\f`, `C:\f`, `\\host\share\f`, "link/f", "deep/link/f"} {
		for _, isDir := range []bool{false, true} {
			listed := fmt.Sprintf(`{"files": [{"path": %q, "is_dir": %t}]}`, name, isDir)
			if at := strings.LastIndex(name, "link/"); at >= 0 {
				listed = `{"files": [{"path": "link", "is_dir": true}]}`
			}
			above := t.TempDir()
			dir, outside := filepath.Join(above, "target"), filepath.Join(above, "outside")
			must(t, os.Mkdir(dir, 0o755), os.Mkdir(outside, 0o755), os.Symlink(outside, filepath.Join(dir, "link")))
			c := mlflow.NewClient("http://tracking.example", mlflow.WithRetryFor(0), mlflow.WithHTTPClient(network{
				"tracking.example:80": func(w http.ResponseWriter, r *http.Request) {
					switch p := r.URL.Query().Get("path"); {
					case strings.HasSuffix(r.URL.Path, "/runs/get"):
						fmt.Fprint(w, `{"run": {"info": {"artifact_uri": "mlflow-artifacts:/0/r"}}}`)
					case p == "0/r":
						fmt.Fprint(w, listed)
					case strings.HasPrefix(p, "0/r"):
						fmt.Fprint(w, `{"files": [{"path": "f"}]}`)
					default:
						fmt.Fprint(w, "text")
					}
				},
			}.client(t)))
			_, err := c.DownloadArtifacts(t.Context(), "r", "", dir)
			for _, folder := range []string{above, outside} {
				left, e := os.ReadDir(folder)
				must(t, e)
				if len(left) != map[string]int{above: 2, outside: 0}[folder] {
					t.Errorf("%q (folder: %t): %s holds %v; the download ended with %v", name, isDir, folder, left, err)
				}
			}
		}
	}
}
