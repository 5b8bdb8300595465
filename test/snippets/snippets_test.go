// Package snippets type-checks the Go code in the Markdown files of the repository, so that the documentation cannot
// differ from the API.
package snippets

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// preamble has the imports of all fragments. A block that is a whole file has its own imports.
const preamble = `package fragment

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"log"
	"net/http"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/autolog"
	"github.com/millrace-ml/millrace/gomlx/onnx"
	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
	"github.com/millrace-ml/millrace/models"
	"github.com/millrace-ml/millrace/sysmetrics"
)
`

// parameters are the variables that fragments of statements use without declaring them.
const parameters = `ctx context.Context, err error, client *mlflow.Client, run *mlflow.ActiveRun,
	experiment *mlflow.Experiment, runID, otherRunID string, picture image.Image, file []byte,
	points, labels, example *mlflow.Tensor, inputs, outputs []mlflow.TensorSpec, trainStep func(int) float64,
	loop *train.Loop, adam optimizer.Interface, training, test train.Dataset, store *model.Store,
	network func(*model.Scope, []*graph.Node) []*graph.Node`

// imported lists the packages outside the standard library and GoMLX whose export data the checker needs.
var imported = []string{
	"github.com/gomlx/compute",
	"github.com/millrace-ml/millrace/gomlx/autolog",
	"github.com/millrace-ml/millrace/gomlx/cpu",
	"github.com/millrace-ml/millrace/gomlx/onnx",
	"github.com/millrace-ml/millrace/local",
	"github.com/millrace-ml/millrace/mlflow",
	"github.com/millrace-ml/millrace/mlflow/webhooks",
	"github.com/millrace-ml/millrace/models",
	"github.com/millrace-ml/millrace/sysmetrics",
}

// root is the root of the repository.
const root = "../.."

// block is the content of a fenced code block.
type block struct {
	line int // The number of its first line in the Markdown file.
	text string
}

// goBlocks returns the blocks of a Markdown file that are marked as Go.
func goBlocks(markdown string) []block {
	var out []block
	inside, language := false, ""
	for i, line := range strings.Split(markdown, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && inside:
			inside = false
		case isFence:
			inside, language = true, fence
			if language == "go" {
				out = append(out, block{line: i + 2})
			}
		case inside && language == "go":
			out[len(out)-1].text += line + "\n"
		}
	}
	return out
}

// checker type-checks blocks with the export data of compiled packages.
type checker struct {
	fset     *token.FileSet
	importer types.Importer
}

// newChecker compiles the packages that snippets import.
func newChecker(t *testing.T) *checker {
	t.Helper()
	var errs bytes.Buffer
	format := "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}"
	args := slices.Concat([]string{"list", "-export", "-deps", "-f", format, "embed", "image"}, imported)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Stderr = root, &errs
	cmd.Env = append(os.Environ(), "GOWORK=", "CGO_ENABLED=0") // The workspace has all modules.
	list, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &errs)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(list)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	fset := token.NewFileSet()
	return &checker{fset, importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("package %q is not one that snippets may import", path)
		}
		return os.Open(files[path])
	})}
}

// check returns the errors of a block with their positions in the Markdown file. A block is a file, declarations or
// statements. Fragments may have unused imports and variables.
func (c *checker) check(name string, b block) []error {
	// A line directive gives the position in the Markdown file to the code after it.
	text := fmt.Sprintf("//line %s:%d\n%s", name, b.line, b.text)
	var file *ast.File
	var err error
	whole := strings.HasPrefix(strings.TrimSpace(b.text), "package ")
	if whole {
		file, err = c.parse(text)
	} else if file, err = c.parse(preamble + text); err != nil {
		function := "\nfunc fragment(" + parameters + ") error {\n{\n" + text + "\n}\nreturn err\n}\n"
		file, err = c.parse(preamble + function)
	}
	if err != nil {
		return []error{err}
	}
	var found []error
	config := types.Config{Importer: c.importer, Error: func(err error) {
		var e types.Error
		if whole || !errors.As(err, &e) || !e.Soft {
			found = append(found, err)
		}
	}}
	_, _ = config.Check("snippet", c.fset, []*ast.File{file}, nil) // Error receives the errors.
	return found
}

func (c *checker) parse(text string) (*ast.File, error) {
	return parser.ParseFile(c.fset, "", text, parser.SkipObjectResolution)
}

// statSources looks at the sources of the packages. The go command then repeats the test when one of them has changed,
// instead of using the cached result: it records the files that a test opens, but not those of go list.
func statSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"gomlx", "internal", "local", "mlflow", "models", "sysmetrics"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDocumentation(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	statSources(t)
	for name, least := range map[string]int{"docs/go.md": 15, "docs/webhooks.md": 1, "README.md": 1} {
		markdown, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		blocks := goBlocks(string(markdown))
		if len(blocks) < least {
			t.Errorf("%s has %d blocks of Go code; is the test reading them?", name, len(blocks))
		}
		for _, b := range blocks {
			for _, err := range c.check(name, b) {
				t.Error(err)
			}
		}
	}
}

// TestErrors proves that a block that does not compile is reported with its line in the Markdown file.
func TestErrors(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	for _, test := range []struct{ name, code, want string }{
		{"statement", "err = run.LogText(ctx, 1, \"name\")", "docs/x.md:4: cannot use 1"},
		{"method", "_, err = client.NoSuchMethod(ctx)", "docs/x.md:4: client.NoSuchMethod undefined"},
		{"declaration", "func f() int { return \"text\" }", "docs/x.md:4: cannot use \"text\""},
		{"syntax", "if err := {", "docs/x.md:4: expected operand"},
		{"second line", "var s string\ns = 1", "docs/x.md:5: cannot use 1"},
		{"file", "package main\n\nimport \"fmt\"", "docs/x.md:6: \"fmt\" imported and not used"},
		{"unused variable", "a := 1", ""},
		{"own variable", "client, err := mlflow.Connect(\"\")", ""},
	} {
		blocks := goBlocks("Text.\n\n```go\n" + test.code + "\n```\n\n```sh\nno Go\n```\n")
		if len(blocks) != 1 {
			t.Fatalf("%s: %d blocks", test.name, len(blocks))
		}
		errs := errors.Join(c.check("docs/x.md", blocks[0])...)
		if test.want == "" && errs != nil || test.want != "" && (errs == nil || !strings.HasPrefix(errs.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, errs, test.want)
		}
	}
}
