package search

import "strings"

type atomKind int

const (
	atomIdent     atomKind = iota // a name with its dots: metrics.loss, tags.`a b`, "x"
	atomString                    // 'x'
	atomInt                       // 1
	atomFloat                     // 1.5
	atomList                      // anything in parentheses
	atomOperation                 // a-b, 1 + 2
	atomKeyword                   // AND, IN, NULL ...
	atomCompare                   // =, LIKE ...
	atomOperator                  // -, + ...
	atomOther                     // anything else
)

// atom is a part of a comparison.
type atom struct {
	kind     atomKind
	text     string // as written
	pos, end int
}

func (a atom) isKeyword(word string) bool {
	return a.kind == atomKeyword && strings.EqualFold(a.text, word)
}

func (a atom) isOperand() bool { return a.kind <= atomOperation }

// clause is one comparison. op is as written, except for IS NULL, IS NOT NULL and NOT
// IN. For IS NULL and IS NOT NULL, right is the zero atom.
type clause struct {
	left  atom
	op    string
	right atom
}

func (c clause) unary() bool { return c.op == opIsNull || c.op == opIsNotNull }

// text returns the clause as written.
func (c clause) text(src source) string {
	if c.unary() {
		return c.left.text + " " + c.op
	}
	return string(src[c.left.pos:c.right.end])
}

// stray is a part of a filter that is not in a comparison. at is the position to
// report.
type stray struct {
	text string
	at   int
}

// filterText is a filter split into comparisons and other parts.
type filterText struct {
	src     source
	clauses []clause
	strays  []stray
	second  int  // where a second statement begins, 0 if there is none
	empty   bool // nothing but spaces
}

// parse splits a filter into comparisons. It does not report errors of the grammar,
// since each entity has its own messages for them.
func parse(filter string) (*filterText, error) {
	if err := checkFilterSize(filter); err != nil {
		return nil, err
	}
	src := source(filter)
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	f := &filterText{src: src, empty: len(tokens) == 0}
	f.second = secondStatement(tokens)
	f.compare(operations(src, atoms(src, tokens)))
	if len(f.clauses) > maxClauses {
		at := f.clauses[maxClauses].left.pos
		return nil, src.errAt(at, "Filter string has %d comparisons; at most %d are allowed.", len(f.clauses), maxClauses)
	}
	return f, nil
}

// secondStatement returns the offset of what follows a semicolon, 0 if nothing does.
func secondStatement(tokens []token) int {
	depth := 0
	for i, t := range tokens {
		switch t.kind {
		case tokOpen:
			depth++
		case tokClose:
			depth--
		case tokSemi:
			if depth <= 0 && i+1 < len(tokens) {
				return tokens[i+1].pos
			}
		}
	}
	return 0
}

// atoms joins names with their dots and closes parentheses.
func atoms(src source, tokens []token) []atom {
	var out []atom
	closing := matchParens(tokens)
	for i := 0; i < len(tokens); {
		t := tokens[i]
		kind, next := atomOther, i+1
		switch t.kind {
		case tokWord, tokName, tokSymbol:
			kind, next = atomIdent, identEnd(tokens, i)
		case tokString:
			kind = atomString
		case tokInt:
			kind = atomInt
		case tokFloat:
			kind = atomFloat
		case tokKeyword:
			kind = atomKeyword
		case tokCompare:
			kind = atomCompare
		case tokOperator:
			kind = atomOperator
		case tokOpen:
			if closing[i] > i {
				kind, next = atomList, closing[i]+1
			}
		}
		end := tokens[next-1].end
		out = append(out, atom{kind, string(src[t.pos:end]), t.pos, end})
		i = next
	}
	return out
}

// identEnd returns the index behind the name that starts at tokens[i].
func identEnd(tokens []token, i int) int {
	i++
	for i < len(tokens) && tokens[i].kind == tokDot {
		i++
		if i < len(tokens) {
			switch tokens[i].kind {
			case tokWord, tokName, tokSymbol, tokString:
				i++
			}
		}
	}
	return i
}

// matchParens maps the index of each opening parenthesis to its closing one;
// 0 for one that is never closed.
func matchParens(tokens []token) map[int]int {
	closing := map[int]int{}
	var open []int
	for i, t := range tokens {
		switch {
		case t.kind == tokOpen:
			open = append(open, i)
		case t.kind == tokClose && len(open) > 0:
			closing[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	return closing
}

// operations joins operands around an operator, so that a-b is reported as one
// wrong operand.
func operations(src source, in []atom) []atom {
	out := in[:0]
	for i := 0; i < len(in); i++ {
		a := in[i]
		if n := len(out); a.kind == atomOperator && n > 0 && out[n-1].isOperand() && i+1 < len(in) && in[i+1].isOperand() {
			left := out[n-1]
			out[n-1] = atom{atomOperation, string(src[left.pos:in[i+1].end]), left.pos, in[i+1].end}
			i++
			continue
		}
		out = append(out, a)
	}
	return out
}

// compare fills f.clauses and f.strays.
func (f *filterText) compare(in []atom) {
	lastWasClause := false
	for i := 0; i < len(in); {
		if c, n := clauseAt(in[i:]); n > 0 {
			f.clauses = append(f.clauses, c)
			lastWasClause = true
			i += n
			continue
		}
		if !in[i].isKeyword("AND") {
			f.addStray(in[i], lastWasClause)
		}
		lastWasClause = false
		i++
	}
}

// addStray records a stray atom. A name after a comparison is reported with the
// comparison, since SQL parses it as an alias.
func (f *filterText) addStray(a atom, afterClause bool) {
	s := stray{a.text, a.pos}
	if a.kind == atomIdent && afterClause {
		last := len(f.clauses) - 1
		s.text = string(f.src[f.clauses[last].left.pos:a.end])
		f.clauses = f.clauses[:last]
	}
	f.strays = append(f.strays, s)
}

// clauseAt returns the comparison at the start of in and its number of atoms. The
// number is 0 if there is no comparison.
func clauseAt(in []atom) (clause, int) {
	if len(in) < 3 || !in[0].isOperand() {
		return clause{}, 0
	}
	left, a, b := in[0], in[1], in[2]
	if a.kind == atomCompare && (b.isOperand() || b.isKeyword("NULL")) {
		return clause{left, a.text, b}, 3
	}
	if left.kind != atomIdent {
		return clause{}, 0
	}
	switch {
	case a.isKeyword("IN") && b.kind == atomList:
		return clause{left, a.text, b}, 3
	case a.isKeyword("NOT") && b.isKeyword("IN") && len(in) > 3 && in[3].kind == atomList:
		return clause{left, opNotIn, in[3]}, 4
	case a.isKeyword("IS") && b.isKeyword("NULL"):
		return clause{left: left, op: opIsNull}, 3
	case a.isKeyword("IS") && b.isKeyword("NOT") && len(in) > 3 && in[3].isKeyword("NULL"):
		return clause{left: left, op: opIsNotNull}, 4
	}
	return clause{}, 0
}
