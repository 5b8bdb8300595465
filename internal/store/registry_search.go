package store

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/mlflow"
)

// SearchRegisteredModels returns one page of registered models and the token of the
// next page, which is "" on the last page.
func (s *Store) SearchRegisteredModels(
	ctx context.Context,
	limit int,
	in *mlflow.SearchRegisteredModelsRequest,
) (list []mlflow.RegisteredModel, next string, err error) {
	return s.searchRegisteredModels(ctx, limit, in, search.Fragment{})
}

// searchRegisteredModels is SearchRegisteredModels with another condition.
func (s *Store) searchRegisteredModels(
	ctx context.Context,
	limit int,
	in *mlflow.SearchRegisteredModelsRequest,
	also search.Fragment,
) (list []mlflow.RegisteredModel, next string, err error) {
	q, err := search.RegisteredModels(s.dialect.search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	also = both(also, s.visibleModels(ctx, `rm.name`, false))
	query := `SELECT ` + registeredModelColumns + ` FROM registered_models rm WHERE ` + and(
		`rm.`+inDefault,
		q.Where.SQL,
		also.SQL,
	) + ` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := concat(q.Where.Args, also.Args, q.OrderBy.Args, []any{limit + 1, offset})
	err = s.readReplica(ctx, func(t tx) error {
		if list, err = db.CollectUncached(t.Tx, query, args, scanned(scanRegisteredModel)); err != nil {
			return err
		}
		list, next = cutPage(list, limit, offset)
		list, next, err = fillPage(list, offset, next, t.loadRegisteredModelChunk)
		return err
	})
	return list, next, err
}

// SearchModelVersions returns one page of model versions without their aliases, and
// the token of the next page, which is "" on the last page.
func (s *Store) SearchModelVersions(
	ctx context.Context,
	limit int,
	in *mlflow.SearchModelVersionsRequest,
) (list []mlflow.ModelVersion, next string, err error) {
	return s.searchModelVersions(ctx, limit, in, search.Fragment{})
}

// searchModelVersions is SearchModelVersions with another condition.
func (s *Store) searchModelVersions(
	ctx context.Context,
	limit int,
	in *mlflow.SearchModelVersionsRequest,
	also search.Fragment,
) (list []mlflow.ModelVersion, next string, err error) {
	q, err := search.ModelVersions(s.dialect.search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	also = both(also, s.visibleModels(ctx, `mv.name`, true))
	query := `SELECT ` + modelVersionColumns + ` FROM model_versions mv WHERE ` + and(
		`mv.`+inDefault,
		`mv.current_stage <> '`+stageDeleted+`'`,
		q.Where.SQL,
		also.SQL,
	) +
		` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := concat(q.Where.Args, also.Args, q.OrderBy.Args, []any{limit + 1, offset})
	err = s.readReplica(ctx, func(t tx) error {
		if list, err = db.CollectUncached(t.Tx, query, args, scanVersion); err != nil {
			return err
		}
		list, next = cutPage(list, limit, offset)
		list, next, err = fillPage(list, offset, next, t.loadVersionTagsInto)
		return err
	})
	return list, next, err
}

// loadVersionTags fills in the tags of versions. It executes one query for each
// model.
func (t tx) loadVersionTags(list []mlflow.ModelVersion) error {
	return t.loadVersionTagsInto(list, unlimited())
}

// loadVersionTagsInto is loadVersionTags for a page.
func (t tx) loadVersionTagsInto(list []mlflow.ModelVersion, b *budget) error {
	type span struct {
		at        map[string]*mlflow.ModelVersion
		low, high int64
	}
	models := map[string]*span{}
	for i := range list {
		v := &list[i]
		v.Tags = nil
		if err := b.charge(versionSize, v.Source); err != nil {
			return err
		}
		number, err := parseVersion(v.Version)
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
			"SELECT version, `key`, coalesce(value, '') FROM model_version_tags WHERE "+inDefault+" AND name = ?"+
				" AND version BETWEEN ? AND ? ORDER BY version, `key`",
			[]any{name, m.low, m.high},
			func(rows *sql.Rows) error {
				var version string
				var tag mlflow.Tag
				err := rows.Scan(&version, &tag.Key, &tag.Value)
				if v := m.at[version]; v != nil && err == nil {
					v.Tags = append(v.Tags, tag)
					err = b.charge(pairSize, tag.Key, tag.Value)
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
