package native

// A product is computed in tiles of four rows by 24 columns: twelve vectors of
// eight, as many as there are registers for sums.
const (
	tileRows = 4
	tileCols = 24
)

// The blocks that are packed at a time: long sums in pieces of blockK, and as
// many panels of columns as fit into the second-level cache beside them.
const (
	blockK      = 256
	blockPanels = 16
)

// panel packs one operand: for each k from k0 on, n consecutive rows (or columns)
// from the given one, padded with zeros to width. dst has count*width elements.
type panel func(dst []float32, from, n, k0, count int)

// product is C = A * B, of m by k and k by n elements. A is packed by rows, B by
// columns; store takes finished tiles, of which rows by cols count.
type product struct {
	m, n, k int
	a, b    panel
	store   func(tile []float32, row, col, rows, cols int)
}

// scratch is the memory of one worker.
type scratch struct{ a, b, tiles []float32 }

// sized returns a slice of n elements, the old one if it is large enough.
func sized(old []float32, n int) []float32 {
	if cap(old) < n {
		return make([]float32, n)
	}
	return old[:n]
}

// run computes the product with several workers, each of which takes a share of
// the columns.
func (p *product) run(b *Backend) {
	panels := (p.n + tileCols - 1) / tileCols
	blocks := (panels + blockPanels - 1) / blockPanels
	b.parallel(blocks, func(from, to int) {
		s := b.scratches.Get().(*scratch)
		defer b.scratches.Put(s)
		for block := from; block < to; block++ {
			p.columns(s, block*blockPanels, min(panels, (block+1)*blockPanels))
		}
	})
}

// columns computes the panels of columns from one to another, for all rows.
func (p *product) columns(s *scratch, from, to int) {
	rowPanels := (p.m + tileRows - 1) / tileRows
	s.tiles = sized(s.tiles, rowPanels*(to-from)*tileRows*tileCols)
	clear(s.tiles)
	s.a = sized(s.a, rowPanels*tileRows*blockK)
	s.b = sized(s.b, (to-from)*tileCols*blockK)
	for k0 := 0; k0 < p.k; k0 += blockK {
		count := min(blockK, p.k-k0)
		for r := range rowPanels {
			p.a(s.a[r*tileRows*count:][:tileRows*count], r*tileRows, min(tileRows, p.m-r*tileRows), k0, count)
		}
		for c := from; c < to; c++ {
			columns := s.b[(c-from)*tileCols*count:][:tileCols*count]
			p.b(columns, c*tileCols, min(tileCols, p.n-c*tileCols), k0, count)
			for r := range rowPanels {
				tile := s.tiles[((c-from)*rowPanels+r)*tileRows*tileCols:][:tileRows*tileCols]
				multiplyTile(count, s.a[r*tileRows*count:], columns, tile)
			}
		}
	}
	for c := from; c < to; c++ {
		for r := range rowPanels {
			tile := s.tiles[((c-from)*rowPanels+r)*tileRows*tileCols:][:tileRows*tileCols]
			p.store(tile, r*tileRows, c*tileCols, min(tileRows, p.m-r*tileRows), min(tileCols, p.n-c*tileCols))
		}
	}
}

// multiplyTileGo is the kernel for processors without the vectors.
func multiplyTileGo(k int, a, b, c []float32) {
	for i := range k {
		row := b[i*tileCols:][:tileCols]
		for r, x := range a[i*tileRows:][:tileRows] {
			sums := c[r*tileCols:][:tileCols]
			for j, y := range row {
				sums[j] += x * y
			}
		}
	}
}

// strided packs a matrix whose elements lie at rows[i] + ks[k] in data, width
// rows at a time. Rows that lie side by side are copied together.
func strided(data []float32, rows, ks []int, width int) panel {
	return func(dst []float32, from, n, k0, count int) {
		if n < width {
			clear(dst)
		}
		for i := 0; i < n; {
			run := runLength(rows[from+i : from+n])
			at := rows[from+i]
			if run < minRun {
				gather(dst[i:], data[at:], ks[k0:k0+count], width, run)
			} else {
				for k, step := range ks[k0 : k0+count] {
					copy(dst[k*width+i:][:run], data[at+step:])
				}
			}
			i += run
		}
	}
}

// minRun is how many elements are worth a copy.
const minRun = 4

// gather is the copies of strided for runs too short for them.
func gather(dst, data []float32, steps []int, width, run int) {
	for k, step := range steps {
		for j, v := range data[step:][:run] {
			dst[k*width+j] = v
		}
	}
}

// runLength returns how many of the numbers, from the first, are consecutive.
func runLength(list []int) int {
	n := 1
	for n < len(list) && list[n] == list[n-1]+1 {
		n++
	}
	return n
}
