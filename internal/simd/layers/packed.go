package layers

import (
	"sync"
	"sync/atomic"

	"github.com/millrace-ml/millrace/internal/simd"
)

// packedFilter stores a weight in panels of rows, as from packRows8, or in panels of output channels, for images of few
// pixels. It begins with rows. The other form replaces them when the first image has few pixels; both are stored only
// for a network that convolves images of both kinds.
type packedFilter struct {
	groups, out, depth int

	lock     sync.Mutex // For changes of the forms.
	rows     atomic.Pointer[[]float32]
	columns  atomic.Pointer[[]*packedPanels]
	rowsUsed atomic.Bool
}

func newPackedFilter(weight []float32, groups, out, depth int) *packedFilter {
	f := &packedFilter{groups: groups, out: out, depth: depth}
	f.packRows(weight)
	return f
}

// rowPanels returns the weight of all groups in panels of rows.
func (f *packedFilter) rowPanels() []float32 {
	if !f.rowsUsed.Load() {
		f.rowsUsed.Store(true)
	}
	if list := f.rows.Load(); list != nil {
		return *list
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	if list := f.rows.Load(); list != nil {
		return *list
	}
	return f.packRows(f.fromColumns(*f.columns.Load()))
}

func (f *packedFilter) packRows(weight []float32) []float32 {
	size := simd.RoundUp(f.out, blockRows) * f.depth
	list := make([]float32, f.groups*size)
	for g := range f.groups {
		packRows8(list[g*size:(g+1)*size], Matrix{weight[g*f.out*f.depth:], f.depth, 1}, f.out, f.depth)
	}
	f.rows.Store(&list)
	return list
}

// columnPanels returns the weight of a group in panels of output channels.
func (f *packedFilter) columnPanels(g int) *packedPanels {
	if list := f.columns.Load(); list != nil {
		return (*list)[g]
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	if list := f.columns.Load(); list != nil {
		return (*list)[g]
	}
	weight, list := f.fromRows(*f.rows.Load()), make([]*packedPanels, f.groups)
	for i := range list {
		list[i] = packColumns(Matrix{weight[i*f.out*f.depth:], f.depth, 1}, f.out, f.depth)
	}
	f.columns.Store(&list)
	if !f.rowsUsed.Load() {
		f.rows.Store(nil)
	}
	return list[g]
}

// weight returns the weight in its original form.
func (f *packedFilter) weight() []float32 {
	f.lock.Lock()
	defer f.lock.Unlock()
	if list := f.rows.Load(); list != nil {
		return f.fromRows(*list)
	}
	return f.fromColumns(*f.columns.Load())
}

// fromRows returns the weight that packRows8 has stored.
func (f *packedFilter) fromRows(packed []float32) []float32 {
	weight, size := make([]float32, f.groups*f.out*f.depth), simd.RoundUp(f.out, blockRows)*f.depth
	for at := range f.groups * f.out {
		g, o := at/f.out, at%f.out
		from := g*size + o/blockRows*blockRows*f.depth + o%blockRows
		for i := range f.depth {
			weight[at*f.depth+i] = packed[from+i*blockRows]
		}
	}
	return weight
}

// fromColumns returns the weight that packColumns has stored.
func (f *packedFilter) fromColumns(list []*packedPanels) []float32 {
	weight := make([]float32, 0, f.groups*f.out*f.depth)
	for _, p := range list {
		for t := range tilesOf(f.out) {
			first, end := cut(f.out, t), cut(f.out, t+1)
			panel, width := p.panel(0, f.depth, first, end-first, nil)
			for o := range end - first {
				for i := range f.depth {
					weight = append(weight, panel[i*width+o])
				}
			}
		}
	}
	return weight
}
