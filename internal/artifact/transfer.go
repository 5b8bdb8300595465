package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

// uploadPause is the time that a client has to send the next bytes of an upload.
const uploadPause = time.Minute

// Serve sends the file as the response to a GET or HEAD request. It supports ranges
// and conditional requests. The caller sets the headers that describe the content.
// Serve sets headers that keep browsers from sniffing the type or running scripts.
func Serve(w http.ResponseWriter, r *http.Request, f *File) {
	defer observe.Transfer(r.Context(), observe.Download)()
	h := w.Header()
	etag := f.ETag
	if etag == "" {
		etag = fmt.Sprintf("%x-%x", f.ModTime.UnixNano(), f.Size)
	}
	h.Set("ETag", `"`+etag+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	http.ServeContent(&copier{w}, r, "", f.ModTime, f)
}

// copyBuffers has the buffers of downloads. They are larger than those of io.Copy, so that large files take fewer
// system calls, and small enough for clients that receive a kilobyte per second, since each write has a deadline.
var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// copier is a response that is copied with large buffers.
type copier struct{ http.ResponseWriter }

// Unwrap returns the original writer for [http.ResponseController].
func (c *copier) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// ReadFrom implements io.ReaderFrom.
func (c *copier) ReadFrom(r io.Reader) (int64, error) {
	buffer, _ := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{c.ResponseWriter}, struct{ io.Reader }{r}, *buffer)
}

// Receive stores the body of a request at path. It stores nothing if the upload
// breaks off or stalls.
func Receive(r *http.Request, repo Repo, path string) error {
	return receive(r, func(ctx context.Context) error { return repo.Put(ctx, path, r.Body) })
}

// ReceivePart stores the body of a request as a part of an upload and returns the entity
// tag of the part. It stores nothing if the body breaks off or stalls.
func ReceivePart(r *http.Request, store PartStore, id string, number int32) (etag string, err error) {
	err = receive(r, func(ctx context.Context) error {
		etag, err = store.PutPart(ctx, id, number, r.Body)
		return err
	})
	return etag, err
}

func receive(r *http.Request, put func(context.Context) error) error {
	defer observe.Transfer(r.Context(), observe.Upload)()
	httplimit.SetBodyTimeouts(r, uploadPause, 0)
	if err := put(r.Context()); err != nil {
		return uploadError(r, err)
	}
	return nil
}

// uploadError returns the client's error if the upload failed because of the
// client, and err otherwise.
func uploadError(r *http.Request, err error) error {
	readErr := httplimit.BodyError(r)
	switch {
	case errors.Is(readErr, os.ErrDeadlineExceeded):
		return &mlflow.Error{
			Code: mlflow.BadRequest, Status: http.StatusRequestTimeout,
			Message: fmt.Sprintf("No byte of the upload arrived for %s; nothing was stored.", uploadPause),
		}
	case readErr != nil:
		return mlflow.Errorf(mlflow.BadRequest,
			"The upload broke off before all of its bytes had arrived; nothing was stored.")
	case r.Context().Err() != nil && errors.Is(err, context.Canceled):
		return mlflow.Errorf(mlflow.Canceled, "The upload was given up by its sender; nothing was stored.")
	}
	return err
}
