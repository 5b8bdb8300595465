package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// tagArtifacts lists the tables of a run, for the pages that show them.
const tagArtifacts = "mlflow.loggedArtifacts"

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

// LogImage stores an image as the artifact name, as PNG or, if the name says so, JPEG.
func (r *ActiveRun) LogImage(ctx context.Context, img image.Image, name string) error {
	var out bytes.Buffer
	var err error
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".png":
		err = png.Encode(&out, img)
	case ".jpg", ".jpeg":
		err = jpeg.Encode(&out, img, &jpeg.Options{Quality: 92})
	default:
		err = Errorf(InvalidParameterValue, "an image is stored as .png, .jpg or .jpeg, not %q", ext)
	}
	if err != nil {
		return err
	}
	return r.logBytes(ctx, out.Bytes(), name)
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

// Table is rows under named columns; each row has as many values, which are
// written as JSON.
type Table struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"data"`
}

// LogTable stores a table as the artifact name, which ends in .json. If there is
// one of that name, the rows are added below its own; both must have the same columns.
func (r *ActiveRun) LogTable(ctx context.Context, t *Table, name string) error {
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return Errorf(InvalidParameterValue, "row %d of the table has %d values for %d columns", i, len(row), len(t.Columns))
		}
	}
	if path.Ext(name) != ".json" {
		return Errorf(InvalidParameterValue, "a table is stored as .json, not %q", name)
	}
	r.tables.Lock()
	defer r.tables.Unlock()
	all, err := r.table(ctx, name)
	switch {
	case err != nil:
		return err
	case all == nil:
		all = &Table{Columns: t.Columns}
	case !slices.Equal(all.Columns, t.Columns):
		return Errorf(InvalidParameterValue, "%s has the columns %q, the rows to add %q", name, all.Columns, t.Columns)
	}
	text, err := json.Marshal(Table{t.Columns, append(all.Rows, t.Rows...)})
	if err != nil {
		return Errorf(InvalidParameterValue, "the table cannot be written as JSON: %v", err)
	}
	if err := r.logBytes(ctx, text, name); err != nil {
		return err
	}
	return r.tagTable(ctx, name)
}

// table returns a table of the run, or nil if it has none of that name.
func (r *ActiveRun) table(ctx context.Context, name string) (*Table, error) {
	files, err := r.store.list(ctx, strings.TrimPrefix(path.Dir(name), "."))
	if err != nil || !slices.ContainsFunc(files, func(f FileInfo) bool { return f.Path == path.Clean(name) }) {
		return nil, err
	}
	var text []byte
	err = r.client.retryMoving(ctx, true, func(moved *atomic.Int64) error {
		body, err := r.store.get(ctx, name)
		if err != nil {
			return err
		}
		defer body.Close()
		text, err = io.ReadAll(&counted{body, moved})
		return err
	})
	if err != nil {
		return nil, err
	}
	t := new(Table)
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("%s is no table: %w", name, err)
	}
	return t, nil
}

// tagTable adds a table to the list that the run's tag holds.
func (r *ActiveRun) tagTable(ctx context.Context, name string) error {
	run, err := r.client.Run(ctx, r.Info.RunID)
	if err != nil {
		return err
	}
	type entry struct {
		Path string `json:"path"`
		Type string `json:"type"`
	}
	var list []entry
	if i := slices.IndexFunc(run.Data.Tags, func(t Tag) bool { return t.Key == tagArtifacts }); i >= 0 {
		if err := json.Unmarshal([]byte(run.Data.Tags[i].Value), &list); err != nil {
			return fmt.Errorf("reading the tag %s: %w", tagArtifacts, err)
		}
	}
	if slices.Contains(list, entry{name, "table"}) {
		return nil
	}
	text, err := json.Marshal(append(list, entry{name, "table"}))
	if err != nil {
		return err
	}
	return r.SetTag(ctx, tagArtifacts, string(text))
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
