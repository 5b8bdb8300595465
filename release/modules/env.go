package modules

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Env returns the environment of a go command that takes the modules of the repository from a proxy in a folder and all
// others from the machine's module cache or its ordinary proxy. It has a module cache of its own, in the folder cache,
// because the same version may be published again with another content.
func Env(ctx context.Context, proxy, cache string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	values := strings.Split(string(out), "\n")
	proxies := []string{"file://" + proxy, "file://" + filepath.Join(values[0], "cache", "download"), values[1]}
	return append(os.Environ(),
		"GOWORK=off", "CGO_ENABLED=0",
		// Without paths in the objects, the build cache serves every folder.
		"GOFLAGS=-trimpath -modcacherw -buildvcs=false",
		"GOMODCACHE="+cache, "GOPROXY="+strings.Join(proxies, ","), "GONOSUMDB="+Root+","+Root+"/*"), nil
}

// Tidy runs `go mod tidy` on every module of a repository as if the others were published.
func Tidy(ctx context.Context, repo string) error {
	version, err := Version(repo)
	if err != nil {
		return err
	}
	list, err := List(repo)
	if err != nil {
		return err
	}
	return withPublished(ctx, repo, version, func(staged, proxy string) error {
		env, err := Env(ctx, proxy, filepath.Join(filepath.Dir(proxy), "cache"))
		if err != nil {
			return err
		}
		for _, m := range list {
			if err := tidyOne(ctx, repo, staged, m, env); err != nil {
				return fmt.Errorf("%s: %w", m.Path, err)
			}
		}
		return nil
	})
}

// tidyOne tidies a module in the staged copy and copies the result back.
func tidyOne(ctx context.Context, repo, staged string, m Module, env []string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "tidy")
	cmd.Dir, cmd.Env, cmd.Stderr = filepath.Join(staged, m.Folder), env, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	sums := filepath.Join(staged, m.Folder, "go.sum")
	if err := setSums(sums, nil); err != nil { // go.work makes them unnecessary until the release writes them.
		return err
	}
	return copyRequirements(staged, repo, m)
}

// Version returns the version at which the modules of a repository require each other.
func Version(repo string) (string, error) {
	work, err := readWork(repo)
	if err != nil {
		return "", err
	}
	for _, r := range work.Replace {
		if r.Old.Path == Root {
			return r.Old.Version, nil
		}
	}
	return "", fmt.Errorf("go.work has no line for %s", Root)
}
