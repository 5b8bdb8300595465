package api

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/mlflow"
)

// Artifacts locates the files of runs and models. Of the local directories, it opens only
// the artifact destination, the default artifact root, and the artifact root at the time
// when the database was created. It opens all buckets of object stores that the server has
// credentials for, as MLflow does. Clients open other locations themselves.
type Artifacts struct {
	proxy       artifact.Repo // nil if the server serves no artifacts
	remote      artifact.Repo // the default root if it is in an object store, or nil
	remoteOK    bool          // whether the server had access to remote when it started
	roots       []artifactRoot
	defaultRoot string
	destination string
	proxyDir    string   // the directory of proxy if it is local
	ownHosts    []string // hosts that the destination and the default root name
	anyHost     []string // schemes whose URIs may name any host
}

// artifactRoot is a local directory and the repository of its files.
type artifactRoot struct {
	dir  string
	open func() (artifact.Repo, error)
}

func opened(repo artifact.Repo) func() (artifact.Repo, error) {
	return func() (artifact.Repo, error) { return repo, nil }
}

// NewArtifacts opens the artifact destination, to which mlflow-artifacts: URIs refer,
// and the default root, which contains the locations of new experiments. An empty
// destination disables the proxy.
func NewArtifacts(destination, defaultRoot string) (*Artifacts, error) {
	a := &Artifacts{
		defaultRoot: defaultRoot, destination: destination,
		ownHosts: []string{accountHost(destination), accountHost(defaultRoot)},
	}
	if destination != "" {
		repo, err := artifact.Open(destination)
		if err != nil {
			return nil, err
		}
		a.proxy = repo
		if artifact.Scheme(destination) == "file" {
			dir, err := artifact.FilePath(destination)
			if err != nil {
				return nil, err
			}
			a.roots = append(a.roots, artifactRoot{dir, opened(repo)})
			a.proxyDir = dir
		}
	}
	switch scheme := artifact.Scheme(defaultRoot); {
	case defaultRoot == "" || scheme == "mlflow-artifacts" || scheme == "http" || scheme == "https":
		return a, nil
	case scheme != "file":
		repo, err := artifact.Open(defaultRoot)
		a.remote = repo
		return a, err
	}
	dir, err := artifact.FilePath(defaultRoot)
	if err != nil {
		return nil, err
	}
	if len(a.roots) == 1 && a.roots[0].dir == dir {
		return a, nil
	}
	repo, err := artifact.Open(defaultRoot)
	if err != nil {
		return nil, err
	}
	a.roots = append(a.roots, artifactRoot{dir, opened(repo)})
	return a, nil
}

// AllowHosts lets URIs with the given schemes name any host. By default, URIs that name a
// host, such as wasbs://container@account.blob.core.windows.net, are restricted to the
// hosts of the artifact destination and the default root, because clients choose the
// locations of experiments, and the server sends its credentials to the host.
func (a *Artifacts) AllowHosts(schemes []string) {
	a.anyHost = make([]string, len(schemes))
	for i, scheme := range schemes {
		a.anyHost[i] = strings.ToLower(strings.TrimSpace(scheme))
	}
}

// foreignSchemes are the schemes of locations that MLflow has and the server does not open.
var foreignSchemes = []string{"dbfs", "ftp", "hdfs", "sftp", "viewfs"}

// hostSchemes are the schemes of object stores whose URIs name a host in MLflow, too.
var hostSchemes = []string{"abfs", "abfss", "b2", "r2"}

// MayBegin returns an error if no experiment can have a location, because the server would
// not open it.
func (a *Artifacts) MayBegin(uri string) error {
	scheme := artifact.Scheme(uri)
	switch {
	case slices.Contains(a.anyHost, scheme):
		return nil
	case slices.Contains(hostSchemes, scheme):
		return a.MayReach(uri)
	case slices.Contains(foreignSchemes, scheme):
		return apierror.Invalid("'artifact_location' cannot use the '%s' scheme: %s. If all clients open such locations "+
			"themselves, MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES=%s allows them.", scheme, foreign(scheme), scheme)
	}
	return nil
}

// foreign says what to do in place of using a scheme of foreignSchemes.
func foreign(scheme string) string {
	return "this server has no client for '" + scheme + "'; copy the files to a folder or to a bucket, and use its URI " +
		"(s3:, gs:, wasbs: or abfss:)"
}

