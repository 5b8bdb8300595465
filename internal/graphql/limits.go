package graphql

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// The first four limits are those of MLflow.
const (
	maxRootFields = 10
	maxAliases    = 10 // per selection set, including fragments
	maxDepth      = 10
	maxSelections = 1000 // including the selections of each spread fragment
	maxFragments  = 100  // The validator follows chains of fragments.
	maxTokens     = 10_000
	maxNameLength = 100
)

// checkText bounds the work of the parser, which is recursive, and of the validator,
// which compares unknown names with all known names.
func checkText(query string) error {
	lex := lexer.New(&ast.Source{Input: query})
	for n := 0; ; n++ {
		token, err := lex.ReadToken()
		switch {
		case err != nil:
			return syntaxError(err)
		case token.Kind == lexer.EOF:
			return nil
		case token.Kind == lexer.Name && len(token.Value) > maxNameLength:
			return problems{fmt.Sprintf("Query has a name of more than %d characters.", maxNameLength)}
		case n == maxTokens:
			return problems{fmt.Sprintf("Query exceeds the maximum of %d tokens.", maxTokens)}
		}
	}
}

// checkSize rejects documents with too many selections. It counts the selections that it
// visits and stops at the limit, so that its own cost is bounded.
func checkSize(doc *ast.QueryDocument) error {
	if n := len(doc.Fragments); n > maxFragments {
		return tooMany(n, maxFragments, "fragments")
	}
	c := &counter{doc: doc}
	for _, f := range doc.Fragments {
		if err := c.written(f.SelectionSet); err != nil {
			return err
		}
	}
	c.total = 0
	for _, op := range doc.Operations {
		if err := c.level(op.SelectionSet, 1); err != nil {
			return err
		}
	}
	return nil
}

type counter struct {
	doc         *ast.QueryDocument
	total, root int
}

func (c *counter) count() error {
	if c.total++; c.total > maxSelections {
		return problems{fmt.Sprintf("Query exceeds maximum total selections of %d", maxSelections)}
	}
	return nil
}

// written counts the selections of a fragment, which is validated even if it is not
// spread.
func (c *counter) written(set ast.SelectionSet) error {
	for _, s := range set {
		if err := c.count(); err != nil {
			return err
		}
		var err error
		switch s := s.(type) {
		case *ast.Field:
			err = c.written(s.SelectionSet)
		case *ast.InlineFragment:
			err = c.written(s.SelectionSet)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// level counts the selections of a set, of the fragments spread in it, and of the sets
// below.
func (c *counter) level(set ast.SelectionSet, depth int) error {
	if depth > maxDepth {
		return problems{fmt.Sprintf("Query exceeds maximum depth of %d", maxDepth)}
	}
	aliases, spread := 0, map[string]bool{}
	var below []ast.SelectionSet
	for queue := []ast.SelectionSet{set}; len(queue) > 0; queue = queue[1:] {
		for _, s := range queue[0] {
			if err := c.count(); err != nil {
				return err
			}
			switch s := s.(type) {
			case *ast.Field:
				if s.Alias != s.Name {
					aliases++
				}
				if depth == 1 {
					c.root++
				}
				if len(s.SelectionSet) > 0 {
					below = append(below, s.SelectionSet)
				}
			case *ast.InlineFragment:
				queue = append(queue, s.SelectionSet)
			case *ast.FragmentSpread:
				if f := c.doc.Fragments.ForName(s.Name); f != nil && !spread[s.Name] {
					spread[s.Name] = true
					queue = append(queue, f.SelectionSet)
				}
			}
		}
	}
	if c.root > maxRootFields {
		return tooMany(c.root, maxRootFields, "root fields")
	}
	if aliases > maxAliases {
		return tooMany(aliases, maxAliases, "aliases")
	}
	for _, set := range below {
		if err := c.level(set, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func tooMany(got, limit int, what string) error {
	return problems{fmt.Sprintf("GraphQL queries should have at most %d %s, got %d %s. "+
		"Send the rest in other requests.", limit, what, got, what)}
}
