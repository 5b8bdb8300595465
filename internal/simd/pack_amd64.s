#include "textflag.h"

// The kernels in this file copy parts of tensors into the order in which other kernels read them.

// evens selects the elements with even numbers of two vectors of sixteen floats.
DATA evens<>+0x00(SB)/8, $0x0000000200000000
DATA evens<>+0x08(SB)/8, $0x0000000600000004
DATA evens<>+0x10(SB)/8, $0x0000000a00000008
DATA evens<>+0x18(SB)/8, $0x0000000e0000000c
DATA evens<>+0x20(SB)/8, $0x0000001200000010
DATA evens<>+0x28(SB)/8, $0x0000001600000014
DATA evens<>+0x30(SB)/8, $0x0000001a00000018
DATA evens<>+0x38(SB)/8, $0x0000001e0000001c
GLOBL evens<>(SB), RODATA|NOPTR, $64

// func copyRowsAVX512(rows, n int, dst *float32, to int, src *float32, from int)
// The distances of the rows, to and from, are in bytes.
TEXT ·copyRowsAVX512(SB), NOSPLIT, $0-48
	MOVQ  rows+0(FP), R10
	MOVQ  n+8(FP), R9
	MOVQ  dst+16(FP), DI
	MOVQ  to+24(FP), R12
	MOVQ  src+32(FP), SI
	MOVQ  from+40(FP), R13
	MOVQ  R9, CX
	ANDQ  $15, CX
	MOVL  $1, AX
	SHLL  CX, AX
	DECL  AX
	KMOVW AX, K1
	ANDQ  $-16, R9

row:
	XORQ AX, AX
	CMPQ AX, R9
	JGE  tail

vector:
	VMOVUPS (SI)(AX*4), Z0
	VMOVUPS Z0, (DI)(AX*4)
	ADDQ    $16, AX
	CMPQ    AX, R9
	JLT     vector

tail:
	TESTQ     CX, CX
	JZ        next
	VMOVUPS.Z (SI)(AX*4), K1, Z0
	VMOVUPS   Z0, K1, (DI)(AX*4)

next:
	ADDQ R12, DI
	ADDQ R13, SI
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET

// func evenRowsAVX512(rows, n int, dst *float32, to int, src *float32, from int)
// It is like copyRowsAVX512 but copies every second element of src.
TEXT ·evenRowsAVX512(SB), NOSPLIT, $0-48
	MOVQ    rows+0(FP), R10
	MOVQ    n+8(FP), R9
	MOVQ    dst+16(FP), DI
	MOVQ    to+24(FP), R12
	MOVQ    src+32(FP), SI
	MOVQ    from+40(FP), R13
	VMOVUPS evens<>(SB), Z2
	MOVQ    R9, BX
	ANDQ    $15, BX
	MOVL    $1, AX
	MOVQ    BX, CX
	SHLL    CX, AX
	DECL    AX
	KMOVW   AX, K1
	LEAQ    -1(BX)(BX*1), CX
	MOVL    $1, AX
	SHLL    CX, AX
	DECL    AX
	KMOVW   AX, K2
	SHRL    $16, AX
	KMOVW   AX, K3
	ANDQ    $-16, R9

row:
	XORQ AX, AX
	CMPQ AX, R9
	JGE  tail

vector:
	VMOVUPS   (SI)(AX*8), Z0
	VPERMT2PS 64(SI)(AX*8), Z2, Z0
	VMOVUPS   Z0, (DI)(AX*4)
	ADDQ      $16, AX
	CMPQ      AX, R9
	JLT       vector

tail:
	TESTQ     BX, BX
	JZ        next
	VMOVUPS.Z (SI)(AX*8), K2, Z0
	VMOVUPS.Z 64(SI)(AX*8), K3, Z1
	VPERMT2PS Z1, Z2, Z0
	VMOVUPS   Z0, K1, (DI)(AX*4)

next:
	ADDQ R12, DI
	ADDQ R13, SI
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET

// TURN8 transposes eight vectors of eight floats, which are in Y0 to Y7, into the same registers.
#define TURN8 \
	VUNPCKLPS  Y1, Y0, Y8          \
	VUNPCKHPS  Y1, Y0, Y9          \
	VUNPCKLPS  Y3, Y2, Y10         \
	VUNPCKHPS  Y3, Y2, Y11         \
	VUNPCKLPS  Y5, Y4, Y12         \
	VUNPCKHPS  Y5, Y4, Y13         \
	VUNPCKLPS  Y7, Y6, Y14         \
	VUNPCKHPS  Y7, Y6, Y15         \
	VSHUFPS    $0x44, Y10, Y8, Y0  \
	VSHUFPS    $0xee, Y10, Y8, Y1  \
	VSHUFPS    $0x44, Y11, Y9, Y2  \
	VSHUFPS    $0xee, Y11, Y9, Y3  \
	VSHUFPS    $0x44, Y14, Y12, Y4 \
	VSHUFPS    $0xee, Y14, Y12, Y5 \
	VSHUFPS    $0x44, Y15, Y13, Y6 \
	VSHUFPS    $0xee, Y15, Y13, Y7 \
	VPERM2F128 $0x20, Y4, Y0, Y8   \
	VPERM2F128 $0x20, Y5, Y1, Y9   \
	VPERM2F128 $0x20, Y6, Y2, Y10  \
	VPERM2F128 $0x20, Y7, Y3, Y11  \
	VPERM2F128 $0x31, Y4, Y0, Y12  \
	VPERM2F128 $0x31, Y5, Y1, Y13  \
	VPERM2F128 $0x31, Y6, Y2, Y14  \
	VPERM2F128 $0x31, Y7, Y3, Y15

// func turnAVX2(n int, dst *float32, to int, src *float32, from int)
// It transposes 8 rows of 8n floats. The distances of the rows, to and from, are in bytes.
TEXT ·turnAVX2(SB), NOSPLIT, $0-40
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ to+16(FP), R12
	MOVQ src+24(FP), SI
	MOVQ from+32(FP), R13
	LEAQ (R13)(R13*2), R8
	LEAQ (R12)(R12*2), R9

loop:
	LEAQ    (SI)(R13*4), BX
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R13*1), Y1
	VMOVUPS (SI)(R13*2), Y2
	VMOVUPS (SI)(R8*1), Y3
	VMOVUPS (BX), Y4
	VMOVUPS (BX)(R13*1), Y5
	VMOVUPS (BX)(R13*2), Y6
	VMOVUPS (BX)(R8*1), Y7
	TURN8
	LEAQ    (DI)(R12*4), DX
	VMOVUPS Y8, (DI)
	VMOVUPS Y9, (DI)(R12*1)
	VMOVUPS Y10, (DI)(R12*2)
	VMOVUPS Y11, (DI)(R9*1)
	VMOVUPS Y12, (DX)
	VMOVUPS Y13, (DX)(R12*1)
	VMOVUPS Y14, (DX)(R12*2)
	VMOVUPS Y15, (DX)(R9*1)
	LEAQ    (DX)(R12*4), DI
	ADDQ    $32, SI
	DECQ    CX
	JNZ     loop
	VZEROUPPER
	RET
