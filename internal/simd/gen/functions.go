package main

import (
	"fmt"
	"math"
)

// function is a kernel that computes one vector at a time: a list of floats, and with args the arguments alpha and
// beta, which are in the registers 13 and 14. body computes register 0 from register 0.
type function struct {
	name string
	args bool
	body func(c *code)
	onto bool // Whether register 1 has the elements of dst before.
}

var functions = []function{
	{name: "exp", body: func(c *code) { c.exp(c.v(0), c.v(1), c.v(2), c.v(3)) }},
	{name: "log", body: func(c *code) { c.log(c.v(0), c.v(1), c.v(2), c.v(3), c.v(4)) }},
	{name: "tanh", body: func(c *code) { c.tanh(c.v(0), c.v(1), c.v(2), c.v(3), c.v(4)) }},
	{name: "sigmoid", body: func(c *code) { c.sigmoid(c.v(0), "", c.v(1), c.v(2), c.v(3)) }},
	{name: "silu", body: func(c *code) {
		c.line("VMOVAPS %s, %s", c.v(0), c.v(4))
		c.sigmoid(c.v(0), c.v(4), c.v(1), c.v(2), c.v(3))
	}},
	{name: "geluTanh", body: geluTanh},
	{name: "erf", body: erf},
	{name: "gelu", body: gelu},
	{name: "hardSwish", body: func(c *code) {
		c.op("VADDPS", float(3), c.v(0), c.v(1))
		c.atLeast(0, c.v(1))
		c.atMost(float(6), c.v(1))
		c.op("VMULPS", float(1.0/6), c.v(0), c.v(0))
		c.line("VMULPS %s, %s, %s", c.v(1), c.v(0), c.v(0))
	}},
	{name: "hardSigmoid", args: true, body: func(c *code) {
		c.line("VFMADD213PS %s, %s, %s", c.v(14), c.v(13), c.v(0))
		c.atLeast(0, c.v(0))
		c.atMost(float(1), c.v(0))
	}},
	{name: "leakyReLU", args: true, body: func(c *code) {
		c.line("VMULPS %s, %s, %s", c.v(13), c.v(0), c.v(1))
		c.line("VMOVAPS %s, %s", c.v(0), c.v(2))
		c.ifLess(c.v(2), 0, c.v(1), c.v(0))
	}},
	{name: "elu", args: true, body: elu},
	{name: "softplus", body: softplus},
	{name: "mish", body: mish},
	{name: "clip", args: true, body: func(c *code) {
		c.line("VMAXPS %s, %s, %s", c.v(0), c.v(13), c.v(0))
		c.line("VMINPS %s, %s, %s", c.v(0), c.v(14), c.v(0))
	}},
	{name: "mulAdd", args: true, onto: true, body: func(c *code) {
		c.line("VFMADD213PS %s, %s, %s", c.v(1), c.v(13), c.v(0))
	}},
	{name: "scaleShift", args: true, body: func(c *code) { c.line("VFMADD213PS %s, %s, %s", c.v(14), c.v(13), c.v(0)) }},
	{name: "sqrt", body: func(c *code) { c.line("VSQRTPS %s, %s", c.v(0), c.v(0)) }},
	{name: "abs", body: func(c *code) { c.op("VANDPS", number(1<<31-1), c.v(0), c.v(0)) }},
	{name: "neg", body: func(c *code) { c.op("VXORPS", number(1<<31), c.v(0), c.v(0)) }},
}

// geluTanh computes x/(1+exp(-2u)), where u is the argument of the hyperbolic tangent.
func geluTanh(c *code) {
	x, y := c.v(0), c.v(4)
	c.line("VMOVAPS %s, %s", x, y)
	c.line("VMULPS %s, %s, %s", x, x, c.v(1))
	k := 2 * math.Sqrt(2/math.Pi)
	c.set(float(k*0.044715), c.v(2))
	c.op("VFMADD213PS", float(k), c.v(2), c.v(1))
	c.line("VMULPS %s, %s, %s", c.v(1), x, x)
	c.sigmoid(x, y, c.v(1), c.v(2), c.v(3))
}

// erf computes the error function: x times a polynomial below 1, and the complement of erfc above.
func erf(c *code) {
	x, small, tail, a := c.v(0), c.v(1), c.v(2), c.v(6)
	c.erf(x, small, tail, c.v(3), c.v(4), c.v(5), a, c.v(7))
	c.line("VMULPS %s, %s, %s", x, small, small)
	c.op("VANDPS", number(1<<31-1), x, a)
	c.op("VANDPS", number(1<<31), x, x)
	c.set(float(1), c.v(3))
	c.line("VSUBPS %s, %s, %s", tail, c.v(3), tail)
	c.line("VORPS %s, %s, %s", x, tail, x)
	c.ifLess(a, float(1), small, x)
}

