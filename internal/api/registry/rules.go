package registry

import (
	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/permit"
)

// These are the rules of routes of the catalog whose requests name a model in a way of
// their own. The run of a new version is only a label: its client uploads the files.
var (
	createCatalogModelRule = permit.For("model:create", func(c *permit.Checker, in *createCatalogModelRequest) error {
		return c.UndeniedID(access.RegisteredModel, in.Name)
	})
	createCatalogVersionRule = permit.For("version:create",
		func(c *permit.Checker, in *createCatalogVersionRequest) error { return c.CreateVersion(in.Name) })
	catalogCredentialsRule = permit.For("version:files",
		func(c *permit.Checker, in *catalogCredentialsRequest) error {
			return c.Version(in.Name, filesAction(in.Operation))
		})

	createNativeModelRule = permit.For("model:create", func(c *permit.Checker, in *createNativeModelRequest) error {
		return c.UndeniedID(access.RegisteredModel, fullName(in.CatalogName, in.SchemaName, in.Name))
	})
	createNativeVersionRule = permit.For("version:create",
		func(c *permit.Checker, in *createNativeVersionRequest) error {
			return c.CreateVersion(fullName(in.CatalogName, in.SchemaName, in.ModelName))
		})
	nativeCredentialsRule = permit.For("version:files", func(c *permit.Checker, in *nativeCredentialsRequest) error {
		return c.Version(fullName(in.CatalogName, in.SchemaName, in.ModelName), filesAction(in.Operation))
	})
)

// These are the rules of routes whose path names the model.
var (
	readModelAt     = permit.Model(access.ToRead).In("Path")
	editModelAt     = permit.Model(access.ToUpdate).In("Path")
	deleteModelAt   = permit.WholeModel.In("Path").Audited()
	setAliasAt      = permit.Alias(access.ToUpdate).In("Path").Audited()
	deleteAliasAt   = permit.Alias(access.ToDelete).In("Path").Audited()
	readVersionAt   = permit.Version(access.ToRead).In("Path")
	editVersionAt   = permit.Version(access.ToUpdate).In("Path")
	deleteVersionAt = permit.Version(access.ToDelete).In("Path").Audited()
)

// filesAction returns the action of a request for credentials. The handler refuses
// unknown operations.
func filesAction(operation string) access.Action {
	if operation == "MODEL_VERSION_OPERATION_READ" || operation == "READ_MODEL_VERSION" {
		return access.ToRead
	}
	return access.ToUpdate
}

// Redact implements [rules.Redacter].
func (r *catalogVersionResponse) Redact(h rules.Hidden) { r.Version.redact(h) }

// Redact implements [rules.Redacter].
func (r *searchCatalogVersionsResponse) Redact(h rules.Hidden) {
	for i := range r.Versions {
		r.Versions[i].redact(h)
	}
}

func (v *catalogVersion) redact(h rules.Hidden) { redactIDs(h, &v.RunID, &v.RunServer, &v.ModelID) }

// redactIDs removes the hidden ones of the ids in a version.
func redactIDs(h rules.Hidden, runID, runServer, modelID *string) {
	if h.Runs {
		*runID, *runServer = "", ""
	}
	if h.LoggedModels {
		*modelID = ""
	}
}

// Redact implements [rules.Redacter].
func (v *nativeVersion) Redact(h rules.Hidden) { redactIDs(h, &v.RunID, &v.RunServer, &v.ModelID) }

// Redact implements [rules.Redacter].
func (r *searchNativeVersionsResponse) Redact(h rules.Hidden) {
	for i := range r.Versions {
		r.Versions[i].Redact(h)
	}
}
