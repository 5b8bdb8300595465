package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

const (
	// checkpointFrames is the number of pages in the write-ahead log from which on they are
	// copied into the file. Longer logs make reads slower.
	checkpointFrames = 1000
	// maxFrames is the number of pages from which on the writer itself copies them at each
	// commit: 64 MB. The log grows so far if others write faster than it is copied, or while
	// a long read needs its pages.
	maxFrames = 16_384
	// checkpointPause is the time between two looks at the log.
	checkpointPause = 20 * time.Millisecond
	// checkpointRetry is the time between two attempts to copy a log whose pages a read needs,
	// or after an error.
	checkpointRetry = time.Second
)

// checkpointer copies the write-ahead log of a SQLite database into its file while the writer
// goes on, so that commits do not wait for it.
type checkpointer struct {
	db      *sql.DB
	observe *observer
	// committing is held by the writer during a commit.
	committing *sync.Mutex
	committed  chan struct{} // receives after commits
	quit       chan struct{}
	done       chan struct{}
}

func startCheckpointer(db *sql.DB, committing *sync.Mutex, o *observer) *checkpointer {
	c := &checkpointer{
		db: db, observe: o, committing: committing,
		committed: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go c.loop()
	return c
}

// notify says that the log may have grown.
func (c *checkpointer) notify() {
	select {
	case c.committed <- struct{}{}:
	default: // The loop has not yet seen the last commit.
	}
}

// stop waits for the checkpoint in progress.
func (c *checkpointer) stop() {
	close(c.quit)
	<-c.done
}

func (c *checkpointer) loop() {
	defer close(c.done)
	for {
		select {
		case <-c.quit:
			return
		case <-c.committed:
		}
		pause := checkpointPause
		if complete, err := c.run(); err != nil {
			c.observe.log.Warn("the write-ahead log cannot be copied into the file of the database; it grows", "error", err)
			pause = checkpointRetry
		} else if !complete {
			pause = checkpointRetry
		}
		select {
		case <-c.quit:
			return
		case <-time.After(pause):
		}
	}
}

// run copies the log if it is long. It returns false if a read prevents a complete copy.
func (c *checkpointer) run() (complete bool, err error) {
	// A checkpoint that was interrupted by the end of a context would be lost work.
	ctx := context.Background()
	frames, _, err := c.checkpoint(ctx, "NOOP")
	if err != nil || frames < checkpointFrames {
		return true, err
	}
	frames, copied, err := c.checkpoint(ctx, "PASSIVE")
	if err != nil || copied < frames {
		return false, err
	}
	// The writer begins the log anew only if all of it is copied. The pages that it added in the
	// meantime are few.
	c.committing.Lock()
	defer c.committing.Unlock()
	_, _, err = c.checkpoint(ctx, "PASSIVE")
	return true, err
}

// checkpoint returns the number of pages in the log and how many of them are copied. It returns
// negative numbers if there is no log.
func (c *checkpointer) checkpoint(ctx context.Context, mode string) (frames, copied int, err error) {
	var busy int
	err = c.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &frames, &copied)
	if busy != 0 { // Another program copies it.
		return 0, 0, nil
	}
	return frames, copied, err
}

// limitLog makes a connection that writes copy the log itself if it is very long.
func limitLog(ctx context.Context, c *Conn) error {
	_, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", maxFrames))
	return err
}
