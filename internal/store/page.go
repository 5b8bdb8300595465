package store

import (
	"errors"

	"github.com/millrace-ml/millrace/internal/search"
)

// firstChunk and loadChunk are the number of items whose data the first query and
// the later ones load at most. runsBytes and pageBytes are the approximate memory
// for a page of runs and for a page of anything else, of which the response needs
// several copies. A page of large items ends early, with the token of the next
// page, instead of using unbounded memory.
const (
	firstChunk = 32
	loadChunk  = 500
	runsBytes  = 40 << 20
	pageBytes  = 16 << 20
)

// These are the approximate sizes of items without their texts, including the
// unused capacity of lists.
const (
	runSize     = 1000
	versionSize = 500
	metricSize  = 200
	pairSize    = 60
)

// loadPage fills in the items of a page with load, in chunks. It returns the
// number of items that it filled in: as many as fit into the size of the page, and
// at least one. load must replace the data of items that it is called with again.
func loadPage[T any](list []T, size int, load func(part []T, b *budget) error) (loaded int, err error) {
	for n := firstChunk; loaded < len(list) && size > 0; {
		part := list[loaded:min(loaded+n, len(list))]
		b := &budget{left: size, required: len(part) == 1}
		if loaded == 0 {
			b.left = size / 4 // The size of the items is unknown, so stop early.
		}
		before := b.left
		err := load(part, b)
		switch {
		case errors.Is(err, errOverBudget) && loaded > 0:
			return loaded, nil
		case errors.Is(err, errOverBudget): // The items are large. Try again with fewer of them.
			n = max(1, n/8)
			continue
		case err != nil:
			return loaded, err
		}
		loaded += len(part)
		size -= before - b.left
		n = min(loadChunk, 4*n)
	}
	return loaded, nil
}

// fillPage is loadPage for a page that starts at offset. It returns the items that
// it filled in, and the token of the page after them. That is next if it filled in
// all items.
func fillPage[T any](
	list []T, offset int, next string, load func(part []T, b *budget) error,
) ([]T, string, error) {
	loaded, err := loadPage(list, pageBytes, load)
	if loaded < len(list) {
		next = search.EncodeOffset(offset + loaded)
	}
	return list[:loaded], next, err
}

// budget is the memory left for a page. Required items are accepted even when it is
// exhausted.
type budget struct {
	left     int
	required bool
}

var errOverBudget = errors.New("the page is full")

// charge subtracts an item of a size, and its texts, from the budget.
func (b *budget) charge(size int, texts ...string) error {
	b.left -= size
	for _, s := range texts {
		b.left -= len(s)
	}
	if b.left < 0 && !b.required {
		return errOverBudget
	}
	return nil
}

// unlimited returns the budget of items that are not part of a page.
func unlimited() *budget { return &budget{required: true} }
