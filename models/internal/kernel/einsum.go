package kernel

import (
	"slices"
	"strings"
)

// Einsum computes an Einstein summation: each axis of the operands has a letter, and products of elements are summed
// over the letters that are missing in the result. Three dots stand for any number of axes that broadcast.
func Einsum(equation string, operands []*Tensor) (*Tensor, error) {
	terms, result, err := parseEinsum(equation, operands)
	if err != nil {
		return nil, err
	}
	var acc *Tensor
	var letters string
	for i, x := range operands {
		rest := result + strings.Join(terms[i+1:], "")
		one, term, err := diagonal(x, terms[i])
		if err != nil {
			return nil, err
		}
		if acc == nil {
			acc, letters, err = sumOut(one, term, rest)
		} else {
			acc, letters, err = contract(acc, one, letters, term, rest)
		}
		if err != nil {
			return nil, err
		}
	}
	return arrange(acc, letters, result)
}

// parseEinsum splits an equation into the letters of each operand and of the result. The axes of three dots get
// letters from dotLetters.
func parseEinsum(equation string, operands []*Tensor) (terms []string, result string, err error) {
	equation = strings.ReplaceAll(equation, " ", "")
	left, result, explicit := strings.Cut(equation, "->")
	terms = strings.Split(left, ",")
	if len(terms) != len(operands) || len(terms) == 0 {
		return nil, "", Invalid("the equation '%s' for %d operands", equation, len(operands))
	}
	const dots = "..."
	spread := 0
	for i, t := range terms {
		if strings.Contains(t, dots) {
			spread = max(spread, len(operands[i].Shape)-len(t)+len(dots))
		}
	}
	if spread > len(dotLetters) {
		return nil, "", Invalid("the equation '%s' for so many axes", equation)
	}
	all := dotLetters[:spread]
	for i, t := range terms {
		n := len(operands[i].Shape) - len(t) + len(dots)
		if strings.Contains(t, dots) && n >= 0 {
			terms[i] = strings.Replace(t, dots, all[spread-n:], 1)
		}
		if len(terms[i]) != len(operands[i].Shape) || strings.Trim(terms[i], letterSet+dotLetters) != "" {
			return nil, "", Invalid("the equation '%s' for operand %d of shape %v", equation, i, operands[i].Shape)
		}
	}
	if !explicit {
		return terms, all + onceOnly(strings.Join(terms, ""), all), nil
	}
	result = strings.Replace(result, dots, all, 1)
	for i, r := range result {
		if strings.ContainsRune(result[:i], r) || !strings.ContainsRune(strings.Join(terms, ""), r) {
			return nil, "", Invalid("the result in the equation '%s' is invalid", equation)
		}
	}
	return terms, result, nil
}

// The letters that an equation can contain, and those of the axes of three dots.
const (
	letterSet  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	dotLetters = "0123456789"
)

// onceOnly returns the letters that occur once, sorted.
func onceOnly(letters, except string) string {
	var out []string
	for _, r := range letters {
		if s := string(r); strings.Count(letters, s) == 1 && !strings.Contains(except, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

// diagonal merges the axes of x that have the same letter.
func diagonal(x *Tensor, term string) (*Tensor, string, error) {
	strides, dense := []int{}, StridesOf(x.Shape)
	shape, letters := []int{}, ""
	for i, r := range term {
		if at := strings.IndexRune(letters, r); at >= 0 {
			if shape[at] != x.Shape[i] {
				return nil, "", Invalid("shape %v with the axes '%s'", x.Shape, term)
			}
			strides[at] += dense[i]
			continue
		}
		shape, strides, letters = append(shape, x.Shape[i]), append(strides, dense[i]), letters+string(r)
	}
	if letters == term {
		return x, term, nil
	}
	out, err := Strided(x, shape, strides, 0)
	return out, letters, err
}

// sumOut sums over the axes whose letters are not needed.
func sumOut(x *Tensor, letters, needed string) (*Tensor, string, error) {
	axes, left := []int{}, []rune{}
	for i, r := range letters {
		if strings.ContainsRune(needed, r) {
			left = append(left, r)
		} else {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return x, letters, nil
	}
	out, err := Reduce(Sum, x, axes, false)
	return out, string(left), err
}

// contract multiplies two operands and sums over the letters that are not needed. It computes a matrix product for
// every combination of the letters that both operands have and that are needed.
func contract(a, b *Tensor, la, lb, needed string) (*Tensor, string, error) {
	a, la, err := sumOut(a, la, lb+needed)
	if err != nil {
		return nil, "", err
	}
	if b, lb, err = sumOut(b, lb, la+needed); err != nil {
		return nil, "", err
	}
	var batch, inner, left string
	for _, r := range la {
		switch s := string(r); {
		case !strings.Contains(lb, s):
			left += s
		case strings.Contains(needed, s):
			batch += s
		default:
			inner += s
		}
	}
	right := strings.Map(func(r rune) rune {
		if strings.ContainsRune(la, r) {
			return -1
		}
		return r
	}, lb)
	if err := broadcastShared(&a, &b, la, lb, batch+inner); err != nil {
		return nil, "", err
	}
	if a, err = arrange(a, la, batch+left+inner); err != nil {
		return nil, "", err
	}
	if b, err = arrange(b, lb, batch+inner+right); err != nil {
		return nil, "", err
	}
	nb, nl, ni := len(batch), len(left), len(inner)
	shape := slices.Concat(a.Shape[:nb+nl], b.Shape[nb+ni:])
	if _, err := Count(shape); err != nil {
		return nil, "", err
	}
	m, k, n := Product(a.Shape[nb:nb+nl]), Product(a.Shape[nb+nl:]), Product(b.Shape[nb+ni:])
	if a, err = Reshape(a, slices.Concat(a.Shape[:nb], []int{m, k})); err != nil {
		return nil, "", err
	}
	if b, err = Reshape(b, slices.Concat(b.Shape[:nb], []int{k, n})); err != nil {
		return nil, "", err
	}
	out, err := MatMul(a, b)
	if err != nil {
		return nil, "", err
	}
	out, err = Reshape(out, shape)
	return out, batch + left + right, err
}

// broadcastShared expands the shared axes to a common length: an axis of size 1 broadcasts.
func broadcastShared(a, b **Tensor, la, lb, shared string) error {
	for _, r := range shared {
		i, j := strings.IndexRune(la, r), strings.IndexRune(lb, r)
		n, m := (*a).Shape[i], (*b).Shape[j]
		if n == m {
			continue
		}
		t, at, size := a, i, m
		if m == 1 {
			t, at, size = b, j, n
		}
		if n != 1 && m != 1 {
			return Invalid("sizes %d and %d for the letter '%c'", n, m, r)
		}
		shape := slices.Clone((*t).Shape)
		shape[at] = size
		var err error
		if *t, err = Expand(*t, shape); err != nil {
			return err
		}
	}
	return nil
}

// arrange transposes the axes into the order of other letters.
func arrange(x *Tensor, letters, order string) (*Tensor, error) {
	perm := make([]int, len(order))
	for i, r := range order {
		perm[i] = strings.IndexRune(letters, r)
	}
	if letters == order {
		return x, nil
	}
	return Transpose(x, perm)
}
