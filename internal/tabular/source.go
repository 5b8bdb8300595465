package tabular

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	blockSize = 64 << 10
	maxBlocks = 64
)

// Source reads a file by ranges. Small reads go through blocks that are kept, so that a
// walk along a file does not ask its store for every few bytes. It is not safe for
// concurrent use.
type Source struct {
	ctx    context.Context //nolint:containedctx // io.ReaderAt has no context.
	file   io.ReadSeeker
	size   int64
	budget int64 // bytes that may still be read
	work   int64 // bytes and values that may still be decoded
	blocks map[int64][]byte
	recent []int64 // the blocks, the one used last at the end
}

// NewSource returns a source for a file of a size. It reads at most budget bytes of it,
// and its readers decode at most work bytes and values.
func NewSource(ctx context.Context, file io.ReadSeeker, size, budget, work int64) *Source {
	return &Source{ctx: ctx, file: file, size: size, budget: budget, work: work, blocks: map[int64][]byte{}}
}

// Size returns the size of the file.
func (s *Source) Size() int64 { return s.size }

// Spend charges decoded bytes or values. It returns an error if the work is more than a
// preview may take, or if the request has ended.
func (s *Source) Spend(n int64) error {
	if err := s.alive(); err != nil {
		return err
	}
	if s.work -= n; s.work < 0 {
		return Invalid("These rows are too far from the start of their part of the file: a preview would have to " +
			"decode too much of it. Download the file.")
	}
	return nil
}

// alive returns an error if the request has ended or its time is over.
func (s *Source) alive() error {
	err := s.ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return Invalid("This part of the file takes too long to read for a preview. Download the file.")
	}
	return err
}

// ReadAt implements io.ReaderAt. A range outside of the file is io.ErrUnexpectedEOF, except
// that a read that ends the file returns io.EOF with its bytes.
func (s *Source) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset > s.size {
		return 0, io.ErrUnexpectedEOF
	}
	want := p[:min(int64(len(p)), s.size-offset)]
	if err := s.read(want, offset); err != nil {
		return 0, err
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}

// Bytes returns length bytes at an offset. The caller must not change them.
func (s *Source) Bytes(offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset > s.size || length > s.size-offset {
		return nil, Invalid("The file is damaged: it refers to bytes beyond its end.")
	}
	if length > s.budget {
		return nil, errBudget
	}
	b := make([]byte, length)
	return b, s.read(b, offset)
}

func (s *Source) read(p []byte, offset int64) error {
	if len(p) >= blockSize {
		return s.fill(p, offset)
	}
	for len(p) > 0 {
		block, err := s.block(offset / blockSize)
		if err != nil {
			return err
		}
		n := copy(p, block[offset%blockSize:])
		p, offset = p[n:], offset+int64(n)
	}
	return nil
}

func (s *Source) block(number int64) ([]byte, error) {
	if b, ok := s.blocks[number]; ok {
		s.recent = append(slices.DeleteFunc(s.recent, func(n int64) bool { return n == number }), number)
		return b, nil
	}
	b := make([]byte, min(blockSize, s.size-number*blockSize))
	if err := s.fill(b, number*blockSize); err != nil {
		return nil, err
	}
	if len(s.recent) == maxBlocks {
		delete(s.blocks, s.recent[0])
		s.recent = slices.Delete(s.recent, 0, 1)
	}
	s.blocks[number], s.recent = b, append(s.recent, number)
	return b, nil
}

var errBudget = Invalid("A preview of this part of the file would have to read too much of it. Download the file.")

// fill reads from the store.
func (s *Source) fill(p []byte, offset int64) error {
	if err := s.alive(); err != nil {
		return err
	}
	if s.budget -= int64(len(p)); s.budget < 0 {
		return errBudget
	}
	if _, err := s.file.Seek(offset, io.SeekStart); err != nil {
		return fmt.Errorf("seek to byte %d: %w", offset, err)
	}
	if _, err := io.ReadFull(s.file, p); err != nil {
		if alive := s.alive(); alive != nil {
			return alive
		}
		return fmt.Errorf("read at byte %d: %w", offset, err)
	}
	return nil
}
