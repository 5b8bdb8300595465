#include "textflag.h"

// lanes contains the mask of the first r < 8 lanes at byte 32-4r.
DATA lanes<>+0x00(SB)/8, $0xffffffffffffffff
DATA lanes<>+0x08(SB)/8, $0xffffffffffffffff
DATA lanes<>+0x10(SB)/8, $0xffffffffffffffff
DATA lanes<>+0x18(SB)/8, $0xffffffffffffffff
DATA lanes<>+0x20(SB)/8, $0
DATA lanes<>+0x28(SB)/8, $0
DATA lanes<>+0x30(SB)/8, $0
DATA lanes<>+0x38(SB)/8, $0
GLOBL lanes<>(SB), RODATA|NOPTR, $64

// ones has the bits of the number 1 and the sign bit.
DATA ones<>+0x00(SB)/4, $0x3f800000
DATA ones<>+0x04(SB)/4, $0x80000000
GLOBL ones<>(SB), RODATA|NOPTR, $8

#define ROW(disp, c0, c1, c2) \
	VBROADCASTSS disp(SI), Y15  \
	VFMADD231PS  Y12, Y15, c0   \
	VFMADD231PS  Y13, Y15, c1   \
	VFMADD231PS  Y14, Y15, c2

#define STORE(c0, c1, c2) \
	VMOVUPS c0, (DX)   \
	VMOVUPS c1, 32(DX) \
	VMOVUPS c2, 64(DX) \
	ADDQ    R9, DX

#define LOAD(c0, c1, c2) \
	VMOVUPS (DX), c0   \
	VMOVUPS 32(DX), c1 \
	VMOVUPS 64(DX), c2 \
	ADDQ    R9, DX

// HSUM4 sums the lanes of each of four registers and adds the sums to the four
// floats at R12, R12+R13, R12+2 R13 and R12+3 R13.
#define HSUM4(c0, c1, c2, c3, x0, x1) \
	VHADDPS      c1, c0, c0       \
	VHADDPS      c3, c2, c2       \
	VHADDPS      c2, c0, c0       \
	VEXTRACTF128 $1, c0, x1       \
	VADDPS       x1, x0, x0       \
	VADDSS       (R12), x0, x1    \
	VMOVSS       x1, (R12)        \
	VPERMILPS    $0x39, x0, x0    \
	ADDQ         R13, R12         \
	VADDSS       (R12), x0, x1    \
	VMOVSS       x1, (R12)        \
	VPERMILPS    $0x39, x0, x0    \
	ADDQ         R13, R12         \
	VADDSS       (R12), x0, x1    \
	VMOVSS       x1, (R12)        \
	VPERMILPS    $0x39, x0, x0    \
	ADDQ         R13, R12         \
	VADDSS       (R12), x0, x1    \
	VMOVSS       x1, (R12)

// PROLOGUE and EPILOGUE enclose a loop over n floats, eight at a time. AX is the index and
// R8 is the end of the loop.
#define PROLOGUE \
	MOVQ dst+0(FP), DI \
	MOVQ a+8(FP), SI   \
	MOVQ b+16(FP), DX  \
	MOVQ n+24(FP), CX  \
	XORQ AX, AX        \
	MOVQ CX, R8        \
	ANDQ $-8, R8       \
	JZ   tail

// EPILOGUE sets Y2 to the mask of the remaining lanes, or returns if there are none.
#define EPILOGUE \
	ANDQ    $7, CX             \
	JZ      done               \
	NEGQ    CX                 \
	LEAQ    lanes<>+32(SB), BX \
	VMOVUPS (BX)(CX*4), Y2

// NANMAX keeps a where it is NaN, because OP does not propagate it.
#define NANMAX(OP, a, b, to) \
	OP        b, a, Y4     \
	VCMPPS    $3, a, a, Y5 \
	VBLENDVPS Y5, a, Y4, to

#define PLAIN(OP, a, b, to) OP b, a, to
#define REVERSED(OP, a, b, to) OP a, b, to

#define VECTORS(NAME, FORM, OP) \
TEXT NAME(SB), NOSPLIT, $0-32     \
	PROLOGUE                      \
loop:                             \
	VMOVUPS (SI)(AX*4), Y0        \
	VMOVUPS (DX)(AX*4), Y1        \
	FORM(OP, Y0, Y1, Y0)          \
	VMOVUPS Y0, (DI)(AX*4)        \
	ADDQ    $8, AX                \
	CMPQ    AX, R8                \
	JLT     loop                  \
