// Package s3 stores artifacts in Amazon S3 and in stores with its API. It reads the settings of AWS's tools and those
// of MLflow from the environment.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

func init() {
	var shared stores
	artifact.Register("s3", func(uri string) (artifact.Repo, error) {
		name, prefix, err := object.ParseURI(uri)
		if err != nil {
			return nil, err
		}
		s, err := shared.open(place{})
		if err != nil {
			return nil, err
		}
		return object.New(&bucket{s, name, "s3://" + name}, prefix), nil
	})
	for scheme := range hosted {
		artifact.Register(scheme, func(uri string) (artifact.Repo, error) {
			name, prefix, at, err := parseHosted(uri)
			if err != nil {
				return nil, err
			}
			s, err := shared.open(at)
			if err != nil {
				return nil, err
			}
			host := strings.TrimPrefix(at.endpoint, "https://")
			return object.New(&bucket{s, name, scheme + "://" + name + "@" + host}, prefix), nil
		})
	}
}

// bucket implements object.Bucket.
type bucket struct {
	store *store
	name  string
	uri   string
}

func (b *bucket) Name() string { return b.uri }

// Check lists at most one object, because the permission to do so is needed anyway.
func (b *bucket) Check(ctx context.Context) error {
	in := b.listInput("", false, 1)
	_, err := b.store.client.ListObjectsV2(ctx, &in)
	return b.failed(ctx, err)
}

func (b *bucket) Head(ctx context.Context, key string) (object.Object, error) {
	in := s3.HeadObjectInput{
		Bucket: &b.name, Key: &key, ExpectedBucketOwner: b.store.owner, RequestPayer: b.store.put.RequestPayer,
		SSECustomerAlgorithm: b.store.put.SSECustomerAlgorithm, SSECustomerKey: b.store.put.SSECustomerKey,
		SSECustomerKeyMD5: b.store.put.SSECustomerKeyMD5,
	}
	out, err := b.store.client.HeadObject(ctx, &in)
	if err != nil {
		return object.Object{}, b.failed(ctx, err)
	}
	return object.Object{
		Key: key, Size: aws.ToInt64(out.ContentLength), ModTime: aws.ToTime(out.LastModified), ETag: aws.ToString(out.ETag),
	}, nil
}

func (b *bucket) Get(ctx context.Context, key string, offset int64, etag string) (io.ReadCloser, object.Object, error) {
	in := s3.GetObjectInput{
		Bucket: &b.name, Key: &key, ExpectedBucketOwner: b.store.owner, RequestPayer: b.store.put.RequestPayer,
		SSECustomerAlgorithm: b.store.put.SSECustomerAlgorithm, SSECustomerKey: b.store.put.SSECustomerKey,
		SSECustomerKeyMD5: b.store.put.SSECustomerKeyMD5,
	}
	if offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	if etag != "" {
		in.IfMatch = &etag
	}
	out, err := b.store.client.GetObject(ctx, &in)
	if err != nil {
		return nil, object.Object{}, b.failed(ctx, err)
	}
	size := aws.ToInt64(out.ContentLength) + offset
	return &body{ctx, out.Body, b}, object.Object{
		Key: key, Size: size, ModTime: aws.ToTime(out.LastModified), ETag: aws.ToString(out.ETag),
	}, nil
}

// body is the body of an object. It reports errors of the connection as those of the store.
type body struct {
	ctx context.Context //nolint:containedctx // io.Reader has no context.
	io.ReadCloser
	bucket *bucket
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.bucket.failed(b.ctx, err)
	}
	return n, err
}

func (b *bucket) listInput(prefix string, shallow bool, limit int) s3.ListObjectsV2Input {
	in := s3.ListObjectsV2Input{
		Bucket: &b.name, Prefix: &prefix, ExpectedBucketOwner: b.store.owner, RequestPayer: b.store.put.RequestPayer,
	}
	if shallow {
		in.Delimiter = aws.String("/")
	}
	if limit > 0 {
		in.MaxKeys = aws.Int32(int32(min(limit, 1000)))
	}
	return in
}

