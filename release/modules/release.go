package modules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// Release prepares a version such as "v0.2.0" in a git repository: it moves the unreleased changes in CHANGELOG.md
// below the version, sets it in the Helm chart, makes the modules require each other at it, writes the go.sum lines of
// the modules, commits, and tags each module. It does not push. It returns the tags, and an error without any change if
// the version is invalid or older than the last one, the work tree has changes, a tag exists, or CHANGELOG.md has no
// unreleased changes.
func Release(ctx context.Context, repo, version string, date time.Time) (tags []string, err error) {
	if !semver.IsValid(version) || semver.Canonical(version) != version || semver.Build(version) != "" {
		return nil, fmt.Errorf("%q is not a version such as v0.2.0", version)
	}
	if major := semver.Major(version); major != "v0" && major != "v1" {
		return nil, fmt.Errorf("%s needs module paths that end in /%s", version, major)
	}
	list, err := List(repo)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		tags = append(tags, m.Tag(version))
	}
	if err := checkReleasable(ctx, repo, version, tags); err != nil {
		return nil, err
	}
	file := filepath.Join(repo, "CHANGELOG.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text, err = releaseChanges(text, version, date)
	if err != nil {
		return nil, fmt.Errorf("CHANGELOG.md: %w", err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	if err := writeChart(repo, version); err != nil {
		return nil, err
	}
	if err := writeVersion(ctx, repo, list, version); err != nil {
		return nil, err
	}
	if _, err := Git(ctx, repo, "commit", "--quiet", "--all", "--message", "Release "+version); err != nil {
		return nil, err
	}
	for _, tag := range tags {
		if _, err := Git(ctx, repo, "tag", "--annotate", "--message", "Millrace "+version, tag); err != nil {
			return nil, err
		}
	}
	return tags, nil
}

// checkReleasable returns an error if the work tree has changes, a tag exists or a later version is released.
func checkReleasable(ctx context.Context, repo, version string, tags []string) error {
	changed, err := Git(ctx, repo, "status", "--porcelain")
	if err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("the work tree has changes:\n%s", changed)
	}
	existing, err := Git(ctx, repo, "tag", "--list")
	if err != nil {
		return err
	}
	for tag := range strings.FieldsSeq(existing) {
		if slices.Contains(tags, tag) {
			return fmt.Errorf("the tag %s exists", tag)
		}
		if semver.IsValid(tag) && semver.Compare(tag, version) > 0 {
			return fmt.Errorf("%s is released, which is later than %s", tag, version)
		}
	}
	return nil
}

// writeVersion writes the go.mod, go.sum and go.work files of a version. The hashes in go.sum are those of the tree
// with these files, so the tag must contain exactly this tree.
func writeVersion(ctx context.Context, repo string, list []Module, version string) error {
	return withPublished(ctx, repo, version, func(staged, _ string) error {
		for _, m := range list {
			if err := copyRequirements(staged, repo, m); err != nil {
				return err
			}
		}
		return copyFile(filepath.Join(staged, "go.work"), filepath.Join(repo, "go.work"), 0o644)
	})
}

// releaseChanges moves the entries of the section Unreleased to a new section for the version.
func releaseChanges(changelog []byte, version string, date time.Time) ([]byte, error) {
	const heading = "\n## Unreleased\n"
	before, after, found := bytes.Cut(changelog, []byte(heading))
	if !found {
		return nil, errors.New(`no section "## Unreleased"`)
	}
	entries, rest, older := bytes.Cut(after, []byte("\n## "))
	if !bytes.Contains(entries, []byte("\n- ")) {
		return nil, errors.New("no entries in the section Unreleased")
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s%s\n## %s - %s\n", before, heading, version, date.Format(time.DateOnly))
	fmt.Fprintf(&out, "\n%s\n", bytes.TrimSpace(entries))
	if older {
		fmt.Fprintf(&out, "\n## %s", rest)
	}
	return out.Bytes(), nil
}

// Git returns the output of a git command in a repository, without surrounding space.
func Git(ctx context.Context, repo string, args ...string) (string, error) {
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stderr = repo, &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(errs.Bytes()))
	}
	return strings.TrimSpace(string(out)), nil
}