tail:                             \
	EPILOGUE                      \
	VMASKMOVPS (SI)(AX*4), Y2, Y0 \
	VMASKMOVPS (DX)(AX*4), Y2, Y1 \
	FORM(OP, Y0, Y1, Y0)          \
	VMASKMOVPS Y0, Y2, (DI)(AX*4) \
done:                             \
	VZEROUPPER                    \
	RET

#define SCALAR(NAME, FORM, OP) \
TEXT NAME(SB), NOSPLIT, $0-32     \
	MOVQ b+16(FP), DX             \
	VBROADCASTSS (DX), Y1         \
	PROLOGUE                      \
loop:                             \
	VMOVUPS (SI)(AX*4), Y0        \
	FORM(OP, Y0, Y1, Y0)          \
	VMOVUPS Y0, (DI)(AX*4)        \
	ADDQ    $8, AX                \
	CMPQ    AX, R8                \
	JLT     loop                  \
tail:                             \
	EPILOGUE                      \
	VMASKMOVPS (SI)(AX*4), Y2, Y0 \
	FORM(OP, Y0, Y1, Y0)          \
	VMASKMOVPS Y0, Y2, (DI)(AX*4) \
done:                             \
	VZEROUPPER                    \
	RET

// func tileAVX2(k int, a, b *float32, off *int, c *float32, ldc int, add bool)
TEXT ·tileAVX2(SB), NOSPLIT, $0-49
	MOVQ    k+0(FP), CX
	MOVQ    a+8(FP), SI
	MOVQ    b+16(FP), BX
	MOVQ    off+24(FP), R8
	MOVQ    c+32(FP), DX
	MOVQ    ldc+40(FP), R9
	SHLQ    $2, R9
	MOVBLZX add+48(FP), AX
	TESTL   AX, AX
	JZ      zero
	LOAD(Y0, Y1, Y2)
	LOAD(Y3, Y4, Y5)
	LOAD(Y6, Y7, Y8)
	LOAD(Y9, Y10, Y11)
	MOVQ    c+32(FP), DX
	JMP     loop

zero:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

loop:
	MOVQ    (R8), AX
	VMOVUPS (BX)(AX*4), Y12
	VMOVUPS 32(BX)(AX*4), Y13
	VMOVUPS 64(BX)(AX*4), Y14
	ROW(0, Y0, Y1, Y2)
	ROW(4, Y3, Y4, Y5)
	ROW(8, Y6, Y7, Y8)
	ROW(12, Y9, Y10, Y11)
	ADDQ    $16, SI
	ADDQ    $8, R8
	DECQ    CX
	JNZ     loop
	STORE(Y0, Y1, Y2)
	STORE(Y3, Y4, Y5)
	STORE(Y6, Y7, Y8)
	STORE(Y9, Y10, Y11)
	VZEROUPPER
	RET

// func dotsAVX2(n int, a *float32, lda int, b *float32, off *int, c *float32, ldc int)
TEXT ·dotsAVX2(SB), NOSPLIT, $0-56
	MOVQ   n+0(FP), CX
	MOVQ   a+8(FP), SI
	MOVQ   lda+16(FP), R9
	SHLQ   $2, R9
	LEAQ   (SI)(R9*1), DI
	LEAQ   (DI)(R9*1), R10
	LEAQ   (R10)(R9*1), R11
	MOVQ   b+24(FP), BX
	MOVQ   off+32(FP), R8
	MOVQ   (R8), AX
	MOVQ   8(R8), DX
	MOVQ   16(R8), R8
	LEAQ   (BX)(AX*4), AX
	LEAQ   (BX)(DX*4), DX
	LEAQ   (BX)(R8*4), R8
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	XORQ   R12, R12
	MOVQ   CX, R13
	ANDQ   $-8, R13
	JZ     tail

loop:
	VMOVUPS     (AX)(R12*4), Y12
	VMOVUPS     (DX)(R12*4), Y13
	VMOVUPS     (R8)(R12*4), Y14
	VMOVUPS     (SI)(R12*4), Y15
	VFMADD231PS Y12, Y15, Y0
	VFMADD231PS Y13, Y15, Y4
	VFMADD231PS Y14, Y15, Y8
	VMOVUPS     (DI)(R12*4), Y15
	VFMADD231PS Y12, Y15, Y1
	VFMADD231PS Y13, Y15, Y5
	VFMADD231PS Y14, Y15, Y9
	VMOVUPS     (R10)(R12*4), Y15
	VFMADD231PS Y12, Y15, Y2
	VFMADD231PS Y13, Y15, Y6
	VFMADD231PS Y14, Y15, Y10
	VMOVUPS     (R11)(R12*4), Y15
	VFMADD231PS Y12, Y15, Y3
	VFMADD231PS Y13, Y15, Y7
	VFMADD231PS Y14, Y15, Y11
	ADDQ        $8, R12
	CMPQ        R12, R13
	JLT         loop

