package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// code writes instructions that exist in both instruction sets under one name.
type code struct {
	*generator
	isa
	constants *constants
}

// constants are the numbers that the code uses.
type constants struct{ list []uint32 }

// at returns the operand of a number.
func (c *constants) at(bits uint32) string {
	i := slices.Index(c.list, bits)
	if i < 0 {
		i = len(c.list)
		c.list = append(c.list, bits)
	}
	return fmt.Sprintf("numbers<>+%d(SB)", 4*i)
}

// v names a vector register. The last one is reserved for constants.
func (c *code) v(i int) string { return fmt.Sprintf("%s%d", c.reg, i) }

func (c *code) spare() string { return c.v(15) }

// number is a constant operand by its bits.
type number uint32

func float(x float64) number { return number(math.Float32bits(float32(x))) }

// op writes an instruction. The first operand may be a number; the last is the result.
func (c *code) op(name string, first any, rest ...string) {
	others := strings.Join(rest, ", ")
	n, ok := first.(number)
	switch {
	case !ok:
		c.line("%s %s, %s", name, first, others)
	case c.masks:
		c.line("%s.BCST %s, %s", name, c.constants.at(uint32(n)), others)
	default:
		c.line("VBROADCASTSS %s, %s", c.constants.at(uint32(n)), c.spare())
		c.line("%s %s, %s", name, c.spare(), others)
	}
}

// set fills a register with a constant.
func (c *code) set(n number, to string) {
	c.line("VBROADCASTSS %s, %s", c.constants.at(uint32(n)), to)
}

// atLeast and atMost limit a register. NaN remains, because it is the second operand of the processor.
func (c *code) atLeast(n number, x string) { c.limit("VMAXPS", n, x) }
func (c *code) atMost(n number, x string)  { c.limit("VMINPS", n, x) }

func (c *code) limit(op string, n number, x string) {
	c.set(n, c.spare())
	c.line("%s %s, %s, %s", op, x, c.spare(), x)
}

// polynomial sets to to a polynomial of x, whose coefficients are given from the highest on.
func (c *code) polynomial(x, to string, coefficients ...float64) {
	c.set(float(coefficients[0]), to)
	for _, k := range coefficients[1:] {
		c.op("VFMADD213PS", float(k), x, to)
	}
}

// round rounds to the nearest integer.
func (c *code) round(x, to string) {
	if c.masks {
		c.line("VRNDSCALEPS $8, %s, %s", x, to)
		return
	}
	c.line("VROUNDPS $8, %s, %s", x, to)
}

// ifLess sets to to x where a < b, a number.
func (c *code) ifLess(a string, b number, x, to string) {
	c.set(b, c.spare())
	if c.masks {
		c.line("VCMPPS $1, %s, %s, K2", c.spare(), a)
		c.line("VMOVAPS %s, K2, %s", x, to)
		return
	}
	c.line("VCMPPS $1, %s, %s, %s", c.spare(), a, c.spare())
	c.line("VBLENDVPS %s, %s, %s, %s", c.spare(), x, to, to)
}

// scale multiplies x by the power of two with the integer n. It uses the registers n, s and t.
func (c *code) scale(n, x, s, t string) {
	if c.masks {
		c.line("VSCALEFPS %s, %s, %s", n, x, x)
		return
	}
	// Two factors reach denormal numbers and infinity.
	c.line("VCVTPS2DQ %s, %s", n, s)
	c.line("VPSRAD $1, %s, %s", s, t)
	c.line("VPSUBD %s, %s, %s", t, s, s)
	for _, r := range []string{s, t} {
		c.op("VPADDD", number(127), r, r)
		c.line("VPSLLD $23, %s, %s", r, r)
		c.line("VMULPS %s, %s, %s", r, x, x)
	}
}

// power sets to to the power of two with the integer n, which is from -126 to 127.
func (c *code) power(n, to string) {
	c.line("VCVTPS2DQ %s, %s", n, to)
	c.op("VPADDD", number(127), to, to)
	c.line("VPSLLD $23, %s, %s", to, to)
}

