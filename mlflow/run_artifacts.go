package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// LogArtifact uploads the file at localPath into a folder of the run's
// artifacts, "" for the top.
func (r *ActiveRun) LogArtifact(ctx context.Context, localPath, folder string) error {
	if info, err := os.Stat(localPath); err == nil && info.IsDir() {
		return Errorf(InvalidParameterValue, "%s is a folder; LogArtifacts uploads folders", localPath)
	}
	files, err := filesBelow(localPath, path.Join(folder, filepath.Base(localPath)))
	if err != nil {
		return err
	}
	return r.client.putAll(ctx, r.store, files)
}

// LogArtifacts uploads all that is in the folder localDir, with its folders,
// into a folder of the run's artifacts, "" for the top. See [WithProgress].
func (r *ActiveRun) LogArtifacts(ctx context.Context, localDir, folder string) error {
	files, err := filesBelow(localDir, folder)
	if err != nil {
		return err
	}
	return r.client.putAll(ctx, r.store, files)
}

// LogText stores text as the artifact name, such as notes/summary.txt.
func (r *ActiveRun) LogText(ctx context.Context, text, name string) error {
	return r.logBytes(ctx, []byte(text), name)
}

// LogDict stores v as JSON, or, if name ends in .yml or .yaml, as YAML.
func (r *ActiveRun) LogDict(ctx context.Context, v any, name string) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return Errorf(InvalidParameterValue, "%s cannot be written as JSON: %v", name, err)
	}
	if ext := path.Ext(name); ext == ".yml" || ext == ".yaml" {
		if text, err = toYAML(text); err != nil {
			return err
		}
	}
	return r.logBytes(ctx, text, name)
}

// LogFigure stores a drawing as the artifact name. What Plot.WriterTo of
// gonum.org/v1/plot returns is one.
func (r *ActiveRun) LogFigure(ctx context.Context, figure io.WriterTo, name string) error {
	var out bytes.Buffer
	if _, err := figure.WriteTo(&out); err != nil {
		return fmt.Errorf("drawing %s: %w", name, err)
	}
	return r.logBytes(ctx, out.Bytes(), name)
}

func (r *ActiveRun) logBytes(ctx context.Context, data []byte, name string) error {
	err := r.store.put(ctx, name, int64(len(data)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
	if err != nil {
		return fmt.Errorf("uploading %s: %w", name, err)
	}
	return nil
}

// ListArtifacts lists one folder of a run's artifacts, "" for the top, with
// paths from the top.
func (c *Client) ListArtifacts(ctx context.Context, runID, folder string) ([]FileInfo, error) {
	return all(pages(func(token string) ([]FileInfo, string, error) {
		out, err := call(ctx, c, Endpoints.ListArtifacts, &ListArtifactsRequest{RunID: runID, Path: folder, PageToken: token})
		return out.Files, out.NextPageToken, err
	}))
}

// UploadArtifacts uploads a file, or all that is in a folder, into a folder of a
// run's artifacts, "" for the top. The run need not be active and stays as it is.
func (c *Client) UploadArtifacts(ctx context.Context, runID, local, folder string) error {
	run, err := c.Run(ctx, runID)
	if err != nil {
		return err
	}
	store, err := c.artifactStoreAt(run.Info.ArtifactURI)
	if err != nil {
		return err
	}
	if info, err := os.Stat(local); err == nil && !info.IsDir() {
		folder = path.Join(folder, filepath.Base(local))
	}
	files, err := filesBelow(local, folder)
	if err != nil {
		return err
	}
	return c.putAll(ctx, store, files)
}

// DownloadArtifacts downloads a file or folder of a run's artifacts, "" for all,
// into the folder dir, which is made if need be, and returns where it is there.
func (c *Client) DownloadArtifacts(ctx context.Context, runID, name, dir string) (string, error) {
	run, err := c.Run(ctx, runID)
	if err != nil {
		return "", err
	}
	return c.downloadFrom(ctx, run.Info.ArtifactURI, name, dir)
}

// downloadFrom downloads a file or folder below an artifact URI into dir.
func (c *Client) downloadFrom(ctx context.Context, uri, name, dir string) (string, error) {
	store, err := c.artifactStoreAt(uri)
	if err != nil {
		return "", err
	}
	name = strings.Trim(path.Clean("/"+name), "/")
	local := "."
	if name != "" {
		local = path.Base(name)
	}
	files, err := tree(ctx, store, name, local)
	if err == nil && len(files) == 0 && name != "" {
		files, err = single(ctx, store, name, local)
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, local), c.getAll(ctx, store, dir, files)
}

// single finds what is no folder with files: a file, or a folder without any. It
// asks for the folder around it, since not all servers answer a download of
// nothing with 404.
func single(ctx context.Context, store artifactStore, name, local string) ([]file, error) {
	around, err := store.list(ctx, strings.TrimPrefix(path.Dir(name), "."))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(around, func(f FileInfo) bool { return f.Path == name })
	switch {
	case i < 0:
		return nil, Errorf(ResourceDoesNotExist, "there is no artifact %s", name)
	case around[i].IsDir:
		return nil, nil
	}
	return []file{{local, name, around[i].FileSize}}, nil
}
