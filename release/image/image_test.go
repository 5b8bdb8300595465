package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/millrace-ml/millrace/release/image"
)

// probe is the program of the images in the tests. It reports what it can do in its container.
const probe = `package main

import (
	"fmt"
	"os"
)

func main() {
	dir, err := os.Getwd()
	fmt.Println(os.Getuid(), os.Getgid(), os.Args, dir, err, os.Getenv("MLFLOW_PORT"))
	for _, dir := range []string{"/data", "/data/artifacts", "/tmp", "/", "/etc/ssl/certs"} {
		_, err := os.CreateTemp(dir, "")
		fmt.Println(dir, err == nil)
	}
}
`

// binaries builds a program for two architectures in a new repository, and returns its commit.
func binaries(t *testing.T) (paths map[string]string, revision string) {
	t.Helper()
	dir := t.TempDir()
	sources := map[string]string{"amd64": "package main\n\nfunc main() {}\n", "arm64": "package main\n\nfunc main() {}\n"}
	sources[runtime.GOARCH] = probe
	write(t, filepath.Join(dir, "go.mod"), "module probe\n\ngo 1.26\n")
	for arch, text := range sources {
		write(t, filepath.Join(dir, arch, "main.go"), text)
	}
	command(t, dir, "git", "init", "--quiet")
	command(t, dir, "git", "add", ".")
	command(t, dir, "git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message", "x")
	paths = map[string]string{}
	for arch := range sources {
		paths[arch] = filepath.Join(t.TempDir(), "millrace")
		command(t, dir, "env", "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "go", "build", "-buildvcs=true", "-o", paths[arch], "./"+arch)
	}
	return paths, strings.TrimSpace(command(t, dir, "git", "rev-parse", "HEAD"))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func command(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	var errs bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v: %s", args, err, &errs)
	}
	return string(out)
}

// TestWrite builds the binaries once for all tests of Write.
func TestWrite(t *testing.T) {
	t.Parallel()
	paths, revision := binaries(t)
	t.Run("image", func(t *testing.T) { testImage(t, paths, revision) })
	t.Run("refused", func(t *testing.T) { testRefused(t, paths) })
}

// testImage writes an image, reads it with skopeo, and runs it in its files.
func testImage(t *testing.T, paths map[string]string, revision string) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "a.tar"), filepath.Join(dir, "b.tar")
	for _, out := range []string{first, second} {
		if err := image.Write(t.Context(), paths, "v1.2.3", out); err != nil {
			t.Fatal(err)
		}
	}
	if sum(t, first) != sum(t, second) {
		t.Error("the same binaries give different images")
	}
	if _, err := exec.LookPath("skopeo"); err != nil {
		t.Skip(err)
	}
	// Both architectures are pushed as one image.
	command(t, dir, "skopeo", "copy", "--quiet", "--all", "oci-archive:"+first, "dir:"+filepath.Join(dir, "all"))
	for arch := range paths {
		files := filepath.Join(dir, arch)
		// The first source is the layout, the second what `docker load` reads.
		for _, from := range []string{"oci-archive:" + first + ":v1.2.3", "docker-archive:" + first + ":millrace:v1.2.3-" + arch} {
			c := inspect(t, arch, from)
			if c.OS != "linux" || c.Architecture != arch {
				t.Errorf("%s is for %s/%s", from, c.OS, c.Architecture)
			}
			if got := c.Config.Labels["org.opencontainers.image.revision"]; got != revision || c.Created.IsZero() {
				t.Errorf("%s: revision %s of %s, want %s", from, got, c.Created, revision)
			}
		}
		command(t, dir, "skopeo", "copy", "--quiet", "--override-arch", arch, "oci-archive:"+first+":v1.2.3", "dir:"+files)
		root := t.TempDir()
		unpack(t, files, root)
		checkFiles(t, root)
		checkHealthcheck(t, files)
		if arch == runtime.GOARCH {
			runContainer(t, root, inspect(t, arch, "oci-archive:"+first+":v1.2.3").Config)
		}
	}
}

