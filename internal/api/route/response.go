package route

import (
	"encoding/json"
	"net/http"
)

// Messages that encode themselves; see mlflow/encode.go. A streamer passes its JSON
// in parts to flush, which returns an empty buffer.
type (
	appender interface{ AppendJSON(b []byte) []byte }
	streamer interface {
		WriteJSON(b []byte, flush func([]byte) []byte) []byte
	}
)

// WriteJSON writes v as the response.
func WriteJSON(w http.ResponseWriter, v any) error {
	var body []byte
	switch v := v.(type) {
	case streamer:
		w.Header().Set("Content-Type", "application/json")
		body = v.WriteJSON(nil, func(b []byte) []byte {
			_, _ = w.Write(b) // As below.
			return b[:0]
		})
	case appender:
		body = v.AppendJSON(nil)
	default:
		var err error
		if body, err = json.Marshal(v); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // A write error means that the client has disconnected.
	return nil
}