// gelu computes x multiplied by the normal distribution of x.
func gelu(c *code) {
	x, z, small, tail, a := c.v(0), c.v(8), c.v(1), c.v(2), c.v(6)
	c.op("VMULPS", float(1/math.Sqrt2), x, z)
	c.erf(z, small, tail, c.v(3), c.v(4), c.v(5), a, c.v(7))
	c.op("VANDPS", number(1<<31-1), z, a)
	// The distribution is erfc(-z)/2 for z below -1, 1-erfc(z)/2 above 1, and (1+erf(z))/2 between.
	c.op("VMULPS", float(0.5), tail, tail)
	c.set(float(1), c.v(3))
	c.line("VSUBPS %s, %s, %s", tail, c.v(3), c.v(4))
	c.ifLess(z, 0, tail, c.v(4))
	c.op("VMULPS", float(0.5), z, z)
	c.set(float(0.5), c.v(3))
	c.line("VFMADD213PS %s, %s, %s", c.v(3), z, small)
	c.ifLess(a, float(1), small, c.v(4))
	c.line("VMULPS %s, %s, %s", c.v(4), x, x)
}

// elu computes alpha (exp(x)-1) for x up to 0, and beta x above.
func elu(c *code) {
	x, low, n, p, t, zero := c.v(0), c.v(4), c.v(1), c.v(2), c.v(3), c.v(5)
	c.line("VMOVAPS %s, %s", x, low)
	c.atMost(0, low)
	c.atLeast(float(-87), low)
	c.expm1(low, n, p, t)
	c.line("VMULPS %s, %s, %s", c.v(13), low, low)
	c.line("VMULPS %s, %s, %s", c.v(14), x, p)
	c.set(0, zero)
	c.lessRegister(zero, x, p, low)
	c.line("VMOVAPS %s, %s", low, x)
}

// expm1 replaces x, which is from -87 to 87, by its exponential minus 1.
func (c *code) expm1(x, n, p, t string) {
	c.reduce(x, n, p)
	c.line("VMULPS %s, %s, %s", x, p, p)
	c.line("VFMADD213PS %s, %s, %s", x, x, p)
	c.power(n, t)
	c.op("VADDPS", float(-1), t, x)
	c.line("VFMADD231PS %s, %s, %s", t, p, x)
}

// softplus computes log(1+exp(x)) as max(x, 0) + log(1+e), where e is exp(-|x|).
func softplus(c *code) {
	x, e, w, top := c.v(0), c.v(6), c.v(7), c.v(8)
	c.line("VMOVAPS %s, %s", x, top)
	c.atLeast(0, top)
	c.op("VORPS", number(1<<31), x, e)
	c.exp(e, c.v(1), c.v(2), c.v(3))
	c.op("VADDPS", float(1), e, w)
	c.line("VMOVAPS %s, %s", w, x)
	c.log(x, c.v(1), c.v(2), c.v(3), c.v(4))
	// What the rounding of 1+e has lost is added, divided by 1+e.
	c.op("VADDPS", float(-1), w, c.v(1))
	c.line("VSUBPS %s, %s, %s", c.v(1), e, e)
	c.line("VDIVPS %s, %s, %s", w, e, e)
	c.line("VADDPS %s, %s, %s", e, x, x)
	c.line("VADDPS %s, %s, %s", top, x, x)
}

// mish computes x n/(n+2) with n = e (e+2) and e = exp(x), which is x tanh(log(1+e)).
func mish(c *code) {
	x, e := c.v(0), c.v(4)
	c.line("VMOVAPS %s, %s", x, e)
	c.atMost(float(40), e)
	c.exp(e, c.v(1), c.v(2), c.v(3))
	c.op("VADDPS", float(2), e, c.v(1))
	c.line("VMULPS %s, %s, %s", c.v(1), e, e)
	c.op("VADDPS", float(2), e, c.v(1))
	c.line("VDIVPS %s, %s, %s", c.v(1), e, e)
	c.line("VMULPS %s, %s, %s", e, x, x)
}

