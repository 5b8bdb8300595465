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

// func topsAVX512(n int, off *int, count int, src, dst *float32)
// It computes n times four vectors as the largest elements over the taps. NaN is the largest.
TEXT ·topsAVX512(SB), NOSPLIT, $0-40
	MOVQ         n+0(FP), R13
	MOVQ         off+8(FP), R9
	MOVQ         count+16(FP), R10
	MOVQ         src+24(FP), SI
	MOVQ         dst+32(FP), DI
	MOVL         $0xff800000, AX
	VPBROADCASTD AX, Z8

four:
	VMOVAPS Z8, Z0
	VMOVAPS Z8, Z1
	VMOVAPS Z8, Z2
	VMOVAPS Z8, Z3
	XORQ    CX, CX

tap:
	MOVQ    (R9)(CX*8), AX
	LEAQ    (SI)(AX*4), BX
	VMOVUPS (BX), Z4
	VMOVUPS 64(BX), Z5
	VMOVUPS 128(BX), Z6
	VMOVUPS 192(BX), Z7
	VCMPPS  $3, Z4, Z4, K1
	VCMPPS  $3, Z5, Z5, K2
	VCMPPS  $3, Z6, Z6, K3
	VCMPPS  $3, Z7, Z7, K4
	VMAXPS  Z0, Z4, Z0
	VMAXPS  Z1, Z5, Z1
	VMAXPS  Z2, Z6, Z2
	VMAXPS  Z3, Z7, Z3
	VMOVAPS Z4, K1, Z0
	VMOVAPS Z5, K2, Z1
	VMOVAPS Z6, K3, Z2
	VMOVAPS Z7, K4, Z3
	INCQ    CX
	CMPQ    CX, R10
	JLT     tap
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	VMOVUPS Z2, 128(DI)
	VMOVUPS Z3, 192(DI)
	ADDQ    $256, SI
	ADDQ    $256, DI
	DECQ    R13
	JNZ     four
	VZEROUPPER
	RET

// TOP takes the largest of a vector and an accumulator.
#define TOP(AT, S) \
	VMOVUPS   AT, Y4         \
	VMAXPS    S, Y4, S       \
	VCMPPS    $3, Y4, Y4, Y5 \
	VBLENDVPS Y5, Y4, S, S

// func topsAVX2(n int, off *int, count int, src, dst *float32)
TEXT ·topsAVX2(SB), NOSPLIT, $0-40
	MOVQ         n+0(FP), R13
	MOVQ         off+8(FP), R9
	MOVQ         count+16(FP), R10
	MOVQ         src+24(FP), SI
	MOVQ         dst+32(FP), DI
	MOVL         $0xff800000, AX
	MOVQ         AX, X8
	VBROADCASTSS X8, Y8

four:
	VMOVAPS Y8, Y0
	VMOVAPS Y8, Y1
	VMOVAPS Y8, Y2
	VMOVAPS Y8, Y3
	XORQ    CX, CX

tap:
	MOVQ    (R9)(CX*8), AX
	LEAQ    (SI)(AX*4), BX
	TOP((BX), Y0)
	TOP(32(BX), Y1)
	TOP(64(BX), Y2)
	TOP(96(BX), Y3)
	INCQ    CX
	CMPQ    CX, R10
	JLT     tap
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	DECQ    R13
	JNZ     four
	VZEROUPPER
	RET