tail:
	ANDQ        $7, CX
	JZ          sum
	NEGQ        CX
	LEAQ        lanes<>+32(SB), BX
	VMOVUPS     (BX)(CX*4), Y15
	VMASKMOVPS  (AX)(R12*4), Y15, Y12
	VMASKMOVPS  (DX)(R12*4), Y15, Y13
	VMASKMOVPS  (R8)(R12*4), Y15, Y14
	VMASKMOVPS  (SI)(R12*4), Y15, Y15
	VFMADD231PS Y12, Y15, Y0
	VFMADD231PS Y13, Y15, Y4
	VFMADD231PS Y14, Y15, Y8
	VMOVUPS     (BX)(CX*4), Y15
	VMASKMOVPS  (DI)(R12*4), Y15, Y15
	VFMADD231PS Y12, Y15, Y1
	VFMADD231PS Y13, Y15, Y5
	VFMADD231PS Y14, Y15, Y9
	VMOVUPS     (BX)(CX*4), Y15
	VMASKMOVPS  (R10)(R12*4), Y15, Y15
	VFMADD231PS Y12, Y15, Y2
	VFMADD231PS Y13, Y15, Y6
	VFMADD231PS Y14, Y15, Y10
	VMOVUPS     (BX)(CX*4), Y15
	VMASKMOVPS  (R11)(R12*4), Y15, Y15
	VFMADD231PS Y12, Y15, Y3
	VFMADD231PS Y13, Y15, Y7
	VFMADD231PS Y14, Y15, Y11

sum:
	MOVQ c+40(FP), BX
	MOVQ ldc+48(FP), R13
	SHLQ $2, R13
	MOVQ BX, R12
	HSUM4(Y0, Y1, Y2, Y3, X0, X1)
	LEAQ 4(BX), R12
	HSUM4(Y4, Y5, Y6, Y7, X4, X5)
	LEAQ 8(BX), R12
	HSUM4(Y8, Y9, Y10, Y11, X8, X9)
	VZEROUPPER
	RET

// DOT adds the products of a row of a and the three vectors of b.
#define DOT(ROW, S0, S1, S2) \
	VMOVUPS     (ROW)(R12*4), Z15 \
	VFMADD231PS Z12, Z15, S0      \
	VFMADD231PS Z13, Z15, S1      \
	VFMADD231PS Z14, Z15, S2

// DOTTAIL is DOT for the lanes of K1.
#define DOTTAIL(ROW, S0, S1, S2) \
	VMOVUPS.Z   (ROW)(R12*4), K1, Z15 \
	VFMADD231PS Z12, Z15, S0          \
	VFMADD231PS Z13, Z15, S1          \
	VFMADD231PS Z14, Z15, S2

// HALVE adds the upper half of a vector to its lower half.
#define HALVE(S, LOW) \
	VEXTRACTF64X4 $1, S, Y15    \
	VADDPS        Y15, LOW, LOW

// func dotsAVX512(n int, a *float32, lda int, b *float32, off *int, c *float32, ldc int)
TEXT ·dotsAVX512(SB), NOSPLIT, $0-56
	MOVQ   n+0(FP), CX
	MOVQ   a+8(FP), SI
	MOVQ   lda+16(FP), R9
	SHLQ   $2, R9
	LEAQ   (SI)(R9*1), DI
	LEAQ   (DI)(R9*1), R10
	LEAQ   (R10)(R9*1), R11
	MOVQ   b+24(FP), BX
	MOVQ   off+32(FP), R8
	MOVQ   (R8), AX
	MOVQ   8(R8), DX
	MOVQ   16(R8), R8
	LEAQ   (BX)(AX*4), AX
	LEAQ   (BX)(DX*4), DX
	LEAQ   (BX)(R8*4), R8
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	VPXORD Z4, Z4, Z4
	VPXORD Z5, Z5, Z5
	VPXORD Z6, Z6, Z6
	VPXORD Z7, Z7, Z7
	VPXORD Z8, Z8, Z8
	VPXORD Z9, Z9, Z9
	VPXORD Z10, Z10, Z10
	VPXORD Z11, Z11, Z11
	XORQ   R12, R12
	MOVQ   CX, R13
	ANDQ   $-16, R13
	JZ     tail

