package native

import "golang.org/x/sys/cpu"

// vectors tells whether the assembly may be used.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

//go:noescape
func multiply4x24(k int, a, b, c *float32)

//go:noescape
func addVectors(n int, dst, a, b *float32)

//go:noescape
func subVectors(n int, dst, a, b *float32)

//go:noescape
func mulVectors(n int, dst, a, b *float32)

// multiplyTile adds the product of a packed panel of rows and one of columns,
// both k long, to a tile.
func multiplyTile(k int, a, b, c []float32) {
	if !vectors || k == 0 {
		multiplyTileGo(k, a, b, c)
		return
	}
	_, _, _ = a[tileRows*k-1], b[tileCols*k-1], c[tileRows*tileCols-1]
	multiply4x24(k, &a[0], &b[0], &c[0])
}

// vectorwise does the first multiple of eight elements in assembly and returns
// how many that were.
func vectorwise(op func(n int, dst, a, b *float32), dst, a, b []float32) int {
	n := len(dst) &^ 7
	if !vectors || n == 0 {
		return 0
	}
	_, _ = a[n-1], b[n-1]
	op(n, &dst[0], &a[0], &b[0])
	return n
}

func add(dst, a, b []float32) {
	for i := vectorwise(addVectors, dst, a, b); i < len(dst); i++ {
		dst[i] = a[i] + b[i]
	}
}

func sub(dst, a, b []float32) {
	for i := vectorwise(subVectors, dst, a, b); i < len(dst); i++ {
		dst[i] = a[i] - b[i]
	}
}

func mul(dst, a, b []float32) {
	for i := vectorwise(mulVectors, dst, a, b); i < len(dst); i++ {
		dst[i] = a[i] * b[i]
	}
}
