//go:build !amd64

package simd

func CopyRows(rows, n int, dst []float32, to int, src []float32, from int) {
	copyRowsGo(rows, n, dst, to, src, from)
}

func evenRows(rows, n int, dst []float32, to int, src []float32, from int) {
	everyRowsGo(rows, n, dst, to, src, from, 2)
}

func Turn(rows, n int, dst []float32, to int, src []float32, from int) {
	turnGo(rows, n, dst, to, src, from)
}
