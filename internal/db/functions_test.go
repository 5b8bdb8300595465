package db

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestFunctions compares the functions of SQLite with its own LIKE, on all short patterns.
func TestFunctions(t *testing.T) {
	t.Parallel()
	c, _, err := OpenSQL(t.Context(), "sqlite:///"+filepath.Join(t.TempDir(), "f.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	texts := []string{"", "a", "A", "ab", "aBab", "a%b", "a.b\nab", `a\b`, "xa"}
	patterns := []string{""}
	for i := 0; len(patterns) < 4000; i++ {
		for _, letter := range []string{"a", "B", "%", "_", `\`, "."} {
			patterns = append(patterns, patterns[i]+letter)
		}
	}
	differing := 0
	for _, pattern := range patterns {
		for _, text := range texts {
			var like, ilike, ours, oursI bool
			err := c.QueryRowContext(
				t.Context(), "SELECT ?2 LIKE ?1, lower(?2) LIKE lower(?1), millrace_like(?1, ?2), millrace_ilike(?1, ?2)",
				pattern, text,
			).Scan(&like, &ilike, &ours, &oursI)
			if err != nil {
				t.Fatal(err)
			}
			if like != ours || ilike != oursI {
				t.Fatalf("%q LIKE %q: %t, %t, want %t, %t", text, pattern, ours, oursI, like, ilike)
			}
			if like != ilike {
				differing++
			}
		}
	}
	if differing == 0 {
		t.Error("the case never matters")
	}
	var matches, none any
	err = c.QueryRowContext(t.Context(), "SELECT 'abc' REGEXP '^A|b.$', NULL REGEXP 'a'").Scan(&matches, &none)
	if err != nil || matches != int64(1) || none != nil {
		t.Errorf("REGEXP: %v, %v, %v", matches, none, err)
	}
	if err := c.QueryRowContext(t.Context(), "SELECT 'abc' REGEXP '('").Scan(&matches); err == nil ||
		!strings.Contains(err.Error(), "missing closing") {
		t.Errorf("a bad pattern: %v", err)
	}
}
