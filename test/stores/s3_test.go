package stores

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	_ "github.com/millrace-ml/millrace/internal/artifact/s3"
	"github.com/millrace-ml/millrace/internal/artifact/storestest"
)

// minioJudge is a client of S3 that does not have the code of AWS's SDK.
type minioJudge struct {
	client *minio.Core
	bucket string
}

func newMinio(t *testing.T, b *storestest.Bucket) judge {
	t.Helper()
	core, err := minio.NewCore(b.Host(), &minio.Options{
		Creds: credentials.NewStaticV4("millrace", "millrace-secret", ""), Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &minioJudge{core, strings.TrimPrefix(b.URI, "s3://")}
}

func (j *minioJudge) put(ctx context.Context, key string, data []byte) error {
	_, err := j.client.Client.PutObject(ctx, j.bucket, key, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{PartSize: 5 << 20})
	return err
}

func (j *minioJudge) get(ctx context.Context, key string) (data []byte, contentType string, err error) {
	body, info, _, err := j.client.GetObject(ctx, j.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = body.Close() }() // It is only read.
	data, err = io.ReadAll(body)
	return data, info.ContentType, err
}

func (j *minioJudge) list(ctx context.Context) (map[string]int64, error) {
	sizes := map[string]int64{}
	for o := range j.client.Client.ListObjects(ctx, j.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			return nil, o.Err
		}
		sizes[o.Key] = o.Size
	}
	return sizes, nil
}

// parts returns the sizes of the parts of an upload that has not ended.
func (j *minioJudge) parts(t *testing.T, key, id string) (sizes []int64) {
	t.Helper()
	out, err := j.client.ListObjectParts(t.Context(), j.bucket, key, id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range out.ObjectParts {
		sizes = append(sizes, p.Size)
	}
	return sizes
}
