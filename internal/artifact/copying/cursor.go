package copying

import (
	"iter"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// missing is the size of a file that does not exist.
const missing = -1

// cursor finds files in a walk. The paths that are looked for must be in the order of the walk. If a store returns its
// files in another order, files are not found although they exist, which costs time and changes no result.
type cursor struct {
	next    func() (artifact.Entry, error, bool)
	stop    func()
	current artifact.Entry
	more    bool
}

func newCursor(files iter.Seq2[artifact.Entry, error]) *cursor {
	c := &cursor{more: true}
	c.next, c.stop = iter.Pull2(files)
	return c
}

// size returns the size of a file, or missing.
func (c *cursor) size(path string) (int64, error) {
	for c.more && c.current.Path < path {
		var err error
		c.current, err, c.more = c.next()
		if err != nil {
			return 0, err
		}
	}
	if !c.more || c.current.Path != path || c.current.LeftOut != "" {
		return missing, nil
	}
	return c.current.Size, nil
}
