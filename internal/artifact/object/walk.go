package object

import (
	"context"
	"iter"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
)

var _ artifact.Walker = (*Repo)(nil)

// Walk implements artifact.Walker. It has one page of the list in memory.
func (r *Repo) Walk(ctx context.Context, dir string) iter.Seq2[artifact.Entry, error] {
	return func(yield func(artifact.Entry, error) bool) {
		for o, err := range r.bucket.List(ctx, r.folder(dir), false, 0) {
			if err != nil {
				yield(artifact.Entry{}, err)
				return
			}
			if o.Size == 0 && strings.HasSuffix(o.Key, "/") { // the marker of a folder
				continue
			}
			e := artifact.Entry{Path: strings.TrimPrefix(o.Key, r.prefix), Size: o.Size, ModTime: o.ModTime}
			if clean, err := artifact.CleanPath(e.Path); err != nil || clean != e.Path {
				e.LeftOut = artifact.LeftOutName
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
