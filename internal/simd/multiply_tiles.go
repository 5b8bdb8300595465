package simd

// depth is the number of elements of the summed axis that are processed at a time, so that a packed panel of columns
// stays in the first-level cache.
const depth = 256

// packedOff has the offsets of the rows of a packed panel of columns.
var packedOff = func() (off [depth]int) {
	for i := range off {
		off[i] = i * tileCols
	}
	return off
}()

// multiplyTiles computes a product with tile. It packs a, and also b if its rows are not contiguous, so that the
// kernel reads them sequentially.
func multiplyTiles(w Workers, m, n, k int, a, b Matrix, c []float32) {
	panels := roundUp(m, tileRows) / tileRows
	s, packed := Borrow(panels * tileRows * min(k, depth))
	defer s.GiveBack()
	direct := b.Row == 1 && (k <= depth/4 || m <= 4*tileRows)
	for from := 0; from < k; from += depth {
		d := min(depth, k-from)
		packRows(packed, Matrix{a.Floats[from*a.Inner:], a.Row, a.Inner}, m, d)
		part := Matrix{b.Floats[from*b.Inner:], b.Row, b.Inner}
		grain := 1 + (1<<16)/(m*d*tileCols+1)
		w.Split(roundUp(n, tileCols)/tileCols, grain, func(_, p, last int) {
			t := newTiler(part, d, direct)
			defer t.scratch.GiveBack()
			for ; p < last; p++ {
				t.column(p*tileCols, m, n, packed, c, from > 0)
			}
		})
	}
}

// packRows writes d columns of m rows of a as panels of four rows, column by column.
func packRows(packed []float32, a Matrix, m, d int) {
	for i := range roundUp(m, tileRows) {
		to := packed[i/tileRows*tileRows*d+i%tileRows:]
		for k := range d {
			x := float32(0)
			if i < m {
				x = a.Floats[i*a.Row+k*a.Inner]
			}
			to[k*tileRows] = x
		}
	}
}

// tiler computes panels of columns.
type tiler struct {
	b       Matrix
	d       int
	direct  []int // The offsets of the rows of b if it needs no packing.
	panel   []float32
	edge    []float32
	scratch *Scratch
}

func newTiler(b Matrix, d int, direct bool) *tiler {
	s, list := Borrow((d + tileRows) * tileCols)
	t := &tiler{b: b, d: d, panel: list[:d*tileCols], edge: list[d*tileCols:], scratch: s}
	if direct {
		t.direct = make([]int, d)
		for k := range t.direct {
			t.direct[k] = k * b.Inner
		}
	}
	return t
}

// column computes up to 24 columns of c from column j on.
func (t *tiler) column(j, m, n int, packed, c []float32, add bool) {
	cols := min(tileCols, n-j)
	rows, off := t.panel, packedOff[:t.d]
	if t.direct != nil && cols == tileCols {
		rows, off = t.b.Floats[j:], t.direct
	} else {
		t.pack(j, cols)
	}
	for i := 0; i < m; i += tileRows {
		a, height := packed[i*t.d:], min(tileRows, m-i)
		if cols == tileCols && height == tileRows {
			tile(a, rows, off, c[i*n+j:], n, add)
			continue
		}
		tile(a, rows, off, t.edge, tileCols, false)
		for r := range height {
			to := c[(i+r)*n+j:][:cols]
			for x := range to {
				if add {
					to[x] += t.edge[r*tileCols+x]
				} else {
					to[x] = t.edge[r*tileCols+x]
				}
			}
		}
	}
}

// pack copies a panel of columns of b and fills the remaining columns with zeros.
func (t *tiler) pack(j, cols int) {
	if cols < tileCols {
		clear(t.panel)
	}
	if t.b.Row == 1 {
		for k := range t.d {
			copy(t.panel[k*tileCols:][:cols], t.b.Floats[k*t.b.Inner+j:])
		}
		return
	}
	for x := range cols {
		from := t.b.Floats[(j+x)*t.b.Row:]
		for k := range t.d {
			t.panel[k*tileCols+x] = from[k*t.b.Inner]
		}
	}
}
