package api

import (
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// Artifacts finds the files of runs and models. It reaches these places only: the
// proxy's folder or bucket, the default artifact root, and the root that the
// database was made with. A location anywhere else is kept and shown, and left to
// the clients to reach.
type Artifacts struct {
	proxy artifact.Repo // nil if the server serves no artifacts
	roots []artifactRoot
}

// artifactRoot is a folder of this machine with the repository that holds it.
type artifactRoot struct {
	dir  string
	open func() (artifact.Repo, error)
}

func opened(repo artifact.Repo) func() (artifact.Repo, error) {
	return func() (artifact.Repo, error) { return repo, nil }
}

// NewArtifacts opens the places that the server was told to use. Destination is
// what mlflow-artifacts: URIs mean; "" serves none. DefaultRoot is where the
// locations of new experiments begin.
func NewArtifacts(destination, defaultRoot string) (*Artifacts, error) {
	a := &Artifacts{}
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
		}
	}
	if defaultRoot == "" || artifact.Scheme(defaultRoot) != "file" {
		return a, nil
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

// AddEarlierRoot makes files reachable that are where the default artifact root
// was when the database was made. Location is that of the default experiment,
// which lies in that root and which no client can choose.
func (a *Artifacts) AddEarlierRoot(location string) {
	if artifact.Scheme(location) != "file" {
		return
	}
	dir, err := artifact.FilePath(location)
	if err != nil || filepath.Base(dir) != "0" {
		return
	}
	root := filepath.Dir(dir)
	if root == filepath.Dir(root) { // All of the machine's files.
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

// Locate returns the repository that holds a run's or model's artifact URI, and
// the path in it.
func (a *Artifacts) Locate(uri string) (artifact.Repo, string, error) {
	switch artifact.Scheme(uri) {
	case "mlflow-artifacts":
		repo, err := a.Proxy()
		if err != nil {
			return nil, "", err
		}
		path, err := proxyPath(uri)
		return repo, path, err
	case "http", "https":
		if repo, path, ok := a.locateProxied(uri); ok {
			path, err := artifact.CleanPath(path)
			return repo, path, err
		}
	case "file":
		return a.locateFile(uri)
	}
	return nil, "", outOfReach(uri)
}

// proxyPath returns the path in the proxy that an mlflow-artifacts: URI names.
// A host in it can only be an address of this server.
func proxyPath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", mlflow.Errorf(mlflow.InvalidParameterValue, "Invalid path")
	}
	return artifact.CleanPath(strings.TrimPrefix(u.Path, "/"))
}

// proxyRoute is what the URL of a file in the proxy has before the file's path.
const proxyRoute = "/api/2.0/mlflow-artifacts/artifacts/"

// locateProxied finds what the URL of the proxy's route names. Whatever host it
// has is taken for an address of this server, as MLflow does: that is how servers
// were told to keep artifacts before there were mlflow-artifacts: URIs.
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
			return nil, "", mlflow.Errorf(mlflow.InvalidParameterValue, "Invalid path")
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

func outOfReach(uri string) error {
	return mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"The artifacts at '%s' are out of this server's reach: it opens only what lies below its artifact destination or its default artifact root. "+
			"A client can still open that location itself.",
		shorten(artifact.Redact(uri)),
	)
}
