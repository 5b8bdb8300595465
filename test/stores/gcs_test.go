package stores

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"

	_ "github.com/millrace-ml/millrace/internal/artifact/gcs"
	"github.com/millrace-ml/millrace/internal/artifact/storestest"
)

// googleJudge is Google's client of the JSON API, on which cloud.google.com/go/storage is based. That library takes
// three times as long to compile, because it also has the API of gRPC.
type googleJudge struct {
	objects *storage.ObjectsService
	bucket  string
}

func newGoogle(t *testing.T, b *storestest.Bucket) judge {
	t.Helper()
	service, err := storage.NewService(t.Context(), option.WithoutAuthentication(),
		option.WithEndpoint(b.Endpoint+"/storage/v1/"))
	if err != nil {
		t.Fatal(err)
	}
	return &googleJudge{service.Objects, strings.TrimPrefix(b.URI, "gs://")}
}

func (j *googleJudge) put(ctx context.Context, key string, data []byte) error {
	_, err := j.objects.Insert(j.bucket, &storage.Object{Name: key}).
		Media(bytes.NewReader(data), googleapi.ChunkSize(1<<20)).Context(ctx).Do()
	return err
}

func (j *googleJudge) get(ctx context.Context, key string) (data []byte, contentType string, err error) {
	res, err := j.objects.Get(j.bucket, key).Context(ctx).Download()
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }() // It is only read.
	data, err = io.ReadAll(res.Body)
	return data, res.Header.Get("Content-Type"), err
}

func (j *googleJudge) list(ctx context.Context) (map[string]int64, error) {
	sizes := map[string]int64{}
	err := j.objects.List(j.bucket).MaxResults(500).Pages(ctx, func(page *storage.Objects) error {
		for _, o := range page.Items {
			sizes[o.Name] = int64(o.Size)
		}
		return nil
	})
	return sizes, err
}
