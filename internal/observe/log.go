package observe

import (
	"context"
	"io"
	"log/slog"
	"regexp"
)

// LogHandler returns a handler that writes lines of text or JSON to out. It adds the
// request ID to lines with the context of a request, and redacts passwords and tokens.
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

// secrets lists the patterns that logs must not contain, with their replacements:
// passwords in URIs, access tokens, credentials in headers, and signatures and
// tokens in queries.
var secrets = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`(://[^/\s:@]*:)[^/\s]*@`), "${1}xxxxx@"},
	{regexp.MustCompile(`\bmlr_[A-Za-z0-9_-]+`), "mlr_xxxxx"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "$1 xxxxx"},
	{regexp.MustCompile(`(?i)((?:^|[?&;\s])(?:token|sig|signature|password|passwd|pwd|access_key|` +
		`x-amz-signature|x-goog-signature)=)[^&\s"']+`), "${1}xxxxx"},
}

// Redact replaces everything in the text that looks like a secret.
func Redact(text string) string {
	for _, s := range secrets {
		text = s.pattern.ReplaceAllString(text, s.replacement)
	}
	return text
}

// withID adds the request ID of the context to each line.
type withID struct{ slog.Handler }

// Handle implements slog.Handler.
func (h withID) Handle(ctx context.Context, r slog.Record) error {
	if seen := requestOf(ctx); seen != nil {
		r.AddAttrs(slog.String("request_id", seen.id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h withID) WithAttrs(attrs []slog.Attr) slog.Handler { return withID{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h withID) WithGroup(name string) slog.Handler { return withID{h.Handler.WithGroup(name)} }
