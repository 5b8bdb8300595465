package base

import (
	"errors"

	"github.com/millrace-ml/millrace/internal/search"
)

// firstChunk and LoadChunk are the number of items whose data the first query and
// the later ones load at most. RunsBytes and PageBytes are the approximate memory
// for a page of runs and for a page of anything else, of which the response needs
// several copies. A page of large items ends early, with the token of the next
// page, instead of using unbounded memory.
const (
	firstChunk = 32
	LoadChunk  = 500
	RunsBytes  = 40 << 20
	PageBytes  = 16 << 20
)

// These are the approximate sizes of items without their texts, including the
// unused capacity of lists.
const (
	RunSize     = 1000
	VersionSize = 500
	MetricSize  = 200
	PairSize    = 60
)

// LoadPage fills in the items of a page with load, in chunks. It returns the
// number of items that it filled in: as many as fit into the size of the page, and
// at least one. load must replace the data of items that it is called with again.
func LoadPage[T any](list []T, size int, load func(part []T, b *Budget) error) (loaded int, err error) {
	for n := firstChunk; loaded < len(list) && size > 0; {
		part := list[loaded:min(loaded+n, len(list))]
		b := &Budget{left: size, required: len(part) == 1}
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
		n = min(LoadChunk, 4*n)
	}
	return loaded, nil
}

// FillPage is LoadPage for a page that starts at offset. It returns the items that
// it filled in, and the token of the page after them. That is next if it filled in
// all items.
func FillPage[T any](
	list []T, offset int, next string, load func(part []T, b *Budget) error,
) ([]T, string, error) {
	loaded, err := LoadPage(list, PageBytes, load)
	if loaded < len(list) {
		next = search.EncodeOffset(offset + loaded)
	}
	return list[:loaded], next, err
}

// Budget is the memory left for a page. Required items are accepted even when it is
// exhausted.
type Budget struct {
	left     int
	required bool
}

var errOverBudget = errors.New("the page is full")

// Charge subtracts an item of a size, and its texts, from the budget.
func (b *Budget) Charge(size int, texts ...string) error {
	b.left -= size
	for _, s := range texts {
		b.left -= len(s)
	}
	if b.left < 0 && !b.required {
		return errOverBudget
	}
	return nil
}

// Unlimited returns the budget of items that are not part of a page.
func Unlimited() *Budget { return &Budget{required: true} }
