// Package schema creates the tables that MLflow and Millrace share on each database,
// compares them with those of an existing database, and upgrades the databases of
// older MLflow releases.
package schema

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

// Release is a release of MLflow whose database Millrace reads and writes.
type Release struct {
	// Name is the version of the release, such as 3.18.
	Name string
	// Revision is the alembic revision of its database.
	Revision string

	tables Definitions
}

//go:embed mlflow-*.sql
var files embed.FS

// Releases are the releases whose databases are opened without an upgrade, oldest
// first. The file of the first release has all tables, each other file those that its
// release changed.
var Releases = readReleases(
	Release{Name: "3.17", Revision: "dc11669786a5"},
	Release{Name: "3.18", Revision: Revision},
)

// Revision is the alembic revision of the newest of [Releases], and of a new database.
const Revision = "f4a9b2c7d1e6"

// revisions are the revisions since MLflow 2.22, oldest first. Each one is the parent
// of the next.
var revisions = []string{
	"0584bdc529eb", "400f98739977", "6953534de441", "bda7b8c39065", "cbc13b556ace", "770bee3ae1dd",
	"a1b2c3d4e5f6", "de4033877273",
	"1a0cddfcaa16", "534353b11cbc", "71994744cf8e", "3da73c924c2f", "bf29a5ff90ea", "1bd49d398cd23",
	"b7c8d9e0f1a2", "5d2d30f0abce",
	"c9d4e5f6a7b8", "2c33131f4dae", "d3e4f5a6b7c8", "d0e1f2a3b4c5", "c8d9e0f1a2b3", "1b5f0d9ad7c1",
	"e1f2a3b4c5d6", "76601a5f987d",
	"c3d6457b6d8a", "a5b4c3d2e1f0", "ae8bbe7743c9", "7d34483879f0", "da6fb0208061", "89d3d66ed43f",
	"b7e4c1a90f23", "a8b9c0d1e2f3",
	"c1d2e3f4a5b6", "c3d9e7f1a2b4", "6f8d9c3b2a1e", "1971f2d9a75b", "17e22815139b", "b7e2c1a4d9f3",
	"75868b020152", "dc11669786a5",
	"e7d1f4b2a9c6", "8b6ad64cb8f5", "f4a9b2c7d1e6",
}

func (r *Release) String() string { return "MLflow " + r.Name }

// Newest returns the newest of [Releases].
func Newest() *Release { return Releases[len(Releases)-1] }

// ReleaseOf returns the release whose database is at a revision.
func ReleaseOf(revision string) (r *Release, known bool) {
	i := slices.IndexFunc(Releases, func(r *Release) bool { return r.Revision == revision })
	if i < 0 {
		return nil, false
	}
	return Releases[i], true
}

// FindRelease returns the release with a version, with or without a patch level, or
// with a revision. "" is the newest release.
func FindRelease(name string) (*Release, error) {
	if name == "" {
		return Newest(), nil
	}
	for _, r := range Releases {
		if rest, found := strings.CutPrefix(name, r.Name); name == r.Revision || found && (rest == "" || rest[0] == '.') {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%q is no release that this Millrace works with; those are %s", name, known())
}

// known returns the list of releases for a message.
func known() string {
	list := make([]string, len(Releases))
	for i, r := range Releases {
		list[i] = fmt.Sprintf("%s (%s)", r.Name, r.Revision)
	}
	return strings.Join(list, " and ")
}

// CanUpgrade reports whether [Upgrade] can upgrade a database from a revision to a
// release.
func CanUpgrade(revision string, to *Release) bool { return before(revision, to.Revision) }

// before reports whether a revision is older than another one.
func before(revision, other string) bool {
	i := slices.Index(revisions, revision)
	return i >= 0 && i < slices.Index(revisions, other)
}

// WrongRevision returns the error for a database at the revision of none of
// [Releases]. It says how to proceed.
func WrongRevision(revision string) error {
	if CanUpgrade(revision, Newest()) {
		return fmt.Errorf(
			"its schema is at revision %s, of an older MLflow, and this release of Millrace works with those of MLflow %s. "+
				"Bring it there with: millrace db upgrade URI (--plan shows what that does)",
			revision, known(),
		)
	}
	return fmt.Errorf(
		"its schema is at revision %s, which this release of Millrace does not know; it works with those of MLflow %s "+
			"and upgrades those of MLflow 2.22 and later. "+
			"For an older one use `mlflow db upgrade` of MLflow %s, for a newer one a newer Millrace",
		revision, known(),
		Newest().Name,
	)
}
