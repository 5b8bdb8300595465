package mlflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// artifactStore stores the files of one run or logged model. Paths are relative, with
// slashes.
type artifactStore interface {
	// put stores size bytes. It calls open for each attempt.
	put(ctx context.Context, name string, size int64, open func() (io.ReadCloser, error)) error
	// get opens a file with one attempt. Reading it may fail.
	get(ctx context.Context, name string) (io.ReadCloser, error)
	// list returns the files of a directory, with paths relative to the root of the
	// store.
	list(ctx context.Context, folder string) ([]FileInfo, error)
}

// artifactStoreAt returns the store with the given artifact URI.
func (c *Client) artifactStoreAt(uri string) (artifactStore, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, Errorf(InvalidParameterValue, "the artifact URI %q cannot be read: %v", uri, err)
	}
	switch u.Scheme {
	case "mlflow-artifacts":
		base := c.base
		if u.Host != "" {
			base = c.scheme() + "://" + u.Host
			if !c.trusts(&url.URL{Scheme: c.scheme(), Host: u.Host}) {
				return nil, c.errHost(uri, u.Host)
			}
		}
		return &proxyStore{c, base + "/api/2.0/mlflow-artifacts/artifacts", strings.Trim(u.Path, "/")}, nil
	case "dbfs":
		root, err := filesAPIPath(u.Path)
		return &filesAPIStore{c, root}, err
	case "", "file":
		if u.Host != "" && u.Host != "localhost" {
			break // a directory of another machine
		}
		if !c.localFiles {
			return nil, c.errFolder(uri)
		}
		return folderStore(filepath.FromSlash(u.Path)), nil
	}
	return nil, Errorf(
		NotImplemented,
		"the files are at %s, where this SDK does not write itself; start the tracking server with --serve-artifacts so "+
			"that it passes them on",
		uri,
	)
}

// proxyStore transfers files through the tracking server.
type proxyStore struct {
	client *Client
	base   string
	root   string
}

func (s *proxyStore) url(name string) string {
	return s.base + "/" + escapePath(path.Join(s.root, name))
}

func (s *proxyStore) put(ctx context.Context, name string, size int64, open func() (io.ReadCloser, error)) error {
	return s.client.upload(ctx, s.url(name), size, open)
}

func (s *proxyStore) get(ctx context.Context, name string) (io.ReadCloser, error) {
	return s.client.download(ctx, s.url(name))
}

func (s *proxyStore) list(ctx context.Context, folder string) ([]FileInfo, error) {
	var out ListProxyResponse
	target := s.base + "?path=" + url.QueryEscape(path.Join(s.root, folder))
	if err := s.client.exchange(ctx, true, http.MethodGet, target, nil, &out); err != nil {
		return nil, err
	}
	for i := range out.Files {
		out.Files[i].Path = path.Join(folder, out.Files[i].Path)
	}
	return out.Files, nil
}

// filesAPIStore transfers files through the Files API of Databricks.
type filesAPIStore struct {
	client *Client
	root   string
}

// filesAPIPath converts the path of a dbfs: URI into a path of the Files API.
func filesAPIPath(p string) (string, error) {
	parts := strings.Split(strings.TrimPrefix(p, "/databricks/mlflow-tracking/"), "/")
	switch {
	case !strings.HasPrefix(p, "/databricks/mlflow-tracking/") || len(parts) < 2:
		return "", Errorf(NotImplemented, "the files are at dbfs:%s, which is no folder of MLflow's", p)
	case parts[1] == "logged_models":
		parts[1] = "LoggedModels"
	default:
		parts[1] = "Runs/" + parts[1]
	}
	return "/WorkspaceInternal/Mlflow/Artifacts/" + strings.Join(parts, "/"), nil
}

func (s *filesAPIStore) url(kind, name string) string {
	return s.client.base + "/api/2.0/fs/" + kind + escapePath(path.Join(s.root, name))
}

func (s *filesAPIStore) put(ctx context.Context, name string, size int64, open func() (io.ReadCloser, error)) error {
	return s.client.upload(ctx, s.url("files", name)+"?overwrite=true", size, open)
}

