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
	out   io.Writer
	unit  progressbar.Option
	theme progressbar.Theme
	// interval is the time between two updates, and also before the first one, so
	// that a short operation shows nothing.
	interval time.Duration
	terminal bool
	silent   bool

	mu     sync.Mutex
	action string
	bar    *progressbar.ProgressBar
	last   time.Time
}

const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 5 * time.Second
)

// NewRowBar returns a bar that counts rows. It prints lines if out is not a terminal.
func NewRowBar(out io.Writer) *Bar {
	return newBar(out, func(p *progressbar.ProgressBar) {
		progressbar.OptionShowIts()(p)
		progressbar.OptionSetItsString("rows")(p)
	})
}

// NewByteBar returns a bar that counts bytes. It prints nothing if out is not a
// terminal, because scripts read only the result.
func NewByteBar(out io.Writer) *Bar {
	b := newBar(out, progressbar.OptionShowBytes(true))
	b.silent = !b.terminal
	return b
}

func newBar(out io.Writer, unit progressbar.Option) *Bar {
	b := &Bar{out: out, unit: unit, interval: lineInterval}
	if f, ok := out.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		b.useTerminal()
	}
	return b
}

func (b *Bar) useTerminal() {
	b.terminal, b.silent, b.interval = true, false, barInterval
	b.theme = progressbar.ThemeDefault
}

// Update shows the progress if the last update is long enough ago.
func (b *Bar) Update(at Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent {
		return
	}
	if b.bar == nil || b.action != at.Action {
		b.start(at)
	}
	now := time.Now()
	if now.Sub(b.last) < b.interval {
		return
	}
	b.last = now
	if b.bar.GetMax64() != at.Total {
		b.bar.ChangeMax64(max(1, at.Total))
	}
	b.bar.Describe(at.Action + " " + Printable(at.Item))
	_ = b.bar.Set64(at.Done) // The bar is only informative: a failed write must not stop the operation.
	if !b.terminal {
		fmt.Fprintln(b.out, strings.TrimSpace(b.bar.String()))
	}
}

func (b *Bar) start(at Progress) {
	if b.bar == nil {
		b.last = time.Now()
	}
	out := io.Discard // Lines are written by Update.
	if b.terminal {
		b.clear()
		out = b.out
	}
	b.action = at.Action
	b.bar = progressbar.NewOptions64(max(1, at.Total), progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(24),
		progressbar.OptionSetTheme(b.theme), progressbar.OptionShowCount(), b.unit, progressbar.OptionSetPredictTime(true),
		progressbar.OptionUseANSICodes(b.terminal), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowDescriptionAtLineEnd())
	b.bar.StartWithoutRender()
}

// Close removes the bar from the terminal. The next Update starts a new one.
func (b *Bar) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	b.bar = nil
}

func (b *Bar) clear() {
	if b.terminal && b.bar != nil {
		_ = b.bar.Clear()
	}
}
