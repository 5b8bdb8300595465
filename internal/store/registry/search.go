package registry

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// SearchRegisteredModels returns one page of registered models and the token of the
// next page, which is "" on the last page.
func (s Registry) SearchRegisteredModels(
	ctx context.Context,
	limit int,
	in *mlflow.SearchRegisteredModelsRequest,
) (list []mlflow.RegisteredModel, next string, err error) {
	return s.searchRegisteredModels(ctx, limit, in, search.Fragment{})
}

// searchRegisteredModels is SearchRegisteredModels with another condition.
func (s Registry) searchRegisteredModels(
	ctx context.Context,
	limit int,
	in *mlflow.SearchRegisteredModelsRequest,
	also search.Fragment,
) (list []mlflow.RegisteredModel, next string, err error) {
	q, err := search.RegisteredModels(s.Dialect.Search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	also = base.Both(also, base.VisibleModels(ctx, s.Store, `rm.name`, false))
	query := `SELECT ` + registeredModelColumns + ` FROM registered_models rm WHERE ` + base.And(
		`rm.`+base.InDefault,
		q.Where.SQL,
		also.SQL,
	) + ` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := base.Concat(q.Where.Args, also.Args, q.OrderBy.Args, []any{limit + 1, offset})
	err = s.ViewReplica(ctx, func(t tx) error {
		if list, err = db.CollectUncached(t.Tx, query, args, base.Scanned(scanRegisteredModel)); err != nil {
			return err
		}
		list, next = base.CutPage(list, limit, offset)
		list, next, err = base.FillPage(list, offset, next, t.loadRegisteredModelChunk)
		return err
	})
	return list, next, err
}

// SearchModelVersions returns one page of model versions without their aliases, and
// the token of the next page, which is "" on the last page.
func (s Registry) SearchModelVersions(
	ctx context.Context,
	limit int,
	in *mlflow.SearchModelVersionsRequest,
) (list []mlflow.ModelVersion, next string, err error) {
	return s.searchModelVersions(ctx, limit, in, search.Fragment{})
}

// searchModelVersions is SearchModelVersions with another condition.
func (s Registry) searchModelVersions(
	ctx context.Context,
	limit int,
	in *mlflow.SearchModelVersionsRequest,
	also search.Fragment,
) (list []mlflow.ModelVersion, next string, err error) {
	q, err := search.ModelVersions(s.Dialect.Search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	also = base.Both(also, base.VisibleModels(ctx, s.Store, `mv.name`, true))
	query := `SELECT ` + modelVersionColumns + ` FROM model_versions mv WHERE ` + base.And(
		`mv.`+base.InDefault,
		`mv.current_stage <> '`+StageDeleted+`'`,
		q.Where.SQL,
		also.SQL,
	) +
		` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := base.Concat(q.Where.Args, also.Args, q.OrderBy.Args, []any{limit + 1, offset})
	err = s.ViewReplica(ctx, func(t tx) error {
		if list, err = db.CollectUncached(t.Tx, query, args, scanVersion); err != nil {
			return err
		}
		list, next = base.CutPage(list, limit, offset)
		list, next, err = base.FillPage(list, offset, next, t.loadVersionTagsInto)
		return err
	})
	return list, next, err
}

// loadVersionTags fills in the tags of versions. It executes one query for each
// model.
func (t tx) loadVersionTags(list []mlflow.ModelVersion) error {
	return t.loadVersionTagsInto(list, base.Unlimited())
}

// loadVersionTagsInto is loadVersionTags for a page.
func (t tx) loadVersionTagsInto(list []mlflow.ModelVersion, b *base.Budget) error {
	type span struct {
		at        map[string]*mlflow.ModelVersion
		low, high int64
	}
	models := map[string]*span{}
	for i := range list {
		v := &list[i]
		v.Tags = nil
		if err := b.Charge(base.VersionSize, v.Source); err != nil {
			return err
		}
		number, err := ParseVersion(v.Version)
		if err != nil {
			return err
		}
		m := models[v.Name]
		if m == nil {
			m = &span{map[string]*mlflow.ModelVersion{}, number, number}
			models[v.Name] = m
		}
		m.at[v.Version], m.low, m.high = v, min(m.low, number), max(m.high, number)
	}
	for name, m := range models {
		err := t.Each(
			"SELECT version, `key`, coalesce(value, '') FROM model_version_tags WHERE "+base.InDefault+" AND name = ?"+
				" AND version BETWEEN ? AND ? ORDER BY version, `key`",
			[]any{name, m.low, m.high},
			func(rows *sql.Rows) error {
				var version string
				var tag mlflow.Tag
				err := rows.Scan(&version, &tag.Key, &tag.Value)
				if v := m.at[version]; v != nil && err == nil {
					v.Tags = append(v.Tags, tag)
					err = b.Charge(base.PairSize, tag.Key, tag.Value)
				}
				return err
			},
		)
		if err != nil {
			return err
		}
	}
	return nil
}
