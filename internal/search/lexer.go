package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokWord     tokenKind = iota // a name, bare
	tokName                      // a name in backticks
	tokSymbol                    // text in double quotes: a name or a string
	tokString                    // text in single quotes
	tokInt                       // 12, -3
	tokFloat                     // 1.5, .5, 2e-3
	tokKeyword                   // a bare word that SQL reserves
	tokCompare                   // =, !=, <, LIKE, NOT LIKE ...
	tokOperator                  // +, -, *, / ...
	tokDot                       // .
	tokOpen                      // (
	tokClose                     // )
	tokSemi                      // ;
	tokOther                     // anything else: a comma, a comment, a stray quote
)

// token is src[pos:end].
type token struct {
	kind     tokenKind
	pos, end int
}

// keywords are the bare words that are not names. The list has only those that are
// likely in filters; for other keywords of SQL, only the error message differs.
var keywords = map[string]tokenKind{
	"AND": tokKeyword, "OR": tokKeyword, "NOT": tokKeyword, "IN": tokKeyword, "IS": tokKeyword,
	"NULL": tokKeyword, "BETWEEN": tokKeyword, "TRUE": tokKeyword, "FALSE": tokKeyword,
	"ASC": tokKeyword, "DESC": tokKeyword, "LIMIT": tokKeyword, "OFFSET": tokKeyword,
	"ORDER": tokKeyword, "GROUP": tokKeyword, "BY": tokKeyword, "SELECT": tokKeyword,
	"FROM": tokKeyword, "WHERE": tokKeyword, "UNION": tokKeyword, "EXISTS": tokKeyword,
	"CASE": tokKeyword, "WHEN": tokKeyword, "THEN": tokKeyword, "ELSE": tokKeyword,
	"END": tokKeyword, "ALL": tokKeyword, "ANY": tokKeyword, "KEY": tokKeyword,
	"LIKE": tokCompare, "ILIKE": tokCompare, "RLIKE": tokCompare, "REGEXP": tokCompare,
}

// lexer splits a text into tokens and drops the spaces. It runs in linear time.
type lexer struct {
	src    source
	pos    int
	tokens []token
}

func lex(src source) ([]token, error) {
	lx := &lexer{src: src}
	for lx.pos < len(src) {
		r, size := lx.runeAt(lx.pos)
		if unicode.IsSpace(r) {
			lx.pos += size
			continue
		}
		if len(lx.tokens) == maxTokens {
			return nil, src.errAt(lx.pos, "Filter string has more than %d tokens.", maxTokens)
		}
		kind, end := lx.next(r, size)
		lx.tokens = append(lx.tokens, token{kind, lx.pos, end})
		lx.pos = end
	}
	return joinNotLike(src, lx.tokens), nil
}

func (lx *lexer) runeAt(i int) (rune, int) { return utf8.DecodeRuneInString(string(lx.src[i:])) }

// next returns the kind and end of the token at lx.pos, which begins with r.
func (lx *lexer) next(r rune, size int) (tokenKind, int) {
	p := lx.pos
	if end, float := lx.number(p); end > p {
		if float {
			return tokFloat, end
		}
		return tokInt, end
	}
	switch {
	case isWordRune(r):
		end := lx.wordEnd(p)
		return lx.wordKind(p, end), end
	case r == '\'' || r == '"' || r == '`':
		if end := lx.quotedEnd(p); end > 0 {
			return map[rune]tokenKind{'\'': tokString, '"': tokSymbol, '`': tokName}[r], end
		}
		return tokOther, p + 1
	case strings.HasPrefix(string(lx.src[p:]), "--"), strings.HasPrefix(string(lx.src[p:]), "# "):
		return tokOther, lx.until(p, "\n", 0)
	case strings.HasPrefix(string(lx.src[p:]), "/*"):
		return tokOther, lx.until(p, "*/", len("*/"))
	case strings.ContainsRune("<>=~!", r):
		return tokCompare, lx.runEnd(p, "<>=~!")
	case strings.ContainsRune("+-*/@#%^&|", r):
		return tokOperator, lx.runEnd(p, "+*/@#%^&|-")
	case r == '.':
		return tokDot, p + 1
	case r == '(':
		return tokOpen, p + 1
	case r == ')':
		return tokClose, p + 1
	case r == ';':
		return tokSemi, p + 1
	}
	return tokOther, p + size
}

