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
