package gc

import (
	"context"
	"database/sql"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/db"
)

// references returns, for each item, the paths below its location that another entity refers to, "" for all of them.
// Registered models, runs and logged models that are not removed are such entities.
func (c *collector) references(ctx context.Context, items []item) (used [][]string, err error) {
	r := &references{
		files: c.files, items: items, byID: map[string]int{},
		at: map[location.Location][]int{}, above: map[location.Location][]int{},
	}
	for i := range items {
		r.byID[items[i].id] = i
		at, ok := location.Parse(c.files.resolve(items[i].location))
		if items[i].location == "" || !ok {
			continue
		}
		r.at[at] = append(r.at[at], i)
		for folder := at; folder.Path != ""; {
			folder = parent(folder)
			r.above[folder] = append(r.above[folder], i)
		}
	}
	err = c.db.Scan(ctx, func(t db.Tx) error {
		r.used = make([][]string, len(items))
		return c.findReferences(t, r.add)
	})
	return r.used, err
}

// findReferences calls add with the locations of all entities that are not removed.
func (c *collector) findReferences(t db.Tx, add func(uri string)) error {
	err := t.Each(`SELECT source, storage_location FROM model_versions WHERE current_stage <> 'Deleted_Internal'
		OR current_stage IS NULL`, nil, func(rows *sql.Rows) error {
		var source, stored sql.NullString
		err := rows.Scan(&source, &stored)
		add(source.String)
		add(stored.String)
		return err
	})
	if err != nil {
		return err
	}
	for _, part := range []struct {
		query   string
		removed map[string]bool
	}{
		{`SELECT run_uuid, artifact_uri, experiment_id FROM runs`, c.plan.isRun},
		{`SELECT model_id, artifact_location, experiment_id FROM logged_models`, c.plan.isModel},
	} {
		err := t.Each(part.query, nil, func(rows *sql.Rows) error {
			var id string
			var uri sql.NullString
			var experiment sql.NullInt64
			err := rows.Scan(&id, &uri, &experiment)
			if !part.removed[id] && !c.plan.isExperiment[experiment.Int64] {
				add(uri.String)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// references finds the items whose files a location refers to.
type references struct {
	files *files
	items []item
	at    map[location.Location][]int // items by their location
	above map[location.Location][]int // items by each folder that contains their location
	byID  map[string]int
	used  [][]string
}

func (r *references) add(uri string) {
	if uri == "" {
		return
	}
	at, ok := location.Parse(r.files.resolve(r.follow(uri)))
	if !ok {
		return
	}
	for _, i := range r.above[at] {
		r.used[i] = append(r.used[i], "")
	}
	below := ""
	for folder := at; folder.Path != ""; folder = parent(folder) {
		for _, i := range r.at[folder] {
			r.used[i] = append(r.used[i], below)
		}
		below = artifact.Join(path.Base(folder.Path), below)
	}
}

// follow returns the location that a URI of the form runs:/id/path or models:/id refers to, if it is one of an item.
func (r *references) follow(uri string) string {
	rest, found := strings.CutPrefix(uri, "runs:/")
	if !found {
		if rest, found = strings.CutPrefix(uri, "models:/"); !found {
			return uri
		}
	}
	id, path, _ := strings.Cut(strings.Trim(rest, "/"), "/")
	if i, found := r.byID[id]; found {
		return location.Append(r.items[i].location, path)
	}
	return uri
}

func parent(at location.Location) location.Location {
	dir := path.Dir(at.Path)
	if dir == "." || dir == "/" {
		dir = ""
	}
	return location.Location{Store: at.Store, Path: dir}
}
