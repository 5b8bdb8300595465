package kernel

import "math"

// Similarity is the kernel function of a support vector machine.
type Similarity func(a, b []float64) float64

// SimilarityOf returns the kernel function with ONNX's name LINEAR, POLY, RBF or SIGMOID.
func SimilarityOf(name string, gamma, coef0, degree float64) (Similarity, error) {
	switch name {
	case "LINEAR":
		return dot, nil
	case "POLY":
		return func(a, b []float64) float64 { return math.Pow(gamma*dot(a, b)+coef0, degree) }, nil
	case "RBF":
		return func(a, b []float64) float64 {
			sum := 0.0
			for i, v := range a {
				sum += (v - b[i]) * (v - b[i])
			}
			return math.Exp(-gamma * sum)
		}, nil
	case "SIGMOID":
		return func(a, b []float64) float64 { return math.Tanh(gamma*dot(a, b) + coef0) }, nil
	}
	return nil, Unsupported("the kernel '%s' of a support vector machine", name)
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// Similarities applies a kernel function to every row of x, of shape [rows, features], and every support vector. The
// support vectors are concatenated in vectors. The result is float64 of shape [rows, vectors].
func Similarities(x *Tensor, vectors []float64, like Similarity) (*Tensor, error) {
	if len(x.Shape) != 2 || x.Shape[1] == 0 || len(vectors)%x.Shape[1] != 0 {
		return nil, Invalid("support vectors of %d numbers for shape %v", len(vectors), x.Shape)
	}
	wide, err := Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	n := x.Shape[1]
	count := len(vectors) / n
	out, err := New("float64", []int{x.Shape[0], count})
	if err != nil {
		return nil, err
	}
	in, sums := wide.Data.([]float64), out.Data.([]float64)
	Parallel(x.Shape[0], 1+minRow/(1+len(vectors)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j := range count {
				sums[i*count+j] = like(in[i*n:(i+1)*n], vectors[j*n:(j+1)*n])
			}
		}
	})
	return out, nil
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
