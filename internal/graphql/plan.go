package graphql

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"
)

// node is a field of the response, merged from all selections with the same response
// key.
type node struct {
	key      string
	name     string // name of the struct field, by its JSON tag
	constant string // value of __typename
	typ      *ast.Definition
	list     bool
	args     map[string]any
	resolve  Resolver
	children []*node
}

// plan merges the selections of an operation.
func (x *Executor) plan(op *ast.OperationDefinition, vars map[string]any) (*node, error) {
	root := x.schema.Query
	if op.Operation == ast.Mutation {
		root = x.schema.Mutation
	}
	n := &node{typ: root}
	var err error
	n.children, err = x.merge(root, []ast.SelectionSet{op.SelectionSet}, vars)
	return n, err
}

// merge groups the fields of selection sets by response key, in order of appearance, and
// does the same for the sets below.
func (x *Executor) merge(parent *ast.Definition, sets []ast.SelectionSet, vars map[string]any) ([]*node, error) {
	var order []string
	groups, spread := map[string][]*ast.Field{}, map[string]bool{}
	var add func(ast.SelectionSet) error
	add = func(set ast.SelectionSet) error {
		for _, s := range set {
			skip, err := skipped(s, vars)
			if err != nil {
				return err
			}
			if skip {
				continue
			}
			switch s := s.(type) {
			case *ast.Field:
				if groups[s.Alias] == nil {
					order = append(order, s.Alias)
				}
				groups[s.Alias] = append(groups[s.Alias], s)
			case *ast.InlineFragment:
				err = add(s.SelectionSet)
			case *ast.FragmentSpread:
				if !spread[s.Name] {
					spread[s.Name] = true
					err = add(s.Definition.SelectionSet)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, set := range sets {
		if err := add(set); err != nil {
			return nil, err
		}
	}
	nodes := make([]*node, 0, len(order))
	for _, key := range order {
		n, err := x.node(parent, key, groups[key], vars)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// node plans the field of a response key.
func (x *Executor) node(parent *ast.Definition, key string, fields []*ast.Field, vars map[string]any) (*node, error) {
	first := fields[0]
	switch {
	case first.Name == "__typename":
		return &node{key: key, constant: parent.Name}, same(key, fields)
	case strings.HasPrefix(first.Name, "__"):
		return nil, problems{"Introspection is not served here. " +
			"The schema is MLflow 3.17.2's; Millrace's source has it as internal/graphql/schema.graphqls."}
	}
	if err := same(key, fields); err != nil {
		return nil, err
	}
	n := &node{key: key, name: snakeCase(first.Name), resolve: x.resolvers[parent.Name+"."+first.Name]}
	n.typ, n.list = x.schema.Types[first.Definition.Type.Name()], first.Definition.Type.Elem != nil
	n.args = map[string]any{}
	for _, def := range first.Definition.Arguments {
		if arg := first.Arguments.ForName(def.Name); arg != nil {
			value, present := literal(arg.Value, vars)
			if !present {
				continue
			}
			value, fault := x.coerce(def.Type, value, "")
			if fault != nil {
				return nil, problems{fault.reason}
			}
			n.args[def.Name] = value
		}
	}
	sets := make([]ast.SelectionSet, 0, len(fields))
	for _, f := range fields {
		sets = append(sets, f.SelectionSet)
	}
	var err error
	n.children, err = x.merge(n.typ, sets, vars)
	return n, err
}

// same checks that the selections of a response key select the same field with the same
// arguments.
func same(key string, fields []*ast.Field) error {
	for _, f := range fields[1:] {
		switch first := fields[0]; {
		case f.Name != first.Name:
			return conflict(key, fmt.Sprintf("'%s' and '%s' are different fields", first.Name, f.Name))
		case arguments(f) != arguments(first):
			return conflict(key, "they have differing arguments")
		}
	}
	return nil
}

func conflict(key, why string) error {
	return problems{fmt.Sprintf("Fields '%s' conflict because %s. "+
		"Use different aliases on the fields to fetch both if this was intentional.", key, why)}
}

// arguments formats the arguments of a field for comparison.
func arguments(f *ast.Field) string {
	var b strings.Builder
	for _, def := range f.Definition.Arguments {
		if arg := f.Arguments.ForName(def.Name); arg != nil {
			fmt.Fprintf(&b, "%s:%s,", def.Name, arg.Value.String())
		}
	}
	return b.String()
}

// skipped reports whether @skip or @include exclude a selection.
func skipped(s ast.Selection, vars map[string]any) (bool, error) {
	var list ast.DirectiveList
	switch s := s.(type) {
	case *ast.Field:
		list = s.Directives
	case *ast.InlineFragment:
		list = s.Directives
	case *ast.FragmentSpread:
		list = s.Directives
	}
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		value, _ := literal(d.Arguments.ForName("if").Value, vars)
		on, ok := value.(bool)
		if !ok {
			return false, problems{fmt.Sprintf("Argument 'if' of directive '@%s' must be true or false.", d.Name)}
		}
		if on == (d.Name == "skip") {
			return true, nil
		}
	}
	return false, nil
}

// snakeCase converts a field name to the JSON name of the message.
func snakeCase(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
