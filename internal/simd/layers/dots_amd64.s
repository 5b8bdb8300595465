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
