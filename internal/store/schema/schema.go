// Package schema knows the tables that MLflow and Millrace share: how to make
// them on each database, how to find out what is different in one that is there,
// and how to bring the schemas of older MLflow releases up to date.
package schema

import (
	"fmt"
	"slices"
)

// Revision is the alembic revision of MLflow 3.17's database, the only one that
// this release reads and writes.
const Revision = "dc11669786a5"

// upgradable are the revisions from MLflow 2.22 on, oldest first, each the parent
// of the next.
var upgradable = []string{
	"0584bdc529eb", "400f98739977", "6953534de441", "bda7b8c39065", "cbc13b556ace", "770bee3ae1dd", "a1b2c3d4e5f6", "de4033877273",
	"1a0cddfcaa16", "534353b11cbc", "71994744cf8e", "3da73c924c2f", "bf29a5ff90ea", "1bd49d398cd23", "b7c8d9e0f1a2", "5d2d30f0abce",
	"c9d4e5f6a7b8", "2c33131f4dae", "d3e4f5a6b7c8", "d0e1f2a3b4c5", "c8d9e0f1a2b3", "1b5f0d9ad7c1", "e1f2a3b4c5d6", "76601a5f987d",
	"c3d6457b6d8a", "a5b4c3d2e1f0", "ae8bbe7743c9", "7d34483879f0", "da6fb0208061", "89d3d66ed43f", "b7e4c1a90f23", "a8b9c0d1e2f3",
	"c1d2e3f4a5b6", "c3d9e7f1a2b4", "6f8d9c3b2a1e", "1971f2d9a75b", "17e22815139b", "b7e2c1a4d9f3", "75868b020152",
}

// CanUpgrade reports whether [Upgrade] knows a revision.
func CanUpgrade(revision string) bool { return slices.Contains(upgradable, revision) }

// before reports whether a revision is older than another one.
func before(revision, other string) bool {
	i := slices.Index(upgradable, revision)
	return i >= 0 && i < slices.Index(upgradable, other)
}

// WrongRevision says what to do about a database at another revision.
func WrongRevision(revision string) error {
	if CanUpgrade(revision) {
		return fmt.Errorf("its schema is at revision %s, of an older MLflow, and this release of Millrace works with revision %s (MLflow 3.17). "+
			"Bring it there with: millrace db upgrade URI (--plan shows what that does)", revision, Revision)
	}
	return fmt.Errorf("its schema is at revision %s, which this release of Millrace does not know; it works with revision %s (MLflow 3.17) and upgrades those of MLflow 2.22 and later. "+
		"For an older one use `mlflow db upgrade` of MLflow 3.17.2, for a newer one a newer Millrace", revision, Revision)
}
