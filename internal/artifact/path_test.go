package artifact_test

import (
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestCleanPath(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"": "", "a": "a", "a/b/c.txt": "a/b/c.txt", "a/": "a", "a b/ü": "a b/ü", "...": "...", "a/..b/c..": "a/..b/c..",
		"a:b": "a:b", "ab:/x": "ab:/x", "x/C:y": "x/C:y", "profile:x": "profile:x", "100%": "100%", "a%20b": "a%20b", "a?b": "a?b", " ": " ",
		"30/run/artifacts/.hidden": "30/run/artifacts/.hidden",
		strings.Repeat("n", 255):   strings.Repeat("n", 255),
	} {
		if got, err := artifact.CleanPath(raw); err != nil || got != want {
			t.Errorf("CleanPath(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{
		"/", "//", "/a", "a//", "a//b", "..", "../", "../x", "a/..", "a/../b", "a/../../b", ".", "./a", "a/.", "a/./b",
		`\`, `a\b`, `..\x`, `C:\x`, "C:/x", "c:", "z:/", "file:///etc/passwd", "file:/x", "FILE:x", "file:", "x/file:y", "x/C:/y", "x/c:",
		"a#b", "#", "a\x00", "a\nb", "a\tb", "a\x7f", "a\u0085b", "a\xff", "\xc0\xae\xc0\xae/x", "%2e%2e/x", "a/%2E%2e/b", "..%2fx",
		"a%2Fb", "a%5cb", "a%5Cb", "%252e", "a%00b", "a%25b", strings.Repeat("n", 256), strings.Repeat("a/", 2100) + "a",
	} {
		if got, err := artifact.CleanPath(raw); !errors.Is(err, mlflow.InvalidParameterValue) || mlflow.AsError(err).Message != "Invalid path" {
			t.Errorf("CleanPath(%q) = %q, %v, want Invalid path", raw, got, err)
		}
	}
}

func TestCleanFolder(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"": "", ".": "", "./": "", "././/": "", "./a": "a", "a/.": "a", "a/./b/": "a/b", "a//b": "a/b", "a///": "a", "a/b": "a/b", "...": "...", "./.a": ".a",
	} {
		if got, err := artifact.CleanFolder(raw); err != nil || got != want {
			t.Errorf("CleanFolder(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{"/", "//", "/a", "//a", "/.", "/./a", "..", "./..", "a/./../b", ".//etc/../..", "./%2e", `a\.`, "./C:/x", "a/./file:/x"} {
		if got, err := artifact.CleanFolder(raw); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("CleanFolder(%q) = %q, %v, want Invalid path", raw, got, err)
		}
	}
}

// FuzzCleanPath checks that every accepted path is the only name of a place below the
// root, even after another decoding.
func FuzzCleanPath(f *testing.F) {
	for _, seed := range []string{"a/b", "../x", "%2e%2e/x", `a\..\b`, "/etc", "a//b", "C:/x", "a\x00b", "%25%32%65", "．．/x", "a/%c0%ae/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		folder, err := artifact.CleanFolder(raw)
		if again, againErr := artifact.CleanPath(folder); againErr != nil || again != folder {
			t.Fatalf("CleanFolder(%q) = %q, which is not clean: %q, %v", raw, folder, again, againErr)
		}
		p, cleanErr := artifact.CleanPath(raw)
		if cleanErr == nil && (err != nil || folder != p) {
			t.Fatalf("%q: as a folder %q, %v; as a path %q", raw, folder, err, p)
		}
		if err := cleanErr; err != nil {
			if p != "" || !errors.Is(err, mlflow.InvalidParameterValue) {
				t.Fatalf("%q: %q, %v", raw, p, err)
			}
			return
		}
		if p == "" {
			if raw != "" {
				t.Fatalf("%q became the root", raw)
			}
			return
		}
		for _, form := range []string{p, unescaped(p), unescaped(unescaped(p))} {
			if form != path.Clean(form) || !filepath.IsLocal(form) || strings.HasPrefix(form, "/") || strings.Contains(form, `\`) {
				t.Fatalf("%q: %q is not one place below the root", raw, form)
			}
		}
		if strings.ContainsFunc(p, unicode.IsControl) || strings.Contains(p, "#") {
			t.Fatalf("%q: %q", raw, p)
		}
		if again, err := artifact.CleanPath(p); err != nil || again != p {
			t.Fatalf("%q: cleaning %q again gives %q, %v", raw, p, again, err)
		}
	})
}

func unescaped(p string) string {
	if u, err := url.PathUnescape(p); err == nil {
		return u
	}
	return p
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"", "", ""}, {"a", "", "a"}, {"", "b", "b"}, {"a/b", "c", "a/b/c"}} {
		if got := artifact.Join(c[0], c[1]); got != c[2] {
			t.Errorf("Join(%q, %q) = %q", c[0], c[1], got)
		}
	}
}

func TestScheme(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"/a/b": "file", "./x:y": "file", "mlruns": "file", "C:/x": "file", `C:\x`: "file", "file:///x": "file", "S3://b/k": "s3",
		"mlflow-artifacts:/1": "mlflow-artifacts", "http://h": "http", "runs:/x": "runs", "": "file", "a/b://c": "file",
	} {
		if got := artifact.Scheme(uri); got != want {
			t.Errorf("Scheme(%q) = %q, want %q", uri, got, want)
		}
	}
}
