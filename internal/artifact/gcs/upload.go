package gcs

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns a checksum as the store writes it.
func checksum(crc uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc))
}

// uploadURL returns the address of uploads.
func (b *bucket) uploadURL(kind string) string {
	return b.store.endpoint + "/upload/storage/v1/b/" + escape(b.name) + "/o?uploadType=" + kind +
		"&fields=" + metadataFields
}

// Put sends the description and the data in one request. The store compares the checksum before the object appears.
func (b *bucket) Put(ctx context.Context, key string, data []byte) error {
	want := metadata{
		Name: key, ContentType: artifact.ContentType(key), CRC32C: checksum(crc32.Checksum(data, castagnoli)),
	}
	description, err := json.Marshal(want)
	if err != nil {
		return err
	}
	boundary := rand.Text()
	head := fmt.Appendf(nil, "--%s\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%s\r\n"+
		"--%s\r\nContent-Type: %s\r\n\r\n", boundary, description, boundary, want.ContentType)
	r := request{
		method: http.MethodPost, url: b.uploadURL("multipart"),
		header: map[string]string{"Content-Type": "multipart/related; boundary=" + boundary},
		body:   [][]byte{head, data, []byte("\r\n--" + boundary + "--\r\n")},
	}
	want.Size = int64(len(data))
	err = b.store.retry(ctx, func(n int) error { return b.putOnce(ctx, r, want, n > 0) })
	return b.missing(b.failed(err))
}

// putOnce sends the request of Put. A repeated request has the condition that the object is as it was found before,
// since another client may have stored one in the meantime.
func (b *bucket) putOnce(ctx context.Context, r request, want metadata, repeated bool) error {
	if repeated {
		found, err := b.head(ctx, want.Name)
		var reported *storeError
		switch {
		case err == nil && found.CRC32C == want.CRC32C && found.Size == want.Size:
			return nil // The answer to the earlier request was lost.
		case err == nil:
			r.url += "&ifGenerationMatch=" + escape(found.Generation)
		case errors.As(err, &reported) && reported.status == http.StatusNotFound:
			r.url += "&ifGenerationMatch=0"
		default:
			return err
		}
	}
	res, err := b.store.once(ctx, r) //nolint:bodyclose // The decoder does it.
	if err != nil {
		return err
	}
	return b.confirm(ctx, res, want)
}

// confirm reads the answer to a complete upload. An object with another checksum is removed.
func (b *bucket) confirm(ctx context.Context, res *http.Response, want metadata) error {
	var stored metadata
	if err := decode(res, &stored); err != nil {
		return err
	}
	if stored.CRC32C == want.CRC32C && stored.Size == want.Size {
		return nil
	}
	err := object.Unavailable(b.Name(), fmt.Errorf("it has stored %d bytes with the checksum %s in place of %d with %s",
		stored.Size, stored.CRC32C, want.Size, want.CRC32C))
	return errors.Join(err, b.remove(ctx, b.objectURL(want.Name)+"?ifGenerationMatch="+escape(stored.Generation)))
}
