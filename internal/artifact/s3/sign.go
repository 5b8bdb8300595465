package s3

import (
	"cmp"
	"context"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

var _ object.LimitedSigner = (*bucket)(nil)

// CanSign implements object.LimitedSigner.
func (b *bucket) CanSign() bool { return !b.store.anonymous }

// unsigned returns an error if the server cannot sign.
func (b *bucket) unsigned() error {
	if b.CanSign() {
		return nil
	}
	return mlflow.Errorf(mlflow.NotImplemented, "The server accesses %s without credentials (%s=unsigned) and cannot "+
		"sign requests. Transfer the file through the server.", b.Name(), envSignature)
}

// presigner returns the client that signs requests. A checksum cannot be signed, because the contents are not known.
func (s *store) presigner() *s3.PresignClient {
	return s3.NewPresignClient(s.client, s3.WithPresignClientFromClientOptions(func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}))
}

func signed(r *v4.PresignedHTTPRequest) object.SignedRequest {
	out := object.SignedRequest{URL: r.URL, Headers: map[string]string{}}
	for name, values := range r.SignedHeader {
		// The HTTP client of the sender sets these two.
		if name = http.CanonicalHeaderKey(name); name != "Host" && name != "Content-Length" {
			out.Headers[name] = strings.Join(values, ",")
		}
	}
	return out
}

func (b *bucket) SignGet(ctx context.Context, key string, valid time.Duration) (object.SignedRequest, error) {
	if err := b.unsigned(); err != nil {
		return object.SignedRequest{}, err
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(key)})
	r, err := b.store.presigner().PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.name, Key: &key, ResponseContentDisposition: &disposition,
		ExpectedBucketOwner: b.store.owner, RequestPayer: b.store.put.RequestPayer,
	}, s3.WithPresignExpires(valid))
	if err != nil {
		return object.SignedRequest{}, b.failed(ctx, err)
	}
	return signed(r), nil
}

func (b *bucket) SignPut(ctx context.Context, key string, valid time.Duration) (object.SignedRequest, error) {
	if err := b.unsigned(); err != nil {
		return object.SignedRequest{}, err
	}
	in := b.store.put
	in.Bucket, in.Key = &b.name, &key
	if in.ContentType == nil {
		in.ContentType = aws.String(artifact.ContentType(key))
	}
	r, err := b.store.presigner().PresignPutObject(ctx, &in, s3.WithPresignExpires(valid))
	if err != nil {
		return object.SignedRequest{}, b.failed(ctx, err)
	}
	return signed(r), nil
}

func (b *bucket) SignParts(
	ctx context.Context, key string, n int32, valid time.Duration,
) (id string, parts []object.SignedRequest, err error) {
	if err := b.unsigned(); err != nil {
		return "", nil, err
	}
	begun, err := b.begin(ctx, key)
	if err != nil {
		return "", nil, err
	}
	client := b.store.presigner()
	for number := range n {
		r, err := client.PresignUploadPart(ctx, &s3.UploadPartInput{
			Bucket: &b.name, Key: &key, UploadId: begun.id, PartNumber: aws.Int32(number + 1),
			ExpectedBucketOwner: b.store.owner, RequestPayer: b.store.put.RequestPayer,
		}, s3.WithPresignExpires(valid))
		if err != nil {
			return "", nil, b.failed(ctx, err)
		}
		parts = append(parts, signed(r))
	}
	return *begun.id, parts, nil
}

func (b *bucket) CompleteParts(ctx context.Context, key, id string, parts []object.StoredPart) error {
	u := &upload{bucket: b, key: key, id: &id}
	list := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		list[i] = types.CompletedPart{PartNumber: aws.Int32(p.Number), ETag: aws.String(p.ETag)}
	}
	slices.SortFunc(list, func(a, b types.CompletedPart) int { return cmp.Compare(*a.PartNumber, *b.PartNumber) })
	return u.complete(ctx, list)
}

func (b *bucket) AbortParts(ctx context.Context, key, id string) error {
	return (&upload{bucket: b, key: key, id: &id}).Abort(ctx)
}
