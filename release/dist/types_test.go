package dist

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/millrace-ml/millrace/release/modules"
)

// TestTypes checks the types of the program's code for the systems that CI does not compile it for. It reads the
// dependencies from their source without the bodies of functions, because compiling them for a platform takes minutes.
func TestTypes(t *testing.T) {
	r := newRelease(t, nil)
	withoutBodies := func(files *token.FileSet, name string, text []byte) (*ast.File, error) {
		file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if file == nil || strings.HasPrefix(name, r.Repo) {
			return file, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				f.Body = nil
			}
		}
		return file, err
	}
	for _, p := range []Platform{{"darwin", "arm64"}, {"windows", "amd64"}} {
		t.Run(p.File(), func(t *testing.T) {
			list, err := packages.Load(&packages.Config{
				Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
					packages.NeedImports | packages.NeedDeps | packages.NeedTypesInfo,
				Context: t.Context(), Dir: r.Repo, Env: goEnv(r.Repo, p), ParseFile: withoutBodies,
			}, "./cmd/millrace")
			if err != nil {
				t.Fatal(err)
			}
			var count int
			packages.Visit(list, nil, func(pkg *packages.Package) {
				if !modules.IsOurs(pkg.PkgPath) {
					return // A dependency has errors, because it does not use all of its imports.
				}
				count++
				for _, e := range pkg.Errors {
					t.Errorf("%s: %v", pkg.PkgPath, e)
				}
			})
			if count < 30 {
				t.Errorf("%d packages of the program were checked", count)
			}
		})
	}
}
