package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// bareSigner is a bucket whose signed requests have no headers.
type bareSigner struct {
	object.Bucket
	object.Signer
}

func (bareSigner) Head(_ context.Context, key string) (object.Object, error) {
	return object.Object{Key: key, Size: 7}, nil
}

func (bareSigner) SignGet(_ context.Context, key string, _ time.Duration) (object.SignedRequest, error) {
	return object.SignedRequest{URL: "https://store/" + key}, nil
}

// TestSignedDownloadHasHeaders has a store that needs no headers. Clients expect an object all the same.
func TestSignedDownloadHasHeaders(t *testing.T) {
	t.Parallel()
	artifact.Register("bare", func(string) (artifact.Repo, error) { return object.New(bareSigner{}, "p"), nil })
	s := serveStore(t, "bare://bucket", "mlflow-artifacts:/")
	resp, text := send(t, "GET", s.URL+"/api/2.0/mlflow-artifacts/presigned/a/b.bin", "")
	if want := `{"url":"https://store/p/a/b.bin","headers":{},"file_size":7}`; resp.StatusCode != 200 || text != want {
		t.Errorf("%d %s, want %s", resp.StatusCode, text, want)
	}
}
