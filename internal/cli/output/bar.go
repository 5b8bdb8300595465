package output

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// Progress is a point in a long operation.
type Progress struct {
	// Action is what the command does, such as "copying". A new action starts a
	// new bar.
	Action string
	// Item is what the action works on now, such as a table or a file.
	Item        string
	Done, Total int64
}

// Bar shows the progress of a long operation. On a terminal it is a bar; in other
// outputs it is a line every few seconds, or nothing. It can be used by several
// goroutines.
type Bar struct {
	out      io.Writer
	terminal bool
	silent   bool
	options  []progressbar.Option
	// interval is the time between two updates, and also before the first one, so
	// that a short operation shows nothing.
	interval time.Duration

	mu      sync.Mutex
	action  string
	bar     *progressbar.ProgressBar
	last    time.Time // The time of the start or of the last output.
	drawing bool      // Whether the output of bar is written to the terminal.
	drawn   bool      // Whether the terminal shows the bar.
}

// IsTerminal reports whether out is a terminal.
func IsTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// NewRowBar returns a bar that counts rows. It prints lines if out is not a terminal.
func NewRowBar(out io.Writer, terminal bool) *Bar {
	return newBar(out, terminal, progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"))
}

// NewByteBar returns a bar that counts bytes. It prints nothing if out is not a
// terminal, because scripts read only the result.
func NewByteBar(out io.Writer, terminal bool) *Bar {
	b := newBar(out, terminal, progressbar.OptionShowBytes(true))
	b.silent = !terminal
	return b
}

// NewCopyBar returns a bar that counts bytes. It prints lines if out is not a terminal.
func NewCopyBar(out io.Writer, terminal bool) *Bar {
	return newBar(out, terminal, progressbar.OptionShowBytes(true))
}

func newBar(out io.Writer, terminal bool, unit ...progressbar.Option) *Bar {
	b := &Bar{out: out, terminal: terminal, interval: 5 * time.Second}
	b.options = append(b.options, unit...)
	b.options = append(b.options, progressbar.OptionShowCount(), progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionSetWriter(barWriter{b}))
	if terminal {
		b.interval = 100 * time.Millisecond
		b.options = append(b.options, progressbar.OptionSetWidth(24),
			progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish())
	} else {
		b.options = append(b.options, progressbar.OptionSetTheme(progressbar.Theme{})) // Only the text.
	}
	return b
}

// barWriter writes the output of the progress bar while Bar.drawing is set. The bar
// is rendered at every update, because its rate depends on it.
type barWriter struct{ *Bar }

func (b barWriter) Write(p []byte) (int, error) {
	if !b.drawing {
		return len(p), nil
	}
	return b.out.Write(p)
}

// Update shows the progress if the last update is long enough ago. The rate and the
// time left are averages over a few seconds. They are too high and too short in the
// first seconds of an operation that does not start at 0.
func (b *Bar) Update(at Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent {
		return
	}
	now := time.Now()
	if b.bar == nil || b.action != at.Action {
		b.clear()
		b.action, b.last = at.Action, now
		b.bar = progressbar.NewOptions64(max(1, at.Total), b.options...)
		b.bar.StartWithoutRender()
	}
	due := now.Sub(b.last) >= b.interval
	if due {
		b.last = now
	}
	if b.bar.GetMax64() != max(1, at.Total) {
		b.bar.ChangeMax64(max(1, at.Total))
	}
	b.bar.Describe(at.Action + " " + Printable(at.Item)) // It renders, too. Only one of both renderings is drawn.
	b.drawing = due && b.terminal
	b.drawn = b.drawn || b.drawing
	_ = b.bar.Set64(at.Done) // The bar is only informative: a failed write must not stop the operation.
	b.drawing = false
	if due && !b.terminal {
		fmt.Fprintln(b.out, strings.TrimSpace(b.bar.String()))
	}
}

// Close removes the bar from the terminal. The next Update starts a new one.
func (b *Bar) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	b.bar = nil
}

func (b *Bar) clear() {
	if b.drawn {
		b.drawing = true
		_ = b.bar.Clear()
		b.drawing, b.drawn = false, false
	}
}
