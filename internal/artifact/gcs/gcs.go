// Package gcs stores artifacts in Google Cloud Storage through its JSON API. It reads the settings of Google's
// libraries and those of MLflow from the environment.
package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// parallelDeletes is the number of objects that one call deletes at the same time.
const parallelDeletes = 32

func init() {
	// All buckets have the same endpoint and credentials.
	shared := sync.OnceValues(func() (*store, error) { return newStore(context.Background(), lookupEnv) })
	artifact.Register("gs", func(uri string) (artifact.Repo, error) {
		name, prefix, err := object.ParseURI(uri)
		if err != nil {
			return nil, err
		}
		s, err := shared()
		if err != nil {
			return nil, err
		}
		return object.New(&bucket{s, name}, prefix), nil
	})
}

// bucket implements object.Bucket and object.LimitedSigner.
type bucket struct {
	store *store
	name  string
}

var (
	_ object.Bucket        = (*bucket)(nil)
	_ object.LimitedSigner = (*bucket)(nil)
)

func (b *bucket) Name() string { return "gs://" + b.name }

// objectsURL returns the address of the objects of the bucket, and objectURL that of one.
func (b *bucket) objectsURL() string {
	return b.store.endpoint + "/storage/v1/b/" + escape(b.name) + "/o"
}

func (b *bucket) objectURL(key string) string { return b.objectsURL() + "/" + escape(key) }

// metadata is an object in the JSON API, which writes 64-bit numbers as strings.
type metadata struct {
	Name        string    `json:"name"`
	ContentType string    `json:"contentType,omitempty"`
	CRC32C      string    `json:"crc32c,omitempty"`
	Size        int64     `json:"size,string,omitempty"`
	Generation  string    `json:"generation,omitempty"`
	Updated     time.Time `json:"updated,omitzero"`
}

const metadataFields = "name,size,crc32c,generation,updated"

func (m *metadata) object() object.Object {
	return object.Object{Key: m.Name, Size: m.Size, ModTime: m.Updated}
}

// decode reads the JSON of a response and closes it.
func decode(res *http.Response, v any) error {
	err := json.NewDecoder(res.Body).Decode(v)
	_ = res.Body.Close() // The value has been read.
	return err
}

// Check lists at most one object, because the permission to do so is needed anyway.
func (b *bucket) Check(ctx context.Context) error {
	for _, err := range b.List(ctx, "", false, 1) {
		return err
	}
	return nil
}

func (b *bucket) Head(ctx context.Context, key string) (object.Object, error) {
	m, err := b.head(ctx, key)
	if err != nil {
		return object.Object{}, b.failed(err)
	}
	o := m.object()
	o.ETag = m.Generation
	return o, nil
}

// head returns the errors of the store as they are.
func (b *bucket) head(ctx context.Context, key string) (metadata, error) {
	var m metadata
	err := b.store.retry(ctx, func(int) error {
		res, err := b.store.once(ctx, request{method: http.MethodGet, url: b.objectURL(key) + "?fields=" + metadataFields})
		if err != nil {
			return err
		}
		return decode(res, &m)
	})
	return m, err
}

// List merges the keys and the folders of each page, which the store returns in the order of their names.
func (b *bucket) List(ctx context.Context, prefix string, shallow bool, limit int) iter.Seq2[object.Object, error] {
	return func(yield func(object.Object, error) bool) {
		query := url.Values{"prefix": {prefix}, "fields": {"items(" + metadataFields + "),prefixes,nextPageToken"}}
		if shallow {
			query.Set("delimiter", "/")
		}
		if limit > 0 {
			query.Set("maxResults", strconv.Itoa(min(limit, 1000)))
		}
		for {
			page, err := b.page(ctx, query)
			if err != nil {
				yield(object.Object{}, err)
				return
			}
			objects := make([]object.Object, len(page.Items))
			for i := range page.Items {
				objects[i] = page.Items[i].object()
			}
			if !object.Merge(objects, page.Prefixes, yield) {
				return
			}
			if page.NextPageToken == "" {
				return
			}
			query.Set("pageToken", page.NextPageToken)
		}
	}
}

// page is an answer to a list request.
type page struct {
	Items         []metadata `json:"items"`
	Prefixes      []string   `json:"prefixes"`
	NextPageToken string     `json:"nextPageToken"`
}