// accountHost returns the host in a URI of the form scheme://container@host/path, or "".
func accountHost(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	authority, _, _ := strings.Cut(rest, "/")
	_, host, _ := strings.Cut(authority, "@")
	return strings.ToLower(host)
}

// MayReach returns an error if a URI names a host that the server does not send its
// credentials to.
func (a *Artifacts) MayReach(uri string) error {
	host, scheme := accountHost(uri), artifact.Scheme(uri)
	if host == "" && !slices.Contains(hostSchemes, scheme) ||
		host != "" && slices.Contains(a.ownHosts, host) || slices.Contains(a.anyHost, scheme) {
		return nil
	}
	return apierror.Invalid(
		"The artifacts at '%s' are out of this server's reach: it sends its credentials only to the hosts of its artifact "+
			"destination and default artifact root. MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES=%s allows all hosts.",
		apierror.Shorten(artifact.Redact(uri)), scheme,
	)
}

// Check returns an error if the artifact destination cannot be used.
func (a *Artifacts) Check(ctx context.Context) error { return artifact.Check(ctx, a.proxy) }

// CheckDefaultRoot returns an error if the default root is in an object store that the
// server cannot use. Clients may have access to it all the same.
func (a *Artifacts) CheckDefaultRoot(ctx context.Context) error {
	err := artifact.Check(ctx, a.remote)
	a.remoteOK = err == nil
	return err
}

// AddEarlierRoot gives access to the artifact root at the time when the database was
// created. location is the artifact location of the default experiment, which is in
// that root and which clients cannot set.
func (a *Artifacts) AddEarlierRoot(location string) {
	if artifact.Scheme(location) != "file" {
		return
	}
	dir, err := artifact.FilePath(location)
	if err != nil || filepath.Base(dir) != "0" {
		return
	}
	root := filepath.Dir(dir)
	if root == filepath.Dir(root) { // the root of the file system
		return
	}
	a.roots = append(
		a.roots,
		artifactRoot{root, sync.OnceValues(func() (artifact.Repo, error) { return artifact.Open(root) })},
	)
}

// Proxy returns the repository behind mlflow-artifacts: URIs.
func (a *Artifacts) Proxy() (artifact.Repo, error) {
	if a.proxy == nil {
		return nil, mlflow.Errorf(
			mlflow.NotImplemented,
			"This server does not serve artifacts: it was started with --no-serve-artifacts.",
		)
	}
	return a.proxy, nil
}

// VersionRoot returns the URI below which the server stores the files of model versions
// that clients upload to the registry: the default artifact root if the server can write
// there, and otherwise the artifact destination.
func (a *Artifacts) VersionRoot() (string, error) {
	if a.defaultRoot != "" && (a.remote == nil || a.remoteOK) {
		if _, _, err := a.Locate(a.defaultRoot); err == nil {
			return a.defaultRoot, nil
		}
	}
	if _, err := a.Proxy(); err != nil {
		return "", err
	}
	return "mlflow-artifacts:/", nil
}

// Writable returns an error for a path in the proxy that is in or above the folder with
// the files of model versions. Only the registry changes these files.
func (a *Artifacts) Writable(path string) error {
	root, err := a.VersionRoot()
	if err != nil {
		return nil //nolint:nilerr // There are no versions with files.
	}
	repo, base, err := a.Locate(root)
	if err != nil || repo != a.proxy {
		return nil //nolint:nilerr // The versions are not in the proxy.
	}
	folder := strings.Split(artifact.Join(base, artifact.VersionsFolder), "/")
	names := strings.Split(path, "/")
	n := min(len(folder), len(names))
	// Some file systems ignore case.
	if !strings.EqualFold(strings.Join(folder[:n], "/"), strings.Join(names[:n], "/")) {
		return nil
	}
	return &mlflow.Error{
		Code: mlflow.PermissionDenied, Status: http.StatusForbidden,
		Message: "The folder '" + strings.Join(folder, "/") + "' contains the files of registered model versions, which " +
			"only the registry changes.",
	}
}

