package output

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

// updateNow makes the bar believe that its last update was a minute ago.
func (b *Bar) updateNow(at Progress) {
	b.last = b.last.Add(-time.Minute)
	b.Update(at)
}

func matches(t *testing.T, got, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(got) {
		t.Errorf("%q does not match %s", got, pattern)
	}
}

func TestRowBarPrintsLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := NewRowBar(&out)
	at := Progress{Action: "copying", Item: "metrics", Done: 500_000, Total: 2_000_000}
	b.Update(at)
	if out.Len() > 0 {
		t.Errorf("a short operation prints %q", &out)
	}
	at.Done = 1_000_000
	b.updateNow(at)
	matches(t, out.String(), `^50% +\(1000000/2000000, \d+ rows/s\) \[0s:0s\] copying metrics\n$`)
	out.Reset()
	b.Update(at)
	if out.Len() > 0 {
		t.Errorf("an update within the interval prints %q", &out)
	}
	at.Action = "comparing"
	b.updateNow(at)
	matches(t, out.String(), `^50% .* comparing metrics\n$`)
	out.Reset()
	if b.Close(); out.Len() > 0 {
		t.Errorf("closing the bar prints %q", &out)
	}
}

func TestRowBarOnTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := NewRowBar(&out)
	b.useTerminal()
	b.Update(Progress{Action: "copying", Item: "metrics", Done: 1, Total: 4})
	if out.Len() > 0 {
		t.Errorf("a short operation prints %q", &out)
	}
	b.updateNow(Progress{Action: "copying", Item: "metrics", Done: 2, Total: 4})
	matches(t, out.String(), `50% \|█{12} {12}\| \(2/4, \d+ rows/s\) \[0s:0s\] copying metrics\x1b\[0K$`)
	out.Reset()
	b.updateNow(Progress{Action: "comparing", Item: "runs", Done: 1, Total: 4})
	matches(t, out.String(), `^\x1b\[2K\r(.|\n)*25% .* comparing runs\x1b\[0K$`)
}

func TestByteBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := NewByteBar(&out)
	at := Progress{Action: "uploading", Item: "a\x1b/b.bin, 1 of 2 files", Done: 1_500_000, Total: 3_000_000}
	b.Update(at)
	b.updateNow(at)
	if b.Close(); out.Len() > 0 {
		t.Errorf("the bar prints %q, but the output is not a terminal", &out)
	}
	b.useTerminal()
	b.Update(at)
	b.updateNow(at)
	matches(t, out.String(), `50% \|█+ +\| \(1\.5/3\.0 MB, .*B/s\) \[0s:0s\] uploading a`+"\uFFFD"+`/b\.bin, 1 of 2 files\x1b\[0K$`)
	b.Close()
	if !strings.HasSuffix(out.String(), "\x1b[2K\r") {
		t.Errorf("the bar stays: %q", &out)
	}
	out.Reset()
	if b.Close(); out.Len() > 0 {
		t.Errorf("the bar is removed twice: %q", &out)
	}
}
