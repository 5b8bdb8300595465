package store

import (
	"errors"

	"github.com/millrace-ml/millrace/internal/search"
)

// firstChunk and loadChunk are how many items' data one query loads, at first and
// at most. RunsBytes and pageBytes are about how much memory a page of runs and
// of anything else takes, of which the answer needs several copies. A page of
// large items ends early instead of taking all memory there is; its token leads on.
const (
	firstChunk = 32
	loadChunk  = 500
	runsBytes  = 40 << 20
	pageBytes  = 16 << 20
)

// About how many bytes things take beside their texts, in lists that have grown.
const (
	runSize     = 1000
	versionSize = 500
	metricSize  = 200
	pairSize    = 60
)

// loadPage fills in the items of a page with load, some at a time, and returns how
// many it filled in: as many as have room, at least one. Load begins anew with
// items that it has met before.
func loadPage[T any](list []T, page int, load func(part []T, r *room) error) (loaded int, err error) {
	for n := firstChunk; loaded < len(list) && page > 0; {
		part := list[loaded:min(loaded+n, len(list))]
		r := &room{left: page, needed: len(part) == 1}
		if loaded == 0 {
			r.left = page / 4 // Nothing is known of them yet.
		}
		before := r.left
		err := load(part, r)
		switch {
		case errors.Is(err, errNoRoom) && loaded > 0:
			return loaded, nil
		case errors.Is(err, errNoRoom): // These are large; again with fewer.
			n = max(1, n/8)
			continue
		case err != nil:
			return loaded, err
		}
		loaded += len(part)
		page -= before - r.left
		n = min(loadChunk, 4*n)
	}
	return loaded, nil
}

// fillPage is loadPage for a page that starts at offset. It returns what of the
// page has room and the token of what follows, next if it is all.
func fillPage[T any](list []T, offset int, next string, load func(part []T, r *room) error) ([]T, string, error) {
	loaded, err := loadPage(list, pageBytes, load)
	if loaded < len(list) {
		next = search.EncodeOffset(offset + loaded)
	}
	return list[:loaded], next, err
}

// room is what a page still has room for. What is needed is taken all the same.
type room struct {
	left   int
	needed bool
}

var errNoRoom = errors.New("the page is full")

// take notes memory of a kind that has a size of its own, and texts in it.
func (r *room) take(size int, texts ...string) error {
	r.left -= size
	for _, s := range texts {
		r.left -= len(s)
	}
	if r.left < 0 && !r.needed {
		return errNoRoom
	}
	return nil
}

// all is room without an end, for what is not a page.
func all() *room { return &room{needed: true} }