func (b *bucket) List(ctx context.Context, prefix string, shallow bool, limit int) iter.Seq2[object.Object, error] {
	return func(yield func(object.Object, error) bool) {
		in := b.listInput(prefix, shallow, limit)
		for {
			out, err := b.store.client.ListObjectsV2(ctx, &in)
			if err != nil {
				yield(object.Object{}, b.failed(ctx, err))
				return
			}
			objects, folders := make([]object.Object, len(out.Contents)), make([]string, len(out.CommonPrefixes))
			for i, o := range out.Contents {
				objects[i] = object.Object{
					Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), ModTime: aws.ToTime(o.LastModified),
				}
			}
			for i, p := range out.CommonPrefixes {
				folders[i] = aws.ToString(p.Prefix)
			}
			if !object.Merge(objects, folders, yield) {
				return
			}
			if !aws.ToBool(out.IsTruncated) || aws.ToString(out.NextContinuationToken) == "" {
				return
			}
			in.ContinuationToken = out.NextContinuationToken
		}
	}
}

func (b *bucket) Put(ctx context.Context, key string, data []byte) error {
	in := b.store.put
	in.Bucket, in.Key, in.Body = &b.name, &key, bytes.NewReader(data)
	in.ContentLength = aws.Int64(int64(len(data)))
	if in.ContentType == nil {
		in.ContentType = aws.String(artifact.ContentType(key))
	}
	_, err := b.store.client.PutObject(ctx, &in)
	return b.failed(ctx, err)
}

func (b *bucket) Delete(ctx context.Context, keys []string) error {
	ids := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		ids[i].Key = &keys[i]
	}
	out, err := b.store.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &b.name, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
		ExpectedBucketOwner: b.store.owner, RequestPayer: b.store.put.RequestPayer,
	})
	if err != nil {
		return b.failed(ctx, err)
	}
	for _, e := range out.Errors {
		return b.refused(aws.ToString(e.Code), aws.ToString(e.Message))
	}
	return nil
}

func (b *bucket) Upload(ctx context.Context, key string) (object.Upload, error) {
	u, err := b.begin(ctx, key)
	if err != nil {
		return nil, err // A nil *upload is not a nil object.Upload.
	}
	return u, nil
}

func (b *bucket) begin(ctx context.Context, key string) (*upload, error) {
	in := b.store.create
	in.Bucket, in.Key = &b.name, &key
	if in.ContentType == nil {
		in.ContentType = aws.String(artifact.ContentType(key))
	}
	out, err := b.store.client.CreateMultipartUpload(ctx, &in)
	if err != nil {
		return nil, b.failed(ctx, err)
	}
	return &upload{bucket: b, key: key, id: out.UploadId, parts: map[int32]types.CompletedPart{}}, nil
}

// upload implements object.Upload.
type upload struct {
	bucket *bucket
	key    string
	id     *string
	mu     sync.Mutex
	parts  map[int32]types.CompletedPart
}

func (u *upload) Part(ctx context.Context, number int32, data []byte) error {
	put := &u.bucket.store.put
	out, err := u.bucket.store.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.bucket.name, Key: &u.key, UploadId: u.id, PartNumber: &number,
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ExpectedBucketOwner: u.bucket.store.owner, RequestPayer: put.RequestPayer, ChecksumAlgorithm: put.ChecksumAlgorithm,
		SSECustomerAlgorithm: put.SSECustomerAlgorithm, SSECustomerKey: put.SSECustomerKey,
		SSECustomerKeyMD5: put.SSECustomerKeyMD5,
	})
	if err != nil {
		return u.bucket.failed(ctx, err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts[number] = types.CompletedPart{
		PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32,
		ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA1: out.ChecksumSHA1,
		ChecksumSHA256: out.ChecksumSHA256,
	}
	return nil
}

func (u *upload) Complete(ctx context.Context, n int32) error {
	parts := make([]types.CompletedPart, n)
	for i := range n {
		parts[i] = u.parts[i+1]
	}
	return u.complete(ctx, parts)
}

func (u *upload) complete(ctx context.Context, parts []types.CompletedPart) error {
	_, err := u.bucket.store.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.bucket.name, Key: &u.key, UploadId: u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		ExpectedBucketOwner: u.bucket.store.owner, RequestPayer: u.bucket.store.put.RequestPayer,
	})
	return u.bucket.failed(ctx, err)
}

func (u *upload) Abort(ctx context.Context) error {
	_, err := u.bucket.store.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &u.bucket.name, Key: &u.key, UploadId: u.id,
		ExpectedBucketOwner: u.bucket.store.owner, RequestPayer: u.bucket.store.put.RequestPayer,
	})
	return u.bucket.failed(ctx, err)
}
