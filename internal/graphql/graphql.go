// Package graphql executes the GraphQL documents of MLflow's web pages. The schema is
// MLflow's. Resolvers return structs, and all other fields are read from these structs
// by their JSON names.
//
// Documents are checked against limits before they are parsed and validated, so that the
// cost of a document is bounded.
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

	"github.com/millrace-ml/millrace/internal/apierror"
)

//go:embed schema.graphqls
var schemaText string

// Resolver returns the value of a field, which is a pointer to a struct or a slice of
// structs. parent is a pointer to the struct that contains the field, or nil at the
// root.
type Resolver func(ctx context.Context, parent any, args map[string]any) (any, error)

// Request is the body of a POST request. Numbers in variables are json.Number.
type Request struct {
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
	OperationName string         `json:"operationName"`
}

// Executor executes requests.
type Executor struct {
	schema    *ast.Schema
	resolvers map[string]Resolver
	rules     *rules.Rules
}

// New returns an executor. The keys of resolvers are "Type.field". Every field of Query
// and Mutation needs a resolver.
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
	// The cost of this rule is quadratic. The same conflicts are detected in plan.go in
	// linear time.
	valid.RemoveRule(rules.OverlappingFieldsCanBeMergedRule.Name)
	return &Executor{schema: schema, resolvers: resolvers, rules: valid}, nil
}

// Execute returns the response to a request: {"data":..., "errors":...}. describe
// returns the message for the error of a resolver.
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

// prepare parses and validates a request and returns the tree of fields to execute.
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

// operation returns the operation to execute.
func operation(doc *ast.QueryDocument, name string) (*ast.OperationDefinition, error) {
	switch {
	case name != "":
		if op := doc.Operations.ForName(name); op != nil {
			return op, nil
		}
		return nil, fmt.Errorf("Unknown operation named '%s'.", clip(name)) //nolint:staticcheck,revive // shown to clients
	case len(doc.Operations) == 1:
		return doc.Operations[0], nil
	case len(doc.Operations) == 0:
		return nil, errors.New("Must provide an operation.") //nolint:staticcheck,revive // shown to clients
	}
	//nolint:staticcheck,revive // shown to clients
	return nil, errors.New("Must provide operation name if query contains multiple operations.")
}

// problems lists the reasons why a document is invalid.
type problems []string

// Error returns the joined reasons.
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

// reworded changes the quotes in a message to those of MLflow.
func reworded(message string) string {
	return clip(strings.ReplaceAll(message, `"`, `'`))
}

// clip truncates a text of the request that a message quotes.
func clip(s string) string {
	return apierror.Truncate(s, maxProblemLength)
}
