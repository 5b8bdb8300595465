package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// spansInTrace is the number of spans of a trace that one request of a client exports.
const spansInTrace = 100

// exportTrace exports traces by OpenTelemetry's protobuf. Their spans have the attributes that
// clients of MLflow write: inputs, outputs, a type, and the token usage of every tenth span.
func exportTrace(_ context.Context, c *client) (func(context.Context, int64) error, error) {
	return func(ctx context.Context, _ int64) error {
		var trace [16]byte
		binary.LittleEndian.PutUint64(trace[:], rand.Uint64())
		binary.LittleEndian.PutUint64(trace[8:], rand.Uint64())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/v1/traces", bytes.NewReader(exportBody(trace)))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-protobuf")
		req.Header.Set("X-Mlflow-Experiment-Id", "0")
		resp, err := c.http.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("POST /v1/traces: %s", resp.Status)
		}
		return nil
	}, nil
}

// exportBody returns the protobuf of a request with one trace.
func exportBody(trace [16]byte) []byte {
	now := uint64(time.Now().UnixNano())
	var scope []byte
	for i := range spansInTrace {
		id := binary.BigEndian.AppendUint64(nil, uint64(i)+1)
		s := bytesField(bytesField(nil, 1, trace[:]), 2, id)
		if i > 0 {
			s = bytesField(s, 4, binary.BigEndian.AppendUint64(nil, uint64(i/10)+1))
		}
		s = bytesField(s, 5, fmt.Appendf(nil, "step %d", i))
		s = protowire.AppendFixed64(protowire.AppendTag(s, 7, protowire.Fixed64Type), now+uint64(i)*1000)
		s = protowire.AppendFixed64(protowire.AppendTag(s, 8, protowire.Fixed64Type), now+uint64(i)*1000+500)
		s = textAttribute(s, "mlflow.spanType", "TOOL")
		s = textAttribute(s, "mlflow.spanInputs", `{"question": "What is the answer to the question of this step?"}`)
		s = textAttribute(s, "mlflow.spanOutputs", `{"answer": "A text of some length, as tools return it to models."}`)
		s = textAttribute(s, "service", "bench")
		if i%10 == 9 {
			s = textAttribute(s, "mlflow.chat.tokenUsage", `{"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}`)
		}
		scope = bytesField(scope, 2, s)
	}
	return bytesField(nil, 1, bytesField(nil, 2, scope))
}

func bytesField(b []byte, n protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), value)
}

func textAttribute(span []byte, key, value string) []byte {
	kv := bytesField(bytesField(nil, 1, []byte(key)), 2, bytesField(nil, 1, []byte(value)))
	return bytesField(span, 9, kv)
}