// log replaces x by its logarithm. A number is split into m 2^e with m from sqrt(1/2) to sqrt(2).
func (c *code) log(x, e, m, p, t string) {
	// Denormal numbers are multiplied by 2^23.
	c.line("VXORPS %s, %s, %s", e, e, e)
	c.op("VMULPS", float(1<<23), x, p)
	c.line("VMOVAPS %s, %s", x, m)
	c.set(float(-23), t)
	c.ifLess(x, number(0x00800000), p, m)
	c.ifLess(x, number(0x00800000), t, e)
	// The exponent is that of m/sqrt(1/2): the bits of sqrt(1/2) are subtracted.
	c.op("VPSUBD", number(0x3f3504f3), m, p)
	c.line("VPSRAD $23, %s, %s", p, t)
	c.line("VPSLLD $23, %s, %s", t, p)
	c.line("VPSUBD %s, %s, %s", p, m, m)
	c.line("VCVTDQ2PS %s, %s", t, t)
	c.line("VADDPS %s, %s, %s", t, e, e)
	c.op("VADDPS", float(-1), m, m)
	c.polynomial(m, p, -0.07974110543727875, 0.12655651569366455, -0.12989291548728943, 0.1420995146036148,
		-0.16641581058502197, 0.20001201331615448, -0.25000303983688354, 0.3333333134651184)
	// e ln2 + m - m^2/2 + p m^3, from the smallest term on.
	c.line("VMULPS %s, %s, %s", m, m, t)
	c.line("VMULPS %s, %s, %s", m, p, p)
	c.op("VADDPS", float(-0.5), p, p)
	c.line("VMULPS %s, %s, %s", t, p, p)
	c.op("VFMADD231PS", float(ln2Low), e, p)
	c.line("VADDPS %s, %s, %s", m, p, p)
	c.op("VFMADD231PS", float(ln2High), e, p)
	// The logarithm of infinity and NaN is the number itself, that of zero is -infinity, and negative numbers have none.
	c.set(number(0x7f800000), t)
	c.line("VMOVAPS %s, %s", x, m)
	c.lessRegister(x, t, p, m)
	c.set(number(0xff800000), t)
	c.ifLess(x, number(1), t, m)
	c.set(number(0x7fc00000), t)
	c.ifLess(x, 0, t, m)
	c.line("VMOVAPS %s, %s", m, x)
}

// lessRegister sets to to x where a < b.
func (c *code) lessRegister(a, b, x, to string) {
	if c.masks {
		c.line("VCMPPS $1, %s, %s, K2", b, a)
		c.line("VMOVAPS %s, K2, %s", x, to)
		return
	}
	c.line("VCMPPS $1, %s, %s, %s", b, a, c.spare())
	c.line("VBLENDVPS %s, %s, %s, %s", c.spare(), x, to, to)
}

// write writes the loop around a function.
func (f *function) write(c *code) {
	frame := 24
	arguments := "dst, a *float32, n int"
	if f.args {
		frame, arguments = 32, arguments+", alpha, beta float32"
	}
	c.label("")
	c.label("// func %s%s(%s)", f.name, c.name, arguments)
	c.label("TEXT ·%s%s(SB), NOSPLIT, $0-%d", f.name, c.name, frame)
	c.line("MOVQ dst+0(FP), DI")
	c.line("MOVQ a+8(FP), SI")
	c.line("MOVQ n+16(FP), CX")
	if f.args {
		c.line("VBROADCASTSS alpha+24(FP), %s", c.v(13))
		c.line("VBROADCASTSS beta+28(FP), %s", c.v(14))
	}
	lanes := c.bytes / 4
	c.line("SUBQ $%d, CX", lanes)
	c.line("JLT  tail")
	c.label("")
	c.label("loop:")
	c.line("VMOVUPS (SI), %s", c.v(0))
	if f.onto {
		c.line("VMOVUPS (DI), %s", c.v(1))
	}
	f.body(c)
	c.line("VMOVUPS %s, (DI)", c.v(0))
	c.line("ADDQ $%d, SI", c.bytes)
	c.line("ADDQ $%d, DI", c.bytes)
	c.line("SUBQ $%d, CX", lanes)
	c.line("JGE  loop")
	c.label("")
	c.label("tail:")
	c.line("ADDQ $%d, CX", lanes)
	c.line("JZ   done")
	c.tailMask()
	c.tailLoad("(SI)", c.v(0))
	if f.onto {
		c.tailLoad("(DI)", c.v(1))
	}
	f.body(c)
	if c.masks {
		c.line("VMOVUPS %s, K1, (DI)", c.v(0))
	} else {
		c.line("VMOVUPS (BX)(CX*4), %s", c.spare())
		c.line("VMASKMOVPS %s, %s, (DI)", c.v(0), c.spare())
	}
	c.label("")
	c.label("done:")
	c.line("VZEROUPPER")
	c.line("RET")
}

// tailMask prepares the mask of the first CX lanes. It is in K1, or at BX-4*CX after CX was negated.
func (c *code) tailMask() {
	if c.masks {
		c.line("MOVL $1, AX")
		c.line("SHLL CX, AX")
		c.line("DECL AX")
		c.line("KMOVW AX, K1")
		return
	}
	c.line("NEGQ CX")
	c.line("LEAQ lanesOf<>+32(SB), BX")
}

func (c *code) tailLoad(from, to string) {
	if c.masks {
		c.line("VMOVUPS.Z %s, K1, %s", from, to)
		return
	}
	c.line("VMOVUPS (BX)(CX*4), %s", c.spare())
	c.line("VMASKMOVPS %s, %s, %s", from, c.spare(), to)
}

// table writes the constants that the code uses.
func (c *constants) table(g *generator) {
	g.label("")
	for i, n := range c.list {
		g.label("DATA numbers<>+%#02x(SB)/4, $%#08x // %v", 4*i, n, fmt.Sprint(math.Float32frombits(n)))
	}
	g.label("GLOBL numbers<>(SB), RODATA|NOPTR, $%d", 4*len(c.list))
}
