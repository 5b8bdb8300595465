package db

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"
)

// These functions are added to SQLite for the whole process. In all of them, an argument that
// is no text gives NULL.
//
//   - regexp(pattern, text), which the operator REGEXP calls, reports whether a text has a match
//     of a regular expression of Go.
//   - millrace_like(pattern, text) and millrace_ilike(pattern, text) are LIKE with and without
//     the case of ASCII letters. Where the pattern is words between percent signs, they are
//     several times faster than SQLite's LIKE.
var _ = registerFunctions()

func registerFunctions() bool {
	for name, compile := range map[string]func(string) (matcher, error){
		"regexp":         compileRegexp,
		"millrace_like":  func(pattern string) (matcher, error) { return compileLike(pattern, false) },
		"millrace_ilike": func(pattern string) (matcher, error) { return compileLike(pattern, true) },
	} {
		cache := &matchers{compile: compile, compiled: map[string]*compiled{}}
		sqlite.MustRegisterFunction(name, &sqlite.FunctionImpl{
			NArgs: 2, Deterministic: true, Scalar: cache.call,
			VolatileArgs: true, // The texts are large. They are not kept after the call.
		})
	}
	return true
}

// matcher reports whether a text matches a pattern.
type matcher func(text string) bool

// maxMatchers is the number of patterns that are kept for each function.
const maxMatchers = 64

// matchers keeps patterns that were compiled before.
type matchers struct {
	compile func(pattern string) (matcher, error)

	last     atomic.Pointer[compiled] // that of the last call, as a rule that of the next one, too
	mu       sync.Mutex
	compiled map[string]*compiled
}

type compiled struct {
	pattern string
	match   matcher
}

func (m *matchers) call(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	pattern, ok := args[0].(string)
	text, isText := args[1].(string)
	if !ok || !isText {
		return nil, nil //nolint:nilnil // This is NULL.
	}
	match, err := m.get(pattern)
	if err != nil {
		return nil, err
	}
	return match(text), nil
}

func (m *matchers) get(pattern string) (matcher, error) {
	if last := m.last.Load(); last != nil && last.pattern == pattern {
		return last.match, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.compiled[pattern]
	if c == nil {
		c = &compiled{pattern: strings.Clone(pattern)}
		var err error
		if c.match, err = m.compile(c.pattern); err != nil {
			return nil, err
		}
		if len(m.compiled) >= maxMatchers {
			clear(m.compiled)
		}
		m.compiled[c.pattern] = c
	}
	m.last.Store(c)
	return c.match, nil
}

func compileRegexp(pattern string) (matcher, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", pattern, err)
	}
	return re.MatchString, nil
}

// compileLike compiles a pattern of LIKE, in which a backslash is an ordinary character.
func compileLike(pattern string, fold bool) (matcher, error) {
	words := strings.Split(pattern, "%")
	last := len(words) - 1
	if last == 0 || strings.Contains(pattern, "_") || words[0] != "" || words[last] != "" {
		return compileRegexp(likeToRegexp(words, fold))
	}
	if !fold {
		return func(text string) bool { return inOrder(text, words, strings.Index) }, nil
	}
	parts := make([][]byte, len(words))
	for i, word := range words {
		parts[i] = lowerASCII(nil, word)
	}
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	return func(text string) bool {
		b := buffers.Get().(*[]byte)
		defer buffers.Put(b)
		*b = lowerASCII((*b)[:0], text)
		return inOrder(*b, parts, bytes.Index)
	}, nil
}

// inOrder reports whether a text has some words one after the other.
func inOrder[T string | []byte](text T, words []T, index func(text, word T) int) bool {
	for _, word := range words {
		at := index(text, word)
		if at < 0 {
			return false
		}
		text = text[at+len(word):]
	}
	return true
}

func likeToRegexp(words []string, fold bool) string {
	flags := "(?s)^"
	if fold {
		flags = "(?is)^"
	}
	for i, word := range words {
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(word), "_", ".")
	}
	return flags + strings.Join(words, ".*") + `\z`
}

// lowerASCII appends a text to b and changes its ASCII letters to lower case.
func lowerASCII[T string | []byte](b []byte, text T) []byte {
	b = append(b, text...)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}
