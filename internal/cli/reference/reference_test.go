package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/config"
)

// TestCommitted compares docs/reference with the commands.
func TestCommitted(t *testing.T) {
	t.Parallel()
	want, err := markdown()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "..", "docs", "reference")
	committed, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range committed {
		if want[e.Name()] == nil {
			t.Errorf("docs/reference/%s belongs to no command; delete it", e.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("docs/reference/%s is out of date (%v); run: make reference", name, err)
		}
	}
}

// TestLinks checks that every link of a page leads to a page or a heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	files, err := markdown()
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile(`(?m)^#+ (.*)$`)
	for name, text := range files {
		anchors := map[string]bool{}
		for _, m := range heading.FindAllSubmatch(text, -1) {
			anchors["#"+strings.ReplaceAll(strings.ToLower(string(m[1])), " ", "-")] = true
		}
		for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllSubmatch(text, -1) {
			if link := string(m[1]); !anchors[link] && files[link] == nil {
				t.Errorf("%s: the link %s leads nowhere", name, link)
			}
		}
	}
}

// TestMLflowOptions checks that the server accepts or refuses by name every flag and
// variable of `mlflow server`, so that none is ignored.
func TestMLflowOptions(t *testing.T) {
	t.Parallel()
	documented := map[string]config.Option{}
	for _, o := range config.Options() {
		documented[o.Flag] = o
	}
	n := 0
	for line := range strings.Lines(mlflowOptions) {
		n++
		flag, env, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		o, ok := documented[flag]
		if !ok || env != "" && o.Env != env {
			t.Errorf("--%s [%s] of mlflow server is %+v here", flag, env, o)
		}
		fs := pflag.NewFlagSet("", pflag.ContinueOnError)
		config.Flags(fs)
		if fs.Lookup(flag) == nil {
			t.Errorf("--%s is not a flag", flag)
		}
		if env == "" || !o.Refused {
			continue
		}
		_, err := config.Load(fs, func(name string) string { return map[string]string{env: "true"}[name] })
		if err == nil || !strings.Contains(err.Error(), env) {
			t.Errorf("%s=true: %v", env, err)
		}
	}
	if n < 28 {
		t.Errorf("%d options", n)
	}
}

// TestMan checks that the man pages depend on the given date only, and that man renders them.
func TestMan(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	if err := run([]string{"man", first, "2026-02-03"}, func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	epoch := func(string) string { return "1770076800" } // 2026-02-03
	if err := run([]string{"man", second}, epoch); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(first, "*.1"))
	if err != nil || len(pages) < 40 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		one, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		two, err := os.ReadFile(filepath.Join(second, filepath.Base(page)))
		if err != nil || !bytes.Equal(one, two) || !bytes.Contains(one, []byte(`"Feb 2026"`)) {
			t.Errorf("%s differs between two runs with the same date, or does not have it (%v)", filepath.Base(page), err)
		}
	}
	for _, name := range []string{"millrace.1", "millrace-server.1", "millrace-runs-list.1"} {
		if !slices.Contains(pages, filepath.Join(first, name)) {
			t.Errorf("there is no page %s", name)
		}
	}
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), "man", "--warnings", "-l", filepath.Join(first, "millrace-server.1"))
	cmd.Env = append(os.Environ(), "MANWIDTH=100", "MAN_KEEP_FORMATTING=", "LC_ALL=C")
	var out, warnings bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &warnings
	if err := cmd.Run(); err != nil || warnings.Len() > 0 || !strings.Contains(out.String(), "--backend-store-uri") {
		t.Errorf("man: %v\n%s\n%s", err, &warnings, &out)
	}
}

func TestRefusedArguments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{{}, {"man"}, {"html", dir}, {"man", dir, "now"}, {"markdown", dir, "2026-02-03"}} {
		if err := run(args, func(string) string { return "" }); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	if err := run([]string{"man", dir}, func(string) string { return "yesterday" }); err == nil {
		t.Error("SOURCE_DATE_EPOCH=yesterday was accepted")
	}
}
