package httplimit

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// bodyTime is how long a request's body may take to arrive, unless its route
	// reads it and gives it more.
	bodyTime = 10 * time.Second
	// restTime and maxRest bound what is still read of a body when its request has
	// been answered: a sender that cannot send to the end may not see the answer.
	restTime = 5 * time.Second
	maxRest  = 64 << 20
	// answerTime is how long the last bytes of an answer may wait for their reader.
	answerTime = time.Minute
)

// boundBodies keeps requests whose body does not come, and answers that nobody
// reads, from holding their connection: net/http waits for both without end.
func boundBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Time{}) // that of the last answer on this connection
		defer func() { _ = control.SetWriteDeadline(time.Now().Add(answerTime)) }()
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // Where it cannot be set, there is none.
		body := &endedBody{ReadCloser: r.Body, control: control}
		inner := *r // net/http looks at the kind of its own body.
		inner.Body = body
		next.ServeHTTP(w, &inner)
		switch {
		case errors.Is(body.err, io.EOF):
		case body.err != nil: // What net/http may still want to read of it has had its time.
			_ = control.SetReadDeadline(time.Now())
		case !strings.EqualFold(r.Header.Get("Expect"), "100-continue"): // Who waits for the word to go on sends nothing.
			_ = control.SetReadDeadline(time.Now().Add(restTime))
			_, _ = io.CopyN(io.Discard, body, maxRest)
		}
	})
}

// endedBody keeps the error that ended the reading, io.EOF for the best of them.
type endedBody struct {
	io.ReadCloser
	control *http.ResponseController
	err     error
}

// Read implements io.Reader. From the end on net/http listens for the sender's
// leaving; a time limit would look like that.
func (b *endedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.err = err
	}
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
