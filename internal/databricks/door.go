// Package databricks is the door that mlflow.login() opens: the few routes of a
// Databricks workspace that its SDK calls before and beside MLflow's own API.
// The files behind it are those of the artifact proxy.
package databricks

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

// IsDoor reports whether a request comes from the Databricks SDK. A bearer token
// does not tell: clients of a plain http:// tracking URI send one as well.
func IsDoor(r *http.Request) bool {
	return strings.Contains(r.Header.Get("User-Agent"), "databricks-sdk")
}

type contextKey struct{}

// Mark lets ExperimentTags know which requests come in by this door.
func Mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if IsDoor(r) {
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

// ExperimentTags returns the tags that Databricks puts on a new experiment: for
// whoever comes in by this door, whoever shows an access token, and for every
// experiment in somebody's home folder, /Users/<email>/. On a server without
// tokens, where everybody is the machine's user, the home folder names the owner.
func ExperimentTags(ctx context.Context, name string) []mlflow.Tag {
	u, ok := auth.FromContext(ctx)
	if !ok {
		return nil
	}
	if u.Token == "" {
		if home, found := homeOwner(name); found {
			u = auth.UserOf(home)
		} else if ctx.Value(contextKey{}) == nil {
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

// homeOwner returns the e-mail address in a name such as /Users/me@example.org/x.
func homeOwner(name string) (email string, found bool) {
	rest, ok := strings.CutPrefix(name, "/Users/")
	email, _, below := strings.Cut(rest, "/")
	user, host, at := strings.Cut(email, "@")
	return email, ok && below && at && user != "" && host != ""
}

// Door serves the workspace routes.
type Door struct {
	// Proxy returns the repository behind mlflow-artifacts: URIs.
	Proxy func() (artifact.Repo, error)
	// Locate returns the repository that holds an artifact URI, and the path in it.
	Locate func(uri string) (artifact.Repo, string, error)
	// RunURI and ModelURI return the artifact URI of a run and of a logged model.
	RunURI, ModelURI func(ctx context.Context, id string) (string, error)
	// VersionURI returns the artifact URI of a version of a registered model.
	VersionURI func(ctx context.Context, name, version string) (string, error)
	// Key signs URLs. All servers behind one address need the same.
	Key [sha256.Size]byte
	// Prefix is the path under which the server is reached, for URLs of its own.
	Prefix string
}

// Handles reports whether a path belongs to the door.
func Handles(path string) bool {
	if path == versionFilesPath || path == versionURLPath {
		return true
	}
	for _, prefix := range []string{"/.well-known/databricks-", "/api/2.0/preview/scim/", "/api/2.0/fs/", unityCatalogPath} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return strings.HasPrefix(path, "/api/2.0/mlflow/") && strings.Contains(path, "/artifacts/credentials-for-")
}

// abortPath is where the SDK ends an upload session that never had any parts.
const abortPath = "/.well-known/databricks-upload-session"

// Handler serves the door's routes and leaves everything else to next. Who asks
// has to be known by then, see [auth.Middleware].
func (d *Door) Handler(next http.Handler) http.Handler {
	mux, s := http.NewServeMux(), &signer{d.Key}
	d.route(mux, "GET /.well-known/databricks-config", auth.Public, wellKnown)
	d.route(mux, "DELETE "+abortPath, auth.Public, func(http.ResponseWriter, *http.Request) error { return nil })
	d.route(mux, "GET /api/2.0/preview/scim/v2/Me", auth.ReadServer, me)

	d.route(mux, "GET /api/2.0/fs/files/{path...}", auth.ReadArtifact, d.download)
	d.route(mux, "PUT /api/2.0/fs/files/{path...}", auth.EditArtifact, d.upload)
	d.route(mux, "POST /api/2.0/fs/files/{path...}", auth.EditArtifact, d.largeUpload)
	d.route(mux, "DELETE /api/2.0/fs/files/{path...}", auth.EditArtifact, d.deleteFile)
	d.route(mux, "GET /api/2.0/fs/directories/{path...}", auth.ReadArtifact, d.directory)
	d.route(mux, "PUT /api/2.0/fs/directories/{path...}", auth.EditArtifact, d.makeDirectory)
	d.route(mux, "DELETE /api/2.0/fs/directories/{path...}", auth.EditArtifact, d.deleteDirectory)
	d.route(mux, "POST /api/2.0/fs/create-abort-upload-url", auth.EditArtifact, d.abortURL)

	d.route(mux, "POST /api/2.0/mlflow/artifacts/credentials-for-read", auth.ReadArtifact, d.runCredentials(s, false))
	d.route(mux, "POST /api/2.0/mlflow/artifacts/credentials-for-write", auth.EditArtifact, d.runCredentials(s, true))
	d.route(
		mux,
		"POST /api/2.0/mlflow/logged-models/{model_id}/artifacts/credentials-for-download",
		auth.ReadArtifact,
		d.modelCredentials(s, false),
	)
	d.route(
		mux,
		"POST /api/2.0/mlflow/logged-models/{model_id}/artifacts/credentials-for-upload",
		auth.EditArtifact,
		d.modelCredentials(s, true),
	)
	d.route(mux, "GET "+signedPath, auth.Public, d.signedDownload(s))
	d.route(mux, "PUT "+signedPath, auth.Public, d.signedUpload(s))
	d.route(mux, "GET "+versionFilesPath, auth.ReadRegistry, d.versionFiles)
	d.route(mux, "GET "+versionURLPath, auth.ReadRegistry, d.versionURL(s))
	d.route(mux, unityCatalogPath, auth.ReadRegistry, noUnityCatalog)
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

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Handles(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		// The mux would redirect such paths; no client sends them in good faith.
		if clean := path.Clean(r.URL.Path); clean != r.URL.Path && clean+"/" != r.URL.Path {
			apierror.Write(w, &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "Invalid path"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (d *Door) route(
	mux *http.ServeMux,
	pattern string,
	perm auth.Permission,
	handle func(http.ResponseWriter, *http.Request) error,
) {
	_, path, named := strings.Cut(pattern, " ")
	if !named {
		path = pattern
	}
	bodiless := perm != auth.Public && strings.HasPrefix(pattern, http.MethodGet+" ")
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		observe.Route(r.Context(), path)
		err := auth.Allow(r.Context(), perm)
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

// wellKnown tells the SDK that there is nothing to find out: no cloud, no
// account, no OAuth. Were it missing, every call would print a warning.
func wellKnown(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, struct {
		OIDCEndpoint string `json:"oidc_endpoint"`
	}{})
}

// me is the login check.
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
	_, _ = w.Write(body) // a client that has gone away needs no answer
	return nil
}
