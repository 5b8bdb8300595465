// Package azure stores artifacts in Azure Blob Storage, through its REST API. It reads the settings of MLflow and those
// of Azure's SDKs from the environment.
package azure

import (
	"context"
	"crypto/md5" //nolint:gosec // It is the checksum of the API, and detects damage, not attacks.
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

func init() {
	shared := sync.OnceValues(func() (*store, error) { return newStore(os.Getenv) })
	for _, scheme := range schemes {
		artifact.Register(scheme, func(uri string) (artifact.Repo, error) {
			l, err := parseURI(uri)
			if err != nil {
				return nil, err
			}
			s, err := shared()
			if err != nil {
				return nil, err
			}
			b, err := s.bucket(l)
			if err != nil {
				return nil, err
			}
			return object.New(b, l.prefix), nil
		})
	}
}

// parallelDeletes is the number of requests that one call of Delete sends at the same time.
const parallelDeletes = 16

// bucket implements object.Bucket. It is a container.
type bucket struct {
	store      *store
	name       string // as in the URI, without credentials
	container  string
	account    string
	endpoint   *url.URL // of the account
	credential credential
}

func (b *bucket) Name() string { return b.name }

// Check lists at most one blob, because the permission to do so is needed anyway.
func (b *bucket) Check(ctx context.Context) error {
	_, err := b.listPage(ctx, "", "", false, 1)
	return err
}

func (b *bucket) Head(ctx context.Context, key string) (object.Object, error) {
	found, err := b.do(ctx, &call{method: http.MethodHead, key: key})
	if err != nil {
		return object.Object{}, err
	}
	if isFolder(found.header) {
		return object.Object{}, fmt.Errorf("%s: %w", b.name, object.ErrNotFound)
	}
	return describe(key, found, 0), nil
}

func (b *bucket) Get(ctx context.Context, key string, offset int64, etag string) (io.ReadCloser, object.Object, error) {
	c := &call{method: http.MethodGet, key: key, stream: true, header: map[string]string{}}
	if offset > 0 {
		c.header["x-ms-range"] = fmt.Sprintf("bytes=%d-", offset)
	}
	if etag != "" {
		c.header["If-Match"] = etag
	}
	found, err := b.do(ctx, c)
	if err != nil {
		return nil, object.Object{}, err
	}
	if isFolder(found.header) {
		_ = found.stream.Close() // A folder has no contents.
		return nil, object.Object{}, fmt.Errorf("%s: %w", b.name, object.ErrNotFound)
	}
	return &body{found.stream, ctx, b}, describe(key, found, offset), nil
}

// describe describes the blob of an answer with its contents from an offset.
func describe(key string, found *answer, offset int64) object.Object {
	modified, err := http.ParseTime(found.header.Get("Last-Modified"))
	if err != nil {
		modified = time.Time{}
	}
	return object.Object{Key: key, Size: found.length + offset, ModTime: modified, ETag: found.header.Get("ETag")}
}

// isFolder reports whether a blob is a folder of an account with a hierarchical namespace or of Hadoop.
func isFolder(header http.Header) bool {
	return header.Get("x-ms-resource-type") == "directory" || header.Get("x-ms-meta-hdi_isfolder") == "true"
}

// body is the body of a blob. It reports errors of the connection as those of the store.
type body struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // io.Reader has no context.
	bucket *bucket
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.bucket.failed(newConnectionError(b.ctx, err))
	}
	return n, err
}

func (b *bucket) Put(ctx context.Context, key string, data []byte) error {
	_, err := b.do(ctx, &call{method: http.MethodPut, key: key, body: data, header: map[string]string{
		"Content-MD5": checksum(data), "Content-Type": artifact.ContentType(key), "x-ms-blob-type": "BlockBlob",
	}})
	return err
}

// checksum returns the checksum that the store compares with that of the data it receives.
func checksum(data []byte) string {
	sum := md5.Sum(data) //nolint:gosec // See the import.
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (b *bucket) Delete(ctx context.Context, keys []string) error {
	folders, err := b.deleteBlobs(ctx, keys)
	for _, folder := range slices.Backward(folders) {
		if err == nil {
			err = b.deleteFolder(ctx, folder)
		}
	}
	return err
}

// deleteBlobs deletes blobs and empty folders. It returns the folders that are not empty, in the order of their names.
func (b *bucket) deleteBlobs(ctx context.Context, keys []string) (folders []string, err error) {
	var mu sync.Mutex
	group, deleting := errgroup.WithContext(ctx)
	group.SetLimit(parallelDeletes)
	for _, key := range keys {
		group.Go(func() error {
			_, err := b.send(deleting, &call{method: http.MethodDelete}, b.url(key))
			var response *responseError
			if errors.As(err, &response) && response.code == "DirectoryIsNotEmpty" {
				mu.Lock()
				defer mu.Unlock()
				folders = append(folders, key)
				return nil
			}
			if err = b.failed(err); errors.Is(err, object.ErrNotFound) {
				return nil
			}
			return err
		})
	}
	err = group.Wait()
	slices.Sort(folders)
	return folders, err
}

// deleteFolder deletes a folder of an account with a hierarchical namespace and everything in it. The folders in it are
// deleted last, because only empty ones can be.
func (b *bucket) deleteFolder(ctx context.Context, folder string) error {
	var files, folders []string
	for e, err := range b.entries(ctx, folder+"/", false, 0) {
		if err != nil {
			return err
		}
		if e.folder {
			folders = append(folders, e.Key)
			continue
		}
		if files = append(files, e.Key); len(files) == object.MaxDelete {
			if _, err := b.deleteBlobs(ctx, files); err != nil {
				return err
			}
			files = files[:0]
		}
	}
	if _, err := b.deleteBlobs(ctx, files); err != nil {
		return err
	}
	slices.Sort(folders)
	for _, below := range slices.Backward(folders) {
		if _, err := b.deleteBlobs(ctx, []string{below}); err != nil {
			return err
		}
	}
	_, err := b.deleteBlobs(ctx, []string{folder})
	return err
}