loop:
	VMOVUPS (AX)(R12*4), Z12
	VMOVUPS (DX)(R12*4), Z13
	VMOVUPS (R8)(R12*4), Z14
	DOT(SI, Z0, Z4, Z8)
	DOT(DI, Z1, Z5, Z9)
	DOT(R10, Z2, Z6, Z10)
	DOT(R11, Z3, Z7, Z11)
	ADDQ    $16, R12
	CMPQ    R12, R13
	JLT     loop

tail:
	ANDQ      $15, CX
	JZ        sum
	MOVL      $1, BX
	SHLL      CX, BX
	DECL      BX
	KMOVW     BX, K1
	VMOVUPS.Z (AX)(R12*4), K1, Z12
	VMOVUPS.Z (DX)(R12*4), K1, Z13
	VMOVUPS.Z (R8)(R12*4), K1, Z14
	DOTTAIL(SI, Z0, Z4, Z8)
	DOTTAIL(DI, Z1, Z5, Z9)
	DOTTAIL(R10, Z2, Z6, Z10)
	DOTTAIL(R11, Z3, Z7, Z11)

sum:
	HALVE(Z0, Y0)
	HALVE(Z1, Y1)
	HALVE(Z2, Y2)
	HALVE(Z3, Y3)
	HALVE(Z4, Y4)
	HALVE(Z5, Y5)
	HALVE(Z6, Y6)
	HALVE(Z7, Y7)
	HALVE(Z8, Y8)
	HALVE(Z9, Y9)
	HALVE(Z10, Y10)
	HALVE(Z11, Y11)
	MOVQ c+40(FP), BX
	MOVQ ldc+48(FP), R13
	SHLQ $2, R13
	MOVQ BX, R12
	HSUM4(Y0, Y1, Y2, Y3, X0, X1)
	LEAQ 4(BX), R12
	HSUM4(Y4, Y5, Y6, Y7, X4, X5)
	LEAQ 8(BX), R12
	HSUM4(Y8, Y9, Y10, Y11, X8, X9)
	VZEROUPPER
	RET

VECTORS(·addAVX2, PLAIN, VADDPS)
VECTORS(·subAVX2, PLAIN, VSUBPS)
VECTORS(·mulAVX2, PLAIN, VMULPS)
VECTORS(·divAVX2, PLAIN, VDIVPS)
VECTORS(·maxAVX2, NANMAX, VMAXPS)
VECTORS(·minAVX2, NANMAX, VMINPS)
SCALAR(·addScalarAVX2, PLAIN, VADDPS)
SCALAR(·subScalarAVX2, PLAIN, VSUBPS)
SCALAR(·rsubScalarAVX2, REVERSED, VSUBPS)
SCALAR(·mulScalarAVX2, PLAIN, VMULPS)
SCALAR(·divScalarAVX2, PLAIN, VDIVPS)
SCALAR(·rdivScalarAVX2, REVERSED, VDIVPS)
SCALAR(·maxScalarAVX2, NANMAX, VMAXPS)
SCALAR(·minScalarAVX2, NANMAX, VMINPS)

// SIGN computes 1 or -1 with the sign of Y0, or Y0 where it is 0 or NaN. Y6 has 1
// and Y7 the sign bit in all lanes; Y8 is 0.
#define SIGN \
	VANDPS    Y7, Y0, Y1      \
	VORPS     Y6, Y1, Y1      \
	VCMPPS    $12, Y8, Y0, Y3 \
	VBLENDVPS Y3, Y1, Y0, Y0

// func signAVX2(dst, a *float32, n int)
TEXT ·signAVX2(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVQ         a+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS ones<>+0(SB), Y6
	VBROADCASTSS ones<>+4(SB), Y7
	VXORPS       Y8, Y8, Y8
	XORQ         AX, AX
	MOVQ         CX, R8
	ANDQ         $-8, R8
	JZ           tail

loop:
	VMOVUPS (SI)(AX*4), Y0
	SIGN
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, R8
	JLT     loop

tail:
	EPILOGUE
	VMASKMOVPS (SI)(AX*4), Y2, Y0
	SIGN
	VMASKMOVPS Y0, Y2, (DI)(AX*4)

done:
	VZEROUPPER
	RET
