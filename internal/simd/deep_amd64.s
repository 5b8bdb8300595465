#include "textflag.h"

// TAPS computes n times four vectors as sums over the taps. SIZE is the number of bytes of a vector. B, LOW and
// HIGH keep the bias and the limits, W has a weight. A result that is NaN remains, because it is the second operand of
// VMAXPS and VMINPS.
#define TAPS(SIZE, S0, S1, S2, S3, B, LOW, HIGH, W) \
	MOVQ         n+0(FP), R13                \
	MOVQ         weight+8(FP), R8            \
	MOVQ         off+16(FP), R9              \
	MOVQ         count+24(FP), R10           \
	MOVQ         src+32(FP), SI              \
	MOVQ         dst+40(FP), DI              \
	VBROADCASTSS bias+48(FP), B              \
	VBROADCASTSS low+52(FP), LOW             \
	VBROADCASTSS high+56(FP), HIGH           \
four:                                        \
	VMOVUPS      B, S0                       \
	VMOVUPS      B, S1                       \
	VMOVUPS      B, S2                       \
	VMOVUPS      B, S3                       \
	XORQ         CX, CX                      \
tap:                                         \
	MOVQ         (R9)(CX*8), AX              \
	LEAQ         (SI)(AX*4), BX              \
	VBROADCASTSS (R8)(CX*4), W               \
	VFMADD231PS  (BX), W, S0                 \
	VFMADD231PS  SIZE(BX), W, S1             \
	VFMADD231PS  2*SIZE(BX), W, S2           \
	VFMADD231PS  3*SIZE(BX), W, S3           \
	INCQ         CX                          \
	CMPQ         CX, R10                     \
	JLT          tap                         \
	VMAXPS       S0, LOW, S0                 \
	VMAXPS       S1, LOW, S1                 \
	VMAXPS       S2, LOW, S2                 \
	VMAXPS       S3, LOW, S3                 \
	VMINPS       S0, HIGH, S0                \
	VMINPS       S1, HIGH, S1                \
	VMINPS       S2, HIGH, S2                \
	VMINPS       S3, HIGH, S3                \
	VMOVUPS      S0, (DI)                    \
	VMOVUPS      S1, SIZE(DI)                \
	VMOVUPS      S2, 2*SIZE(DI)              \
	VMOVUPS      S3, 3*SIZE(DI)              \
	ADDQ         $(4*SIZE), SI               \
	ADDQ         $(4*SIZE), DI               \
	DECQ         R13                         \
	JNZ          four                        \
	VZEROUPPER                               \
	RET

// func tapsAVX512(n int, weight *float32, off *int, count int, src, dst *float32, bias, low, high float32)
TEXT ·tapsAVX512(SB), NOSPLIT, $0-60
	TAPS(64, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)

// func tapsAVX2(n int, weight *float32, off *int, count int, src, dst *float32, bias, low, high float32)
TEXT ·tapsAVX2(SB), NOSPLIT, $0-60
	TAPS(32, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)
