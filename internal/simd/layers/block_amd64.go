package layers

import (
	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/level"
)

// blocks512 and blocks256 have the kernels by the number of rows and of vectors, from one on.
var (
	blocks512 = [blockRows][3]func(args *blockArgs){
		{block1x1AVX512, block1x2AVX512, block1x3AVX512},
		{block2x1AVX512, block2x2AVX512, block2x3AVX512},
		{block3x1AVX512, block3x2AVX512, block3x3AVX512},
		{block4x1AVX512, block4x2AVX512, block4x3AVX512},
		{block5x1AVX512, block5x2AVX512, block5x3AVX512},
		{block6x1AVX512, block6x2AVX512, block6x3AVX512},
		{block7x1AVX512, block7x2AVX512, block7x3AVX512},
		{block8x1AVX512, block8x2AVX512, block8x3AVX512},
	}
	blocks256 = [blockRows / 2][3]func(args *blockArgs){
		{block1x1AVX2, block1x2AVX2, block1x3AVX2},
		{block2x1AVX2, block2x2AVX2, block2x3AVX2},
		{block3x1AVX2, block3x2AVX2, block3x3AVX2},
		{block4x1AVX2, block4x2AVX2, block4x3AVX2},
	}
)

// compute computes the block without checks of bounds.
func (b *block) compute() {
	if level.Level == level.Go {
		b.computeGo()
		return
	}
	b.args.row, b.args.step = 4*b.aRow, 4*b.aStep
	b.args.ldb, b.args.ldc, b.args.k = 4*b.bRow, 4*b.cRow, b.k
	b.args.flags = 0
	if b.more {
		b.args.flags = flagMore
	}
	if b.end != nil && b.end.clamp {
		b.args.flags |= flagClamp
		b.args.low, b.args.high = b.end.low, b.end.high
	}
	if level.Level == level.AVX512 {
		b.part(0, 0)
		vectors := (b.cols + 15) / 16
		b.args.last = 1<<(b.cols-16*(vectors-1)) - 1
		blocks512[b.rows-1][vectors-1](&b.args)
		return
	}
	_ = b.b[(b.k-1)*b.bRow+simd.RoundUp(b.cols, 8)-1]
	for r := 0; r < b.rows; r += 4 {
		for j := 0; j < b.cols; j += 24 {
			b.part(r, j)
			cols := min(24, b.cols-j)
			vectors := (cols + 7) / 8
			b.args.last = uint64(cols - 8*(vectors-1)) //nolint:gosec // It is from 1 to 8.
			blocks256[min(4, b.rows-r)-1][vectors-1](&b.args)
		}
	}
}

// part sets the pointers to the part of the block from row r and column j on.
func (b *block) part(r, j int) {
	b.args.a, b.args.b, b.args.c = &b.a[r*b.aRow], &b.b[j], &b.c[r*b.cRow+j]
	b.args.rowBias, b.args.colBias, b.args.add = nil, nil, nil
	e := b.end
	if e == nil {
		return
	}
	if e.rowBias != nil {
		b.args.rowBias = &e.rowBias[b.endRow+r]
		_ = e.rowBias[b.endRow+b.rows-1]
	}
	if e.colBias != nil {
		b.args.colBias = &e.colBias[b.endCol+j]
		_ = e.colBias[b.endCol+b.cols-1]
	}
	if e.add != nil {
		b.args.add = &e.add[b.endAt+r*b.cRow+j]
	}
}

//go:noescape
func block1x1AVX512(args *blockArgs)

//go:noescape
func block1x2AVX512(args *blockArgs)

//go:noescape
func block1x3AVX512(args *blockArgs)

//go:noescape
func block2x1AVX512(args *blockArgs)

//go:noescape
func block2x2AVX512(args *blockArgs)

//go:noescape
func block2x3AVX512(args *blockArgs)

//go:noescape
func block3x1AVX512(args *blockArgs)

//go:noescape
func block3x2AVX512(args *blockArgs)

//go:noescape
func block3x3AVX512(args *blockArgs)

//go:noescape
func block4x1AVX512(args *blockArgs)

//go:noescape
func block4x2AVX512(args *blockArgs)

//go:noescape
func block4x3AVX512(args *blockArgs)

//go:noescape
func block5x1AVX512(args *blockArgs)

//go:noescape
func block5x2AVX512(args *blockArgs)

//go:noescape
func block5x3AVX512(args *blockArgs)

//go:noescape
func block6x1AVX512(args *blockArgs)

//go:noescape
func block6x2AVX512(args *blockArgs)

//go:noescape
func block6x3AVX512(args *blockArgs)

//go:noescape
func block7x1AVX512(args *blockArgs)

//go:noescape
func block7x2AVX512(args *blockArgs)

//go:noescape
func block7x3AVX512(args *blockArgs)

//go:noescape
func block8x1AVX512(args *blockArgs)

//go:noescape
func block8x2AVX512(args *blockArgs)

//go:noescape
func block8x3AVX512(args *blockArgs)

//go:noescape
func block1x1AVX2(args *blockArgs)

//go:noescape
func block1x2AVX2(args *blockArgs)

//go:noescape
func block1x3AVX2(args *blockArgs)

//go:noescape
func block2x1AVX2(args *blockArgs)

//go:noescape
func block2x2AVX2(args *blockArgs)

//go:noescape
func block2x3AVX2(args *blockArgs)

//go:noescape
func block3x1AVX2(args *blockArgs)

//go:noescape
func block3x2AVX2(args *blockArgs)

//go:noescape
func block3x3AVX2(args *blockArgs)

//go:noescape
func block4x1AVX2(args *blockArgs)

//go:noescape
func block4x2AVX2(args *blockArgs)

//go:noescape
func block4x3AVX2(args *blockArgs)
