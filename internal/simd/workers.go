package simd

// Workers is the number of goroutines that an operation may use.
type Workers int

// Split calls f for consecutive parts of the range [0, n), each with at least grain elements, and returns the number
// of parts. The parts depend only on n and on the number of Workers, which makes results reproducible.
func (w Workers) Split(n, grain int, f func(worker, from, to int)) int {
	parts := w.most(n, grain)
	w.each(parts, parts, func(i int) { f(i, i*n/parts, (i+1)*n/parts) })
	return parts
}

// sharedPieces is the number of pieces into which Share cuts the part of a goroutine.
const sharedPieces = 4

// Share calls f for consecutive pieces of the range [0, n). It uses as many goroutines as Split, but a goroutine that
// has finished its own part takes pieces of the others', which another program may have delayed. A piece can be smaller
// than grain, but not than least if the part of a goroutine is not. Which goroutine computes a piece is not determined:
// the results of f must not depend on that.
func (w Workers) Share(n, grain, least int, f func(from, to int)) {
	workers := w.most(n, grain)
	if workers == 1 {
		f(0, n)
		return
	}
	pieces := min(max(n/max(least, 1), workers), workers*sharedPieces)
	w.each(pieces, workers, func(i int) { f(i*n/pieces, (i+1)*n/pieces) })
}

// most returns the number of goroutines that n elements justify if each has at least grain.
func (w Workers) most(n, grain int) int { return max(1, min(int(w), n/max(grain, 1))) }