const (
	ln2High = 0.693145751953125 // It has few bits, so that its products with integers are exact.
	ln2Low  = math.Ln2 - ln2High
)

// reduce splits x into n*ln2 + x and sets p to (exp(x)-1-x)/x^2.
func (c *code) reduce(x, n, p string) {
	c.set(float(math.Log2E), n)
	c.line("VMULPS %s, %s, %s", x, n, n)
	c.round(n, n)
	c.op("VFNMADD231PS", float(ln2High), n, x)
	c.op("VFNMADD231PS", float(ln2Low), n, x)
	c.polynomial(x, p, 0.0001985779672395438, 0.0013933596201241016, 0.008333360776305199, 0.04166646674275398,
		0.1666666716337204, 0.5)
}

// exp replaces x by its exponential. It uses three other registers.
func (c *code) exp(x, n, p, t string) {
	c.atLeast(float(-104), x)
	c.atMost(float(89), x)
	c.reduce(x, n, p)
	// 1 + x + p x^2
	c.line("VMULPS %s, %s, %s", x, p, p)
	c.line("VFMADD213PS %s, %s, %s", x, x, p)
	c.set(float(1), x)
	c.line("VADDPS %s, %s, %s", p, x, x)
	c.scale(n, x, p, t)
}

// sigmoid replaces x by 1/(1+exp(-x)), or by y/(1+exp(-x)) with a register y.
func (c *code) sigmoid(x, y, n, p, t string) {
	c.op("VXORPS", number(1<<31), x, x)
	c.exp(x, n, p, t)
	c.op("VADDPS", float(1), x, x)
	if y == "" {
		y = n
		c.set(float(1), y)
	}
	c.line("VDIVPS %s, %s, %s", x, y, x)
}

// tanh replaces x by its hyperbolic tangent, expm1(2x)/(expm1(2x)+2).
func (c *code) tanh(x, sign, n, p, t string) {
	c.op("VANDPS", number(1<<31), x, sign)
	c.line("VXORPS %s, %s, %s", sign, x, x)
	c.line("VADDPS %s, %s, %s", x, x, x)
	c.atMost(float(20), x)
	c.expm1(x, n, p, t)
	c.op("VADDPS", float(2), x, t)
	c.line("VDIVPS %s, %s, %s", t, x, x)
	c.line("VORPS %s, %s, %s", sign, x, x)
}

// erf sets small to erf(x)/x for |x| up to 1, and tail to erfc(|x|). It uses six other registers and keeps x.
func (c *code) erf(x, small, tail, n, p, t, a, rest string) {
	c.line("VMULPS %s, %s, %s", x, x, t)
	c.polynomial(t, small, 7.853857823647559e-05, -0.0008010192541405559, 0.005188327748328447, -0.026853810995817184,
		0.1128358542919159, -0.3761262595653534, 1.1283791065216064)
	c.op("VANDPS", number(1<<31-1), x, a)
	c.atMost(float(10.5), a)
	// exp(-a^2) is multiplied by 1 - rest, where rest is what the rounding of a^2 has lost.
	c.line("VMULPS %s, %s, %s", a, a, tail)
	c.line("VMOVAPS %s, %s", a, rest)
	c.line("VFMSUB213PS %s, %s, %s", tail, a, rest)
	c.op("VXORPS", number(1<<31), tail, tail)
	c.exp(tail, n, p, t)
	c.line("VFNMADD231PS %s, %s, %s", rest, tail, tail)
	// erfc(a) exp(a^2) is a polynomial of 1/(1 + 0.4 a).
	c.set(float(0.4), n)
	c.op("VFMADD213PS", float(1), n, a)
	c.set(float(1), n)
	c.line("VDIVPS %s, %s, %s", a, n, t)
	c.polynomial(t, p, 0.06343977153301239, -0.2332901954650879, 0.2495841085910797, -0.0753781795501709,
		0.17710278928279877, 0.15758386254310608, 0.20981213450431824, 0.2254798710346222, 0.22568343579769135)
	c.line("VMULPS %s, %s, %s", t, p, p)
	c.line("VMULPS %s, %s, %s", p, tail, tail)
}
