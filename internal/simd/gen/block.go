package main

import "fmt"

// The offsets of the fields of simd.blockArgs.
const (
	argA, argB, argC                = 0, 8, 16
	argRow, argStep, argLdb, argLdc = 24, 32, 40, 48
	argK, argRowBias, argColBias    = 56, 64, 72
	argAdd, argLow, argHigh         = 80, 88, 92
	argFlags, argLast               = 96, 104
)

// The bits of blockArgs.flags.
const (
	flagMore, flagClamp = 0, 1
)

// blockOf writes one kernel. The registers of the processor are used as follows: DI has the arguments, R8, R9 and R10
// point to rows 0, 3 and 6 of a, R11 is the distance of the rows and R12 that of their elements; BX and R13 are the
// position in b and the distance of its rows; CX counts.
type blockOf struct {
	*generator
	isa
	rows, vectors int
}

// sets is the number of independent sums of each element. A block of few rows needs several, because the next addition
// to a register begins when the last one has ended.
func (t *blockOf) sets() int {
	n := 1
	for t.rows*t.vectors*n*2 <= 12 && n < 4 {
		n *= 2
	}
	if t.rows*t.vectors*n+t.vectors+1 > t.registers {
		n = 1
	}
	return n
}

func (t *blockOf) vector(i int) string { return fmt.Sprintf("%s%d", t.reg, i) }

// sum is the register with the sums of a row and a vector.
func (t *blockOf) sum(set, row, vector int) string {
	return t.vector((set*t.rows+row)*t.vectors + vector)
}

// column is the register with a vector of b, and factor that with an element of a.
func (t *blockOf) column(vector int) string { return t.vector(t.registers - 1 - vector) }
func (t *blockOf) factor() string           { return t.vector(t.registers - 1 - t.vectors) }

func (t *blockOf) write() {
	t.label("")
	t.label("// func block%dx%d%s(args *blockArgs)", t.rows, t.vectors, t.name)
	t.label("TEXT ·block%dx%d%s(SB), NOSPLIT, $0-8", t.rows, t.vectors, t.name)
	t.line("MOVQ args+0(FP), DI")
	t.line("MOVQ %d(DI), R8", argA)
	t.line("MOVQ %d(DI), BX", argB)
	t.line("MOVQ %d(DI), R11", argRow)
	t.line("MOVQ %d(DI), R12", argStep)
	t.line("MOVQ %d(DI), R13", argLdb)
	t.line("MOVQ %d(DI), CX", argK)
	if t.rows > 3 {
		t.line("LEAQ (R8)(R11*2), R9")
		t.line("ADDQ R11, R9")
	}
	if t.rows > 6 {
		t.line("LEAQ (R9)(R11*2), R10")
		t.line("ADDQ R11, R10")
	}
	if t.masks {
		t.line("KMOVW %d(DI), K1", argLast)
	}
	for i := range t.sets() * t.rows * t.vectors {
		r := t.vector(i)
		if t.masks {
			t.line("VPXORD %s, %s, %s", r, r, r)
		} else {
			t.line("VXORPS %s, %s, %s", r, r, r)
		}
	}
	t.loops()
	t.finish()
}

// loops adds up the products: several elements at a time, then the rest.
func (t *blockOf) loops() {
	sets := t.sets()
	if sets > 1 {
		t.line("SUBQ $%d, CX", sets)
		t.line("JLT  rest")
		t.label("")
		t.label("many:")
		for s := range sets {
			t.step(s)
		}
		t.line("SUBQ $%d, CX", sets)
		t.line("JGE  many")
		t.label("")
		t.label("rest:")
		t.line("ADDQ $%d, CX", sets)
		t.line("JZ   join")
	}
	t.label("")
	t.label("loop:")
	t.step(0)
	t.line("DECQ CX")
	t.line("JNZ  loop")
	if sets == 1 {
		return
	}
	t.label("")
	t.label("join:")
	for half := sets / 2; half > 0; half /= 2 {
		for s := range half {
			for r := range t.rows {
				for v := range t.vectors {
					t.line("VADDPS %s, %s, %s", t.sum(s+half, r, v), t.sum(s, r, v), t.sum(s, r, v))
				}
			}
		}
	}
}

// step adds the products of one row of b.
func (t *blockOf) step(set int) {
	for v := range t.vectors {
		if t.masks && v == t.vectors-1 {
			t.line("VMOVUPS.Z %d(BX), K1, %s", v*t.bytes, t.column(v))
			continue
		}
		t.line("VMOVUPS %d(BX), %s", v*t.bytes, t.column(v))
	}
	t.line("ADDQ R13, BX")
	for r := range t.rows {
		if t.masks && t.vectors == 1 {
			t.line("VFMADD231PS.BCST %s, %s, %s", t.element(r), t.column(0), t.sum(set, r, 0))
			continue
		}
		t.line("VBROADCASTSS %s, %s", t.element(r), t.factor())
		for v := range t.vectors {
			t.line("VFMADD231PS %s, %s, %s", t.column(v), t.factor(), t.sum(set, r, v))
		}
	}
	for i, p := range []string{"R8", "R9", "R10"} {
		if t.rows > 3*i {
			t.line("ADDQ R12, %s", p)
		}
	}
}