// ClientURI returns the file: URI of an artifact URI in a local folder of the server, for
// clients that share the folder. It returns other URIs unchanged.
func (a *Artifacts) ClientURI(uri string) string {
	var dir string
	switch artifact.Scheme(uri) {
	case "mlflow-artifacts":
		path, err := proxyPath(uri)
		if err != nil || a.proxyDir == "" {
			return uri
		}
		dir = filepath.Join(a.proxyDir, filepath.FromSlash(path))
	case "file":
		var err error
		if dir, err = artifact.FilePath(uri); err != nil {
			return uri
		}
	default:
		return uri
	}
	return (&url.URL{Scheme: "file", Path: path.Join("/", filepath.ToSlash(dir))}).String()
}

// Locate returns the repository that contains an artifact URI and the path in it.
func (a *Artifacts) Locate(uri string) (artifact.Repo, string, error) {
	switch artifact.Scheme(uri) {
	case "mlflow-artifacts":
		repo, err := a.Proxy()
		if err != nil {
			return nil, "", err
		}
		p, err := proxyPath(uri)
		return repo, p, err
	case "http", "https":
		if repo, path, ok := a.locateProxied(uri); ok {
			path, err := artifact.CleanPath(path)
			return repo, path, err
		}
	case "file":
		return a.locateFile(uri)
	default:
		if artifact.IsObjectStore(uri) {
			if err := a.MayReach(uri); err != nil {
				return nil, "", err
			}
			return artifact.OpenBucket(uri)
		}
	}
	return nil, "", outOfReach(uri)
}

// proxyPath returns the path of an mlflow-artifacts: URI. A host in it is an address
// of this server.
func proxyPath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", apierror.Invalid("Invalid path")
	}
	return artifact.CleanPath(strings.TrimPrefix(u.Path, "/"))
}

// proxyRoute precedes the path of a file in a URL of the proxy.
const proxyRoute = "/api/2.0/mlflow-artifacts/artifacts/"

// locateProxied returns the file that a URL of the proxy's route refers to. Any host is
// assumed to be an address of this server, as in MLflow: such URLs were the artifact
// locations before mlflow-artifacts: URIs existed.
func (a *Artifacts) locateProxied(uri string) (artifact.Repo, string, bool) {
	u, err := url.Parse(uri)
	if a.proxy == nil || err != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, "", false
	}
	_, path, found := strings.Cut(u.Path+"/", proxyRoute)
	return a.proxy, strings.Trim(path, "/"), found
}

func (a *Artifacts) locateFile(uri string) (artifact.Repo, string, error) {
	for part := range strings.FieldsFuncSeq(uri, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == ".." {
			return nil, "", apierror.Invalid("Invalid path")
		}
	}
	dir, err := artifact.FilePath(uri)
	if err != nil {
		return nil, "", err
	}
	for _, root := range a.roots {
		rel, err := filepath.Rel(root.dir, dir)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		path := ""
		if rel != "." {
			if path, err = artifact.CleanPath(filepath.ToSlash(rel)); err != nil {
				return nil, "", err
			}
		}
		repo, err := root.open()
		return repo, path, err
	}
	return nil, "", outOfReach(uri)
}

// Shared reports whether a URI is in or above the storage that the server keeps for all
// experiments.
func (a *Artifacts) Shared(uri string) bool {
	switch artifact.Scheme(uri) {
	case "mlflow-artifacts":
		return true
	case "http", "https":
		_, _, proxied := a.locateProxied(uri)
		return proxied
	case "file":
		_, _, err := a.locateFile(uri)
		return err == nil
	}
	return overlap(uri, a.destination) || overlap(uri, a.defaultRoot)
}

// overlap reports whether one of two locations is in the other.
func overlap(a, b string) bool {
	first, ok := location.Parse(a)
	second, alsoOK := location.Parse(b)
	if !ok || !alsoOK {
		return false
	}
	_, inSecond := first.Below(second)
	_, inFirst := second.Below(first)
	return inFirst || inSecond
}

func outOfReach(uri string) error {
	if scheme := artifact.Scheme(uri); slices.Contains(foreignSchemes, scheme) {
		return apierror.Invalid("The artifacts at '%s' are out of this server's reach: %s.",
			apierror.Shorten(artifact.Redact(uri)), foreign(scheme))
	}
	return apierror.Invalid(
		"The artifacts at '%s' are out of this server's reach: it opens only what lies below "+
			"its artifact destination or its default artifact root. "+
			"A client can still open that location itself.",
		apierror.Shorten(artifact.Redact(uri)),
	)
}
