package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// stall is for how long a transfer may stand still before it is given up.
	stall = time.Minute
	// drain is for how long a refused upload is still read, so that its sender
	// gets to see the answer instead of a broken connection, and drainPause for how
	// long it may stand still meanwhile.
	drain      = 30 * time.Second
	drainPause = 5 * time.Second
)

// Serve answers a GET or HEAD with the file: ranges, conditions and validators
// included. Headers that describe the content are the caller's. Whatever the
// file holds, a browser neither runs nor sniffs it.
func Serve(w http.ResponseWriter, r *http.Request, f *File) {
	defer observe.Transfer(r.Context(), observe.Download)()
	h := w.Header()
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, f.ModTime.UnixNano(), f.Size))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	control := http.NewResponseController(w)
	http.ServeContent(w, r, "", f.ModTime, &steadyFile{f, control})
	_ = control.SetWriteDeadline(time.Time{}) // not for the next answer on this connection
}

// steadyFile gives the reader of an answer a minute for every part of it.
type steadyFile struct {
	*File
	control *http.ResponseController
}

func (s *steadyFile) Read(b []byte) (int, error) {
	_ = s.control.SetWriteDeadline(time.Now().Add(stall)) // where it cannot be set, there is none
	return s.File.Read(b)
}

// Receive puts a request's body at path. An upload that breaks off or stands
// still stores nothing. The body of a refused one is read to its end for a
// while before Receive returns.
func Receive(w http.ResponseWriter, r *http.Request, repo Repo, path string) error {
	defer observe.Transfer(r.Context(), observe.Upload)()
	body := &steadyBody{body: r.Body, control: http.NewResponseController(w), pause: stall}
	err := repo.Put(r.Context(), path, body)
	if err == nil {
		return nil
	}
	if body.err != nil || r.Context().Err() != nil {
		return uploadBroken(body.err, err)
	}
	if body.begun {
		drainRest(w, r)
	} else {
		Drain(w, r)
	}
	return err
}

// Drain reads an upload that is refused before anything of it was read, unless
// its sender waits for the answer first.
func Drain(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		drainRest(w, r)
	}
}

func drainRest(w http.ResponseWriter, r *http.Request) {
	body := &steadyBody{body: r.Body, control: http.NewResponseController(w), pause: drainPause}
	buf := make([]byte, 32<<10)
	for end := time.Now().Add(drain); time.Now().Before(end); {
		if _, err := body.Read(buf); err != nil {
			return
		}
	}
}

func uploadBroken(readErr, err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(readErr, &tooLarge):
		return readErr
	case errors.Is(readErr, os.ErrDeadlineExceeded):
		return &mlflow.Error{
			Code: mlflow.BadRequest, Status: http.StatusRequestTimeout,
			Message: fmt.Sprintf("No byte of the upload arrived for %s; nothing was stored.", stall),
		}
	case readErr != nil:
		return mlflow.Errorf(mlflow.BadRequest, "The upload broke off before all of its bytes had arrived; nothing was stored.")
	case errors.Is(err, context.Canceled):
		return mlflow.Errorf(mlflow.Canceled, "The upload was given up by its sender; nothing was stored.")
	}
	return err
}

// steadyBody gives the sender some time for every part of the body, and keeps
// the error of reading it.
type steadyBody struct {
	body    io.Reader
	control *http.ResponseController
	pause   time.Duration
	begun   bool
	err     error
}

func (s *steadyBody) Read(b []byte) (int, error) {
	s.begun = true
	_ = s.control.SetReadDeadline(time.Now().Add(s.pause)) // where it cannot be set, there is none
	n, err := s.body.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
