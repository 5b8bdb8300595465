#include "textflag.h"

// GATHER copies, for each of k offsets in src, the vectors that the moves name into a row of dst.
#define GATHER(V) \
	MOVQ dst+0(FP), DI     \
	MOVQ row+8(FP), R13    \
	MOVQ src+16(FP), SI    \
	MOVQ off+24(FP), R8    \
	MOVQ k+32(FP), CX      \
	MOVQ moves+40(FP), R9  \
	MOVQ n+48(FP), DX      \
	LEAQ (R9)(DX*8), R12   \
rows:                      \
	MOVQ (R8), AX          \
	LEAQ (SI)(AX*4), BX    \
	MOVQ R9, DX            \
moves:                     \
	MOVLQSX (DX), R10      \
	MOVLQSX 4(DX), R11     \
	VMOVUPS (BX)(R10*4), V \
	VMOVUPS V, (DI)(R11*4) \
	ADDQ $8, DX            \
	CMPQ DX, R12           \
	JNE  moves             \
	ADDQ $8, R8            \
	ADDQ R13, DI           \
	DECQ CX                \
	JNZ  rows              \
	VZEROUPPER             \
	RET

// func gatherAVX512(dst *float32, row int, src *float32, off *int, k int, moves *move, n int)
TEXT ·gatherAVX512(SB), NOSPLIT, $0-56
	GATHER(Z0)

// func gatherAVX2(dst *float32, row int, src *float32, off *int, k int, moves *move, n int)
TEXT ·gatherAVX2(SB), NOSPLIT, $0-56
	GATHER(Y0)
