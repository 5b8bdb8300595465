// Package regex translates regular expressions to the syntax of databases, so that a pattern
// means the same on each of them.
//
// Patterns have the syntax of Go's package regexp, in which a match takes linear time. It is
// that of Python except for lookaround and backreferences, which are refused.
package regex

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// Flavor is a syntax of regular expressions.
type Flavor int

// Flavors of the databases.
const (
	// Go is the syntax of SQLite's function regexp, which Millrace defines.
	Go Flavor = iota
	// PostgreSQL is the syntax of its advanced regular expressions.
	PostgreSQL
	// MySQL is what PCRE, in MariaDB, and ICU, in MySQL, have in common.
	MySQL
)

// maxRepeat is the most repetitions that PostgreSQL takes.
const maxRepeat = 255

// maxTranslated is the length of the longest translation, in bytes. Classes such as \pL have
// hundreds of ranges.
const maxTranslated = 32 << 10

// MaxBytes is the length of the longest pattern.
const MaxBytes = 2000

// Translate returns a pattern in the syntax of a database. The error says what the pattern has
// that is not supported.
func Translate(pattern string, to Flavor) (string, error) {
	if len(pattern) > MaxBytes {
		return "", fmt.Errorf("the pattern is %d bytes long; at most %d are allowed", len(pattern), MaxBytes)
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	w := &writer{to: to}
	w.write(re)
	if w.err != nil {
		return "", w.err
	}
	switch to {
	case Go:
		return pattern, nil
	case MySQL: // The collation of a column may ignore the case.
		return "(?-i)" + w.out.String(), nil
	default:
		return w.out.String(), nil
	}
}

type writer struct {
	to  Flavor
	out strings.Builder
	err error
}

// These are the boundaries of words of ASCII, which are those of Go. Databases have other letters
// in words.
const (
	boundary   = "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))"
	noBoundary = "(?:(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_]))"
)

// simple are the translations of operators without operands.
var simple = map[syntax.Op][3]string{
	syntax.OpEmptyMatch:     {"", "(?:)", "(?:)"},
	syntax.OpAnyChar:        {"", ".", `[\s\S]`},
	syntax.OpBeginText:      {"", "^", "^"},
	syntax.OpEndText:        {"", "$", `\z`},
	syntax.OpBeginLine:      {"", `(?:^|(?<=\n))`, `(?:^|(?<=\n))`},
	syntax.OpEndLine:        {"", `(?:$|(?=\n))`, `(?:\z|(?=\n))`},
	syntax.OpAnyCharNotNL:   {"", `[^\n]`, `[^\n]`},
	syntax.OpWordBoundary:   {"", boundary, boundary},
	syntax.OpNoWordBoundary: {"", noBoundary, noBoundary},
}

func (w *writer) write(re *syntax.Regexp) {
	if w.out.Len() > maxTranslated {
		w.err = errors.New("the pattern has too many classes of characters")
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.literal(r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			w.write(sub)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			w.out.WriteString([]string{"(?:", "|"}[min(i, 1)])
			w.write(sub)
		}
		w.out.WriteString(")")
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		w.out.WriteString("(?:")
		w.write(re.Sub[0])
		w.out.WriteString(")" + w.repeat(re))
	default:
		text, ok := simple[re.Op]
		if !ok {
			w.err = fmt.Errorf("the pattern %s matches nothing", re)
		}
		w.out.WriteString(text[w.to])
	}
}

// repeat returns the operator that repeats what is before it.
func (w *writer) repeat(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpStar:
		return "*"
	case syntax.OpPlus:
		return "+"
	case syntax.OpQuest:
		return "?"
	}
	if re.Min > maxRepeat || re.Max > maxRepeat {
		w.err = fmt.Errorf("the pattern %s repeats more than %d times", re, maxRepeat)
	}
	switch re.Max {
	case re.Min:
		return fmt.Sprintf("{%d}", re.Min)
	case -1:
		return fmt.Sprintf("{%d,}", re.Min)
	}
	return fmt.Sprintf("{%d,%d}", re.Min, re.Max)
}

func (w *writer) literal(r rune, fold bool) {
	if !fold || unicode.SimpleFold(r) == r {
		w.char(r)
		return
	}
	w.out.WriteByte('[')
	w.char(r)
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		w.char(other)
	}
	w.out.WriteByte(']')
}

// class writes a class of characters: pairs of the first and the last one of each range.
func (w *writer) class(ranges []rune) {
	if len(ranges) == 0 {
		w.err = errors.New("the pattern has a class without characters")
		return
	}
	w.out.WriteByte('[')
	if ranges[0] == 0 && ranges[len(ranges)-1] == unicode.MaxRune {
		w.out.WriteByte('^')
		ranges = without(ranges)
	}
	for i := 0; i < len(ranges); i += 2 {
		w.char(max(ranges[i], 1)) // No text has the character 0.
		if ranges[i+1] > ranges[i] {
			w.out.WriteByte('-')
			w.char(max(ranges[i+1], 1))
		}
	}
	w.out.WriteByte(']')
}

// without returns the characters between ranges that begin with the first and end with the last
// character there is. It is never empty, since that would be any character, which is no class.
func without(ranges []rune) (others []rune) {
	for i := 1; i+1 < len(ranges); i += 2 {
		others = append(others, ranges[i]+1, ranges[i+1]-1)
	}
	return others
}

// char writes a character, in a class or outside.
func (w *writer) char(r rune) {
	switch {
	case r == '\n':
		w.out.WriteString(`\n`)
	case r < ' ', r >= 0x7f && !unicode.IsPrint(r):
		format := `\x{%X}`
		if w.to == PostgreSQL {
			format = `\U%08X`
		}
		fmt.Fprintf(&w.out, format, r)
	case r < 0x7f && !isAlnum(r):
		w.out.WriteByte('\\')
		fallthrough
	default:
		w.out.WriteRune(r)
	}
}

func isAlnum(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == ' '
}

// Words returns texts that everything has that a pattern matches, in their order, as far as that
// is easily seen. Databases find them faster than the pattern.
func Words(pattern string) (words []string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	for parts := []*syntax.Regexp{re}; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		switch part.Op {
		case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
			parts = append(part.Sub[:len(part.Sub):len(part.Sub)], parts...)
		case syntax.OpLiteral:
			if part.Flags&syntax.FoldCase == 0 {
				words = append(words, string(part.Rune))
			}
		}
	}
	return words
}
