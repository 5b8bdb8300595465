package gcs

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// Clients store the parts of an upload with signed requests to the XML API, as MLflow does:
// https://cloud.google.com/storage/docs/multipart-uploads. The JSON API has no signatures.

// xmlURL returns the address of an object in the XML API.
func (b *bucket) xmlURL(key string) string {
	return b.store.endpoint + "/" + escape(b.name) + "/" + strings.ReplaceAll(escape(key), "%2F", "/")
}

// SignParts implements object.Signer.
func (b *bucket) SignParts(
	ctx context.Context, key string, n int32, valid time.Duration,
) (string, []object.SignedRequest, error) {
	if _, err := b.SignPut(ctx, key, valid); err != nil {
		return "", nil, err // Without a signature, an upload that has begun is of no use.
	}
	res, err := b.send(ctx, request{
		method: http.MethodPost, url: b.xmlURL(key) + "?uploads",
		header: map[string]string{"Content-Type": artifact.ContentType(key)},
	})
	if err != nil {
		return "", nil, b.missing(err)
	}
	var begun struct {
		UploadID string `xml:"UploadId"`
	}
	err = xml.NewDecoder(res.Body).Decode(&begun)
	_ = res.Body.Close() // The value has been read.
	if err == nil && begun.UploadID == "" {
		err = errors.New("it has begun an upload without a name")
	}
	if err != nil {
		return "", nil, object.Unavailable(b.Name(), err)
	}
	parts := make([]object.SignedRequest, n)
	for i := range parts {
		query := url.Values{"partNumber": {strconv.Itoa(i + 1)}, "uploadId": {begun.UploadID}}
		if parts[i], err = b.sign(http.MethodPut, key, query, nil, valid, time.Now()); err != nil {
			return "", nil, err
		}
	}
	return begun.UploadID, parts, nil
}

// completePart is a part in the request that completes an upload.
type completePart struct {
	Number int32  `xml:"PartNumber"`
	ETag   string `xml:"ETag"`
}

// CompleteParts implements object.Signer. If the answer of the store is lost, the repeated request fails, because there
// is no such upload any more, although the object exists.
func (b *bucket) CompleteParts(ctx context.Context, key, id string, parts []object.StoredPart) error {
	var complete struct {
		XMLName xml.Name       `xml:"CompleteMultipartUpload"`
		Parts   []completePart `xml:"Part"`
	}
	for _, p := range parts {
		complete.Parts = append(complete.Parts, completePart{p.Number, p.ETag})
	}
	slices.SortFunc(complete.Parts, func(a, b completePart) int { return cmp.Compare(a.Number, b.Number) })
	body, err := xml.Marshal(complete)
	if err != nil {
		return err
	}
	return b.finish(ctx, request{
		method: http.MethodPost, url: b.partsURL(key, id), body: [][]byte{body},
		header: map[string]string{"Content-Type": "application/xml"},
	})
}

// AbortParts implements object.Signer.
func (b *bucket) AbortParts(ctx context.Context, key, id string) error {
	return b.finish(ctx, request{method: http.MethodDelete, url: b.partsURL(key, id)})
}

func (b *bucket) partsURL(key, id string) string { return b.xmlURL(key) + "?uploadId=" + escape(id) }

// finish sends a request that ends an upload.
func (b *bucket) finish(ctx context.Context, r request) error {
	res, err := b.send(ctx, r)
	if errors.Is(err, object.ErrNotFound) {
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "%s has no such upload.", b.Name())
	}
	if err != nil {
		return err
	}
	return res.Body.Close()
}
