package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"strings"
	"sync/atomic"
)

// ArtifactURI returns the URI of an artifact of the run, or of all of them for "".
func (r *ActiveRun) ArtifactURI(name string) string {
	root := r.Info.ArtifactURI
	if name == "" {
		return root
	}
	u, err := url.Parse(root)
	if err != nil || u.RawQuery == "" {
		return strings.TrimSuffix(root, "/") + "/" + path.Clean(name)
	}
	return u.JoinPath(name).String() // A query is part of the location of some object stores.
}

// LogReader stores everything that src yields as the artifact name. It copies src to a
// temporary file first, because an upload needs the size and may have to be repeated.
func (r *ActiveRun) LogReader(ctx context.Context, src io.Reader, name string) error {
	f, err := os.CreateTemp("", "millrace-artifact-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	size, err := io.Copy(f, src)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return r.upload(ctx, f, size, name)
}

// OpenArtifact opens an artifact of a run for reading, without a copy on the disk. The
// caller must close it. A read fails if the connection breaks; [Client.DownloadArtifacts]
// resumes in that case.
func (c *Client) OpenArtifact(ctx context.Context, runID, name string) (io.ReadCloser, error) {
	store, err := c.storeOf(ctx, runID)
	if err != nil {
		return nil, err
	}
	var body io.ReadCloser
	err = c.retry(ctx, true, func() error {
		body, err = getFile(ctx, store, name)
		return err
	})
	return body, err
}

// LoadText reads an artifact of a run as a string.
func (c *Client) LoadText(ctx context.Context, runID, name string) (string, error) {
	text, err := c.readArtifact(ctx, runID, name)
	return string(text), err
}

// LoadDict decodes a JSON artifact of a run into the value that v points to.
func (c *Client) LoadDict(ctx context.Context, runID, name string, v any) error {
	text, err := c.readArtifact(ctx, runID, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("decoding %s: %w", name, err)
	}
	return nil
}

func (c *Client) storeOf(ctx context.Context, runID string) (artifactStore, error) {
	run, err := c.Run(ctx, runID)
	if err != nil {
		return nil, err
	}
	return c.artifactStoreAt(run.Info.ArtifactURI)
}

func (c *Client) readArtifact(ctx context.Context, runID, name string) ([]byte, error) {
	store, err := c.storeOf(ctx, runID)
	if err != nil {
		return nil, err
	}
	return c.readFrom(ctx, store, name)
}

// readFrom reads a whole file.
func (c *Client) readFrom(ctx context.Context, store artifactStore, name string) ([]byte, error) {
	var data []byte
	err := c.retryMoving(ctx, true, func(moved *atomic.Int64) error {
		body, err := getFile(ctx, store, name)
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }() // Closing a body that was read cannot lose data.
		data, err = io.ReadAll(&counted{body, moved})
		return err
	})
	return data, err
}

// getFile is store.get with ResourceDoesNotExist for a missing file. It lists the
// directory after an internal error, which MLflow 2 returns for a missing file.
func getFile(ctx context.Context, store artifactStore, name string) (io.ReadCloser, error) {
	name = path.Clean(name)
	body, err := store.get(ctx, name)
	if errors.Is(err, InternalError) {
		if _, missing := single(ctx, store, name, ""); errors.Is(missing, ResourceDoesNotExist) {
			return nil, missing
		}
	}
	return body, err
}
