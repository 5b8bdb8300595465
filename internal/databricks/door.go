// Package databricks serves the routes of a Databricks workspace that clients use after
// mlflow.login(), in addition to MLflow's own API. Files are those of the artifact
// proxy.
package databricks

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/mlflow"
)

// IsDoor reports whether the Databricks SDK sent a request. A bearer token is not
// sufficient evidence, because clients with an http:// tracking URI send one as well.
func IsDoor(r *http.Request) bool {
	return strings.Contains(r.Header.Get("User-Agent"), "databricks-sdk")
}

type contextKey struct{}

// Mark records in the context whether the Databricks SDK sent a request, for
// [ExperimentTags] and [Marked].
func Mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if IsDoor(r) {
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

// Marked reports whether the Databricks SDK sent the request of a context.
func Marked(ctx context.Context) bool { return ctx.Value(contextKey{}) != nil }

// ExperimentTags returns the tags that Databricks sets on a new experiment. They are set
// for requests of the Databricks SDK, requests with an access token, and experiments in
// a home folder, /Users/<email>/. On a server without tokens, where every request comes
// from the machine's user, the home folder determines the owner.
func ExperimentTags(ctx context.Context, name string) []mlflow.Tag {
	u, ok := auth.FromContext(ctx)
	if !ok {
		return nil
	}
	if u.Token == "" {
		if home, found := homeOwner(name); found {
			u = auth.UserOf(home)
		} else if !Marked(ctx) {
			return nil
		}
	}
	return []mlflow.Tag{
		{Key: "mlflow.experiment.sourceName", Value: name},
		{Key: "mlflow.experimentType", Value: "MLFLOW_EXPERIMENT"},
		{Key: "mlflow.ownerEmail", Value: u.Email},
		{Key: "mlflow.ownerId", Value: u.ID},
	}
}

// homeOwner returns the email in a name such as /Users/me@example.org/x.
func homeOwner(name string) (email string, found bool) {
	rest, ok := strings.CutPrefix(name, "/Users/")
	email, _, below := strings.Cut(rest, "/")
	user, host, at := strings.Cut(email, "@")
	return email, ok && below && at && user != "" && host != ""
}

// Door serves the routes of a Databricks workspace.
type Door struct {
	// Proxy returns the repository of mlflow-artifacts: URIs.
	Proxy func() (artifact.Repo, error)
	// Writable returns an error for a path in the proxy that clients may not change.
	Writable func(path string) error
	// Locate returns the repository that contains an artifact URI and the path in it.
	Locate func(uri string) (artifact.Repo, string, error)
	// RunURI and ModelURI return the artifact URI of a run and of a logged model.
	RunURI, ModelURI func(ctx context.Context, id string) (string, error)
	// VersionURI returns the artifact URI of a version of a registered model.
	VersionURI func(ctx context.Context, name, version string) (string, error)
	// VersionFiles returns the artifact URI of a version whose name has three levels, and
	// whether its files may be changed.
	VersionFiles func(ctx context.Context, name, version string) (uri string, writable bool, err error)
	// HasVersionFiles reports whether there is a version with the files at an artifact URI.
	HasVersionFiles func(ctx context.Context, uri string) (bool, error)
	// Owners finds the owners of resources for the rules of the routes.
	Owners permit.Owners
	// ProxyAccess checks an action on a path of the proxy.
	ProxyAccess func(c *permit.Checker, path string, a access.Action) error
	// Key signs URLs. All replicas must have the same key.
	Key [sha256.Size]byte
	// Prefix is the path prefix of URLs of the server.
	Prefix string
}

// Handles reports whether a path belongs to the routes of a workspace.
func Handles(path string) bool {
	if path == versionFilesPath || path == versionURLPath {
		return true
	}
	for _, prefix := range []string{
		"/.well-known/databricks-", "/api/2.0/preview/scim/", "/api/2.0/fs/",
	} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return strings.HasPrefix(path, "/api/2.0/mlflow/") && strings.Contains(path, "/artifacts/credentials-for-")
}

// abortPath is the URL by which the SDK ends an upload session without parts.
const abortPath = "/.well-known/databricks-upload-session"

// Handler returns a handler of the workspace routes. It passes other requests to next.
// Requests must have been authenticated by [auth.Middleware].
func (d *Door) Handler(next http.Handler) http.Handler {
	mux, s := http.NewServeMux(), signedurl.New(d.Key, "login door")
	d.route(mux, "GET /.well-known/databricks-config", permit.Public, wellKnown)
	d.route(mux, "DELETE "+abortPath, permit.Public, func(http.ResponseWriter, *http.Request) error { return nil })
	d.route(mux, "GET /api/2.0/preview/scim/v2/Me", permit.User, me)

	d.route(mux, "GET /api/2.0/fs/files/{path...}", d.files(access.ToRead), d.download)
	d.route(mux, "PUT /api/2.0/fs/files/{path...}", d.files(access.ToUpdate), d.upload)
	d.route(mux, "POST /api/2.0/fs/files/{path...}", d.files(access.ToUpdate), d.largeUpload)
	d.route(mux, "DELETE /api/2.0/fs/files/{path...}", d.files(access.ToManage), d.deleteFile)
	d.route(mux, "GET /api/2.0/fs/directories/{path...}", d.files(access.ToRead), d.directory)
	d.route(mux, "PUT /api/2.0/fs/directories/{path...}", d.files(access.ToUpdate), d.makeDirectory)
	d.route(mux, "DELETE /api/2.0/fs/directories/{path...}", d.files(access.ToManage), d.deleteDirectory)
	d.route(mux, "POST /api/2.0/fs/create-abort-upload-url", permit.User, d.abortURL)

	// The bodies of these requests name what the handlers check.
	d.route(mux, "POST /api/2.0/fs/create-download-url", permit.User, d.fileURL(s, false, next))
	d.route(mux, "POST /api/2.0/fs/create-upload-url", permit.User, d.fileURL(s, true, next))

	d.route(mux, "POST /api/2.0/mlflow/artifacts/credentials-for-read", permit.User, d.runCredentials(s, false))
	d.route(mux, "POST /api/2.0/mlflow/artifacts/credentials-for-write", permit.User, d.runCredentials(s, true))
	d.route(
		mux,
		"POST /api/2.0/mlflow/logged-models/{model_id}/artifacts/credentials-for-download",
		modelFiles(false),
		d.modelCredentials(s, false),
	)
	d.route(
		mux,
		"POST /api/2.0/mlflow/logged-models/{model_id}/artifacts/credentials-for-upload",
		modelFiles(true),
		d.modelCredentials(s, true),
	)
	d.route(mux, "GET "+signedPath, permit.Public, d.signedDownload(s))
	d.route(mux, "PUT "+signedPath, permit.Public, d.signedUpload(s))
	d.route(mux, "GET "+versionFilesPath, readVersion, d.versionFiles)
	d.route(mux, "GET "+versionURLPath, readVersion, d.versionURL(s))
	rest := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := apierror.Unrouted(w, r, mux, ""); err.Status == http.StatusMethodNotAllowed {
			apierror.Write(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
	mux.Handle("/", rest)
	mux.Handle("/api/2.0/fs/files", next) // These two the mux would redirect to the path with a slash.
	mux.Handle("/api/2.0/fs/directories", next)

	workspace := workspaceID(d.Key)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if IsDoor(r) {
			w.Header().Set(workspaceHeader, workspace)
		}
		if !Handles(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		// The mux would redirect such paths.
		if clean := path.Clean(r.URL.Path); clean != r.URL.Path && clean+"/" != r.URL.Path {
			apierror.Write(w, &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "Invalid path"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// workspaceHeader is the header by which clients learn the ID of the workspace. They
// record it in the model versions that they create.
const workspaceHeader = "X-Databricks-Org-Id"

// workspaceID returns a number that identifies the database of the server.
func workspaceID(key [sha256.Size]byte) string {
	sum := sha256.Sum256(append([]byte("workspace "), key[:]...))
	return strconv.FormatUint(binary.BigEndian.Uint64(sum[:])>>11, 10) // 53 bits are exact in JavaScript.
}

func (d *Door) route(
	mux *http.ServeMux,
	pattern string,
	rule permit.Rule,
	handle func(http.ResponseWriter, *http.Request) error,
) {
	_, path, named := strings.Cut(pattern, " ")
	if !named {
		path = pattern
	}
	bodiless := !rule.Public() && strings.HasPrefix(pattern, http.MethodGet+" ")
	check := permit.BindPlain(rule, d.Owners)
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		observe.Route(r.Context(), path)
		var err error
		if !rule.Public() {
			err = auth.RequireUser(r.Context())
		}
		if err == nil {
			err = check(r)
		}
		if err == nil && bodiless {
			err = httplimit.RefuseBody(w, r)
		}
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			observe.Fail(w, r, err)
		}
	})
}

// wellKnown responds that there is no cloud, account or OAuth endpoint. Without this
// route, every call of the SDK prints a warning.
func wellKnown(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, struct {
		OIDCEndpoint string `json:"oidc_endpoint"`
	}{})
}

// me returns the current user. The SDK calls it to check the login.
func me(w http.ResponseWriter, r *http.Request) error {
	u, _ := auth.FromContext(r.Context())
	type email struct {
		Value   string `json:"value"`
		Primary bool   `json:"primary"`
	}
	return writeJSON(w, struct {
		ID       string  `json:"id"`
		UserName string  `json:"userName"`
		Emails   []email `json:"emails"`
		Active   bool    `json:"active"`
	}{u.ID, u.Email, []email{{u.Email, true}}, true})
}

func writeJSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // A write error means that the client has disconnected.
	return nil
}