// element is the operand of an element of a.
func (t *blockOf) element(row int) string {
	pointer := []string{"R8", "R9", "R10"}[row/3]
	return "(" + pointer + ")" + []string{"", "(R11*1)", "(R11*2)"}[row%3]
}

// finish adds what the arguments name to the sums, limits them and stores them. The registers of b and a are free.
func (t *blockOf) finish() {
	t.line("MOVQ %d(DI), DX", argC)
	t.line("MOVQ %d(DI), R9", argLdc)
	t.line("MOVQ %d(DI), AX", argFlags)
	if !t.masks {
		t.line("MOVQ %d(DI), CX", argLast)
		t.line("NEGQ CX")
		t.line("LEAQ lanesOf<>+32(SB), R8")
		t.line("VMOVUPS (R8)(CX*4), %s", t.lastMask())
	}
	t.line("BTQ  $%d, AX", flagMore)
	t.line("JCC  rowbias")
	t.addFrom("DX")
	t.label("")
	t.label("rowbias:")
	t.line("MOVQ  %d(DI), R8", argRowBias)
	t.line("TESTQ R8, R8")
	t.line("JZ    colbias")
	for r := range t.rows {
		t.line("VBROADCASTSS %d(R8), %s", 4*r, t.factor())
		for v := range t.vectors {
			t.line("VADDPS %s, %s, %s", t.factor(), t.sum(0, r, v), t.sum(0, r, v))
		}
	}
	t.label("")
	t.label("colbias:")
	t.line("MOVQ  %d(DI), R8", argColBias)
	t.line("TESTQ R8, R8")
	t.line("JZ    addition")
	for v := range t.vectors {
		t.load("R8", v, t.factor())
		for r := range t.rows {
			t.line("VADDPS %s, %s, %s", t.factor(), t.sum(0, r, v), t.sum(0, r, v))
		}
	}
	t.label("")
	t.label("addition:")
	t.line("MOVQ  %d(DI), R8", argAdd)
	t.line("TESTQ R8, R8")
	t.line("JZ    clamp")
	t.addFrom("R8")
	t.label("")
	t.label("clamp:")
	t.line("BTQ  $%d, AX", flagClamp)
	t.line("JCC  store")
	t.limit("VMAXPS", argLow)
	t.limit("VMINPS", argHigh)
	t.label("")
	t.label("store:")
	for r := range t.rows {
		for v := range t.vectors {
			t.store(v, t.sum(0, r, v))
		}
		if r < t.rows-1 {
			t.line("ADDQ R9, DX")
		}
	}
	t.line("VZEROUPPER")
	t.line("RET")
}

// limit applies VMAXPS or VMINPS to all sums. A sum that is NaN remains, because it is the second operand.
func (t *blockOf) limit(op string, arg int) {
	t.line("VBROADCASTSS %d(DI), %s", arg, t.factor())
	for r := range t.rows {
		for v := range t.vectors {
			t.line("%s %s, %s, %s", op, t.sum(0, r, v), t.factor(), t.sum(0, r, v))
		}
	}
}

// lastMask is the register that has the mask of the last vector after the loop.
func (t *blockOf) lastMask() string { return t.vector(t.registers - 1) }

// addFrom adds rows with the distance R9 to the sums.
func (t *blockOf) addFrom(pointer string) {
	t.line("MOVQ %s, R10", pointer)
	for r := range t.rows {
		for v := range t.vectors {
			t.load("R10", v, t.factor())
			t.line("VADDPS %s, %s, %s", t.factor(), t.sum(0, r, v), t.sum(0, r, v))
		}
		if r < t.rows-1 {
			t.line("ADDQ R9, R10")
		}
	}
}

func (t *blockOf) load(pointer string, v int, to string) {
	switch {
	case v < t.vectors-1:
		t.line("VMOVUPS %d(%s), %s", v*t.bytes, pointer, to)
	case t.masks:
		t.line("VMOVUPS.Z %d(%s), K1, %s", v*t.bytes, pointer, to)
	default:
		t.line("VMASKMOVPS %d(%s), %s, %s", v*t.bytes, pointer, t.lastMask(), to)
	}
}

func (t *blockOf) store(v int, from string) {
	switch {
	case v < t.vectors-1:
		t.line("VMOVUPS %s, %d(DX)", from, v*t.bytes)
	case t.masks:
		t.line("VMOVUPS %s, K1, %d(DX)", from, v*t.bytes)
	default:
		t.line("VMASKMOVPS %s, %s, %d(DX)", from, t.lastMask(), v*t.bytes)
	}
}
