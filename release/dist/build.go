package dist

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Platform is an operating system and an architecture in the names of GOOS and GOARCH.
type Platform struct{ OS, Arch string }

// Platforms has the platforms of a release.
var Platforms = []Platform{
	{"linux", "amd64"},
	{"linux", "arm64"},
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"windows", "amd64"},
	{"windows", "arm64"},
}

// Host is the platform of this machine.
var Host = Platform{runtime.GOOS, runtime.GOARCH}

func (p Platform) String() string { return p.OS + "/" + p.Arch }

// File returns the platform as a part of the name of a file.
func (p Platform) File() string { return p.OS + "_" + p.Arch }

// ParsePlatforms reads a list such as linux/amd64,darwin/arm64. The word local is this machine's platform, and an empty
// list is all platforms.
func ParsePlatforms(list string) ([]Platform, error) {
	if list == "" {
		return Platforms, nil
	}
	var platforms []Platform
	for name := range strings.SplitSeq(list, ",") {
		system, arch, _ := strings.Cut(name, "/")
		p := Platform{system, arch}
		if name == "local" {
			p = Host
		}
		if !slices.Contains(Platforms, p) {
			return nil, fmt.Errorf("%q is not a platform of a release; they are %v", name, Platforms)
		}
		if !slices.Contains(platforms, p) {
			platforms = append(platforms, p)
		}
	}
	return platforms, nil
}

// Program returns the name of the program's file.
func (p Platform) Program() string {
	if p.OS == "windows" {
		return "millrace.exe"
	}
	return "millrace"
}

// linkFlags strips the program and stamps the version into it.
const linkFlags = "-s -w -X github.com/millrace-ml/millrace/internal/version.release="

// build compiles the program for a platform into a folder of its own and returns its path. It uses the go.work file of
// the repository, so that all modules are from the same commit.
func build(ctx context.Context, repo, version string, p Platform, dir string, log io.Writer) (string, error) {
	out := filepath.Join(dir, p.File(), p.Program())
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", linkFlags+version, "-o", out, "./cmd/millrace")
	cmd.Dir, cmd.Env = repo, goEnv(repo, p)
	start := time.Now()
	if _, err := output(cmd); err != nil {
		return "", err
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	fmt.Fprintf(log, "%s: built in %.1f s (%.1f s of CPU time)\n", p, time.Since(start).Seconds(), used.Seconds())
	return out, nil
}

// goEnv returns the environment of the go command for a platform. It has none of the settings of the machine that
// change the bytes of a program.
func goEnv(repo string, p Platform) []string {
	env := slices.DeleteFunc(os.Environ(), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return name == "GOEXPERIMENT" || name == "GOFIPS140"
	})
	return append(env, "GOOS="+p.OS, "GOARCH="+p.Arch, "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=-mod=readonly -buildvcs=true", "GOWORK="+filepath.Join(repo, "go.work"))
}

// shells has the completions of the archives and packages: the command's argument and the name of the file.
var shells = []struct{ name, file string }{
	{"bash", "millrace.bash"},
	{"zsh", "_millrace"},
	{"fish", "millrace.fish"},
	{"powershell", "millrace.ps1"},
}

// writeCompletions runs the program of this machine to write the completions for all shells into a folder.
func writeCompletions(ctx context.Context, program, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range shells {
		text, err := output(exec.CommandContext(ctx, program, "completion", s.name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, s.file), []byte(text+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeManPages writes a page for each command into a folder.
func writeManPages(ctx context.Context, repo, dir string, date time.Time) error {
	cmd := exec.CommandContext(ctx, "go", "run", "-trimpath", "./internal/cli/reference", "man", dir,
		date.Format(time.DateOnly))
	cmd.Dir, cmd.Env = repo, goEnv(repo, Host)
	_, err := output(cmd)
	return err
}
