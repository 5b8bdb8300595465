package httplimit

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	readTimeout = time.Minute      // for a body that is read as a whole
	readPause   = 15 * time.Second // for a part of it
)

// ReadBody reads the body of a request to its end and decodes the content coding
// gzip. The limit holds for the bytes that arrive and for those that they decode
// to, so that a small body cannot take more memory than a large one. An error is
// an [*mlflow.Error]: 413 for a body beyond the limit, 408 for one that does not
// arrive, and 415 for another coding.
func ReadBody(w http.ResponseWriter, req *http.Request, limit int64) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	zipped, err := isZipped(req)
	if err != nil {
		return nil, err
	}
	if req.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	arriving := &pacedBody{body: http.MaxBytesReader(w, req.Body, limit), control: http.NewResponseController(w), end: time.Now().Add(readTimeout)}
	defer arriving.done()
	var body []byte
	if zipped {
		body, err = unzip(arriving, limit)
	} else {
		body, err = readAll(arriving, req.ContentLength)
	}
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooBig):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &mlflow.Error{Code: mlflow.BadRequest, Status: http.StatusRequestTimeout, Message: "The request body did not arrive in time."}
	case mlflow.AsError(err) != nil:
		return nil, err
	case arriving.err == nil:
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The request body cannot be decoded as its Content-Encoding gzip says: %v.", err)
	}
	return nil, mlflow.Errorf(mlflow.BadRequest, "The request body could not be read to its end.")
}

// RefuseBody returns an error if the request has a body that holds anything but an
// empty JSON object. It is for routes that read no body, where parameters in one
// would otherwise be lost in silence.
func RefuseBody(w http.ResponseWriter, req *http.Request) error {
	const limit = 1 << 20 // Nothing of it is used.
	body, err := ReadBody(w, req, limit)
	if err == nil && !IsEmpty(body) {
		err = mlflow.Errorf(mlflow.InvalidParameterValue, "This route reads no body; its parameters are in the URL.")
	}
	return err
}

// IsEmpty reports whether a JSON body holds no parameters.
func IsEmpty(body []byte) bool {
	switch string(bytes.TrimSpace(body)) {
	case "", "{}", "null":
		return true
	}
	return false
}

// isZipped tells whether a body has the coding gzip, and refuses others.
func isZipped(req *http.Request) (bool, error) {
	coding := strings.Join(req.Header.Values("Content-Encoding"), ", ")
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		return true, nil
	}
	if len(coding) > 100 {
		coding = strings.ToValidUTF8(coding[:100], "") + "..."
	}
	return false, &mlflow.Error{
		Code: mlflow.InvalidParameterValue, Status: http.StatusUnsupportedMediaType,
		Message: fmt.Sprintf("The Content-Encoding %q is not supported. Send the body with gzip, or as it is.", coding),
	}
}

func unzip(body io.Reader, limit int64) ([]byte, error) {
	zipped, err := gzip.NewReader(body)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	plain, err := readAll(io.LimitReader(zipped, limit+1), -1)
	if err == nil && int64(len(plain)) > limit {
		err = tooLarge(limit)
	}
	return plain, err
}

// readAll reads a body of the given length, or one of unknown length if that is
// negative. It takes memory for what has arrived, not for what was announced.
func readAll(body io.Reader, length int64) ([]byte, error) {
	buf := make([]byte, 0, 4<<10)
	for {
		if len(buf) == cap(buf) {
			more := 2 * len(buf)
			if length >= int64(len(buf)) { // One more byte, so that the end is seen without growing again.
				more = min(more, int(length)+1)
			}
			buf = append(make([]byte, 0, more), buf...)
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

// pacedBody gives the sender some time for every part of a body and for all of
// it, and keeps the error of reading it.
type pacedBody struct {
	body    io.Reader
	control *http.ResponseController
	end     time.Time
	err     error
}

// Read implements io.Reader.
func (p *pacedBody) Read(b []byte) (int, error) {
	pause := time.Now().Add(readPause)
	if pause.After(p.end) {
		pause = p.end
	}
	_ = p.control.SetReadDeadline(pause) // Where it cannot be set, there is none.
	n, err := p.body.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return n, err
}

func (p *pacedBody) done() { _ = p.control.SetReadDeadline(time.Time{}) }

func tooLarge(limit int64) error {
	e := &mlflow.Error{Code: mlflow.InvalidParameterValue, Status: http.StatusRequestEntityTooLarge}
	size := fmt.Sprintf("%d bytes", limit)
	if limit >= 1<<20 {
		size = fmt.Sprintf("%d MiB", limit>>20)
	}
	e.Message = "The request body is larger than the " + size + " allowed here; send it in parts."
	return e
}
