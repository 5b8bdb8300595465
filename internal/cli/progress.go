package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/millrace-ml/millrace/internal/dbcopy"
)

// progress shows how far a copy is: a bar on a terminal, elsewhere a line every
// few seconds.
type progress struct {
	out      io.Writer
	terminal bool
	every    time.Duration

	mu        sync.Mutex
	start     time.Time // of this stage
	first     int64     // rows done then
	verifying bool
	last      time.Time // something was written
	drawn     bool
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, every: 5 * time.Second}
	if f, ok := out.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		p.terminal, p.every = true, 100*time.Millisecond
	}
	return p
}

func (p *progress) show(at dbcopy.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.start.IsZero() || p.verifying != at.Verifying {
		p.start, p.first, p.verifying = now, at.Done, at.Verifying
		if p.last.IsZero() {
			p.last = now
		}
	}
	if now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	line := p.line(at, now)
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	p.draw(at.Done, at.Total, line)
}

// draw puts a bar and a line in place of those before.
func (p *progress) draw(done, total int64, line string) {
	const width = 24
	full := int(max(0, min(width, width*done/max(1, total))))
	fmt.Fprintf(p.out, "\r\x1b[K[%s%s] %s", strings.Repeat("#", full), strings.Repeat(".", width-full), line)
	p.drawn = true
}

func (p *progress) line(at dbcopy.Progress, now time.Time) string {
	verb := "copying"
	if at.Verifying {
		verb = "comparing"
	}
	line := fmt.Sprintf("%s %3d%%  %s of %s rows", verb, 100*at.Done/max(1, at.Total), thousands(at.Done), thousands(at.Total))
	if took := now.Sub(p.start); took >= time.Second && at.Done > p.first {
		rate := float64(at.Done-p.first) / took.Seconds()
		left := time.Duration(float64(at.Total-at.Done) / rate * float64(time.Second))
		line += fmt.Sprintf("  %s a second, %s left", thousands(int64(rate)), left.Round(time.Second))
	}
	return line + "  " + at.Table
}

// end takes the bar away, once.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	p.drawn = false
}
