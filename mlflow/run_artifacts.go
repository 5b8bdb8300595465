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

// LogArtifact uploads the file at localPath to a folder of the run's artifacts, "" for
// the root.
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

// LogArtifacts uploads the contents of the directory localDir to a folder of the run's
// artifacts, "" for the root. See [WithProgress].
func (r *ActiveRun) LogArtifacts(ctx context.Context, localDir, folder string) error {
	files, err := filesBelow(localDir, folder)
	if err != nil {
		return err
	}
	return r.client.putAll(ctx, r.store, files)
}

// LogText stores a text as the artifact name, such as notes/summary.txt.
func (r *ActiveRun) LogText(ctx context.Context, text, name string) error {
	return r.logBytes(ctx, []byte(text), name)
}

// LogDict stores v as JSON, or as YAML if the name ends in .yml or .yaml.
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

// LogFigure stores a figure as the artifact name. Plot.WriterTo of gonum.org/v1/plot
// returns one.
func (r *ActiveRun) LogFigure(ctx context.Context, figure io.WriterTo, name string) error {
	var out bytes.Buffer
	if _, err := figure.WriteTo(&out); err != nil {
		return fmt.Errorf("drawing %s: %w", name, err)
	}
	return r.logBytes(ctx, out.Bytes(), name)
}

func (r *ActiveRun) logBytes(ctx context.Context, data []byte, name string) error {
	return r.upload(ctx, bytes.NewReader(data), int64(len(data)), name)
}

// upload stores the first size bytes of src. It may read them several times.
func (r *ActiveRun) upload(ctx context.Context, src io.ReaderAt, size int64, name string) error {
	err := r.store.put(ctx, name, size, func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(src, 0, size)), nil
	})
	if err != nil {
		return fmt.Errorf("uploading %s: %w", name, err)
	}
	return nil
}

// ListArtifacts lists a directory of a run's artifacts, "" for the root, with paths
// relative to the root.
func (c *Client) ListArtifacts(ctx context.Context, runID, folder string) ([]FileInfo, error) {
	return all(pages(func(token string) ([]FileInfo, string, error) {
		out, err := call(ctx, c, Endpoints.ListArtifacts, &ListArtifactsRequest{RunID: runID, Path: folder, PageToken: token})
		return out.Files, out.NextPageToken, err
	}))
}

// UploadArtifacts uploads a file or the contents of a directory to a folder of a run's
// artifacts, "" for the root. It does not change the status of the run.
func (c *Client) UploadArtifacts(ctx context.Context, runID, local, folder string) error {
	store, err := c.storeOf(ctx, runID)
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

// DownloadArtifacts downloads a file or directory of a run's artifacts, "" for all, to
// the directory dir and returns its path there. It creates dir if necessary.
func (c *Client) DownloadArtifacts(ctx context.Context, runID, name, dir string) (string, error) {
	run, err := c.Run(ctx, runID)
	if err != nil {
		return "", err
	}
	return c.downloadFrom(ctx, run.Info.ArtifactURI, name, dir)
}

// downloadFrom downloads a file or directory below an artifact URI to dir.
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

// single returns a file, or nothing for an empty directory. It lists the parent
// directory, because not all servers respond with 404 to the download of a missing file.
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