func (s *filesAPIStore) get(ctx context.Context, name string) (io.ReadCloser, error) {
	return s.client.download(ctx, s.url("files", name))
}

func (s *filesAPIStore) list(ctx context.Context, folder string) ([]FileInfo, error) {
	var files []FileInfo
	for token := ""; ; {
		var page struct {
			Contents []struct {
				Name        string `json:"name"`
				IsDirectory bool   `json:"is_directory"`
				FileSize    int64  `json:"file_size"`
			} `json:"contents"`
			NextPageToken string `json:"next_page_token"`
		}
		target := s.url("directories", folder) + "?page_token=" + url.QueryEscape(token)
		err := s.client.exchange(ctx, true, http.MethodGet, target, nil, &page)
		if errors.Is(err, ResourceDoesNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, f := range page.Contents {
			files = append(files, FileInfo{Path: path.Join(folder, f.Name), IsDir: f.IsDirectory, FileSize: f.FileSize})
		}
		if token = page.NextPageToken; token == "" {
			return files, nil
		}
	}
}

// folderStore is a directory that this program shares with a tracking server without
// --serve-artifacts.
type folderStore string

func (s folderStore) put(_ context.Context, name string, _ int64, open func() (io.ReadCloser, error)) error {
	err := os.MkdirAll(string(s), 0o755) //nolint:gosec // The server must be able to read it.
	if err != nil {
		return fmt.Errorf(
			"the server keeps its files at %s, which must be reachable from here (or start it with --serve-artifacts): %w",
			string(s),
			err,
		)
	}
	root, err := os.OpenRoot(string(s))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return writeFile(root, filepath.FromSlash(name), open)
}

func (s folderStore) get(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(string(s), filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, Errorf(ResourceDoesNotExist, "there is no file %s in %s", name, string(s))
	}
	return f, err
}

func (s folderStore) list(_ context.Context, folder string) ([]FileInfo, error) {
	dir := filepath.Join(string(s), filepath.FromSlash(folder))
	if info, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	files := make([]FileInfo, 0, len(entries))
	for _, e := range entries {
		f := FileInfo{Path: path.Join(folder, e.Name()), IsDir: e.IsDir()}
		if info, err := e.Info(); err == nil && !e.IsDir() {
			f.FileSize = info.Size()
		}
		files = append(files, f)
	}
	return files, err
}

// upload sends the contents of a file with PUT.
func (c *Client) upload(ctx context.Context, target string, size int64, open func() (io.ReadCloser, error)) error {
	return c.retryMoving(ctx, true, func(moved *atomic.Int64) error {
		body, err := open()
		if err != nil {
			return err
		}
		defer body.Close()
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, target, &counted{body, moved})
		if err != nil {
			return err
		}
		if req.ContentLength = size; size == 0 { // A length of 0 means unknown unless the body is NoBody.
			req.Body = http.NoBody
		}
		resp, err := c.do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}

// counted counts the bytes read.
type counted struct {
	io.ReadCloser
	moved *atomic.Int64
}

func (r *counted) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.moved.Add(int64(n))
	return n, err
}

// download returns the body of the response. The caller must close it.
func (c *Client) download(ctx context.Context, target string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		parts[i] = url.PathEscape(s)
	}
	return strings.Join(parts, "/")
}

// writeFile writes the contents of open to a file below root, under a temporary name
// first, so that readers never see a partial file. It creates directories as necessary.
func writeFile(root *os.Root, name string, open func() (io.ReadCloser, error)) (err error) {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	in, err := open()
	if err != nil {
		return err
	}
	defer in.Close()
	random, err := randomHex()
	if err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(name), ".millrace-"+random)
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Remove(temporary))
		}
	}()
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return root.Rename(temporary, name)
}

// refusingStore is a location that the SDK cannot access. All methods return the error.
type refusingStore struct{ err error }

func (s refusingStore) put(context.Context, string, int64, func() (io.ReadCloser, error)) error {
	return s.err
}
func (s refusingStore) get(context.Context, string) (io.ReadCloser, error) { return nil, s.err }
func (s refusingStore) list(context.Context, string) ([]FileInfo, error)   { return nil, s.err }
