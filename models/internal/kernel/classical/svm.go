package classical

import (
	"math"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Similarity is the kernel function of a support vector machine, with the support vectors.
type Similarity struct {
	kind                 string
	gamma, coef0, degree float64
	vectors              []float64
	count                int
	points               *Points
}

// NewSimilarity returns the kernel function with ONNX's name LINEAR, POLY, RBF or SIGMOID, and count support vectors
// that are concatenated in a list.
func NewSimilarity(name string, gamma, coef0, degree float64, vectors []float64, count int) (*Similarity, error) {
	if name != "LINEAR" && name != "POLY" && name != "RBF" && name != "SIGMOID" {
		return nil, kernel.Unsupported("the kernel '%s' of a support vector machine", name)
	}
	if count < 1 || len(vectors)%count != 0 {
		return nil, kernel.Invalid("%d support vectors of %d numbers", count, len(vectors))
	}
	return &Similarity{name, gamma, coef0, degree, vectors, count, NewPoints(vectors, count)}, nil
}

// Count returns the number of support vectors.
func (s *Similarity) Count() int { return s.count }

// of returns the similarity of two vectors.
func (s *Similarity) of(a, b []float64) float64 {
	if s.kind == "RBF" {
		sum := 0.0
		for i, v := range a {
			sum += (v - b[i]) * (v - b[i])
		}
		return math.Exp(-s.gamma * sum)
	}
	return s.curve(dot(a, b))
}

// curve returns the similarity of two vectors with a dot product.
func (s *Similarity) curve(product float64) float64 {
	switch s.kind {
	case "POLY":
		return power(s.gamma*product+s.coef0, s.degree)
	case "SIGMOID":
		return math.Tanh(s.gamma*product + s.coef0)
	}
	return product
}

// power is math.Pow, faster for small whole exponents.
func power(v, exponent float64) float64 {
	if exponent != math.Trunc(exponent) || exponent < 1 || exponent > 8 {
		return math.Pow(v, exponent)
	}
	out := v
	for range int(exponent) - 1 {
		out *= v
	}
	return out
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// Dot returns the dot product of two lists of the same length. It sums four parts, so that the additions need not wait
// for each other.
func Dot(a, b []float64) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	i := 0
	for ; i+3 < len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// All applies the kernel function to every row of x, of shape [rows, features], and every support vector. The result is
// float64 of shape [rows, vectors].
func (s *Similarity) All(x *kernel.Tensor) (*kernel.Tensor, error) {
	if len(x.Shape) != 2 || x.Shape[1] == 0 || x.Shape[1]*s.count != len(s.vectors) {
		return nil, kernel.Invalid("support vectors of %d numbers for shape %v", len(s.vectors), x.Shape)
	}
	n, count := x.Shape[1], s.count
	out, err := kernel.New("float64", []int{x.Shape[0], count})
	if err != nil {
		return nil, err
	}
	sums := out.Data.([]float64)
	if list, ok := x.Data.([]float32); ok {
		kernel.Parallel(x.Shape[0], 1+minWork/(1+len(s.vectors)), func(lo, hi int) {
			likes := kernel.Floats(count)
			for i := lo; i < hi; i++ {
				s.row(sums[i*count:(i+1)*count], likes, list[i*n:(i+1)*n])
			}
			kernel.Release(&kernel.Tensor{Data: likes})
		})
		return out, nil
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	in := wide.Data.([]float64)
	kernel.Parallel(x.Shape[0], 1+minWork/(1+len(s.vectors)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j := range count {
				sums[i*count+j] = s.of(in[i*n:(i+1)*n], s.vectors[j*n:(j+1)*n])
			}
		}
	})
	return out, nil
}

// row computes the similarities of one row of float32.
func (s *Similarity) row(dst []float64, likes, row []float32) {
	if s.kind == "RBF" {
		s.points.Distances(likes, row)
		simd.Binary("Mul")(likes, likes, []float32{float32(-s.gamma)})
		simd.Unary("Exp")(likes, likes)
		for j, v := range likes {
			dst[j] = float64(v)
		}
		return
	}
	s.points.Products(likes, row)
	for j, v := range likes {
		dst[j] = s.curve(float64(v))
	}
}

// Couple estimates the probabilities of k classes from the pairwise probabilities, with the second method of Wu, Lin
// and Weng (2004) and the limits of libsvm.
func Couple(pairs [][]float64) []float64 {
	k := len(pairs)
	q, p, qp := make([][]float64, k), make([]float64, k), make([]float64, k)
	for i := range k {
		p[i], q[i] = 1/float64(k), make([]float64, k)
		for j := range k {
			if j != i {
				q[i][i] += pairs[j][i] * pairs[j][i]
				q[i][j] = -pairs[j][i] * pairs[i][j]
			}
		}
	}
	for range max(100, k) {
		total, worst := 0.0, 0.0
		for i := range k {
			qp[i] = dot(q[i], p)
			total += p[i] * qp[i]
		}
		for i := range k {
			worst = max(worst, math.Abs(qp[i]-total))
		}
		if worst < 0.005/float64(k) {
			break
		}
		for i := range k {
			step := (total - qp[i]) / q[i][i]
			p[i] += step
			total = (total + step*(step*q[i][i]+2*qp[i])) / (1 + step) / (1 + step)
			for j := range k {
				qp[j] = (qp[j] + step*q[i][j]) / (1 + step)
				p[j] /= 1 + step
			}
		}
	}
	return p
}
