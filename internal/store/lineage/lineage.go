package lineage

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/models"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxLineage is the most nodes of a lineage. A run that logs a checkpoint in every epoch
// has hundreds, which nobody can read as a graph.
const maxLineage = 200

// Lineage returns the graph of what a run, a logged model or a version was made of, and of
// what was made of it. The first node is the one of the request, which must exist.
func (s Lineages) Lineage(ctx context.Context, in *mlflow.LineageRequest) (out *mlflow.LineageResponse, err error) {
	start := lineageKey{kind: mlflow.LineageVersion, id: in.Version, name: in.Name}
	switch {
	case in.RunID != "":
		start = lineageKey{kind: mlflow.LineageRun, id: in.RunID}
	case in.ModelID != "":
		start = lineageKey{kind: mlflow.LineageLoggedModel, id: in.ModelID}
	}
	err = s.ViewReplica(ctx, func(t tx) error {
		g := &lineage{
			t: t, at: map[lineageKey]int{}, edges: map[[2]int]bool{},
			visibleRuns:     base.VisibleExperiments(ctx, s.Store, `r.experiment_id`, access.Run),
			visibleModels:   base.VisibleExperiments(ctx, s.Store, `lm.experiment_id`, access.LoggedModel),
			visibleVersions: base.VisibleModels(ctx, s.Store, `mv.name`, true),
		}
		if err := g.walk(start); err != nil {
			return err
		}
		out = &g.out
		return nil
	})
	return out, err
}

// lineageKey identifies a node. id is the uuid of a dataset, the id of a run or model, or
// the number of a version, whose model name names.
type lineageKey struct{ kind, id, name string }

// lineage collects a graph.
type lineage struct {
	t     tx
	at    map[lineageKey]int // indexes of nodes
	keys  []lineageKey       // of out.Nodes
	edges map[[2]int]bool
	out   mlflow.LineageResponse
	// visibleRuns, visibleModels and visibleVersions are the conditions that the user may
	// read a run, a logged model or a version.
	visibleRuns, visibleModels, visibleVersions search.Fragment
}

// link is an edge between nodes that may not be in the graph yet.
type link struct {
	from, to lineageKey
	label    string
	step     int64
}

// walk adds the first node, everything before it, and everything after it. It does not turn
// around: the other runs that use a dataset do not belong to the lineage of one of them.
func (g *lineage) walk(start lineageKey) error {
	g.add(start)
	if err := g.describe(0); err != nil {
		return err
	}
	if g.out.Nodes[0].Unavailable {
		return missing(start)
	}
	for _, d := range []direction{
		{g.sources, func(l link) lineageKey { return l.from }},
		{g.products, func(l link) lineageKey { return l.to }},
	} {
		if err := g.follow(start, d); err != nil {
			return err
		}
	}
	return nil
}

// direction is one of the two ways along the edges: next finds the edges of nodes, and end
// is the end of an edge that is farther from the first node.
type direction struct {
	next func([]lineageKey) ([]link, error)
	end  func(link) lineageKey
}

func (g *lineage) follow(start lineageKey, d direction) error {
	done := map[lineageKey]bool{start: true}
	for front := []lineageKey{start}; len(front) > 0; {
		links, err := d.next(front)
		if err != nil {
			return err
		}
		known := len(g.keys)
		links = g.connect(links)
		if err := g.describe(known); err != nil {
			return err
		}
		front = front[:0:0]
		for _, l := range links {
			key := d.end(l)
			if !done[key] && !g.out.Nodes[g.at[key]].Unavailable {
				front = append(front, key)
			}
			done[key] = true
		}
	}
	return nil
}

// connect adds edges with their nodes as far as there is room, and returns those that the
// graph has.
func (g *lineage) connect(links []link) (added []link) {
	for _, l := range links {
		if !g.add(l.from) || !g.add(l.to) {
			g.out.Bounded = true
			continue
		}
		added = append(added, l)
		ends := [2]int{g.at[l.from], g.at[l.to]}
		if !g.edges[ends] {
			g.edges[ends] = true
			g.out.Edges = append(g.out.Edges, mlflow.LineageEdge{From: ends[0], To: ends[1], Label: l.label, Step: l.step})
		}
	}
	return added
}

// add adds a node without its description, and reports whether the graph has it.
func (g *lineage) add(key lineageKey) bool {
	if _, known := g.at[key]; known {
		return true
	}
	if len(g.keys) >= maxLineage {
		return false
	}
	g.at[key] = len(g.keys)
	g.keys = append(g.keys, key)
	g.out.Nodes = append(g.out.Nodes, mlflow.LineageNode{Kind: key.kind, Unavailable: true})
	return true
}

// set describes a node that exists and that the user may read.
func (g *lineage) set(key lineageKey, n mlflow.LineageNode) {
	if i, known := g.at[key]; known {
		n.Kind, n.Unavailable = key.kind, false
		g.out.Nodes[i] = n
	}
}

// idsOfKind returns the ids of the keys of a kind.
func idsOfKind(keys []lineageKey, kind string) (ids []string) {
	for _, key := range keys {
		if key.kind == kind {
			ids = append(ids, key.id)
		}
	}
	return ids
}

func missing(key lineageKey) error {
	switch key.kind {
	case mlflow.LineageRun:
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Run with id=%s not found", key.id)
	case mlflow.LineageLoggedModel:
		return models.NoLoggedModel(key.id)
	}
	n, err := registry.ParseVersion(key.id)
	if err != nil {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The version of a model must be a number.")
	}
	return registry.NoModelVersion(key.name, n)
}

// collect concatenates what functions find for ids, which may be none.
func collect(parts ...func() ([]link, error)) ([]link, error) {
	var all []link
	for _, part := range parts {
		list, err := part()
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, list)
	}
	return all, nil
}