func (b *bucket) page(ctx context.Context, query url.Values) (page, error) {
	var p page
	res, err := b.send(ctx, request{method: http.MethodGet, url: b.objectsURL() + "?" + query.Encode()})
	if err != nil {
		return p, b.missing(err)
	}
	return p, b.failed(decode(res, &p))
}

// missing returns the error of a request that fails as "not found" only if there is no bucket.
func (b *bucket) missing(err error) error {
	if errors.Is(err, object.ErrNotFound) {
		return b.refused(&storeError{reason: reasonNoBucket})
	}
	return err
}

// Delete sends a request for each object, because the store has none for several but in a bundle, which takes as long.
// Such a request can be repeated: there is no object afterwards either.
func (b *bucket) Delete(ctx context.Context, keys []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDeletes)
	for _, key := range keys {
		group.Go(func() error {
			err := b.remove(ctx, b.objectURL(key))
			if errors.Is(err, object.ErrNotFound) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

func (b *bucket) remove(ctx context.Context, address string) error {
	res, err := b.send(ctx, request{method: http.MethodDelete, url: address})
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// Get reads the generation that etag names. A bucket that keeps earlier generations still has it if the object was
// replaced.
func (b *bucket) Get(ctx context.Context, key string, offset int64, etag string) (io.ReadCloser, object.Object, error) {
	d := &download{ctx: ctx, bucket: b, key: key, offset: offset, object: object.Object{Key: key, ETag: etag}}
	if err := d.open(); err != nil {
		return nil, object.Object{}, err
	}
	return d, d.object, nil
}

// download is the body of an object. It sends several requests if the settings limit their size.
type download struct {
	ctx    context.Context //nolint:containedctx // io.Reader has no context.
	bucket *bucket
	key    string
	object object.Object
	offset int64 // of the next byte
	end    int64 // of the bytes of this request
	body   io.ReadCloser
}

// open sends the request for the bytes at the offset.
func (d *download) open() error {
	r := request{method: http.MethodGet, url: d.bucket.objectURL(d.key) + "?alt=media", header: map[string]string{}}
	if d.object.ETag != "" {
		r.url += "&generation=" + escape(d.object.ETag)
	}
	d.end = int64(^uint64(0) >> 1)
	if chunk := d.bucket.store.downloadChunk; chunk > 0 {
		d.end = d.offset + chunk
		r.header["Range"] = fmt.Sprintf("bytes=%d-%d", d.offset, d.end-1)
		r.accept = http.StatusRequestedRangeNotSatisfiable
	} else if d.offset > 0 {
		r.header["Range"] = fmt.Sprintf("bytes=%d-", d.offset)
	}
	res, err := d.bucket.send(d.ctx, r)
	if d.object.ETag != "" && errors.Is(err, object.ErrNotFound) {
		return fmt.Errorf("%s: %w", d.bucket.Name(), object.ErrChanged)
	}
	if err != nil {
		return err
	}
	if res.StatusCode == http.StatusRequestedRangeNotSatisfiable { // An empty object has no range.
		_ = res.Body.Close() // It has no data.
		res.Body = http.NoBody
	}
	d.body = res.Body
	return d.describe(res)
}

// describe reads the headers of a response.
func (d *download) describe(res *http.Response) error {
	size := res.ContentLength
	if _, total, found := strings.Cut(res.Header.Get("Content-Range"), "/"); found {
		var err error
		if size, err = strconv.ParseInt(total, 10, 64); err != nil {
			return object.Unavailable(d.bucket.Name(), fmt.Errorf("the size of an object is '%s'", total))
		}
	}
	modified, _ := http.ParseTime(res.Header.Get("Last-Modified")) // The zero time means unknown.
	d.object.Size, d.object.ModTime = size, modified
	if d.object.ETag == "" {
		d.object.ETag = res.Header.Get("X-Goog-Generation")
	}
	d.end = min(d.end, size)
	return nil
}

// Read reports errors of the connection as those of the store.
func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	d.offset += int64(n)
	if !errors.Is(err, io.EOF) {
		return n, d.bucket.failed(err)
	}
	if d.offset < d.end {
		return n, object.Unavailable(d.bucket.Name(), io.ErrUnexpectedEOF)
	}
	if d.offset >= d.object.Size {
		return n, io.EOF
	}
	if err := errors.Join(d.body.Close(), d.open()); err != nil {
		return n, err
	}
	return n, nil
}

func (d *download) Close() error { return d.body.Close() }
