package httplimit

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// Timeouts of a body that ReadBody reads.
const (
	readPause   = 15 * time.Second
	readTimeout = time.Minute
)

// Content codings of bodies.
const (
	plain   = ""
	zipped  = "gzip"
	deflate = "deflate"
)

// ReadBody reads the body of a request and decodes the content codings gzip and deflate. The
// limit applies to the bytes on the wire and to the decoded bytes, so that a small
// body cannot expand into a large one. The error is an [*mlflow.Error] with status
// 413 for a body beyond the limit, 408 for one that does not arrive in time, 415
// for another content coding, 400 for one that cannot be read or decoded, and 503 for a large body
// while there are many of them. The memory of the body counts until the request ends.
func ReadBody(w http.ResponseWriter, req *http.Request, limit int64) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	coding, err := contentCoding(req)
	if err != nil {
		return nil, err
	}
	if req.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	hold := holder(req)
	var body []byte
	if coding == plain {
		err = hold(max(0, int(req.ContentLength)))
	}
	if err == nil {
		SetBodyTimeouts(req, readPause, readTimeout)
		limited := http.MaxBytesReader(w, req.Body, limit)
		if coding == plain {
			body, err = readAll(limited, req.ContentLength, hold)
		} else {
			body, err = decode(coding, limited, limit, hold)
		}
	}
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooBig):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &mlflow.Error{
			Code: mlflow.BadRequest, Status: http.StatusRequestTimeout,
			Message: "The request body did not arrive in time.",
		}
	case errors.Is(err, mlflow.TemporarilyUnavailable):
		w.Header().Set("Retry-After", "1")
		return nil, err
	case mlflow.AsError(err) != nil:
		return nil, err
	case coding != plain && BodyError(req) == nil:
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"The request body cannot be decoded as its Content-Encoding %s says: %v.", coding, err)
	}
	return nil, mlflow.Errorf(mlflow.BadRequest, "The request body could not be read to its end.")
}

// holder returns the function that takes the memory for the body of a request. Outside of [Handler],
// memory is not limited.
func holder(req *http.Request) func(bytes int) error {
	ctx := req.Context()
	b, ok := ctx.Value(bodyKey{}).(*body)
	if !ok {
		return func(int) error { return nil }
	}
	return func(bytes int) error { return b.share.hold(ctx, int64(bytes)) }
}

// RefuseBody returns an error if the request has a body other than an empty JSON
// object. Routes whose parameters are in the URL call it, because they would
// otherwise ignore parameters in the body.
func RefuseBody(w http.ResponseWriter, req *http.Request) error {
	const limit = 1 << 20
	body, err := ReadBody(w, req, limit)
	if err == nil && !IsEmpty(body) {
		err = mlflow.Errorf(mlflow.InvalidParameterValue, "This route reads no body; its parameters are in the URL.")
	}
	return err
}

// IsEmpty reports whether a JSON body has no parameters.
func IsEmpty(body []byte) bool {
	switch string(bytes.TrimSpace(body)) {
	case "", "{}", "null":
		return true
	}
	return false
}

// contentCoding returns the content coding of a body. Other codings than gzip and deflate are
// an error.
func contentCoding(req *http.Request) (string, error) {
	coding := strings.Join(req.Header.Values("Content-Encoding"), ", ")
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return plain, nil
	case "gzip", "x-gzip":
		return zipped, nil
	case "deflate":
		return deflate, nil
	}
	const maxQuoted = 100
	return "", &mlflow.Error{
		Code: mlflow.InvalidParameterValue, Status: http.StatusUnsupportedMediaType,
		Message: fmt.Sprintf("The Content-Encoding %q is not supported. Send the body with gzip or deflate, or as it is.",
			apierror.Truncate(coding, maxQuoted)),
	}
}

// decode reads a body with a content coding up to a limit of decoded bytes.
func decode(coding string, body io.Reader, limit int64, hold func(bytes int) error) ([]byte, error) {
	decoder, err := newDecoder(coding, body)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	decoded, err := readAll(io.LimitReader(decoder, limit+1), -1, hold)
	if err == nil && int64(len(decoded)) > limit {
		err = tooLarge(limit)
	}
	return decoded, err
}

// newDecoder returns a reader of the decoded body. Deflate has a header of zlib, which some
// clients leave out.
func newDecoder(coding string, body io.Reader) (io.Reader, error) {
	if coding == zipped {
		return gzip.NewReader(body)
	}
	buffered := bufio.NewReader(body)
	header, err := buffered.Peek(2)
	if err != nil {
		return nil, err
	}
	const method, deflated, check = 0x0f, 8, 31
	if header[0]&method == deflated && (int(header[0])<<8|int(header[1]))%check == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// readAll reads a body of the given length; a negative length is unknown. It
// allocates memory for the bytes that have arrived, not for the announced length, after it has
// called hold with their number.
func readAll(body io.Reader, length int64, hold func(bytes int) error) ([]byte, error) {
	buf := make([]byte, 0, 4<<10)
	for {
		if len(buf) == cap(buf) {
			more := 2 * len(buf)
			if length >= int64(len(buf)) { // One byte more detects the end without another allocation.
				more = min(more, int(length)+1)
			}
			if err := hold(len(buf)); err != nil {
				return nil, err
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

func tooLarge(limit int64) error {
	e := &mlflow.Error{Code: mlflow.InvalidParameterValue, Status: http.StatusRequestEntityTooLarge}
	size := fmt.Sprintf("%d bytes", limit)
	if limit >= 1<<20 {
		size = fmt.Sprintf("%d MiB", limit>>20)
	}
	e.Message = "The request body is larger than the " + size + " allowed here; send it in parts."
	return e
}
