// Package graphql answers the GraphQL documents that MLflow's web pages send.
// The schema is MLflow's; the data comes from resolvers, and every other field
// is read from the structs that they return, by its JSON name.
//
// A document is checked against limits before anything else looks at it, so
// that a hostile one costs no more than an ordinary one.
package graphql

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

//go:embed schema.graphqls
var schemaText string

// Resolver finds the value of a field: a pointer to a struct or a slice of
// structs. Parent points to the struct that the field belongs to, nil at the root.
type Resolver func(ctx context.Context, parent any, args map[string]any) (any, error)

// Request is one document with its variables, as the body of a POST holds it.
// Numbers among the variables are json.Number.
type Request struct {
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
	OperationName string         `json:"operationName"`
}

// Executor answers requests.
type Executor struct {
	schema    *ast.Schema
	resolvers map[string]Resolver
	rules     *rules.Rules
}

// New makes an executor. Resolvers are named "Type.field"; every field of Query
// and Mutation needs one.
func New(resolvers map[string]Resolver) (*Executor, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: schemaText})
	if err != nil {
		return nil, err
	}
	for name := range resolvers {
		typ, field, _ := strings.Cut(name, ".")
		if def := schema.Types[typ]; def == nil || def.Fields.ForName(field) == nil {
			return nil, fmt.Errorf("the GraphQL schema has no field %s to resolve", name)
		}
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") && resolvers[root.Name+"."+f.Name] == nil {
				return nil, fmt.Errorf("the GraphQL field %s.%s has no resolver", root.Name, f.Name)
			}
		}
	}
	valid := rules.NewDefaultRules()
	// Its cost grows with the square of the document; plan.go finds the same conflicts in one pass.
	valid.RemoveRule(rules.OverlappingFieldsCanBeMergedRule.Name)
	return &Executor{schema: schema, resolvers: resolvers, rules: valid}, nil
}

// Execute answers a request with {"data":..., "errors":...}. Describe words the
// error of a resolver for the caller.
func (x *Executor) Execute(ctx context.Context, r Request, describe func(error) string) []byte {
	root, err := x.prepare(r)
	if err != nil {
		return refusal(err)
	}
	w := &writer{ctx: ctx, describe: describe}
	w.buf = append(w.buf, `{"data":`...)
	if err := w.object(root, nil); err != nil {
		return refusal(err)
	}
	return w.finish()
}

// prepare turns a request into the tree of fields to answer.
func (x *Executor) prepare(r Request) (*node, error) {
	if err := checkText(r.Query); err != nil {
		return nil, err
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: r.Query})
	if err != nil {
		return nil, syntaxError(err)
	}
	if err := checkSize(doc); err != nil {
		return nil, err
	}
	if list := validator.ValidateWithRules(x.schema, doc, x.rules); len(list) > 0 {
		return nil, invalid(list)
	}
	op, err := operation(doc, r.OperationName)
	if err != nil {
		return nil, err
	}
	vars, err := x.variables(op, r.Variables)
	if err != nil {
		return nil, err
	}
	return x.plan(op, vars)
}

// operation picks the operation of a document that is to be executed.
func operation(doc *ast.QueryDocument, name string) (*ast.OperationDefinition, error) {
	switch {
	case name != "":
		if op := doc.Operations.ForName(name); op != nil {
			return op, nil
		}
		return nil, fmt.Errorf("Unknown operation named '%s'.", clip(name)) //nolint:staticcheck,revive // A sentence for the caller.
	case len(doc.Operations) == 1:
		return doc.Operations[0], nil
	case len(doc.Operations) == 0:
		return nil, errors.New("Must provide an operation.") //nolint:staticcheck,revive // A sentence for the caller.
	}
	return nil, errors.New("Must provide operation name if query contains multiple operations.") //nolint:staticcheck,revive // A sentence for the caller.
}

// problems are the reasons why a document is not executed.
type problems []string

// Error joins the reasons.
func (p problems) Error() string { return strings.Join(p, " ") }

const (
	maxProblems      = 20
	maxProblemLength = 500
)

func invalid(list gqlerror.List) problems {
	var out problems
	for _, e := range list {
		if len(out) == maxProblems {
			return append(out, "Too many validation errors; the others are not shown.")
		}
		out = append(out, reworded(e.Message))
	}
	return out
}

func syntaxError(err error) error {
	message := err.Error()
	if e := (*gqlerror.Error)(nil); errors.As(err, &e) {
		message = e.Message
	}
	return problems{"Syntax Error: " + reworded(message)}
}

// reworded quotes names as MLflow's answers do.
func reworded(message string) string {
	return clip(strings.ReplaceAll(message, `"`, `'`))
}

// clip cuts what a message repeats of a request.
func clip(s string) string {
	if len(s) <= maxProblemLength {
		return s
	}
	return strings.ToValidUTF8(s[:maxProblemLength], "") + "..."
}
