package mlflow

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
)

// caller is the span of a program that has sent a request.
type caller struct {
	trace [16]byte
	span  [8]byte
}

type callerKey struct{}

// sampled is the flag of a traceparent whose trace is recorded.
const sampled = 1

// WithTraceParent returns a context in which [StartSpan] continues the trace of a caller instead
// of beginning one. The text is the header traceparent of W3C, which requests of traced programs
// have. If the caller does not record its trace, nothing records the spans in the context. A text
// that is no traceparent has no effect.
func WithTraceParent(ctx context.Context, traceparent string) context.Context {
	parts := strings.Split(traceparent, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || parts[0] == "00" && len(parts) != 4 || len(parts[3]) != 2 {
		return ctx
	}
	var version, flags [1]byte
	var c caller
	if !fromHex(version[:], parts[0]) || !fromHex(c.trace[:], parts[1]) || !fromHex(c.span[:], parts[2]) ||
		!fromHex(flags[:], parts[3]) || version[0] == 0xff || c == (caller{span: c.span}) || c.span == [8]byte{} {
		return ctx
	}
	if flags[0]&sampled == 0 {
		return WithTracer(ctx, nil)
	}
	return context.WithValue(ctx, callerKey{}, c)
}

// fromHex decodes lower-case hexadecimal digits, and reports whether they are as many as to has
// room for.
func fromHex(to []byte, digits string) bool {
	if len(digits) != 2*len(to) || strings.ToLower(digits) != digits {
		return false
	}
	_, err := hex.Decode(to, []byte(digits))
	return err == nil
}

// TraceParent returns the header traceparent with which another program can continue the trace,
// or "" if nothing records the span.
func (s *TraceSpan) TraceParent() string {
	if s.tracer == nil {
		return ""
	}
	return fmt.Sprintf("00-%x-%x-%02x", s.trace.id, s.id, sampled)
}
