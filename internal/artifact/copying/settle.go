package copying

import (
	"context"
	"fmt"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// settle records the files that were written in the source since the copy began, or that the target does not have, as
// failures. It compares lists and reads no files.
func (c *copier) settle(ctx context.Context, source, target artifact.Walker, folder string) error {
	existing := newCursor(target.Walk(ctx, folder))
	defer existing.stop()
	for e, err := range source.Walk(ctx, folder) {
		if err != nil {
			return fmt.Errorf("listing the source again: %w", err)
		}
		size, err := existing.size(e.Path)
		if err != nil {
			return fmt.Errorf("listing the target again: %w", err)
		}
		if size == e.Size && !e.ModTime.After(c.start) || e.LeftOut != "" {
			continue
		}
		if err := c.failed(e.Path, "it was written after it was copied"); err != nil {
			return err
		}
	}
	return nil
}