// until returns the end of the comment at p: length bytes after the start of its end
// mark, or the end of the text if there is no mark.
func (lx *lexer) until(p int, mark string, length int) int {
	if i := strings.Index(string(lx.src[p:]), mark); i >= 0 {
		return p + i + length
	}
	return len(lx.src)
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

func (lx *lexer) wordEnd(p int) int {
	for p < len(lx.src) {
		r, size := lx.runeAt(p)
		if !isWordRune(r) {
			break
		}
		p += size
	}
	return p
}

func (lx *lexer) runEnd(p int, chars string) int {
	for p < len(lx.src) && strings.IndexByte(chars, lx.src[p]) >= 0 {
		p++
	}
	return p
}

// wordKind distinguishes names and keywords. A word next to a dot is a name.
func (lx *lexer) wordKind(start, end int) tokenKind {
	if n := len(lx.tokens); n > 0 && lx.tokens[n-1].kind == tokDot && lx.tokens[n-1].end == start {
		return tokWord
	}
	if end < len(lx.src) && lx.src[end] == '.' {
		return tokWord
	}
	if end-start <= len("BETWEEN") {
		if kind, ok := keywords[strings.ToUpper(string(lx.src[start:end]))]; ok {
			return kind
		}
	}
	return tokWord
}

// number returns the end of the number at p, or p if there is none. Digits before
// letters are part of a word (1_000, 3d), unless the letters are an exponent.
func (lx *lexer) number(p int) (end int, float bool) {
	digits := func(i int) int {
		for i < len(lx.src) && lx.src[i] >= '0' && lx.src[i] <= '9' {
			i++
		}
		return i
	}
	i := p
	if lx.src[i] == '-' {
		i++
	}
	whole := digits(i)
	end = whole
	if end < len(lx.src) && lx.src[end] == '.' {
		if frac := digits(end + 1); frac > end+1 || whole > i {
			end, float = frac, true
		}
	}
	if end == i {
		return p, false
	}
	if end < len(lx.src) && (lx.src[end] == 'e' || lx.src[end] == 'E') {
		exp := end + 1
		if exp < len(lx.src) && (lx.src[exp] == '-' || lx.src[exp] == '+') {
			exp++
		}
		if e := digits(exp); e > exp {
			end, float = e, true
		}
	}
	if end < len(lx.src) {
		if r, _ := lx.runeAt(end); isWordRune(r) {
			return p, false
		}
	}
	return end, float
}

// quotedEnd returns the end of the quoted text at p, or 0 if it is not closed. A
// doubled quote, and outside of backticks a quote after a backslash, close the text
// only if no other quote does.
func (lx *lexer) quotedEnd(p int) int {
	quote := lx.src[p]
	fallback := 0
	for i := p + 1; i < len(lx.src); i++ {
		switch c := lx.src[i]; {
		case c == '\\' && quote != '`' && i+1 < len(lx.src) && lx.src[i+1] == quote:
			i++
			fallback = i + 1
		case c != quote:
		case i+1 < len(lx.src) && lx.src[i+1] == quote:
			fallback = i + 1
			i++
		default:
			return i + 1
		}
	}
	return fallback
}

// joinNotLike joins NOT and a following LIKE into one comparator.
func joinNotLike(src source, tokens []token) []token {
	out := tokens[:0]
	for _, t := range tokens {
		if n := len(out); n > 0 && t.kind == tokCompare && isWordRune(rune(src[t.pos])) &&
			out[n-1].kind == tokKeyword && strings.EqualFold(string(src[out[n-1].pos:out[n-1].end]), "NOT") {
			out[n-1].kind, out[n-1].end = tokCompare, t.end
			continue
		}
		out = append(out, t)
	}
	return out
}
