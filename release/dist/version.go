package dist

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/millrace-ml/millrace/release/modules"
)

// Version is a version in the notations of the formats.
type Version struct {
	Tag    string // v1.2.3-rc.1, as Go and git write it
	Number string // 1.2.3-rc.1, as the names of files have it
	Python string // 1.2.3rc1, by PEP 440
}

// pythonMarks has the kinds of pre-releases that PEP 440 can express.
var pythonMarks = map[string]string{"alpha": "a", "beta": "b", "rc": "rc", "dev": ".dev"}

var preRelease = regexp.MustCompile(`^-(alpha|beta|rc|dev)(?:\.(0|[1-9]\d*))?$`)

// ParseVersion reads a version such as v1.2.3, v1.2.3-rc.1 or v1.2.3-dev.4+0123abcd. The kinds of pre-releases are
// alpha, beta, rc and dev, because Python has no others.
func ParseVersion(text string) (Version, error) {
	build := semver.Build(text)
	if !semver.IsValid(text) || semver.Canonical(text)+build != text {
		return Version{}, fmt.Errorf("%q is not a version such as v1.2.3 or v1.2.3-rc.1", text)
	}
	number := strings.TrimPrefix(text, "v")
	pre := semver.Prerelease(text)
	python := strings.TrimSuffix(strings.TrimSuffix(number, build), pre)
	if pre != "" {
		parts := preRelease.FindStringSubmatch(pre)
		if parts == nil {
			return Version{}, fmt.Errorf("%s: the part %q is not alpha, beta, rc or dev with a number, such as -rc.1",
				text, pre)
		}
		if parts[2] == "" {
			parts[2] = "0"
		}
		python += pythonMarks[parts[1]] + parts[2]
	}
	if build != "" {
		python += "+" + strings.ToLower(strings.ReplaceAll(build[1:], "-", "."))
	}
	return Version{Tag: text, Number: number, Python: python}, nil
}

// source is the state of the repository that a release is built from.
type source struct {
	Version Version
	Time    time.Time // of the commit, or SOURCE_DATE_EPOCH
}

// readSource returns the commit's time and the version: the argument, or else what git knows. A commit after v1.2.3 is
// a development version of v1.2.4, which package managers sort between the two. A version that is given needs a work
// tree without changes, so that everyone can build the same files from the tag.
func readSource(ctx context.Context, repo, version string) (source, error) {
	commit, err := modules.Git(ctx, repo, "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return source{}, err
	}
	changes, err := modules.Git(ctx, repo, "status", "--porcelain")
	if err != nil {
		return source{}, err
	}
	switch {
	case version == "":
		if version, err = describe(ctx, repo, commit, changes != ""); err != nil {
			return source{}, err
		}
	case changes != "":
		return source{}, fmt.Errorf("%s needs a work tree without changes; git status shows:\n%s", version, changes)
	}
	v, err := ParseVersion(version)
	if err != nil {
		return source{}, err
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		if seconds, err = modules.Git(ctx, repo, "log", "-1", "--format=%ct"); err != nil {
			return source{}, err
		}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return source{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return source{Version: v, Time: time.Unix(n, 0).UTC()}, nil
}

// describe names the checked out commit by the last tag of the root module. The tags of the other modules have the
// name of a folder in front.
func describe(ctx context.Context, repo, commit string, changed bool) (string, error) {
	tags, err := modules.Git(ctx, repo, "tag", "--list", "v[0-9]*", "--merged", "HEAD")
	if err != nil {
		return "", err
	}
	var tag string
	for name := range strings.SplitSeq(tags, "\n") {
		if semver.Compare(name, tag) > 0 { // An invalid version is less than all others.
			tag = name
		}
	}
	suffix := "+" + commit
	if changed {
		suffix += ".dirty"
	}
	if tag == "" {
		return "v0.0.0-dev" + suffix, nil
	}
	count, err := modules.Git(ctx, repo, "rev-list", "--count", tag+"..HEAD")
	if err != nil {
		return "", err
	}
	if count == "0" && !changed {
		return tag, nil
	}
	base := semver.Canonical(tag)
	if pre := semver.Prerelease(base); pre != "" {
		// v1.2.3-rc.1 comes before v1.2.3, and dev before rc.
		return strings.TrimSuffix(base, pre) + "-dev." + count + suffix, nil
	}
	numbers := strings.Split(base, ".")
	patch, err := strconv.Atoi(numbers[2])
	if err != nil {
		return "", fmt.Errorf("tag %s: %w", tag, err)
	}
	return fmt.Sprintf("%s.%s.%d-dev.%s%s", numbers[0], numbers[1], patch+1, count, suffix), nil
}

// output returns what a command writes, without the line break at the end. The error has the text of the command's
// error output.
func output(cmd *exec.Cmd) (string, error) {
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr.String())
	}
	return strings.TrimRight(string(out), "\n"), nil
}
