package regex_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/search/regex"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, postgres, mysql string }{
		{"", "(?:)", "(?:)"},
		{"abc", "abc", "abc"},
		{"a.c", `a[^\n]c`, `a[^\n]c`},
		{"(?s)a.c", "a.c", `a[\s\S]c`},
		{"^a|b$", "(?:^a|b$)", `(?:^a|b\z)`},
		{"(a)(?:b)(?P<x>c)", "abc", "abc"},
		{"a*b+?c?", "(?:a)*(?:b)+(?:c)?", "(?:a)*(?:b)+(?:c)?"},
		{"a{2}b{2,}c{2,3}", "(?:a){2}(?:b){2,}(?:c){2,3}", "(?:a){2}(?:b){2,}(?:c){2,3}"},
		{"(?i)ab1", "[Aa][Bb]1", "[Aa][Bb]1"},
		{`[a-c\]\-^]`, `[\-\]-\^a-c]`, `[\-\]-\^a-c]`},
		{`[^a]\D`, `[^a][^0-9]`, `[^a][^0-9]`},
		{
			`\b`, "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))",
			"(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))",
		},
		{`\x01\t\x{10FFFF}`, `\U00000001\U00000009\U0010FFFF`, `\x{1}\x{9}\x{10FFFF}`},
		{`[\x00-a]`, `[\U00000001-a]`, `[\x{1}-a]`},
		{"(?m)^é$", `(?:^|(?<=\n))é(?:$|(?=\n))`, `(?:^|(?<=\n))é(?:\z|(?=\n))`},
		{`\.\*#`, `\.\*\#`, `\.\*\#`},
	} {
		for flavor, want := range map[regex.Flavor]string{
			regex.Go: c.pattern, regex.PostgreSQL: c.postgres, regex.MySQL: "(?-i)" + c.mysql,
		} {
			if got, err := regex.Translate(c.pattern, flavor); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", c.pattern, got, err, want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for pattern, reason := range map[string]string{
		"(":                        "missing closing )",
		"a(?=b)":                   "unsupported",
		`(a)\1`:                    "invalid escape sequence",
		"a{256}":                   "repeats more than 255 times",
		"(?:a{100}){100}":          "invalid repeat count",
		strings.Repeat("a", 2001):  "at most 2000",
		`[^\x00-\x{10FFFF}]`:       "class without characters",
		strings.Repeat(`\pL`, 100): "too many classes",
		"\xff":                     "invalid UTF-8",
		strings.Repeat("(", 1001):  "missing closing )",
	} {
		for _, flavor := range []regex.Flavor{regex.Go, regex.PostgreSQL, regex.MySQL} {
			if _, err := regex.Translate(pattern, flavor); err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%.40s: %v, want %q", pattern, err, reason)
			}
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		`"k": "\\".*(a+)(?:bc)[d]e*f$`: `"k": "\"|a|bcd|f`, "a|b": "", "(?i)ab": "", "(": "", "x(?i:y)z{2}": "x",
	} {
		if got := strings.Join(regex.Words(pattern), "|"); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}

// FuzzTranslate checks that the translation for PCRE, whose syntax Go reads except for lookaround,
// matches the same texts as the pattern.
func FuzzTranslate(f *testing.F) {
	for _, pattern := range []string{`a|b*`, `[^a-z]+$`, `(?i)k\b`, `x{2,5}?y`, `(?s).\n.`, `\pL[[:digit:]]`, `[&&--]`} {
		f.Add(pattern, "k ab\nxxy 1")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if strings.ContainsRune(text, 0) {
			t.Skip("No database has the character 0.")
		}
		translated, err := regex.Translate(pattern, regex.MySQL)
		if err != nil || strings.Contains(translated, "(?<=") {
			return
		}
		got, err := regexp.Compile(translated)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", pattern, translated, err)
		}
		if want := regexp.MustCompile(pattern).MatchString(text); got.MatchString(text) != want {
			t.Errorf("%q becomes %q, which matches %q: %t", pattern, translated, text, !want)
		} else if want {
			rest := text
			for _, word := range regex.Words(pattern) {
				_, after, found := strings.Cut(rest, word)
				if !found {
					t.Errorf("%q matches %q without %q", pattern, text, word)
				}
				rest = after
			}
		}
	})
}
