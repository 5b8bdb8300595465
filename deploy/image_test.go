package deploy_test

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/cli"
)

// imageContext copies what the Dockerfile copies, subject to its ignore file, and
// returns the directory.
func imageContext(t *testing.T) string {
	t.Helper()
	var kept []string
	for line := range strings.Lines(read(t, "Dockerfile.dockerignore")) {
		if pattern, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			kept = append(kept, pattern)
		} else if strings.TrimSpace(line) != "*" {
			t.Fatalf("the ignore file excludes by %q what it has not excluded yet", line)
		}
	}
	isKept := func(path string) bool {
		for p := path; p != "."; p = filepath.Dir(p) {
			if slices.ContainsFunc(kept, func(pattern string) bool { ok, err := filepath.Match(pattern, p); return err == nil && ok }) {
				return true
			}
		}
		return false
	}
	dir := t.TempDir()
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) (\S+)$`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		for _, from := range strings.Fields(m[1]) {
			copied := 0
			err := filepath.WalkDir(filepath.Join("..", from), func(path string, e os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				if e.IsDir() && e.Name() == "node_modules" {
					return filepath.SkipDir
				}
				name := strings.TrimPrefix(path, "../")
				if e.IsDir() || !isKept(name) {
					return nil
				}
				copied++
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				return errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755), os.WriteFile(filepath.Join(dir, name), text, 0o644))
			})
			if err != nil || copied == 0 {
				t.Fatalf("COPY %s finds %d files, %v", from, copied, err)
			}
		}
	}
	return dir
}

// TestImageKnowsItsVersion builds the program from what the Dockerfile copies, with its
// flags, and checks its version.
func TestImageKnowsItsVersion(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile(`(?m)^RUN CGO_ENABLED=0 go build (.*) -o /out/millrace (\./cmd/millrace)$`).FindStringSubmatch(read(t, "Dockerfile"))
	if m == nil {
		t.Fatal("no line of the Dockerfile builds the program")
	}
	edit := regexp.MustCompile(`(?m)^RUN (go mod edit .*)$`).FindStringSubmatch(read(t, "Dockerfile"))
	if edit == nil {
		t.Fatal("the Dockerfile has no line that takes the SDK from the same commit")
	}
	bin := filepath.Join(t.TempDir(), "millrace")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", edit[1]+" && go build "+m[1]+" -buildvcs=false -o "+bin+" "+m[2])
	cmd.Dir, cmd.Env = imageContext(t), append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "VERSION=v1.2.3-test")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), bin, "--version").Output()
	if err != nil || !strings.Contains(string(out), "v1.2.3-test,") {
		t.Errorf("the image says %q, %v", out, err)
	}
	var c compose
	decode(t, "compose.yaml", &c)
	for _, name := range []string{"millrace-1", "millrace-2"} {
		if v := c.Services[name].Build.Args["VERSION"]; v != "${MILLRACE_VERSION:-development}" {
			t.Errorf("%s is built as version %q", name, v)
		}
	}
}

// TestHealthchecks runs the health checks of the containers against a running server.
func TestHealthchecks(t *testing.T) {
	t.Parallel()
	var c compose
	decode(t, "compose.yaml", &c)
	d := readDockerfile(t)
	command, _, err := cli.New().Find([]string{"healthcheck"})
	if err != nil {
		t.Fatal(err)
	}
	own, err := command.Flags().GetDuration("timeout")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Services["millrace-1"].Healthcheck; !slices.Equal(got.Test, append([]string{"CMD"}, d.health.Test...)) {
		t.Errorf("Compose checks %q and the image %q", got.Test, d.health.Test)
	}
	for name, h := range map[string]healthcheck{"Dockerfile": d.health, "compose.yaml": c.Services["millrace-1"].Healthcheck} {
		if h.Timeout <= own || h.Interval <= 0 {
			t.Errorf("%s: every %s for %s, and the command waits %s for a response", name, h.Interval, h.Timeout, own)
		}
	}
	conf := load(t, d.args, d.env)
	conf.Host = "127.0.0.1"
	s := start(t, conf)
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := cli.Main(append(d.health.Test[1:], "--host", "0.0.0.0", "--port", u.Port()), &out, &errs); d.health.Test[0] != "/millrace" || code != 0 {
		t.Errorf("%q: %d, %s%s", d.health.Test, code, &out, &errs)
	}
}
