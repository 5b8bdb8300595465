package observe

import (
	"context"
	"io"
	"log/slog"
	"regexp"
)

// LogHandler returns a handler that writes to out: objects of JSON, one a line, or
// text. Every line that is logged for a request carries its id, and none carries
// a password or a token.
func LogHandler(out io.Writer, asJSON bool, level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case string:
			return slog.String(a.Key, Redact(v))
		case error:
			return slog.String(a.Key, Redact(v.Error()))
		}
		return a
	}}
	if asJSON {
		return withID{slog.NewJSONHandler(out, o)}
	}
	return withID{slog.NewTextHandler(out, o)}
}

// secrets are the forms of what no log may hold: passwords in URIs, access tokens,
// credentials of a header, and signatures and tokens in queries.
var secrets = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(://[^/\s:@]*:)[^/\s]*@`), "${1}xxxxx@"},
	{regexp.MustCompile(`\bmlr_[A-Za-z0-9_-]+`), "mlr_xxxxx"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "$1 xxxxx"},
	{regexp.MustCompile(`(?i)((?:^|[?&;\s])(?:token|sig|signature|password|passwd|pwd|access_key|x-amz-signature|x-goog-signature)=)[^&\s"']+`), "${1}xxxxx"},
}

// Redact returns the text without what looks like a secret.
func Redact(text string) string {
	for _, s := range secrets {
		text = s.form.ReplaceAllString(text, s.with)
	}
	return text
}

// withID adds the id of the request that a line is logged for.
type withID struct{ slog.Handler }

// Handle implements slog.Handler.
func (h withID) Handle(ctx context.Context, r slog.Record) error {
	if seen := of(ctx); seen != nil {
		r.AddAttrs(slog.String("request_id", seen.id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h withID) WithAttrs(attrs []slog.Attr) slog.Handler { return withID{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h withID) WithGroup(name string) slog.Handler { return withID{h.Handler.WithGroup(name)} }