func inspect(t *testing.T, arch, from string) *v1.ConfigFile {
	t.Helper()
	var c v1.ConfigFile
	if err := json.Unmarshal([]byte(command(t, "", "skopeo", "inspect", "--override-arch", arch, "--config", from)), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

func sum(t *testing.T, file string) [sha256.Size]byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(text)
}

func readManifest(t *testing.T, dir string) v1.Manifest {
	t.Helper()
	var m v1.Manifest
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err = errors.Join(err, json.Unmarshal(text, &m)); err != nil || len(m.Layers) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	return m
}

// checkHealthcheck reads the configuration as Docker does. skopeo prints only what OCI defines.
func checkHealthcheck(t *testing.T, dir string) {
	t.Helper()
	var c v1.ConfigFile
	text, err := os.ReadFile(filepath.Join(dir, readManifest(t, dir).Config.Digest.Hex))
	if err = errors.Join(err, json.Unmarshal(text, &c)); err != nil || c.Config.Healthcheck == nil {
		t.Errorf("no health check: %v, %s", err, text)
	}
}

// unpack writes the files of all layers of a directory of skopeo's.
func unpack(t *testing.T, dir, root string) {
	t.Helper()
	for _, l := range readManifest(t, dir).Layers {
		blob, err := os.ReadFile(filepath.Join(dir, l.Digest.Hex))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(blob))
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(z); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			unpackFile(t, filepath.Join(root, h.Name), h, r)
		}
	}
}

func unpackFile(t *testing.T, name string, h *tar.Header, content io.Reader) {
	t.Helper()
	var err error
	if h.Typeflag == tar.TypeDir {
		err = os.Mkdir(name, 0o755)
	} else {
		var text []byte
		text, err = io.ReadAll(content)
		err = errors.Join(err, os.WriteFile(name, text, 0o644))
	}
	if os.Getuid() == 0 {
		err = errors.Join(err, os.Chown(name, h.Uid, h.Gid))
	}
	if err = errors.Join(err, os.Chmod(name, h.FileInfo().Mode())); err != nil {
		t.Fatal(err)
	}
}

func checkFiles(t *testing.T, root string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) || bytes.Count(text, []byte("BEGIN CERTIFICATE")) < 100 {
		t.Errorf("%d bytes of certificates", len(text))
	}
	for name, want := range map[string]os.FileMode{
		"millrace": 0o755, "tmp": os.ModeDir | os.ModeSticky | 0o777, "data": os.ModeDir | 0o755, "data/artifacts": os.ModeDir | 0o755,
	} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// runContainer runs the program as a container engine does, in the files of the image and as
// its user. Only root may do that.
func runContainer(t *testing.T, root string, c v1.Config) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("only root can run a program in another root directory")
	}
	cmd := exec.CommandContext(t.Context(), c.Entrypoint[0], c.Cmd...)
	cmd.Dir, cmd.Env = c.WorkingDir, c.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	out, err := cmd.CombinedOutput()
	want := "65532 65532 [/millrace server] /data <nil> 5000\n/data true\n/data/artifacts true\n/tmp true\n/ false\n/etc/ssl/certs false\n"
	if err != nil || string(out) != want {
		t.Errorf("%v: %s\nwant %s", err, out, want)
	}
}

// testRefused checks that an image holds only static binaries of its architectures, and that
// nothing is left of an image that cannot be written.
func testRefused(t *testing.T, paths map[string]string) {
	noProgram := filepath.Join(t.TempDir(), "text")
	write(t, noProgram, "text")
	dir := t.TempDir()
	out := filepath.Join(dir, "image.tar")
	for want, c := range map[string]struct {
		binaries     map[string]string
		version, out string
	}{
		"needs a version and a binary": {nil, "v1", out},
		"needs a version":              {paths, "", out},
		"for linux/arm64":              {map[string]string{"amd64": paths["arm64"]}, "v1", out},
		"no such file":                 {map[string]string{"amd64": filepath.Join(dir, "none")}, "v1", out},
		"could not read Go build info": {map[string]string{"amd64": noProgram}, "v1", out},
		"missing/image.tar":            {paths, "v1", filepath.Join(dir, "missing", "image.tar")},
	} {
		if err := image.Write(t.Context(), c.binaries, c.version, c.out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
