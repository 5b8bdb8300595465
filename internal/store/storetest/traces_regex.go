package storetest

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/traces"
)

// regexTexts and regexPatterns have what databases treat in different ways.
var (
	regexTexts = []string{
		"a", "A", "abc", "ABC", "a b", "a\nb", "\n", "a\n", "b.c", `b\c`, "b-c", "[b]", "a]", "^a", "a$", "é", "É",
		"aé", "日本", "🙂",
		"a🙂b", "12", "a1_b", "a|b", "(a)", "a{2}", "aa", "aaa", "tab\tx", "#x", "x y", "&&", "a--b", "~", "`",
		"***:a", "K", "ſ",
		"word", "two words", "\u00a0", "\u2028",
	}
	regexPatterns = []string{
		"a", "^a", "a$", "^a$", "a.b", "(?s)a.b", "(?m)^b", "(?m)a$", "(?i)ABC", "(?i)é", "(?i)[k-l]", "(?i)s",
		"[a-c]+$", "[^a-z]",
		`[\]]`, `[\[b]`, `[a\-c]-`, "[&&]", "[a--]", "[~]", "^[^é]*$", "[é-ü]", "[日-本]", "[🙂]", `\.`, `\\`, `b\\c`,
		`\d+`, `\D`, `\w$`, `\W`,
		`\s`, `\S`, `\bword\b`, `\bb`, `a\b`, `\B`, `^\**:`, `\*{3}:`, "a{2}", "a{2,}", "^a{1,2}$", "(a|b)+c", "(?:)", "",
		"x*", `\x41`, `\x{1F642}`,
		`\t`, `\n`, `\pL`, `\p{Greek}`, `\PL`, "[[:alpha:]]1", "[[:^space:]]$", "(?P<n>a)b", "a|^$", "a+?b",
		"(((a)))", "#", "x y", "`", "^\u00a0$",
		`[\x00-\x1f]`, `\z`, `\Aa`, "(?U)a+", `\Q.\E`, "(?i)a|(?-i)B", "a**",
	}
)

// regularExpressions compares RLIKE with Go's package regexp.
func regularExpressions(t *testing.T, s *store.Store) {
	err := s.Write(t.Context(), func(tx db.Tx) error {
		for i, text := range regexTexts {
			id := fmt.Sprintf("tr-%02d", i)
			_, err := tx.Exec(`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status, db_payload_generation)
				VALUES (?, 0, ?, 'OK', 1)`, id, -i)
			if err == nil {
				_, err = tx.Exec("INSERT INTO trace_tags (request_id, `key`, value) VALUES (?, 't', ?)", id, text)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range regexPatterns {
		re, bad := regexp.Compile(pattern)
		list, _, err := s.SearchTraces(t.Context(), &traces.Search{
			ExperimentIDs: []int64{0}, Filter: `tags.t RLIKE "` + pattern + `"`, Limit: 100,
		})
		if bad != nil {
			if err == nil {
				t.Errorf("%q is accepted", pattern)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		var want, got []string
		for _, text := range regexTexts {
			if re.MatchString(text) {
				want = append(want, text)
			}
		}
		for i := range list {
			got = append(got, list[i].Tags["t"])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q matches %q, want %q", pattern, got, want)
		}
	}
}
