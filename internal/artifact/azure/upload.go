package azure

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// blockPrefix begins the ids of blocks. MLflow's ids begin with it, too.
const blockPrefix = "mlflow_block_"

// newUploadID returns what the ids of the blocks of one upload have in common. Without it, the blocks of two uploads of
// a blob at the same time would replace one another, and the blob could be a mix of both.
func newUploadID() string { return blockPrefix + rand.Text() + "_" }

// blockID returns the id of a block. The ids of a blob must have the same length.
func blockID(upload string, number int32) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s%05d", upload, number))
}

// blockQuery returns the query of a request that stores a block.
func blockQuery(id string) url.Values { return url.Values{"comp": {"block"}, "blockid": {id}} }

func (b *bucket) Upload(_ context.Context, key string) (object.Upload, error) {
	return &upload{b, key, newUploadID()}, nil
}

// upload implements object.Upload.
type upload struct {
	bucket *bucket
	key    string
	id     string
}

func (u *upload) Part(ctx context.Context, number int32, data []byte) error {
	_, err := u.bucket.do(ctx, &call{
		method: http.MethodPut, key: u.key, query: blockQuery(blockID(u.id, number)), body: data,
		header: map[string]string{"Content-MD5": checksum(data)},
	})
	return err
}

func (u *upload) Complete(ctx context.Context, n int32) error {
	ids := make([]string, n)
	for i := range n {
		ids[i] = blockID(u.id, i+1)
	}
	return u.bucket.putBlockList(ctx, u.key, ids)
}

// Abort does nothing, because the API has no request for it. The store removes the blocks of an upload that is not
// complete after a week, or earlier with the next upload of the blob.
func (u *upload) Abort(context.Context) error { return nil }

// putBlockList makes a blob of blocks. It can be repeated, because blocks that are already part of the blob are found.
func (b *bucket) putBlockList(ctx context.Context, key string, ids []string) error {
	list := struct {
		XMLName xml.Name `xml:"BlockList"`
		Latest  []string
	}{Latest: ids}
	text, err := xml.Marshal(list)
	if err != nil {
		return err
	}
	text = append([]byte(xml.Header), text...)
	_, err = b.do(ctx, &call{
		method: http.MethodPut, key: key, query: url.Values{"comp": {"blocklist"}}, body: text,
		header: map[string]string{
			"Content-MD5": checksum(text), "Content-Type": "application/xml",
			"x-ms-blob-content-type": artifact.ContentType(key),
		},
	})
	return err
}
